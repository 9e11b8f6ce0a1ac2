/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of one application.id with different topologies: a rolling upgrade to a program with
 * another topology. The leader's topology counts; the other member fails. */
#include <weir/dsl.h>

#include "support/log_capture.h"

static weir_topology *lines_only(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "lines", &weir_string, &weir_string, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

/* Reads one more topic: tasks 0_n differ from before. */
static weir_topology *with_another_topic(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "extra", &weir_string, &weir_string, NULL), "copies", NULL);
    weir_to(weir_source(b, "lines", &weir_string, &weir_string, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

/* Reads the same topic, with tasks of another kind behind it. */
static weir_topology *with_a_count(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream lines = weir_source(b, "lines", &weir_string, &weir_string, NULL);
    weir_to(lines, "copies", NULL);
    weir_count(weir_group_by_key(lines, NULL), "counts", NULL);
    return weir_build(b, config, error);
}

static bool one_has_ended(weir_cluster *cluster, void *arg)
{
    (void)cluster;
    log_capture *const *both = arg;
    return both[0]->failures + both[1]->failures > 0;
}

static void upgrade(void **state, weir_topology_fn changed, const char *there)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "copies", 4, &weir_string, &weir_string);
    weir_cluster_input(cluster, "extra", 4, &weir_string, &weir_string);
    weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_string);
    log_capture *both[] = {log_capture_new(state), log_capture_new(state)};
    log_capture_start(cluster, both[0], "a", lines_only, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    fixture_send_keys(lines, expected, 0);
    log_capture_start(cluster, both[1], "b", changed, NULL);
    fixture_send_keys(lines, expected, FIXTURE_KEYS);
    weir_run_until_with(cluster, one_has_ended, both, WEIR_MINUTES(2));
    fixture_send_keys(lines, expected, 2 * FIXTURE_KEYS);
    weir_cluster_run_for(cluster, WEIR_MINUTES(2));
    assert_int_equal(both[0]->failures + both[1]->failures, 1);
    const log_capture *capture = both[0]->failures > 0 ? both[0] : both[1];
    assert_int_equal(capture->failure.code, WEIR_ETOPOLOGY);
    assert_non_null(strstr(capture->failure.message, "another topology than member"));
    assert_non_null(strstr(capture->failure.message, there));
    weir_rows *copies =
        weir_output_table(weir_cluster_output(cluster, "copies", &weir_string, &weir_string));
    weir_assert_same_rows(copies, expected);
}

static void a_member_that_reads_another_topic_is_refused_and_nothing_is_lost(void **state)
{
    upgrade(state, with_another_topic, "reads extra");
}

static void a_member_with_another_store_is_refused_and_nothing_is_lost(void **state)
{
    upgrade(state, with_a_count, "reads lines; keeps counts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_member_that_reads_another_topic_is_refused_and_nothing_is_lost),
        cluster_test(a_member_with_another_store_is_refused_and_nothing_is_lost),
    };
    return cmocka_run_group_tests_name("two_topologies", tests, NULL, NULL);
}
