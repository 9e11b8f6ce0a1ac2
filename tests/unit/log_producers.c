/* SPDX-License-Identifier: Apache-2.0
 *
 * What a log knows of its producers: sequence numbers, epochs, transactions. */
#include "unit/log_kit.h"

#define P 7 /* a producer id */
#define Q 8

/* One record of producer P; returns Kafka's code. */
static int16_t write_one(kit *k, int16_t epoch, int32_t sequence, weir__appended *out)
{
    const how sender = {.producer = P, .epoch = epoch, .sequence = sequence};
    return kit_append(k, &sender, "k=v", out);
}

static void write_ok(kit *k, int32_t sequence)
{
    weir__appended appended;
    assert_int_equal(write_one(k, 0, sequence, &appended), 0);
    assert_false(appended.duplicate);
}

static void a_retried_batch_is_answered_with_its_old_offset(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    kit_open(&k, &kit_config);
    kit_put(&k, "x=1");
    for (int32_t sequence = 0; sequence < 7; sequence++) {
        write_ok(&k, sequence);
    }
    for (int32_t sequence = 2; sequence < 7; sequence++) { /* the last five */
        assert_int_equal(write_one(&k, 0, sequence, &appended), 0);
        assert_true(appended.duplicate);
        assert_int_equal(appended.base, 1 + sequence);
    }
    assert_int_equal(k.log.end, 8);
    assert_int_equal(write_one(&k, 0, 1, &appended),
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    kit_close(&k);
}

static void a_gap_in_the_sequence_is_refused_until_it_is_filled(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    kit_open(&k, &kit_config);
    write_ok(&k, 0);
    assert_int_equal(write_one(&k, 0, 2, &appended),
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    write_ok(&k, 1);
    write_ok(&k, 2);
    kit_close(&k);
}

static void an_unknown_producer_may_begin_with_any_sequence(void **state)
{
    (void)state;
    kit k;
    kit_open(&k, &kit_config);
    write_ok(&k, 500);
    write_ok(&k, 501);
    kit_close(&k);
}

static void sequences_wrap_after_the_greatest_number(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    kit_open(&k, &kit_config);
    const how sender = {.producer = P, .sequence = INT32_MAX};
    assert_int_equal(kit_append(&k, &sender, "a=1 b=2", &appended), 0); /* 2^31 - 1 and 0 */
    write_ok(&k, 1);
    assert_int_equal(kit_append(&k, &sender, "a=1 b=2", &appended), 0);
    assert_true(appended.duplicate);
    kit_close(&k);
}

static void a_higher_epoch_begins_with_sequence_0_and_fences_the_lower_one(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    kit_open(&k, &kit_config);
    write_ok(&k, 0);
    assert_int_equal(write_one(&k, 1, 1, &appended),
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_int_equal(write_one(&k, 1, 0, &appended), 0);
    assert_int_equal(write_one(&k, 0, 1, &appended), RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    assert_int_equal(k.log.end, 2);
    kit_close(&k);
}

static void a_silent_producer_is_forgotten_after_a_day(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    kit_open(&k, &kit_config);
    write_ok(&k, 0);
    kit_put_txn(&k, Q, 0, "a=1");
    weir__log_retain(&k.log, k.now_ms + DAY_MS - 1);
    assert_int_equal(write_one(&k, 0, 5, &appended),
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    weir__log_retain(&k.log, k.now_ms + DAY_MS);
    write_ok(&k, 5);
    assert_int_equal(weir__log_open_transactions(&k.log, NULL, 0), 1); /* Q's is open */
    kit_close(&k);
}

static void a_batch_without_sequence_is_invalid(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    kit_open(&k, &kit_config);
    assert_int_equal(write_one(&k, 0, -1, &appended), RD_KAFKA_RESP_ERR_INVALID_RECORD);
    assert_int_equal(write_one(&k, -1, 0, &appended), RD_KAFKA_RESP_ERR_INVALID_RECORD);
    kit_close(&k);
}

/* ---- Transactions ---- */

static void the_last_stable_offset_waits_for_the_first_open_transaction(void **state)
{
    (void)state;
    kit k;
    kit_open(&k, &kit_config);
    kit_put(&k, "x=0");
    kit_put_txn(&k, P, 0, "a=1");
    kit_put_txn(&k, Q, 0, "b=2");
    assert_int_equal(weir__log_last_stable(&k.log), 1);
    assert_int_equal(kit_end(&k, Q, true), 3);
    assert_int_equal(weir__log_last_stable(&k.log), 1);
    assert_int_equal(kit_end(&k, P, true), 4);
    assert_int_equal(weir__log_last_stable(&k.log), 5);
    assert_string_equal(kit_read(&k), "0:x=0 1:a=1 2:b=2 3:commit:8 4:commit:7");
    kit_close(&k);
}

static void print_aborted(const weir__aborted *aborted, void *user)
{
    weir_buf *text = user;
    weir__buf_printf(text, "%lld:%lld..%lld ", (long long)aborted->producer_id,
                     (long long)aborted->first_offset, (long long)aborted->last_offset);
}

static void assert_aborted(kit *k, int64_t from, int64_t upto, const char *expected)
{
    weir_buf text = {0};
    weir__log_aborted(&k->log, from, upto, print_aborted, &text);
    assert_string_equal(weir__buf_text(&text), expected);
    weir__buf_fini(&text);
}

static void aborted_transactions_are_listed_for_the_offsets_that_they_touch(void **state)
{
    (void)state;
    kit k;
    kit_open(&k, &kit_config);
    kit_put_txn(&k, P, 0, "a=1"); /* 0 */
    kit_put_txn(&k, Q, 0, "b=2"); /* 1 */
    kit_end(&k, P, false);        /* 2 */
    kit_put_txn(&k, P, 1, "c=3"); /* 3 */
    kit_end(&k, Q, false);        /* 4 */
    kit_end(&k, P, true);         /* 5 */

    assert_aborted(&k, 0, 6, "7:0..2 8:1..4 ");
    assert_aborted(&k, 3, 6, "8:1..4 ");
    assert_aborted(&k, 0, 1, "7:0..2 ");
    assert_aborted(&k, 5, 6, "");
    assert_true(weir__log_is_aborted(&k.log, P, 0));
    assert_true(weir__log_is_aborted(&k.log, Q, 1));
    assert_false(weir__log_is_aborted(&k.log, P, 3));
    assert_int_equal(weir__log_trim(&k.log, 3), 0);
    assert_aborted(&k, 0, 6, "8:1..4 ");
    kit_close(&k);
}

static void open_transactions_are_shown_by_first_offset(void **state)
{
    (void)state;
    kit k;
    weir__open_transaction open[2];
    kit_open(&k, &kit_config);
    kit_put_txn(&k, Q, 0, "a=1");
    k.now_ms = 2000;
    kit_put_txn(&k, P, 0, "b=2");
    kit_put_txn(&k, Q, 1, "c=3");

    assert_int_equal(weir__log_open_transactions(&k.log, open, 2), 2);
    assert_int_equal(open[0].producer_id, Q);
    assert_int_equal(open[0].first_offset, 0);
    assert_int_equal(open[0].began_ms, 1000);
    assert_int_equal(open[1].producer_id, P);
    assert_int_equal(open[1].first_offset, 1);
    kit_end(&k, Q, false);
    assert_int_equal(weir__log_open_transactions(&k.log, open, 1), 1);
    assert_int_equal(open[0].producer_id, P);
    kit_close(&k);
}

static void a_producer_in_a_transaction_writes_nothing_outside_it(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    kit_open(&k, &kit_config);
    kit_put_txn(&k, P, 0, "a=1");
    assert_int_equal(write_one(&k, 0, 1, &appended), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    kit_end(&k, P, true);
    write_ok(&k, 1);
    kit_close(&k);
}

static void a_marker_fences_lower_epochs_and_older_coordinators(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    int64_t offset = -1;
    kit_open(&k, &kit_config);
    kit_put_txn(&k, P, 0, "a=1");
    weir__marker marker = {.producer_id = P, .epoch = 1, .coordinator_epoch = 5};
    assert_int_equal(weir__log_append_marker(&k.log, &marker, 1, &offset), 0);

    assert_int_equal(write_one(&k, 0, 1, &appended), RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    assert_int_equal(write_one(&k, 1, 1, &appended),
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    marker.coordinator_epoch = 4;
    assert_int_equal(weir__log_append_marker(&k.log, &marker, 1, &offset),
                     RD_KAFKA_RESP_ERR_TRANSACTION_COORDINATOR_FENCED);
    marker = (weir__marker){.producer_id = P, .epoch = 0, .coordinator_epoch = 5};
    assert_int_equal(weir__log_append_marker(&k.log, &marker, 1, &offset),
                     RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    assert_int_equal(k.log.end, 2);
    assert_int_equal(write_one(&k, 1, 0, &appended), 0);
    kit_close(&k);
}

static void a_marker_without_records_takes_an_offset_and_fences(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    kit_open(&k, &kit_config);
    assert_int_equal(kit_end(&k, P, false), 0);
    assert_int_equal(k.log.end, 1);
    assert_int_equal(weir__log_last_stable(&k.log), 1);
    assert_aborted(&k, 0, 1, "");
    assert_int_equal(write_one(&k, 0, 3, &appended),
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    write_ok(&k, 0);
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retried_batch_is_answered_with_its_old_offset),
        cmocka_unit_test(a_gap_in_the_sequence_is_refused_until_it_is_filled),
        cmocka_unit_test(an_unknown_producer_may_begin_with_any_sequence),
        cmocka_unit_test(sequences_wrap_after_the_greatest_number),
        cmocka_unit_test(a_higher_epoch_begins_with_sequence_0_and_fences_the_lower_one),
        cmocka_unit_test(a_silent_producer_is_forgotten_after_a_day),
        cmocka_unit_test(a_batch_without_sequence_is_invalid),
        cmocka_unit_test(the_last_stable_offset_waits_for_the_first_open_transaction),
        cmocka_unit_test(aborted_transactions_are_listed_for_the_offsets_that_they_touch),
        cmocka_unit_test(open_transactions_are_shown_by_first_offset),
        cmocka_unit_test(a_producer_in_a_transaction_writes_nothing_outside_it),
        cmocka_unit_test(a_marker_fences_lower_epochs_and_older_coordinators),
        cmocka_unit_test(a_marker_without_records_takes_an_offset_and_fences),
    };
    return cmocka_run_group_tests_name("log_producers", tests, NULL, NULL);
}
