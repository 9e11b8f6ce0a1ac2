/* SPDX-License-Identifier: Apache-2.0
 *
 * A doctored stream of events for each rule of transactions, and doctored results. */
#include "checkers_kit.h"

#define EXACTLY_ONCE ((weir_checker_opts){.exactly_once = true})
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- Transactions -------------------------------------------------------------------------- */

static void init(weir_checker *checker, int64_t producer_id, int16_t epoch)
{
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_INIT_PRODUCER,
                                           .transactional_id = weir_slice_of("app-1"),
                                           .producer_id = producer_id,
                                           .epoch = epoch});
}

/* A transaction with records in out and log, and the offset 1 of in; up to its decision. */
static weir_checker *decided(bool commit)
{
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    init(checker, PRODUCER, 0);
    takes(checker, A, 1, "0_0");
    processes(checker, A, 0);
    appends(checker, "out", 0, 0);
    appends(checker, "log", 0, 0);
    feed_txn(checker, WEIR_MOCK_OFFSET_PENDING, "in", 1, false);
    feed_txn(checker, WEIR_MOCK_TXN_END, "", 0, commit);
    return checker;
}

static void a_transaction_that_ends_whole_is_clean(void **state)
{
    (void)state;
    for (int commit = 0; commit < 2; commit++) {
        weir_checker *checker = decided(commit);
        assert_false(weir_checker_is_visible(checker, "out", 0, 0));
        feed_txn(checker, WEIR_MOCK_MARKER, "out", 1, commit);
        feed_txn(checker, WEIR_MOCK_MARKER, "log", 1, commit);
        feed_txn(checker, commit ? WEIR_MOCK_OFFSET_COMMIT : WEIR_MOCK_OFFSET_DROPPED, "in", 1,
                 commit);
        feed_txn(checker, WEIR_MOCK_TXN_COMPLETE, "", 0, commit);
        assert_int_equal(weir_checker_is_visible(checker, "out", 0, 0), commit);
        assert_false(weir_checker_is_visible(checker, "out", 0, 1)); /* the marker */
        assert_clean(checker);
        weir_checker_free(checker);
    }
}

static void markers_that_disagree_are_found(void **state)
{
    (void)state;
    weir_checker *checker = decided(true);
    feed_txn(checker, WEIR_MOCK_MARKER, "out", 1, true);
    feed_txn(checker, WEIR_MOCK_MARKER, "log", 1, false);
    assert_found(
        checker, WEIR_TORN,
        "at log-0, offset 1: producer 1000: the marker says abort, the coordinator commit");
}

static void a_partition_without_a_marker_is_found(void **state)
{
    (void)state;
    weir_checker *checker = decided(true);
    feed_txn(checker, WEIR_MOCK_MARKER, "out", 1, true);
    feed_txn(checker, WEIR_MOCK_OFFSET_COMMIT, "in", 1, true);
    feed_txn(checker, WEIR_MOCK_TXN_COMPLETE, "", 0, true);
    assert_found(checker, WEIR_TORN,
                 "at log-0: producer 1000: the commit is complete, without a "
                 "marker here");
}

static void a_topic_that_was_deleted_needs_no_marker(void **state)
{
    (void)state;
    weir_checker *checker = decided(true);
    feed_broker(checker,
                (weir_mock_event){.kind = WEIR_MOCK_DELETE_TOPIC, .topic = weir_slice_of("log")});
    feed_txn(checker, WEIR_MOCK_MARKER, "out", 1, true);
    feed_txn(checker, WEIR_MOCK_OFFSET_COMMIT, "in", 1, true);
    feed_txn(checker, WEIR_MOCK_TXN_COMPLETE, "", 0, true);
    assert_clean(checker);
    weir_checker_free(checker);
}

static void outputs_without_their_offsets_are_found(void **state)
{
    (void)state;
    weir_checker *checker = decided(true);
    feed_txn(checker, WEIR_MOCK_MARKER, "out", 1, true);
    feed_txn(checker, WEIR_MOCK_MARKER, "log", 1, true);
    feed_txn(checker, WEIR_MOCK_TXN_COMPLETE, "", 0, true);
    assert_found(checker, WEIR_TORN,
                 "at in-0, offset 1: producer 1000: the commit is complete, its offset is not");
}

static void offsets_without_their_outputs_are_found(void **state)
{
    (void)state;
    weir_checker *checker = decided(false);
    feed_txn(checker, WEIR_MOCK_OFFSET_COMMIT, "in", 1, true);
    assert_found(checker, WEIR_TORN, "its offset is committed, its transaction aborted");
}

static void offsets_of_no_transaction_are_found(void **state)
{
    (void)state;
    weir_checker *checker = decided(true);
    feed_txn(checker, WEIR_MOCK_OFFSET_COMMIT, "in", 7, true);
    assert_int_equal(weir_checker_found(checker, WEIR_TORN), 1);
    weir_checker_free(checker);
}

static void a_read_of_an_open_transaction_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    takes(checker, A, 1, "0_0");
    appends(checker, "in", 0, 0);
    processes(checker, A, 0);
    assert_found(checker, WEIR_PRECOMMITTED_READ, "at in-0, offset 0, task 0_0, thread " A);
}

static void a_read_of_an_aborted_transaction_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    takes(checker, A, 1, "0_0");
    appends(checker, "in", 0, 0);
    feed_txn(checker, WEIR_MOCK_MARKER, "in", 1, false);
    processes(checker, A, 0);
    assert_found(checker, WEIR_ABORTED_READ,
                 "at in-0, offset 0, task 0_0, thread " A ": it was processed");
}

static void a_restore_of_an_aborted_record_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    appends(checker, "log", 0, 0);
    feed_txn(checker, WEIR_MOCK_MARKER, "log", 1, false);
    feed_step(
        checker, B,
        (weir_step){.kind = WEIR_STEP_RESTORE, .task = "0_0", .store = "counts", .topic = "log"});
    assert_found(checker, WEIR_ABORTED_READ, "it was restored");
}

static void a_write_with_an_old_epoch_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    init(checker, PRODUCER, 0);
    appends(checker, "out", 0, 0);
    init(checker, PRODUCER, 1);
    appends(checker, "out", 1, 1);
    assert_clean(checker);
    appends(checker, "log", 0, 0);
    assert_found(checker, WEIR_FENCED_WRITE,
                 "at log-0, offset 0: producer 1000, epoch 0: the present one is 1");
}

/* The coordinator ended the transaction of a member that was silent, with a higher epoch. */
static void a_write_behind_a_marker_with_a_higher_epoch_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    appends(checker, "out", 0, 0);
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_MARKER,
                                           .topic = weir_slice_of("out"),
                                           .offset = 1,
                                           .producer_id = PRODUCER,
                                           .epoch = 1});
    appends(checker, "log", 0, 0); /* its marker is still to come */
    assert_clean(checker);
    appends(checker, "out", 2, 0);
    assert_found(checker, WEIR_FENCED_WRITE, "at out-0, offset 2");
}

static void a_write_of_a_replaced_producer_id_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    init(checker, PRODUCER, INT16_MAX - 1);
    init(checker, PRODUCER + 1, 0);
    appends(checker, "out", 0, INT16_MAX - 1);
    assert_found(checker, WEIR_FENCED_WRITE, "its transactional.id has another producer id");
}

static void records_and_offsets_outside_of_a_transaction_are_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    takes(checker, A, 1, "0_0");
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_PRODUCE,
                                           .topic = weir_slice_of("out"),
                                           .count = 1,
                                           .producer_id = PRODUCER,
                                           .client_id = weir_slice_of("test")});
    assert_clean(checker); /* the test's own input */
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_PRODUCE,
                                           .topic = weir_slice_of("out"),
                                           .count = 1,
                                           .producer_id = PRODUCER,
                                           .client_id = weir_slice_of(A "-producer")});
    assert_found(checker, WEIR_OUTSIDE_TRANSACTION, "at out-0, offset 0");
    checker = new_checker(EXACTLY_ONCE);
    commits(checker, 0);
    assert_found(checker, WEIR_OUTSIDE_TRANSACTION, "an offset of the group app");
}

/* ---- Results ------------------------------------------------------------------------------- */

static weir_mock_record record(const char *topic, int64_t offset)
{
    return (weir_mock_record){.topic = topic, .offset = offset};
}

static void input(weir_checker *checker, int64_t offset, const char *id)
{
    weir_mock_record at = record("in", offset);
    weir_checker_input(checker, &at, weir_slice_of(id));
}

static void output(weir_checker *checker, const char *topic, int64_t offset, const char *id)
{
    weir_mock_record at = record(topic, offset);
    weir_checker_output(checker, &at, weir_slice_of(id));
}

static void compare(weir_checker *checker, weir_check_results results)
{
    results.outputs = results.outputs != NULL ? results.outputs : LIST("out", "log");
    weir_checker_compare(checker, &results);
}

static void results_that_agree_are_clean(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    for (int round = 0; round < 2; round++) { /* a comparison forgets what it has compared */
        input(checker, 0, "x");
        input(checker, 1, "y");
        output(checker, "out", 0, "x");
        output(checker, "log", 0, "x");
        output(checker, "log", 1, "y");
        output(checker, "out", 1, "y");
        compare(checker, (weir_check_results){0});
        assert_clean(checker);
    }
    weir_checker_free(checker);
}

static void a_lost_input_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    input(checker, 4, "x");
    compare(checker, (weir_check_results){.outputs = LIST("out"), .may_duplicate = true});
    assert_found(checker, WEIR_LOST_WRITE, "at in-0, offset 4: 'x' has no output in out");
}

static void an_input_with_a_part_of_its_outputs_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    input(checker, 4, "x");
    output(checker, "log", 0, "x");
    compare(checker, (weir_check_results){0});
    assert_found(checker, WEIR_TORN, "'x' has outputs in log, none in out");
}

static void a_second_output_is_found_unless_it_may_be(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    const weir_check_results allowed[] = {{.outputs = LIST("out"), .may_duplicate = true},
                                          {.outputs = LIST("out"), .outputs_max = 2},
                                          {.outputs = LIST("out")}};
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        input(checker, 0, "x");
        output(checker, "out", 0, "x");
        output(checker, "out", 5, "x");
        assert_clean(checker);
        compare(checker, allowed[i]);
    }
    assert_found(checker, WEIR_DUPLICATE,
                 "at out-0, offset 5: 'x' has 2 outputs in out, at most 1 are right");
}

/* An aborted output is none: neither a duplicate nor a result. */
static void aborted_outputs_do_not_count(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    appends(checker, "out", 0, 0);
    feed_txn(checker, WEIR_MOCK_MARKER, "out", 1, false);
    input(checker, 0, "x");
    output(checker, "out", 0, "x");
    output(checker, "out", 2, "x");
    compare(checker, (weir_check_results){.outputs = LIST("out")});
    assert_clean(checker);
    input(checker, 0, "x");
    output(checker, "out", 0, "x");
    compare(checker, (weir_check_results){.outputs = LIST("out")});
    assert_found(checker, WEIR_LOST_WRITE, "'x' has no output in out");
}

static void an_output_of_an_aborted_input_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker(EXACTLY_ONCE);
    appends(checker, "in", 0, 0);
    feed_txn(checker, WEIR_MOCK_MARKER, "in", 1, false);
    input(checker, 0, "x");
    output(checker, "out", 3, "x");
    compare(checker, (weir_check_results){.outputs = LIST("out")});
    assert_found(checker, WEIR_ABORTED_READ,
                 "at out-0, offset 3: an output of 'x', which is not visible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transaction_that_ends_whole_is_clean),
        cmocka_unit_test(markers_that_disagree_are_found),
        cmocka_unit_test(a_partition_without_a_marker_is_found),
        cmocka_unit_test(a_topic_that_was_deleted_needs_no_marker),
        cmocka_unit_test(outputs_without_their_offsets_are_found),
        cmocka_unit_test(offsets_without_their_outputs_are_found),
        cmocka_unit_test(offsets_of_no_transaction_are_found),
        cmocka_unit_test(a_read_of_an_open_transaction_is_found),
        cmocka_unit_test(a_read_of_an_aborted_transaction_is_found),
        cmocka_unit_test(a_restore_of_an_aborted_record_is_found),
        cmocka_unit_test(a_write_with_an_old_epoch_is_found),
        cmocka_unit_test(a_write_behind_a_marker_with_a_higher_epoch_is_found),
        cmocka_unit_test(a_write_of_a_replaced_producer_id_is_found),
        cmocka_unit_test(records_and_offsets_outside_of_a_transaction_are_found),
        cmocka_unit_test(results_that_agree_are_clean),
        cmocka_unit_test(a_lost_input_is_found),
        cmocka_unit_test(an_input_with_a_part_of_its_outputs_is_found),
        cmocka_unit_test(a_second_output_is_found_unless_it_may_be),
        cmocka_unit_test(aborted_outputs_do_not_count),
        cmocka_unit_test(an_output_of_an_aborted_input_is_found),
    };
    return cmocka_run_group_tests_name("checkers_transactions", tests, NULL, NULL);
}
