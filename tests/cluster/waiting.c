/* SPDX-License-Identifier: Apache-2.0
 *
 * A wait that does not end says why. */
#include <string.h>

#include "fixtures/word_count.h"
#include "support/cluster.h"

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

static void nothing_started_is_told(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    assert_false(weir_cluster_run_until(cluster, weir_all_running, NULL, WEIR_SECONDS(5)));
    assert_says(cluster, "none was started");
}

static void a_missing_source_topic_is_named(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_start(cluster, "a", weir_fixture_word_count, NULL);
    assert_false(weir_cluster_run_until(cluster, weir_all_running, NULL, WEIR_MINUTES(2)));
    assert_says(cluster, "lines: there is no such topic");
}

static void a_host_that_stands_still_and_its_lag_are_told(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input lines = word_count_topics(cluster);
    weir_instance *a = weir_cluster_start(cluster, "a", weir_fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_host_pause(weir_instance_host(a));
    weir_input_lines(lines, "one\ntwo\nthree\nfour\nfive\n");

    assert_false(weir_cluster_run_until(cluster, weir_caught_up, NULL, WEIR_SECONDS(10)));

    assert_says(cluster, "a: RUNNING, its host stands still");
    assert_says(cluster, "lines-0: 2 records behind (nothing committed, end 2)");
    assert_says(cluster, "lines-3: 1 records behind");
    assert_says(cluster, "group app: ");
    assert_says(cluster, "due next:");
}

static void a_commit_that_is_not_due_yet_is_told_with_its_tasks(void **state)
{
    static const char *const config[] = {"commit.interval.ms", "600000", NULL};
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.config = config});
    weir_input lines = word_count_topics(cluster);
    weir_cluster_start(cluster, "a", weir_fixture_word_count, NULL);
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
    weir_instance *a = weir_cluster_try_start(cluster, "a", weir_fixture_word_count,
                                              &(weir_instance_opts){.config = config}, &error);
    assert_null(a);
    assert_int_equal(error.code, WEIR_ECONFIG);
    assert_non_null(strstr(error.message, "instance 'a'"));
    assert_non_null(strstr(error.message, "num.stream.threads"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(nothing_started_is_told),
        cluster_test(a_missing_source_topic_is_named),
        cluster_test(a_host_that_stands_still_and_its_lag_are_told),
        cluster_test(a_commit_that_is_not_due_yet_is_told_with_its_tasks),
        cluster_test(an_instance_that_cannot_start_says_why),
    };
    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
