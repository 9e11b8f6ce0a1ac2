/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions: what they write, how they end, who is fenced. */
#include "scenarios.h"
#include "txns.h"

static void send_one(run *r, const producer *by, int32_t sequence, const char *value)
{
    produce(r, "t", 0,
            &(batch){.values = {value}, .by = by, .sequence = sequence, .transactional = true});
}

/* Topic t with one partition, and a transaction with a record in it. */
static producer begin(run *r, full_name *name)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_txn(r, "txn", name);
    add_partition(r, &p, "t", 0);
    send_one(r, &p, 0, "a");
    return p;
}

/* ---- What is read ---- */

static void committed_records_are_read(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    send_one(r, &p, 1, "b");
    end_txn(r, &p, true);
    settle(r, "t", 0);
    fetch(r, "t", 0, 0);
    fetch_committed(r, "t", 0, 0);
}

static void aborted_records_are_listed(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    end_txn(r, &p, false);
    settle(r, "t", 0);
    fetch(r, "t", 0, 0);
    fetch_committed(r, "t", 0, 0);
    fetch_committed(r, "t", 0, 1);
    fetch_committed(r, "t", 0, 2);
}

static void open_records_are_above_the_last_stable_offset(run *r)
{
    full_name name;
    create_topic(r, "t", 1, NULL);
    fill(r, "t", 0, (const char *const[]){"x", NULL});
    producer p = begin(r, &name);
    fill(r, "t", 0, (const char *const[]){"y", NULL});
    fetch(r, "t", 0, 0);
    fetch_committed(r, "t", 0, 0);
    fetch_committed(r, "t", 0, 1);
    list_offset(r, "t", 0, TIME_LATEST);
    list_stable_offset(r, "t", 0, TIME_LATEST);
    end_txn(r, &p, true);
    settle(r, "t", 0);
    list_stable_offset(r, "t", 0, TIME_LATEST);
    fetch_committed(r, "t", 0, 0);
}

static void interleaved_transactions_end_apart(run *r)
{
    full_name name;
    full_name other;
    producer p = begin(r, &name);
    producer q = init_txn(r, "other", &other);
    add_partition(r, &q, "t", 0);
    send_one(r, &q, 0, "x");
    send_one(r, &p, 1, "b");
    send_one(r, &q, 1, "y");
    end_txn(r, &q, false);
    complete(r, &q);
    fetch_committed(r, "t", 0, 0);
    list_stable_offset(r, "t", 0, TIME_LATEST);
    end_txn(r, &p, true);
    settle(r, "t", 0);
    fetch_committed(r, "t", 0, 0);
    fetch_committed(r, "t", 0, 3);
}

static void two_aborted_transactions_are_listed_in_order(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    end_txn(r, &p, false);
    complete(r, &p);
    add_partition(r, &p, "t", 0);
    send_one(r, &p, 1, "b");
    end_txn(r, &p, false);
    complete(r, &p);
    add_partition(r, &p, "t", 0);
    send_one(r, &p, 2, "c");
    end_txn(r, &p, true);
    settle(r, "t", 0);
    fetch_committed(r, "t", 0, 0);
    fetch_committed(r, "t", 0, 2);
    fetch_committed(r, "t", 0, 4);
}

static void partitions_without_records_get_markers(run *r)
{
    full_name name;
    create_topic(r, "t", 2, NULL);
    producer p = init_txn(r, "txn", &name);
    add_partitions(r, &p, (const part[]){{"t", 0}, {"t", 1}, {NULL, 0}});
    produce(r, "t", 1, &(batch){.values = {"a"}, .by = &p, .transactional = true});
    end_txn(r, &p, true);
    complete(r, &p);
    fetch(r, "t", 0, 0);
    fetch(r, "t", 1, 0);
}

static void a_transaction_sent_twice_is_written_once(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    send_one(r, &p, 0, "a");
    send_one(r, &p, 2, "c");
    send_one(r, &p, 1, "b");
    end_txn(r, &p, true);
    settle(r, "t", 0);
    fetch_committed(r, "t", 0, 0);
}

static void offsets_by_time_below_the_last_stable_offset(run *r)
{
    full_name name;
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"x"}, .times_ms = {100}});
    producer p = init_txn(r, "txn", &name);
    add_partition(r, &p, "t", 0);
    produce(r, "t", 0,
            &(batch){.values = {"a"}, .times_ms = {200}, .by = &p, .transactional = true});
    list_offset(r, "t", 0, 150);
    list_stable_offset(r, "t", 0, 50);
    list_stable_offset(r, "t", 0, 150);
    end_txn(r, &p, true);
    settle(r, "t", 0);
    list_stable_offset(r, "t", 0, 150);
    list_stable_offset(r, "t", 0, 250);
}

/* ---- States ---- */

static void a_partition_has_to_be_added_first(run *r)
{
    full_name name;
    create_topic(r, "t", 2, NULL);
    producer p = init_txn(r, "txn", &name);
    send_one(r, &p, 0, "a");
    add_partition(r, &p, "t", 1);
    send_one(r, &p, 0, "a");
    end_txn(r, &p, false);
    complete(r, &p);
    produce(r, "t", 1, &(batch){.values = {"b"}, .by = &p, .transactional = true});
    list_offset(r, "t", 0, TIME_LATEST);
}

static void a_producer_of_transactions_writes_outside_of_them(run *r)
{
    full_name name;
    create_topic(r, "t", 1, NULL);
    producer p = init_txn(r, "txn", &name);
    produce(r, "t", 0, &(batch){.values = {"a"}, .by = &p});
    add_partition(r, &p, "t", 0);
    produce(r, "t", 0, &(batch){.values = {"b"}, .by = &p, .sequence = 1});
    send_one(r, &p, 1, "b");
    produce(r, "t", 0, &(batch){.values = {"c"}, .by = &p, .sequence = 2});
    fetch(r, "t", 0, 0);
}

static void a_transactional_batch_needs_a_transactional_id(run *r)
{
    create_topic(r, "t", 1, NULL);
    producer p = init_idempotent(r);
    send_one(r, &p, 0, "a");
    list_offset(r, "t", 0, TIME_LATEST);
}

static void a_transaction_that_was_not_begun_is_not_ended(run *r)
{
    full_name name;
    producer p = init_txn(r, "txn", &name);
    end_txn(r, &p, true);
    end_txn(r, &p, false);
}

static void the_same_end_may_be_asked_for_twice(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    end_txn(r, &p, true);
    end_txn(r, &p, true);
    end_txn(r, &p, false);
    add_partition(r, &p, "t", 0);
    end_txn(r, &p, false);
    end_txn(r, &p, false);
    end_txn(r, &p, true);
    settle(r, "t", 0);
    fetch(r, "t", 0, 0);
}

static void partitions_are_added_all_or_none(run *r)
{
    full_name name;
    create_topic(r, "t", 1, NULL);
    producer p = init_txn(r, "txn", &name);
    add_partitions(r, &p, (const part[]){{"t", 0}, {"missing", 0}, {"t", 5}, {NULL, 0}});
    describe_txn(r, "txn");
    send_one(r, &p, 0, "a");
    add_partition(r, &p, "t", 0);
    add_partition(r, &p, "t", 0);
    send_one(r, &p, 0, "a");
    describe_txn(r, "txn");
}

static void ids_that_do_not_match_are_refused(run *r)
{
    full_name name;
    create_topic(r, "t", 1, NULL);
    producer p = init_txn(r, "txn", &name);
    producer wrong = {p.id + 1000, p.epoch, p.txn};
    producer unknown = {p.id, p.epoch, "no-such-transactional-id"};
    name_of_number(r, 'P', wrong.id);
    add_partition(r, &wrong, "t", 0);
    add_offsets(r, &wrong, "g");
    end_txn(r, &wrong, true);
    add_partition(r, &unknown, "t", 0);
    add_offsets(r, &unknown, "g");
    end_txn(r, &unknown, true);
    init_again(r, &wrong, TXN_TIMEOUT_MS);
}

static void transactions_are_described_in_each_state(run *r)
{
    full_name name;
    describe_txn(r, "txn");
    create_topic(r, "t", 2, NULL);
    producer p = init_txn(r, "txn", &name);
    describe_txn(r, "txn");
    add_partitions(r, &p, (const part[]){{"t", 1}, {NULL, 0}});
    describe_txn(r, "txn");
    list_txns(r, "Ongoing");
    end_txn(r, &p, true);
    complete(r, &p);
    describe_txn(r, "txn");
    list_txns(r, "CompleteCommit");
    list_txns(r, "Ongoing");
    list_txns(r, "Nonsense");
    add_partition(r, &p, "t", 0);
    end_txn(r, &p, false);
    complete(r, &p);
    describe_txn(r, "txn");
    list_txns(r, NULL);
}

static void producers_with_open_transactions_are_described(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    describe_producers(r, "t", 0);
    end_txn(r, &p, false);
    settle(r, "t", 0);
    describe_producers(r, "t", 0);
}

static void timeouts_out_of_range_are_refused(run *r)
{
    full_name name = full(r, "txn");
    const producer p = {-1, -1, name.text};
    init_again(r, &p, 0);
    init_again(r, &p, -5);
    init_again(r, &p, 900001);
    init_again(r, &p, 900000);
}

static void an_empty_transactional_id_is_refused(run *r)
{
    init_again(r, &(producer){-1, -1, ""}, TXN_TIMEOUT_MS);
}

/* ---- Fencing ---- */

static void each_init_raises_the_epoch(run *r)
{
    full_name name;
    init_txn(r, "txn", &name);
    init_txn(r, "txn", &name);
    init_txn(r, "other", &name);
    init_txn(r, "txn", &name);
}

static void a_new_producer_aborts_the_transaction_of_the_old(run *r)
{
    full_name name;
    producer old = begin(r, &name);
    producer now = init_txn(r, "txn", &name);
    settle(r, "t", 0);
    fetch_committed(r, "t", 0, 0);
    add_partition(r, &now, "t", 0);
    send_one(r, &now, 0, "b");
    end_txn(r, &now, true);
    settle(r, "t", 0);
    fetch_committed(r, "t", 0, 0);
    name_of_number(r, 'P', old.id);
}

static void a_fenced_producer_can_do_nothing(run *r)
{
    full_name name;
    producer old = begin(r, &name);
    producer now = init_txn(r, "txn", &name);
    settle(r, "t", 0);
    send_one(r, &old, 1, "b");
    add_partition(r, &old, "t", 0);
    add_offsets(r, &old, "g");
    commit_in_txn(r, &old, "g", &(membership){.generation = -1}, "t", 0, 5);
    end_txn(r, &old, true);
    end_txn(r, &old, false);
    init_again(r, &old, TXN_TIMEOUT_MS);
    add_partition(r, &now, "t", 0);
    send_one(r, &now, 0, "c");
    send_one(r, &old, 1, "b");
    end_txn(r, &now, true);
    settle(r, "t", 0);
    fetch_committed(r, "t", 0, 0);
}

static void a_fenced_producer_fails_outside_of_transactions(run *r)
{
    full_name name;
    producer old = begin(r, &name);
    end_txn(r, &old, true);
    complete(r, &old);
    producer now = init_txn(r, "txn", &name);
    produce(r, "t", 0, &(batch){.values = {"x"}, .by = &old, .sequence = 1});
    send_one(r, &old, 1, "b");
    add_partition(r, &now, "t", 0);
    send_one(r, &old, 1, "b");
    send_one(r, &now, 0, "c");
    produce(r, "t", 0, &(batch){.values = {"x"}, .by = &old, .sequence = 1});
    fetch(r, "t", 0, 0);
}

static void newer_requests_say_that_a_producer_is_fenced(run *r)
{
    full_name name;
    producer old = begin(r, &name);
    init_txn(r, "txn", &name);
    settle(r, "t", 0);
    r->newer = true;
    add_partition(r, &old, "t", 0);
    add_offsets(r, &old, "g");
    end_txn(r, &old, true);
    init_again(r, &old, TXN_TIMEOUT_MS);
    send_one(r, &old, 1, "b");
}

static void a_producer_raises_its_own_epoch(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    producer next = init_again(r, &p, TXN_TIMEOUT_MS);
    settle(r, "t", 0);
    init_again(r, &p, TXN_TIMEOUT_MS);
    add_partition(r, &next, "t", 0);
    send_one(r, &next, 0, "b");
    end_txn(r, &next, true);
    settle(r, "t", 0);
    fetch_committed(r, "t", 0, 0);
}

static void a_transaction_past_its_timeout_is_aborted(run *r)
{
    full_name name = full(r, "txn");
    create_topic(r, "t", 1, NULL);
    const producer none = {-1, -1, name.text};
    producer p = init_again(r, &none, 5000);
    add_partition(r, &p, "t", 0);
    send_one(r, &p, 0, "a");
    settle(r, "t", 0);
    fetch(r, "t", 0, 0);
    end_txn(r, &p, true);
    send_one(r, &p, 1, "b");
    add_partition(r, &p, "t", 0);
    producer now = init_txn(r, "txn", &name);
    add_partition(r, &now, "t", 0);
    send_one(r, &now, 0, "c");
    end_txn(r, &now, true);
    settle(r, "t", 0);
    fetch_committed(r, "t", 0, 0);
}

const scenario transaction_scenarios[] = {
    SCENARIO(committed_records_are_read),
    SCENARIO(aborted_records_are_listed),
    SCENARIO(open_records_are_above_the_last_stable_offset),
    SCENARIO(interleaved_transactions_end_apart),
    SCENARIO(two_aborted_transactions_are_listed_in_order),
    SCENARIO(partitions_without_records_get_markers),
    SCENARIO(a_transaction_sent_twice_is_written_once),
    SCENARIO(offsets_by_time_below_the_last_stable_offset),
    SCENARIO(a_partition_has_to_be_added_first),
    SCENARIO(a_producer_of_transactions_writes_outside_of_them),
    SCENARIO(a_transactional_batch_needs_a_transactional_id),
    SCENARIO(a_transaction_that_was_not_begun_is_not_ended),
    SCENARIO(the_same_end_may_be_asked_for_twice),
    SCENARIO(partitions_are_added_all_or_none),
    SCENARIO(ids_that_do_not_match_are_refused),
    SCENARIO(transactions_are_described_in_each_state),
    SCENARIO(producers_with_open_transactions_are_described),
    SCENARIO(timeouts_out_of_range_are_refused),
    SCENARIO(an_empty_transactional_id_is_refused),
    SCENARIO(each_init_raises_the_epoch),
    SCENARIO(a_new_producer_aborts_the_transaction_of_the_old),
    SCENARIO(a_fenced_producer_can_do_nothing),
    SCENARIO(a_fenced_producer_fails_outside_of_transactions),
    SCENARIO(newer_requests_say_that_a_producer_is_fenced),
    SCENARIO(a_producer_raises_its_own_epoch),
    SCENARIO(a_transaction_past_its_timeout_is_aborted),
    {NULL, NULL},
};
