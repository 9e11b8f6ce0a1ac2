/* SPDX-License-Identifier: Apache-2.0
 *
 * The transaction coordinator: producer ids and epochs, fencing, the end of transactions, their
 * timeout, markers that have to wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include "txn/txns.h"

#define TIMEOUT_MS 60000

typedef struct kit {
    weir__txns txns;
    int64_t now_ms;
    int64_t markers_from_ms; /* when markers can be written; INT64_MAX: never */
    char events[4096];
    char markers[4096]; /* those written: "t-0=C2 " is a commit of t-0 with epoch 2 */
} kit;

static int64_t marker_due_us(void *user, const weir__txn *txn, const weir__txn_part *part)
{
    const kit *k = user;
    (void)txn;
    (void)part;
    return k->markers_from_ms == INT64_MAX ? INT64_MAX : k->markers_from_ms * 1000;
}

static void write_marker(void *user, const weir__txn *txn, const weir__txn_part *part)
{
    kit *k = user;
    size_t used = strlen(k->markers);
    snprintf(k->markers + used, sizeof k->markers - used, "%.*s-%d=%c%d ", (int)part->name.len,
             (const char *)part->name.data, (int)part->partition,
             txn->state == WEIR__TXN_PREPARE_COMMIT ? 'C' : 'A', txn->epoch);
}

static void on_event(void *user, const weir_mock_event *event)
{
    kit *k = user;
    char text[200];
    weir_mock_event_text(event, text, sizeof text);
    size_t used = strlen(k->events);
    snprintf(k->events + used, sizeof k->events - used, "%s %s\n",
             weir_mock_event_name(event->kind), text);
}

static const weir__txns_ops ops = {marker_due_us, write_marker, on_event};

static int set_up(void **state)
{
    kit *k = calloc(1, sizeof *k);
    *state = k;
    if (k == NULL) {
        return -1;
    }
    weir__txns_init(&k->txns, &ops, k);
    return 0;
}

static int tear_down(void **state)
{
    kit *k = *state;
    weir__txns_fini(&k->txns);
    free(k);
    return 0;
}

/* The producer id and epoch that the producer has (-1, -1: none) are replaced on success. */
static int init_again(kit *k, weir__producer *producer)
{
    const weir__init_producer request = {producer->id, TIMEOUT_MS, producer->producer_id,
                                         producer->epoch};
    weir__producer out;
    int error = weir__txns_init_producer(&k->txns, &request, k->now_ms * 1000, &out);
    if (error == 0) {
        *producer = out;
    }
    return error;
}

static weir__producer nobody(const char *id)
{
    return (weir__producer){weir_slice_of(id), WEIR__NO_PRODUCER_ID, WEIR__NO_EPOCH};
}

static weir__producer init(kit *k, const char *id)
{
    weir__producer producer = nobody(id);
    assert_int_equal(init_again(k, &producer), 0);
    return producer;
}

static void assert_producer(const weir__producer *producer, int64_t id, int epoch)
{
    assert_int_equal(producer->producer_id, id);
    assert_int_equal(producer->epoch, epoch);
}

static int add(kit *k, const weir__producer *producer, const char *topic, int32_t partition)
{
    const weir__txn_part part = {weir_slice_of(topic), partition};
    return weir__txns_add(&k->txns, producer, &part, 1, k->now_ms * 1000);
}

static int verify(kit *k, const weir__producer *producer, const char *topic, int32_t partition)
{
    const weir__txn_part part = {weir_slice_of(topic), partition};
    return weir__txns_verify(&k->txns, producer, &part);
}

static int commit(kit *k, const weir__producer *producer)
{
    return weir__txns_end(&k->txns, producer, true, k->now_ms * 1000);
}

static int rollback(kit *k, const weir__producer *producer)
{
    return weir__txns_end(&k->txns, producer, false, k->now_ms * 1000);
}

static const char *state_of(const kit *k, const char *id)
{
    const weir__txn *txn = weir__txns_find(&k->txns, weir_slice_of(id));
    assert_non_null(txn);
    return weir__txn_state_name(txn->state);
}

static void pass_until(kit *k, int64_t ms)
{
    k->now_ms = ms;
    weir__txns_expire(&k->txns, ms * 1000);
}

/* Bumps the epoch as often as new producers do, up to this one. */
static weir__producer init_up_to(kit *k, const char *id, int epoch)
{
    weir__producer producer = init(k, id);
    while (producer.epoch < epoch) {
        producer = init(k, id);
    }
    return producer;
}

/* ---- Producer ids and epochs ---- */

static void producer_ids_are_counted_and_epochs_begin_at_zero(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    weir__producer b = init(k, "b");
    weir__producer idempotent = {{0}, WEIR__NO_PRODUCER_ID, WEIR__NO_EPOCH};
    assert_int_equal(init_again(k, &idempotent), 0);
    assert_producer(&a, 0, 0);
    assert_producer(&b, 1, 0);
    assert_producer(&idempotent, 2, 0);
    assert_int_equal(k->txns.txns.count, 2);
}

static void a_new_producer_of_an_id_fences_the_older_one(void **state)
{
    kit *k = *state;
    weir__producer old = init(k, "a");
    weir__producer new = init(k, "a");
    assert_producer(&new, 0, 1);
    assert_int_equal(add(k, &old, "t", 0), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(commit(k, &old), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(init_again(k, &old), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(add(k, &new, "t", 0), 0);
}

static void a_new_producer_aborts_the_open_transaction_with_another_epoch(void **state)
{
    kit *k = *state;
    weir__producer old = init(k, "a");
    assert_int_equal(add(k, &old, "t", 0), 0);
    weir__producer new = nobody("a");
    assert_int_equal(init_again(k, &new), RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    assert_string_equal(k->markers, "t-0=A1 ");
    assert_int_equal(commit(k, &old), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(init_again(k, &new), 0);
    assert_producer(&new, 0, 2);
    assert_string_equal(k->events, "init-producer a producer=0 epoch=0\n"
                                   "txn-begin a producer=0 epoch=0\n"
                                   "txn-add-partition a producer=0 epoch=0 t-0\n"
                                   "txn-end a producer=0 epoch=1 abort reason=fenced\n"
                                   "txn-complete a producer=0 epoch=1 abort\n"
                                   "init-producer a producer=0 epoch=2\n");
}

static void a_producer_may_bump_its_own_epoch(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    weir__producer before = a;
    assert_int_equal(init_again(k, &a), 0);
    assert_producer(&a, 0, 1);
    assert_int_equal(init_again(k, &before), 0); /* its answer was lost: the same again */
    assert_producer(&before, 0, 1);
    init(k, "a");
    assert_int_equal(init_again(k, &a), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
}

static void a_producer_whose_transaction_timed_out_may_have_the_next_epoch(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    add(k, &a, "t", 0);
    pass_until(k, TIMEOUT_MS);
    weir__producer late = a;
    assert_int_equal(init_again(k, &a), 0);
    assert_producer(&a, 0, 1);
    assert_int_equal(add(k, &a, "t", 0), 0);
    assert_int_equal(rollback(k, &a), 0);
    init(k, "a"); /* another one */
    assert_int_equal(init_again(k, &late), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(init_again(k, &a), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
}

static void a_producer_unknown_to_the_coordinator_gets_a_new_id(void **state)
{
    kit *k = *state;
    weir__producer a = {weir_slice_of("a"), 77, 5};
    assert_int_equal(init_again(k, &a), 0);
    assert_producer(&a, 0, 0);
    weir__producer other = {weir_slice_of("a"), 77, 5};
    assert_int_equal(init_again(k, &other), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
}

static void exhausted_epochs_give_a_new_producer_id(void **state)
{
    kit *k = *state;
    weir__producer last = init_up_to(k, "a", WEIR__EPOCH_EXHAUSTED);
    assert_producer(&last, 0, INT16_MAX - 1);
    weir__producer new = init(k, "a");
    assert_producer(&new, 1, 0);
    assert_int_equal(add(k, &last, "t", 0), RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING);
    assert_int_equal(init_again(k, &last), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
}

static void a_producer_that_exhausts_its_own_epochs_may_ask_again(void **state)
{
    kit *k = *state;
    weir__producer last = init_up_to(k, "a", WEIR__EPOCH_EXHAUSTED);
    weir__producer again = last;
    assert_int_equal(init_again(k, &last), 0);
    assert_producer(&last, 1, 0);
    assert_int_equal(init_again(k, &again), 0);
    assert_producer(&again, 1, 0);
}

static void the_last_epoch_can_still_be_fenced(void **state)
{
    kit *k = *state;
    weir__producer last = init_up_to(k, "a", WEIR__EPOCH_EXHAUSTED);
    assert_int_equal(add(k, &last, "t", 0), 0);
    weir__producer new = nobody("a");
    assert_int_equal(init_again(k, &new), RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    assert_string_equal(k->markers, "t-0=A32767 ");
    assert_int_equal(init_again(k, &last), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(init_again(k, &new), 0);
    assert_producer(&new, 1, 0);
}

static void requests_that_make_no_sense_are_refused(void **state)
{
    kit *k = *state;
    const struct {
        weir__init_producer request;
        int error;
    } rows[] = {
        {{weir_slice_of(""), TIMEOUT_MS, -1, -1}, RD_KAFKA_RESP_ERR_INVALID_REQUEST},
        {{weir_slice_of("a"), TIMEOUT_MS, 3, -1}, RD_KAFKA_RESP_ERR_INVALID_REQUEST},
        {{weir_slice_of("a"), TIMEOUT_MS, -1, 3}, RD_KAFKA_RESP_ERR_INVALID_REQUEST},
        {{weir_slice_of("a"), 0, -1, -1}, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT},
        {{weir_slice_of("a"), -1, -1, -1}, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT},
        {{weir_slice_of("a"), WEIR__TXN_TIMEOUT_MS_MAX + 1, -1, -1},
         RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir__producer out;
        assert_int_equal(weir__txns_init_producer(&k->txns, &rows[i].request, 0, &out),
                         rows[i].error);
        assert_producer(&out, -1, -1);
    }
    assert_int_equal(k->txns.txns.count, 0);
}

/* ---- Transactions ---- */

static void a_commit_writes_a_marker_to_each_partition_once(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    assert_string_equal(state_of(k, "a"), "Empty");
    assert_int_equal(add(k, &a, "t", 1), 0);
    assert_int_equal(add(k, &a, "t", 0), 0);
    assert_int_equal(add(k, &a, "t", 1), 0);
    assert_int_equal(add(k, &a, "g", WEIR__TXN_OFFSETS), 0);
    assert_string_equal(state_of(k, "a"), "Ongoing");
    assert_int_equal(commit(k, &a), 0);
    assert_string_equal(k->markers, "t-1=C0 t-0=C0 g--1=C0 ");
    assert_string_equal(state_of(k, "a"), "CompleteCommit");
    assert_int_equal(add(k, &a, "t", 2), 0); /* the next one begins with its own partitions */
    assert_int_equal(rollback(k, &a), 0);
    assert_string_equal(k->markers, "t-1=C0 t-0=C0 g--1=C0 t-2=A0 ");
    assert_string_equal(state_of(k, "a"), "CompleteAbort");
}

static void an_end_that_is_repeated_succeeds_and_another_end_does_not(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    assert_int_equal(commit(k, &a), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_int_equal(rollback(k, &a), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    add(k, &a, "t", 0);
    assert_int_equal(commit(k, &a), 0);
    assert_int_equal(commit(k, &a), 0);
    assert_int_equal(rollback(k, &a), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    add(k, &a, "t", 0);
    assert_int_equal(rollback(k, &a), 0);
    assert_int_equal(rollback(k, &a), 0);
    assert_int_equal(commit(k, &a), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_string_equal(k->markers, "t-0=C0 t-0=A0 ");
}

static void requests_of_unknown_producers_are_refused(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    const struct {
        weir__producer producer;
        int error;
    } rows[] = {
        {nobody(""), RD_KAFKA_RESP_ERR_INVALID_REQUEST},
        {{weir_slice_of("b"), a.producer_id, 0}, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING},
        {{weir_slice_of("a"), 99, 0}, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING},
        {{weir_slice_of("a"), a.producer_id, 1}, RD_KAFKA_RESP_ERR_PRODUCER_FENCED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(add(k, &rows[i].producer, "t", 0), rows[i].error);
        assert_int_equal(verify(k, &rows[i].producer, "t", 0), rows[i].error);
        assert_int_equal(commit(k, &rows[i].producer), rows[i].error);
    }
}

static void only_partitions_that_were_added_may_be_written(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    assert_int_equal(verify(k, &a, "t", 0), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    add(k, &a, "t", 0);
    assert_int_equal(verify(k, &a, "t", 0), 0);
    assert_int_equal(verify(k, &a, "t", 1), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_int_equal(verify(k, &a, "t", WEIR__TXN_OFFSETS), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_int_equal(commit(k, &a), 0);
    assert_int_equal(verify(k, &a, "t", 0), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
}

static void nothing_begins_before_all_markers_are_written(void **state)
{
    kit *k = *state;
    k->markers_from_ms = INT64_MAX;
    weir__producer a = init(k, "a");
    add(k, &a, "t", 0);
    assert_int_equal(commit(k, &a), 0); /* decided */
    assert_string_equal(state_of(k, "a"), "PrepareCommit");
    weir__producer new = nobody("a");
    assert_int_equal(init_again(k, &new), RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    assert_int_equal(add(k, &a, "t", 1), RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    assert_int_equal(verify(k, &a, "t", 0), RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    assert_int_equal(commit(k, &a), RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    assert_int_equal(rollback(k, &a), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_true(weir__txns_deadline_us(&k->txns) == INT64_MAX);
    k->markers_from_ms = 500;
    assert_int_equal(weir__txns_deadline_us(&k->txns), 500000);
    pass_until(k, 499);
    assert_string_equal(k->markers, "");
    pass_until(k, 500);
    assert_string_equal(k->markers, "t-0=C0 ");
    assert_string_equal(state_of(k, "a"), "CompleteCommit");
    assert_int_equal(add(k, &a, "t", 1), 0);
}

static void a_transaction_over_its_timeout_is_aborted_and_its_producer_fenced(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    k->now_ms = 1000;
    add(k, &a, "t", 0);
    k->now_ms = 2000;
    add(k, &a, "t", 1); /* does not extend it */
    assert_int_equal(weir__txns_deadline_us(&k->txns), (1000 + TIMEOUT_MS) * 1000);
    pass_until(k, 999 + TIMEOUT_MS);
    assert_string_equal(state_of(k, "a"), "Ongoing");
    pass_until(k, 1000 + TIMEOUT_MS);
    assert_string_equal(state_of(k, "a"), "CompleteAbort");
    assert_string_equal(k->markers, "t-0=A1 t-1=A1 ");
    assert_non_null(strstr(k->events, "txn-end a producer=0 epoch=1 abort reason=timeout\n"));
    assert_int_equal(commit(k, &a), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(add(k, &a, "t", 0), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_true(weir__txns_deadline_us(&k->txns) == INT64_MAX);
    weir__producer new = init(k, "a");
    assert_producer(&new, 0, 2);
}

static void a_move_of_the_coordinator_keeps_the_transaction(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    add(k, &a, "t", 0);
    weir__txns_moved(&k->txns, weir_slice_of("a"));
    weir__txns_moved(&k->txns, weir_slice_of("unknown"));
    assert_int_equal(weir__txns_find(&k->txns, weir_slice_of("a"))->coordinator_epoch, 1);
    assert_int_equal(commit(k, &a), 0);
    assert_string_equal(k->markers, "t-0=C0 ");
}

static void a_transaction_has_a_limited_number_of_parts(void **state)
{
    kit *k = *state;
    weir__producer a = init(k, "a");
    weir__txn_part *parts = calloc(WEIR__TXN_PARTS_MAX, sizeof *parts);
    assert_non_null(parts);
    for (int32_t i = 0; i < WEIR__TXN_PARTS_MAX; i++) {
        parts[i] = (weir__txn_part){weir_slice_of("t"), i};
    }
    assert_int_equal(weir__txns_add(&k->txns, &a, parts, WEIR__TXN_PARTS_MAX, 0), 0);
    free(parts);
    assert_int_equal(add(k, &a, "u", 0), RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    assert_int_equal(verify(k, &a, "u", 0), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(producer_ids_are_counted_and_epochs_begin_at_zero),
        test(a_new_producer_of_an_id_fences_the_older_one),
        test(a_new_producer_aborts_the_open_transaction_with_another_epoch),
        test(a_producer_may_bump_its_own_epoch),
        test(a_producer_whose_transaction_timed_out_may_have_the_next_epoch),
        test(a_producer_unknown_to_the_coordinator_gets_a_new_id),
        test(exhausted_epochs_give_a_new_producer_id),
        test(a_producer_that_exhausts_its_own_epochs_may_ask_again),
        test(the_last_epoch_can_still_be_fenced),
        test(requests_that_make_no_sense_are_refused),
        test(a_commit_writes_a_marker_to_each_partition_once),
        test(an_end_that_is_repeated_succeeds_and_another_end_does_not),
        test(requests_of_unknown_producers_are_refused),
        test(only_partitions_that_were_added_may_be_written),
        test(nothing_begins_before_all_markers_are_written),
        test(a_transaction_over_its_timeout_is_aborted_and_its_producer_fenced),
        test(a_move_of_the_coordinator_keeps_the_transaction),
        test(a_transaction_has_a_limited_number_of_parts),
    };
    return cmocka_run_group_tests_name("mock_txns", tests, NULL, NULL);
}
