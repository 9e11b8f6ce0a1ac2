/* SPDX-License-Identifier: Apache-2.0
 *
 * The log: which batches it takes, what it deletes, how it answers by time. */
#include "requests.h"
#include "scenarios.h"

#define HOUR_MS ((int64_t)3600000)

static void one(run *r, const char *value)
{
    produce(r, "t", 0, &(batch){.values = {value}});
}

/* ---- What is refused ---- */

static void damaged_batches_are_refused(run *r)
{
    static const uint8_t some[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"a"}, .crc_flip = 1});
    produce(r, "t", 0, &(batch){.values = {"a"}, .count_more = 1});
    produce(r, "t", 0, &(batch){.values = {"a", "b"}, .last_delta_more = 1});
    produce_all(r, &(produce_request){.parts = {{"t", 0, NULL, NULL, some, sizeof some}}});
    one(r, "a");
}

static void control_batches_of_clients_are_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"a"}, .control = true});
    list_offset(r, "t", 0, TIME_LATEST);
}

static void two_batches_for_one_partition_are_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    const batch a = {.values = {"a"}};
    const batch b = {.values = {"b"}};
    produce_all(r, &(produce_request){.parts = {{"t", 0, &a, &b, NULL, 0}}});
    list_offset(r, "t", 0, TIME_LATEST);
}

static void a_batch_has_to_begin_at_offset_zero(run *r)
{
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"a", "b"}, .base_offset = 55});
    produce(r, "t", 0, &(batch){.values = {"c"}, .base_offset = 55});
    fetch(r, "t", 0, 0);
}

static void large_messages_are_refused(run *r)
{
    create_topic(r, "t", 1, (const char *const[]){"max.message.bytes", "500", NULL});
    produce(r, "t", 0, &(batch){.values = {"a"}, .padding = 600});
    produce(r, "t", 0, &(batch){.values = {"b"}, .padding = 400});
    list_offset(r, "t", 0, TIME_LATEST);
}

static void records_without_keys_are_not_for_compaction(run *r)
{
    create_topic(r, "t", 1, (const char *const[]){"cleanup.policy", "compact", NULL});
    produce(r, "t", 0, &(batch){.values = {"a"}});
    produce(r, "t", 0, &(batch){.values = {"a", "b"}, .keys = {"k"}});
    produce(r, "t", 0, &(batch){.values = {"a"}, .keys = {"k"}});
    fetch(r, "t", 0, 0);
}

static void acks_are_all_one_or_none(run *r)
{
    create_topic(r, "t", 1, NULL);
    const batch b = {.values = {"a"}};
    const produce_part part = {"t", 0, &b, NULL, NULL, 0};
    produce_all(r, &(produce_request){.acks = 3, .parts = {part}});
    produce_all(r, &(produce_request){.acks = -4, .parts = {part}});
    produce_all(r, &(produce_request){.acks = 2, .parts = {part}});
    produce_all(r, &(produce_request){.acks = 1, .parts = {part}});
    produce_all(r, &(produce_request){.acks = 0, .parts = {part}});
    list_offset(r, "t", 0, TIME_LATEST);
}

static void min_insync_replicas_are_at_most_the_replicas(run *r)
{
    create_topic(r, "t", 1, (const char *const[]){"min.insync.replicas", "2", NULL});
    const batch b = {.values = {"a"}};
    const produce_part part = {"t", 0, &b, NULL, NULL, 0};
    produce_all(r, &(produce_request){.parts = {part}});
    produce_all(r, &(produce_request){.acks = 2, .parts = {part}});
    list_offset(r, "t", 0, TIME_LATEST);
}

static void unknown_partitions_take_nothing(run *r)
{
    create_topic(r, "t", 2, NULL);
    const batch b = {.values = {"a"}};
    produce_all(r, &(produce_request){.parts = {{"t", 1, &b, NULL, NULL, 0}}});
    produce_all(r, &(produce_request){.parts = {{"t", 9, &b, NULL, NULL, 0}}});
    produce_all(r, &(produce_request){.parts = {{"missing", 0, &b, NULL, NULL, 0}}});
}

/* ---- Deleting ---- */

static void records_are_deleted_up_to_an_offset(run *r)
{
    create_topic(r, "t", 1, NULL);
    fill(r, "t", 0, (const char *const[]){"a", "b", "c", "d", NULL});
    delete_records(r, "t", 0, 2);
    delete_records(r, "t", 0, 1);
    list_offset(r, "t", 0, TIME_EARLIEST);
    fetch(r, "t", 0, 2);
    delete_records(r, "t", 0, 5);
    delete_records(r, "t", 0, -2);
    delete_records(r, "t", 0, -1);
    list_offset(r, "t", 0, TIME_EARLIEST);
    one(r, "e");
    delete_records(r, "missing", 0, 1);
    delete_records(r, "t", 3, 1);
}

static void a_batch_that_is_partly_deleted_is_given_whole(run *r)
{
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"a", "b", "c"}});
    delete_records(r, "t", 0, 1);
    fetch(r, "t", 0, 0);
    fetch(r, "t", 0, 1);
}

static void compacted_topics_keep_their_records(run *r)
{
    create_topic(r, "t", 1, (const char *const[]){"cleanup.policy", "compact", NULL});
    produce(r, "t", 0, &(batch){.values = {"a"}, .keys = {"k"}});
    delete_records(r, "t", 0, 1);
    create_topic(r, "both", 1, (const char *const[]){"cleanup.policy", "compact,delete", NULL});
    produce(r, "both", 0, &(batch){.values = {"a"}, .keys = {"k"}});
    delete_records(r, "both", 0, 1);
}

/* ---- Time ---- */

static void offsets_are_found_by_time(run *r)
{
    create_topic(r, "t", 1, NULL);
    list_offset(r, "t", 0, 0);
    produce(r, "t", 0, &(batch){.values = {"a"}, .times_ms = {100}});
    produce(r, "t", 0, &(batch){.values = {"b", "c"}, .times_ms = {300, 200}});
    produce(r, "t", 0, &(batch){.values = {"d"}, .times_ms = {250}});
    list_offset(r, "t", 0, 0);
    list_offset(r, "t", 0, 100);
    list_offset(r, "t", 0, 101);
    list_offset(r, "t", 0, 250);
    list_offset(r, "t", 0, 300);
    list_offset(r, "t", 0, 301);
}

static void the_largest_time_is_found(run *r)
{
    create_topic(r, "t", 1, NULL);
    list_offset(r, "t", 0, TIME_OF_LARGEST);
    produce(r, "t", 0, &(batch){.values = {"a", "b"}, .times_ms = {100, 400}});
    produce(r, "t", 0, &(batch){.values = {"c"}, .times_ms = {200}});
    list_offset(r, "t", 0, TIME_OF_LARGEST);
}

static void a_lookup_by_time_starts_at_the_first_offset(run *r)
{
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"a"}, .times_ms = {100}});
    produce(r, "t", 0, &(batch){.values = {"b"}, .times_ms = {200}});
    delete_records(r, "t", 0, 1);
    list_offset(r, "t", 0, 50);
    delete_records(r, "t", 0, 2);
    list_offset(r, "t", 0, 50);
}

static void the_broker_sets_append_times(run *r)
{
    create_topic(r, "t", 1, (const char *const[]){"message.timestamp.type", "LogAppendTime", NULL});
    produce(r, "t", 0, &(batch){.values = {"a", "b"}, .times_ms = {100, 200}});
    fetch(r, "t", 0, 0);
    list_offset(r, "t", 0, 100);
}

static void times_too_far_from_now_are_refused(run *r)
{
    create_topic(r, "t", 1,
                 (const char *const[]){"message.timestamp.before.max.ms", "7200000",
                                       "message.timestamp.after.max.ms", "7200000", NULL});
    produce(r, "t", 0, &(batch){.values = {"a"}, .times_ms = {-5 * HOUR_MS}});
    produce(r, "t", 0, &(batch){.values = {"b"}, .times_ms = {5 * HOUR_MS}});
    produce(r, "t", 0, &(batch){.values = {"c"}, .times_ms = {0}});
    create_topic(r, "u", 1, NULL);
    produce(r, "u", 0, &(batch){.values = {"a"}, .times_ms = {-50 * HOUR_MS}});
    produce(r, "u", 0, &(batch){.values = {"b"}, .times_ms = {5 * HOUR_MS}});
}

/* OffsetForLeaderEpoch: where the records of an epoch end. */
static void end_of_epoch(run *r, const char *topic, int32_t epoch)
{
    see(r, "end of epoch %d in %s/0: ", epoch, topic);
    weir_buf *out = request(r, API_OFFSET_FOR_LEADER_EPOCH, 3);
    weir__buf_put_i32(out, -1); /* replica id */
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, topic).text);
    weir__buf_put_i32(out, 1);
    weir__buf_put_i32(out, 0);  /* partition */
    weir__buf_put_i32(out, -1); /* the client's epoch */
    weir__buf_put_i32(out, epoch);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    to_only_partition(&in);
    int16_t error = weir__read_i16(&in);
    weir__read_i32(&in);
    int32_t found = weir__read_i32(&in);
    see(r, "%s epoch %d offset %lld\n", error_name(error), found, (long long)weir__read_i64(&in));
}

static void the_end_of_a_leader_epoch_is_found(run *r)
{
    create_topic(r, "t", 1, NULL);
    end_of_epoch(r, "t", 0);
    one(r, "a");
    one(r, "b");
    end_of_epoch(r, "t", 0);
    end_of_epoch(r, "t", 5);
    end_of_epoch(r, "missing", 0);
}

static void a_topic_compresses_what_it_gets(run *r)
{
    create_topic(r, "t", 1, (const char *const[]){"compression.type", "gzip", NULL});
    create_topic(r, "u", 1, (const char *const[]){"compression.type", "uncompressed", NULL});
    produce(r, "t", 0, &(batch){.values = {"a", "b"}, .times_ms = {100, 200}});
    produce(r, "u", 0, &(batch){.values = {"a", "b"}, .times_ms = {100, 200}});
    fetch(r, "t", 0, 0);
    fetch(r, "u", 0, 0);
    list_offset(r, "t", 0, 150);
}

static void nulls_and_empty_values_are_kept(run *r)
{
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"", "v"}, .keys = {"k", ""}});
    fetch(r, "t", 0, 0);
}

const scenario log_scenarios[] = {
    SCENARIO(damaged_batches_are_refused),
    SCENARIO(control_batches_of_clients_are_refused),
    SCENARIO(two_batches_for_one_partition_are_refused),
    SCENARIO(a_batch_has_to_begin_at_offset_zero),
    SCENARIO(large_messages_are_refused),
    SCENARIO(records_without_keys_are_not_for_compaction),
    SCENARIO(acks_are_all_one_or_none),
    SCENARIO(min_insync_replicas_are_at_most_the_replicas),
    SCENARIO(unknown_partitions_take_nothing),
    SCENARIO(records_are_deleted_up_to_an_offset),
    SCENARIO(a_batch_that_is_partly_deleted_is_given_whole),
    SCENARIO(compacted_topics_keep_their_records),
    SCENARIO(offsets_are_found_by_time),
    SCENARIO(the_largest_time_is_found),
    SCENARIO(a_lookup_by_time_starts_at_the_first_offset),
    SCENARIO(the_broker_sets_append_times),
    SCENARIO(times_too_far_from_now_are_refused),
    SCENARIO(the_end_of_a_leader_epoch_is_found),
    SCENARIO(a_topic_compresses_what_it_gets),
    SCENARIO(nulls_and_empty_values_are_kept),
    {NULL, NULL},
};
