/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances that join, leave and freeze: tasks move, counts stay right. */
#include "support/word_counts.h"

static const char *const two_threads[] = {"num.stream.threads", "2", NULL};

static void an_instance_that_joins_gets_half_of_the_tasks(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    app *a = app_start(all, "a", fixture_word_count, two_threads);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    assert_int_equal(running_tasks(a), TASKS);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    app *b = app_start(all, "b", fixture_word_count, two_threads);
    app_run_until(all, both_run(a, b), 60);
    assert_int_equal(running_tasks(a), TASKS / 2);
    assert_int_equal(running_tasks(b), TASKS / 2);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == 2 * ROUNDS, 60);
    app_close(b);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING) && running_tasks(a) == TASKS, 30);
    send_round(all, 0);
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == 2 * ROUNDS + 1, 30);
    app_close(a);
    assert_no_failure(all->mock);
}

static void a_frozen_instance_rejoins_without_harm(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    app *a = app_start(all, "a", fixture_word_count, two_threads);
    app *b = app_start(all, "b", fixture_word_count, two_threads);
    app_run_until(all, both_run(a, b), 60);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == ROUNDS, 60);
    weir_sim_sleep_us(2000000);
    weir_sim_host_pause(b->host);
    send_round(all, 0);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING) && running_tasks(a) == TASKS, 120);
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == ROUNDS + 1, 60);
    weir_sim_sleep_us(2000000);
    weir_sim_host_resume(b->host);
    app_run_until(all, both_run(a, b) && running_tasks(b) == 4, 60);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == 2 * ROUNDS + 1, 60);
    assert_int_equal(b->failures, 0);
    app_close(b);
    app_close(a);
    assert_no_failure(all->mock);
}

/* The frozen instance belongs to the group for 45 s, so the group gives its partitions to no other
 * member. The tasks need not wait for that. */
static void a_member_that_freezes_before_its_join_record_is_left_out(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    app *a = app_start(all, "a", fixture_word_count, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    app *b = app_new(all, "b", fixture_word_count, NULL);
    b->pause_at = "sync";
    weir_error error;
    assert_int_equal(app_try_start(b, &error), WEIR_OK);
    app_run_until(all, app_is(a, WEIR_STATE_REBALANCING), 10);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 20);
    assert_int_equal(running_tasks(a), TASKS);
    send_round(all, 0);
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == 1, 10);
    weir_sim_host_resume(b->host);
    app_run_until(all, both_run(a, b) && running_tasks(b) == TASKS / 2, 30);
    send_round(all, 0);
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == 2, 10);
    app_close(b);
    app_close(a);
}

static void a_clean_restart_restores_nothing(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    app *a = app_start(all, "a", fixture_word_count, two_threads);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == ROUNDS, 60);
    app_close(a);
    const char *const same_directory[] = {"num.stream.threads", "2", "state.dir", a->directory,
                                          NULL};
    app *again = app_start(all, "again", fixture_word_count, same_directory);
    app_run_until(all, app_is(again, WEIR_STATE_RUNNING), 60);
    assert_int_equal(again->restored, 0);
    send_round(all, 0);
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == ROUNDS + 1, 60);
    app_close(again);
    const char *const empty_directory[] = {"num.stream.threads", "1", NULL};
    app *empty = app_start(all, "empty", fixture_word_count, empty_directory);
    app_run_until(all, app_is(empty, WEIR_STATE_RUNNING), 60);
    assert_true(empty->restored > 0);
    send_round(all, 0);
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == ROUNDS + 2, 60);
    app_close(empty);
}

static void more_threads_than_partitions_are_idle_and_running(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    const char *const many[] = {"num.stream.threads", "10", NULL};
    app *a = app_start(all, "a", fixture_word_count, many);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 60);
    assert_int_equal(running_tasks(a), TASKS);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == ROUNDS, 60);
    app_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        apps_test(an_instance_that_joins_gets_half_of_the_tasks),
        apps_test(a_frozen_instance_rejoins_without_harm),
        apps_test(a_member_that_freezes_before_its_join_record_is_left_out),
        apps_test(a_clean_restart_restores_nothing),
        apps_test(more_threads_than_partitions_are_idle_and_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
