/* SPDX-License-Identifier: Apache-2.0
 *
 * A doctored stream of events for each rule of owners, records and offsets. */
#include "checkers_kit.h"

static void a_run_with_a_crash_and_a_new_owner_is_clean(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 0);
    processes(checker, A, 1);
    commits(checker, 1);
    weir_checker_event(checker, &(weir_event){.kind = WEIR_EVENT_CRASH, .instance = "a"});
    takes(checker, B, 2, "0_0");
    processes(checker, B, 1); /* was not committed */
    processes(checker, B, 2);
    commits(checker, 3);
    assert_clean(checker);
    assert_int_equal(weir_checker_begun(checker, "in", 0, 0), 1);
    assert_int_equal(weir_checker_begun(checker, "in", 0, 1), 2);
    assert_int_equal(weir_checker_begun(checker, "in", 0, 3), 0);
    assert_int_equal(weir_checker_begun(checker, "other", 0, 0), 0);
    weir_checker_free(checker);
}

static void two_owners_in_a_generation_are_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 3, "0_0");
    takes(checker, A, 3, "0_0"); /* the same assignment again */
    assert_clean(checker);
    takes(checker, B, 3, "0_0");
    assert_found(checker, WEIR_TWO_OWNERS,
                 "at task 0_0, generation 3, thread " B ": taken by " A " and by " B);
}

static void a_record_of_a_lost_task_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    feed_step(checker, A, (weir_step){.kind = WEIR_STEP_JOIN, .reason = "rebalance"});
    processes(checker, A, 0);
    assert_found(checker, WEIR_NOT_THE_OWNER, "at in-0, offset 0, task 0_0, thread " A);
}

static void a_thread_that_subscribes_again_keeps_its_tasks(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    feed_step(checker, A, (weir_step){.kind = WEIR_STEP_JOIN, .reason = "subscribe"});
    processes(checker, A, 0);
    assert_clean(checker);
    weir_checker_free(checker);
}

static void a_skipped_record_is_found_with_the_events_before(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 0);
    processes(checker, A, 2);
    const char *violation = weir_checker_violation(checker);
    assert_non_null(violation);
    assert_non_null(strstr(violation, "events before it:"));
    assert_non_null(strstr(violation, "1.000000 s  " A "  process 0_0 in@0"));
    assert_null(strstr(violation, A "  poll"));
    assert_found(checker, WEIR_POLL_SKIP,
                 "at in-0, offset 2, task 0_0, generation 1, thread " A
                 ": nobody has processed offset 1");
}

static void offsets_without_a_record_are_not_skipped(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){.exactly_once = true});
    takes(checker, A, 1, "0_0");
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_DELETE_RECORDS,
                                           .topic = weir_slice_of("in"),
                                           .offset = 3});
    processes(checker, A, 3);
    appends(checker, "in", 4, 0);
    feed_txn(checker, WEIR_MOCK_MARKER, "in", 5, false); /* 4 is aborted, 5 the marker */
    processes(checker, A, 6);
    feed_txn(checker, WEIR_MOCK_OFFSET_PENDING, "in", 7, true);
    feed_txn(checker, WEIR_MOCK_OFFSET_COMMIT, "in", 7, true);
    assert_clean(checker);
    weir_checker_free(checker);
}

static void a_topology_that_drops_records_may_skip_them(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){.may_skip = true});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 2);
    commits(checker, 5);
    assert_clean(checker);
    weir_checker_free(checker);
}

static void a_record_processed_again_after_its_commit_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 0);
    commits(checker, 1);
    takes(checker, B, 2, "0_0");
    processes(checker, B, 0);
    assert_found(checker, WEIR_NONMONOTONIC_POLL, "1 was committed before the generation began");
}

static void a_commit_that_goes_back_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 0);
    processes(checker, A, 1);
    commits(checker, 2);
    commits(checker, 1);
    assert_found(checker, WEIR_NONMONOTONIC_COMMIT, "at in-0, offset 1: 2 was committed before");
}

static void offsets_that_no_member_commits_are_a_reset(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 0);
    commits(checker, 1);
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_OFFSET_COMMIT,
                                           .group = weir_slice_of("app"),
                                           .generation = -1,
                                           .topic = weir_slice_of("in"),
                                           .producer_id = -1});
    takes(checker, A, 2, "0_0");
    processes(checker, A, 0);
    commits(checker, 1);
    assert_clean(checker);
    weir_checker_free(checker);
}

static void a_deleted_topic_begins_again(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 0);
    commits(checker, 1);
    feed_broker(checker,
                (weir_mock_event){.kind = WEIR_MOCK_DELETE_TOPIC, .topic = weir_slice_of("in")});
    commits(checker, 0);
    takes(checker, A, 2, "0_0");
    processes(checker, A, 0);
    assert_clean(checker);
    weir_checker_free(checker);
}

static void a_commit_of_what_was_not_processed_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 0);
    commits(checker, 2);
    assert_found(checker, WEIR_UNPROCESSED_COMMIT, "nobody has processed offset 1");
}

/* A crash in the middle of a record: it has begun, and is not done. */
static void a_commit_of_a_record_that_a_crash_interrupted_is_found(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    feed_step(checker, A, (weir_step){.kind = WEIR_STEP_PROCESS, .task = "0_0", .topic = "in"});
    feed_step(checker, A, (weir_step){.kind = WEIR_STEP_STORE_CHANGE, .task = "0_0"});
    weir_checker_event(checker, &(weir_event){.kind = WEIR_EVENT_CRASH, .instance = "a"});
    commits(checker, 1);
    assert_found(checker, WEIR_UNPROCESSED_COMMIT, "nobody has processed offset 0");
}

static void events_of_another_application_are_not_judged(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    const weir_step step = {.kind = WEIR_STEP_PROCESS, .task = "0_0", .topic = "in", .offset = 5};
    weir_checker_event(checker, &(weir_event){.kind = WEIR_EVENT_STEP,
                                              .name = "process",
                                              .instance = "c",
                                              .application = "other",
                                              .stream_thread = "c-StreamThread-1",
                                              .step = &step});
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_OFFSET_COMMIT,
                                           .group = weir_slice_of("other"),
                                           .topic = weir_slice_of("in"),
                                           .offset = 9,
                                           .producer_id = -1});
    assert_clean(checker);
    weir_checker_free(checker);
}

static const weir_written_topic written[] = {{"out", 0}, {NULL, 0}};

static void writes(weir_checker *checker, const char *client)
{
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_PRODUCE,
                                           .topic = weir_slice_of("out"),
                                           .offset = 7,
                                           .count = 2,
                                           .producer_id = -1,
                                           .client_id = weir_slice_of(client)});
}

static void a_write_of_a_former_owner_is_noted(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){.written = written});
    takes(checker, A, 1, "0_0");
    writes(checker, A "-producer");
    assert_false(weir_checker_is_stale(checker, "out", 0, 7));
    takes(checker, B, 2, "0_0");
    writes(checker, "somebody");
    assert_false(weir_checker_is_stale(checker, "out", 0, 7));
    writes(checker, A "-producer");
    assert_true(weir_checker_is_stale(checker, "out", 0, 7));
    assert_true(weir_checker_is_stale(checker, "out", 0, 8));
    assert_false(weir_checker_is_stale(checker, "out", 0, 9));
    assert_clean(checker); /* at least once does not fence writers */
    weir_checker_free(checker);
}

static void a_write_of_a_former_owner_is_found_where_there_is_none(void **state)
{
    (void)state;
    weir_checker *checker =
        new_checker((weir_checker_opts){.written = written, .no_stale_writes = true});
    takes(checker, A, 1, "0_0");
    takes(checker, B, 2, "0_0");
    writes(checker, A "-producer");
    assert_found(checker, WEIR_STALE_WRITE,
                 "at out-0, offset 7, task 0_0, generation 2, thread " A
                 ": the task's owner is " B);
}

static void only_the_first_violation_is_told_and_all_are_counted(void **state)
{
    (void)state;
    weir_checker *checker = new_checker((weir_checker_opts){0});
    takes(checker, A, 1, "0_0");
    processes(checker, A, 5);
    commits(checker, 9);
    commits(checker, 3);
    assert_int_equal(weir_checker_found(checker, WEIR_UNPROCESSED_COMMIT), 1);
    assert_int_equal(weir_checker_found(checker, WEIR_NONMONOTONIC_COMMIT), 1);
    assert_found(checker, WEIR_POLL_SKIP, "nobody has processed offset 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_with_a_crash_and_a_new_owner_is_clean),
        cmocka_unit_test(two_owners_in_a_generation_are_found),
        cmocka_unit_test(a_record_of_a_lost_task_is_found),
        cmocka_unit_test(a_thread_that_subscribes_again_keeps_its_tasks),
        cmocka_unit_test(a_skipped_record_is_found_with_the_events_before),
        cmocka_unit_test(offsets_without_a_record_are_not_skipped),
        cmocka_unit_test(a_topology_that_drops_records_may_skip_them),
        cmocka_unit_test(a_record_processed_again_after_its_commit_is_found),
        cmocka_unit_test(a_commit_that_goes_back_is_found),
        cmocka_unit_test(offsets_that_no_member_commits_are_a_reset),
        cmocka_unit_test(a_deleted_topic_begins_again),
        cmocka_unit_test(a_commit_of_what_was_not_processed_is_found),
        cmocka_unit_test(a_commit_of_a_record_that_a_crash_interrupted_is_found),
        cmocka_unit_test(events_of_another_application_are_not_judged),
        cmocka_unit_test(a_write_of_a_former_owner_is_noted),
        cmocka_unit_test(a_write_of_a_former_owner_is_found_where_there_is_none),
        cmocka_unit_test(only_the_first_violation_is_told_and_all_are_counted),
    };
    return cmocka_run_group_tests_name("checkers_owners", tests, NULL, NULL);
}
