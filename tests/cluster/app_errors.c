/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors, and how the application handles them. */
#include "support/word_counts.h"

/* A stream of numbers of 8 bytes; a shorter value cannot be decoded. */
static weir_topology *numbers(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "numbers", &weir_string, &weir_i64, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static weir_err fail_on_bad(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)user;
    *keep = true;
    const weir_slice *value = in->value;
    return weir_slice_equal(*value, weir_slice_of("bad"))
               ? weir_fail(ctx, WEIR_EUSER, "this one is bad")
               : WEIR_OK;
}

static weir_topology *picky(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "words", &weir_string, &weir_string, NULL);
    weir_to(weir_filter(in, fail_on_bad, NULL, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static int64_t end_of(apps *all, const char *topic, int32_t partition)
{
    int64_t start = 0;
    int64_t end = 0;
    assert_int_equal(weir_mock_partition_offsets(all->mock, topic, partition, &start, &end),
                     WEIR_OK);
    return end;
}

static void assert_failed_with(const app *one, weir_err code, const char *text)
{
    assert_string_equal(weir_err_name(one->failure.code), weir_err_name(code));
    if (strstr(one->failure.message, text) == NULL) {
        fail_msg("'%s' does not say '%s'", one->failure.message, text);
    }
}

static void a_missing_source_topic_is_named(void **state)
{
    apps *all = *state;
    app *a = app_start(all, "a", fixture_word_count, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_ERROR), 30);
    assert_failed_with(a, WEIR_EMISSING_TOPIC,
                       "One or more source topics were missing during rebalance: lines");
    app_close(a);
    assert_string_equal(weir__buf_text(&a->states),
                        "REBALANCING PENDING_ERROR ERROR PENDING_SHUTDOWN NOT_RUNNING ");
}

static void a_replaced_thread_finds_the_topic_that_came_late(void **state)
{
    apps *all = *state;
    app *a = app_new(all, "a", fixture_word_count, NULL);
    weir_error error;
    a->reply = WEIR_REPLACE_THREAD;
    assert_int_equal(app_try_start(a, &error), WEIR_OK);
    app_run_until(all, a->failures > 0, 30);
    word_count_topics(all);
    send_line(all, "lines", 0, "hello");
    app_run_until(all, count_of(all, "word-counts", "hello", NULL) == 1, 60);
    assert_true(app_is(a, WEIR_STATE_RUNNING));
    app_close(a);
}

static void an_internal_topic_of_another_size_is_refused(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    mock_create(all->mock, "app-counts-changelog", 3);
    app *a = app_start(all, "a", fixture_word_count, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_ERROR), 30);
    assert_failed_with(
        a, WEIR_ETOPOLOGY,
        "Existing internal topic app-counts-changelog has invalid partitions: expected: 4; "
        "actual: 3.");
    app_close(a);
}

static void an_undecodable_record_stops_the_client(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "numbers", 1);
    mock_create(all->mock, "copies", 1);
    send_line(all, "numbers", 0, "8 bytes!");
    send_line(all, "numbers", 0, "short");
    app *a = app_start(all, "a", numbers, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_ERROR), 30);
    assert_failed_with(a, WEIR_EDECODE, "numbers-0@1");
    app_close(a);
    assert_int_equal(committed(all, "numbers", 0), -1);
}

static void undecodable_records_are_dropped_and_committed(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "numbers", 1);
    mock_create(all->mock, "copies", 1);
    for (int i = 0; i < 5; i++) {
        send_line(all, "numbers", 0, "short");
    }
    send_line(all, "numbers", 0, "8 bytes!");
    send_line(all, "numbers", 0, "short");
    const char *const go_on[] = {"deserialization.exception.handler", "continue", NULL};
    app *a = app_start(all, "a", numbers, go_on);
    app_run_until(all, committed(all, "numbers", 0) == 7, 30);
    assert_int_equal(end_of(all, "copies", 0), 1);
    app_close(a);
    assert_int_equal(a->failures, 0);
}

static void only_undecodable_records_are_committed_too(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "numbers", 1);
    mock_create(all->mock, "copies", 1);
    for (int i = 0; i < 5; i++) {
        send_line(all, "numbers", 0, "short");
    }
    const char *const go_on[] = {"deserialization.exception.handler", "continue", NULL};
    app *a = app_start(all, "a", numbers, go_on);
    app_run_until(all, committed(all, "numbers", 0) == 5, 30);
    app_close(a);
}

static void a_failing_processor_names_the_record(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "words", 1);
    mock_create(all->mock, "copies", 1);
    send_line(all, "words", 0, "good");
    send_line(all, "words", 0, "bad");
    app *a = app_start(all, "a", picky, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_ERROR), 30);
    assert_failed_with(a, WEIR_EUSER, "words-0@1: this one is bad");
    app_close(a);
}

static void failing_records_may_be_dropped(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "words", 1);
    mock_create(all->mock, "copies", 1);
    send_line(all, "words", 0, "good");
    send_line(all, "words", 0, "bad");
    send_line(all, "words", 0, "good");
    const char *const go_on[] = {"processing.exception.handler", "continue", NULL};
    app *a = app_start(all, "a", picky, go_on);
    app_run_until(all, committed(all, "words", 0) == 3, 30);
    assert_int_equal(end_of(all, "copies", 0), 2);
    app_close(a);
}

static void a_replaced_thread_continues_beside_the_others(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "words", 2);
    mock_create(all->mock, "copies", 1);
    const char *const two[] = {"num.stream.threads", "2", NULL};
    app *a = app_new(all, "a", picky, two);
    weir_error error;
    a->reply = WEIR_REPLACE_THREAD;
    assert_int_equal(app_try_start(a, &error), WEIR_OK);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    send_line(all, "words", 0, "bad");
    send_line(all, "words", 1, "good");
    app_run_until(all, a->failures >= 3, 60);
    assert_false(app_is(a, WEIR_STATE_ERROR));
    assert_int_equal(committed(all, "words", 0), -1);
    assert_int_equal(committed(all, "words", 1), 1);
    app_close(a);
    assert_true(app_is(a, WEIR_STATE_NOT_RUNNING));
}

static void all_instances_stop_when_one_wants_it(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "words", 2);
    mock_create(all->mock, "copies", 1);
    app *a = app_start(all, "a", picky, NULL);
    app *b = app_start(all, "b", picky, NULL);
    a->reply = b->reply = WEIR_SHUTDOWN_APPLICATION;
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING) && app_is(b, WEIR_STATE_RUNNING), 30);
    send_line(all, "words", 0, "bad");
    app_run_until(all, app_is(a, WEIR_STATE_ERROR) && app_is(b, WEIR_STATE_ERROR), 30);
    assert_int_equal(a->failures + b->failures, 1);
    app_close(a);
    app_close(b);
}

static void a_second_instance_cannot_use_the_directory(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    app *a = app_start(all, "a", fixture_word_count, NULL);
    const char *const same[] = {"state.dir", a->directory, NULL};
    app *b = app_new(all, "b", fixture_word_count, same);
    weir_error error;
    assert_int_equal(app_try_start(b, &error), WEIR_ELOCKED);
    assert_true(app_is(b, WEIR_STATE_CREATED));
    app_close(a);
    assert_int_equal(app_try_start(b, &error), WEIR_OK);
    app_run_until(all, app_is(b, WEIR_STATE_RUNNING), 60);
    app_close(b);
    assert_int_equal(app_try_start(b, &error), WEIR_ESTATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        apps_test(a_missing_source_topic_is_named),
        apps_test(a_replaced_thread_finds_the_topic_that_came_late),
        apps_test(an_internal_topic_of_another_size_is_refused),
        apps_test(an_undecodable_record_stops_the_client),
        apps_test(undecodable_records_are_dropped_and_committed),
        apps_test(only_undecodable_records_are_committed_too),
        apps_test(a_failing_processor_names_the_record),
        apps_test(failing_records_may_be_dropped),
        apps_test(a_replaced_thread_continues_beside_the_others),
        apps_test(all_instances_stop_when_one_wants_it),
        apps_test(a_second_instance_cannot_use_the_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
