/* SPDX-License-Identifier: Apache-2.0
 *
 * Idempotent producers: sequences, duplicates, epochs. */
#include "scenarios.h"
#include "txns.h"

static void send_one(run *r, const producer *by, int32_t sequence, const char *value)
{
    produce(r, "t", 0, &(batch){.values = {value}, .by = by, .sequence = sequence});
}

static void idempotent_producers_get_ids_of_their_own(run *r)
{
    init_idempotent(r);
    init_idempotent(r);
}

static void a_batch_sent_again_gets_its_first_offset(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    const batch b = {.values = {"a", "b"}, .by = &p};
    produce(r, "t", 0, &b);
    send_one(r, &p, 2, "c");
    produce(r, "t", 0, &b);
    send_one(r, &p, 3, "d");
    fetch(r, "t", 0, 0);
}

static void five_batches_are_remembered(run *r)
{
    static const char *const values[] = {"0", "1", "2", "3", "4", "5"};
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    for (int32_t i = 0; i < 6; i++) {
        send_one(r, &p, i, values[i]);
    }
    for (int32_t i = 5; i >= 0; i--) {
        send_one(r, &p, i, values[i]);
    }
    list_offset(r, "t", 0, TIME_LATEST);
}

static void a_gap_in_sequences_is_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, 0, "a");
    send_one(r, &p, 2, "c");
    send_one(r, &p, 1, "b");
    send_one(r, &p, 2, "c");
    fetch(r, "t", 0, 0);
}

static void the_first_sequence_of_a_producer(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, 7, "a");
    send_one(r, &p, 8, "b");
    send_one(r, &p, 0, "c");
    fetch(r, "t", 0, 0);
}

static void a_batch_that_overlaps_the_last_is_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    produce(r, "t", 0, &(batch){.values = {"a", "b"}, .by = &p});
    produce(r, "t", 0, &(batch){.values = {"b", "c"}, .by = &p, .sequence = 1});
    produce(r, "t", 0, &(batch){.values = {"a"}, .by = &p});
    produce(r, "t", 0, &(batch){.values = {"a", "b", "c"}, .by = &p});
    list_offset(r, "t", 0, TIME_LATEST);
}

static void sequences_wrap_to_zero(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, INT32_MAX - 1, "a");
    produce(r, "t", 0, &(batch){.values = {"b", "c"}, .by = &p, .sequence = INT32_MAX});
    send_one(r, &p, 1, "d");
    produce(r, "t", 0, &(batch){.values = {"b", "c"}, .by = &p, .sequence = INT32_MAX});
    fetch(r, "t", 0, 0);
}

static void sequences_are_of_one_partition_and_one_producer(run *r)
{
    create_topic(r, "t", 2, NULL);
    producer p = init_idempotent(r);
    producer q = init_idempotent(r);
    send_one(r, &p, 0, "p");
    send_one(r, &q, 0, "q");
    produce(r, "t", 1, &(batch){.values = {"p"}, .by = &p});
    send_one(r, &p, 1, "p");
    send_one(r, &q, 1, "q");
    fetch(r, "t", 0, 0);
}

static void a_new_epoch_begins_at_sequence_zero(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, 0, "a");
    send_one(r, &p, 1, "b");
    producer later = {p.id, (int16_t)(p.epoch + 1), NULL};
    send_one(r, &later, 2, "c");
    send_one(r, &later, 0, "c");
    send_one(r, &p, 2, "d");
    send_one(r, &p, 0, "a");
    send_one(r, &later, 1, "d");
    fetch(r, "t", 0, 0);
}

static void duplicates_are_known_after_records_are_deleted(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, 0, "a");
    send_one(r, &p, 1, "b");
    delete_records(r, "t", 0, 2);
    send_one(r, &p, 1, "b");
    send_one(r, &p, 2, "c");
    fetch(r, "t", 0, 2);
}

static void batches_with_and_without_a_producer_share_a_partition(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, 0, "a");
    produce(r, "t", 0, &(batch){.values = {"x"}});
    send_one(r, &p, 1, "b");
    send_one(r, &p, 0, "a");
    fetch(r, "t", 0, 0);
}

static void a_producer_id_without_its_sequence_is_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    producer negative = {p.id, -1, NULL};
    send_one(r, &p, -1, "a");
    send_one(r, &negative, 0, "a");
    list_offset(r, "t", 0, TIME_LATEST);
}

static void an_id_may_be_kept_with_its_epoch_raised(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, 0, "a");
    producer again = init_again(r, &p, TXN_TIMEOUT_MS);
    send_one(r, &again, 0, "b");
    fetch(r, "t", 0, 0);
}

static void producers_are_described(run *r)
{
    create_topic(r, "t", 1, NULL);
    describe_producers(r, "t", 0);
    producer p = init_idempotent(r);
    send_one(r, &p, 0, "a");
    send_one(r, &p, 1, "b");
    describe_producers(r, "t", 0);
    describe_producers(r, "missing", 0);
}

static void a_refused_batch_leaves_the_sequence(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, 0, "a");
    produce(r, "t", 0, &(batch){.values = {"b"}, .by = &p, .sequence = 1, .crc_flip = 1});
    send_one(r, &p, 1, "b");
    list_offset(r, "t", 0, TIME_LATEST);
}

static void acks_of_the_leader_alone_deduplicate(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    const batch b = {.values = {"a"}, .by = &p};
    const produce_request wanted = {.acks = 2, .parts = {{.topic = "t", .batch = &b}}};
    produce_all(r, &wanted);
    produce_all(r, &wanted);
    list_offset(r, "t", 0, TIME_LATEST);
}

const scenario idempotence_scenarios[] = {
    SCENARIO(idempotent_producers_get_ids_of_their_own),
    SCENARIO(a_batch_sent_again_gets_its_first_offset),
    SCENARIO(five_batches_are_remembered),
    SCENARIO(a_gap_in_sequences_is_refused),
    SCENARIO(the_first_sequence_of_a_producer),
    SCENARIO(a_batch_that_overlaps_the_last_is_refused),
    SCENARIO(sequences_wrap_to_zero),
    SCENARIO(sequences_are_of_one_partition_and_one_producer),
    SCENARIO(a_new_epoch_begins_at_sequence_zero),
    SCENARIO(duplicates_are_known_after_records_are_deleted),
    SCENARIO(batches_with_and_without_a_producer_share_a_partition),
    SCENARIO(a_producer_id_without_its_sequence_is_refused),
    SCENARIO(an_id_may_be_kept_with_its_epoch_raised),
    SCENARIO(producers_are_described),
    SCENARIO(a_refused_batch_leaves_the_sequence),
    SCENARIO(acks_of_the_leader_alone_deduplicate),
    {NULL, NULL},
};
