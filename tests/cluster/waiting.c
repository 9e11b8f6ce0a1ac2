/* SPDX-License-Identifier: Apache-2.0
 *
 * A wait that does not end reports why. */
#include <string.h>

#include "fixtures/word_count.h"
#include "support/cluster.h"
#include "support/jump_out.h"

#define PARTITIONS 4

static void assert_says(weir_cluster *cluster, const char *words)
{
    const char *text = weir_cluster_explain(cluster);
    if (strstr(text, words) == NULL) {
        fail_msg("'%s' is not in\n%s", words, text);
    }
}

static weir_input word_count_topics(weir_cluster *cluster)
{
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    return weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
}

static void a_cluster_without_instances_is_reported(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    assert_false(weir_cluster_run_until(cluster, weir_all_running, NULL, WEIR_SECONDS(5)));
    assert_says(cluster, "none was started");
}

static void a_missing_source_topic_is_named(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    assert_false(weir_cluster_run_until(cluster, weir_all_running, NULL, WEIR_MINUTES(2)));
    assert_says(cluster, "lines: there is no such topic");
}

static void a_paused_host_and_its_lag_are_reported(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input lines = word_count_topics(cluster);
    weir_instance *a = weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_host_pause(weir_instance_host(a));
    weir_input_lines(lines, "one\ntwo\nthree\nfour\nfive\n");

    assert_false(weir_cluster_run_until(cluster, weir_caught_up, NULL, WEIR_SECONDS(10)));

    assert_says(cluster, "a: RUNNING, its host stands still");
    assert_says(cluster, "lines-0: 2 records behind (nothing committed, end 2)");
    assert_says(cluster, "lines-3: 1 records behind");
    assert_says(cluster, "group app: ");
    const char *due = strstr(weir_cluster_explain(cluster), "due next:\n");
    assert_non_null(due);
    assert_non_null(strstr(due, "' (a thread of librdkafka) on host '"));
    assert_non_null(strstr(due, " wakes up, if nothing wakes it before\n"));
    assert_null(strstr(due, "condition variable"));
}

static void a_commit_that_is_not_due_yet_is_reported_with_its_tasks(void **state)
{
    static const char *const config[] = {"commit.interval.ms", "600000", NULL};
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.config = config});
    weir_input lines = word_count_topics(cluster);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_input_lines(lines, "one\n");

    assert_false(weir_cluster_run_until(cluster, weir_caught_up, NULL, WEIR_SECONDS(30)));

    assert_says(cluster, "lines-0: 1 records behind");
    assert_says(cluster, "a-StreamThread-1");
    assert_says(cluster, "0_0");
}

static void an_instance_that_cannot_start_says_why(void **state)
{
    static const char *const config[] = {"num.stream.treads", "2", NULL};
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_error error = {0};
    word_count_topics(cluster);
    weir_instance *a = weir_cluster_try_start(cluster, "a", fixture_word_count,
                                              &(weir_instance_opts){.config = config}, &error);
    assert_null(a);
    assert_int_equal(error.code, WEIR_ECONFIG);
    assert_non_null(strstr(error.message, "instance 'a'"));
    assert_non_null(strstr(error.message, "num.stream.threads"));
}

/* ---- Waits that cannot end ---- */

static weir_err fail_on_purpose(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)in;
    (void)keep;
    (void)user;
    return weir_fail(ctx, WEIR_EINVAL, "wrong on purpose");
}

static weir_topology *failing(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "lines", &weir_string, &weir_string, NULL);
    weir_to(weir_filter(in, fail_on_purpose, NULL, NULL), "word-counts", NULL);
    return weir_build(b, config, error);
}

static bool never(weir_cluster *cluster, void *unused)
{
    (void)cluster;
    (void)unused;
    return false;
}

/* Waits for an event that never happens; the message of the failure, and its time. */
static int64_t wait_in_vain(struct failure *failure, weir_predicate predicate, bool fails)
{
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.seed = 7, .on_failure = jump_out, .user = failure}, &error);
    assert_non_null(cluster);
    weir_input lines = word_count_topics(cluster);
    if (setjmp(failure->out) == 0) {
        weir_instance *a = weir_cluster_start(cluster, "a", failing, NULL);
        weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
        if (fails) {
            weir_input_lines(lines, "one\n");
        } else {
            weir_instance_close(a, WEIR_SECONDS(30));
        }
        weir_cluster_run_until_at(cluster, predicate, NULL, WEIR_MINUTES(30), "it", __FILE__,
                                  __LINE__);
    }
    int64_t now_ms = weir_cluster_now_ms(cluster);
    weir_cluster_free(cluster);
    return now_ms;
}

static void a_wait_ends_at_once_when_every_instance_has_failed(void **state)
{
    (void)state;
    static struct failure failure;
    weir_predicate const predicates[] = {weir_caught_up, never};
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++) {
        assert_true(wait_in_vain(&failure, predicates[i], true) < WEIR_MINUTES(5));
        assert_non_null(strstr(failure.message, "it can no longer hold"));
        assert_non_null(strstr(failure.message, "a: ERROR"));
        assert_non_null(strstr(failure.message, "wrong on purpose"));
        assert_null(strstr(failure.message, "due next")); /* nothing that the user knows of */
    }
}

static void a_wait_for_instances_ends_at_once_when_all_are_closed(void **state)
{
    (void)state;
    static struct failure failure;
    assert_true(wait_in_vain(&failure, weir_all_running, false) < WEIR_MINUTES(5));
    assert_non_null(strstr(failure.message, "it can no longer hold"));
    assert_non_null(strstr(failure.message, "a: closed at "));
    assert_null(strstr(failure.message, "due next"));
    /* A predicate of the test itself may not depend on instances. */
    assert_true(wait_in_vain(&failure, never, false) >= WEIR_MINUTES(30));
    assert_non_null(strstr(failure.message, "it does not hold after"));
}

static void a_wait_for_instances_ends_at_once_when_none_was_started(void **state)
{
    (void)state;
    static struct failure failure;
    weir_predicate const predicates[] = {weir_caught_up, weir_all_running};
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++) {
        weir_cluster *cluster = weir_cluster_new(
            &(weir_cluster_opts){.seed = 7, .on_failure = jump_out, .user = &failure}, NULL);
        assert_non_null(cluster);
        if (setjmp(failure.out) == 0) {
            weir_cluster_run_until_at(cluster, predicates[i], NULL, WEIR_MINUTES(30), "it",
                                      __FILE__, __LINE__);
            fail();
        }
        assert_true(weir_cluster_now_ms(cluster) < WEIR_MINUTES(1));
        assert_non_null(strstr(failure.message, "it cannot hold: no instance was started"));
        assert_null(strstr(failure.message, "due next"));
        weir_cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_cluster_without_instances_is_reported),
        cluster_test(a_missing_source_topic_is_named),
        cluster_test(a_paused_host_and_its_lag_are_reported),
        cluster_test(a_commit_that_is_not_due_yet_is_reported_with_its_tasks),
        cluster_test(an_instance_that_cannot_start_says_why),
        cmocka_unit_test(a_wait_ends_at_once_when_every_instance_has_failed),
        cmocka_unit_test(a_wait_for_instances_ends_at_once_when_all_are_closed),
        cmocka_unit_test(a_wait_for_instances_ends_at_once_when_none_was_started),
    };
    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
