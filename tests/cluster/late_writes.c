/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that are not delivered in time: output that is never delivered, records in flight of a
 * task that was lost, and changelog records for which a commit waits. */
#include <stdio.h>

#include <weir/dsl.h>

#include "support/copies.h"
#include "support/log_capture.h"
#include "support/scenario.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define LINES 20

static weir_input one_partition_each(weir_cluster *cluster)
{
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    return weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
}

/* The producer has given up, so the input must not be committed: it is processed again. */
static void output_that_is_not_delivered_in_time_is_not_committed(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input texts = one_partition_each(cluster);
    weir_instance *a = log_capture_start(cluster, capture, "a", copies,
                                         LIST("producer.message.timeout.ms", "10000"));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    set_leader(cluster, "copies", 0, -1);
    weir_input_text(texts, "k", "late");
    weir_cluster_run_for(cluster, WEIR_MINUTES(2));
    assert_int_equal(weir_mock_committed(weir_cluster_mock(cluster), "app", "texts", 0, NULL, 0),
                     -1);
    assert_int_equal(weir_instance_state(a), WEIR_STATE_RUNNING);
    set_leader(cluster, "copies", 0, 1);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_output out = weir_cluster_output(cluster, "copies", &weir_string, &weir_string);
    assert_int_equal(weir_output_size(out), 1);
}

/* While no client can write to the output, the instance is cut off, and another one gets its tasks.
 * Its own records in flight would be written after the new owner's. */
static void records_in_flight_of_a_lost_task_are_never_delivered(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input texts = one_partition_each(cluster);
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_string);
    weir_instance *a = log_capture_start(cluster, capture, "a", copies, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    set_leader(cluster, "copies", 0, -1);
    send_lines(texts, LINES, expected);
    weir_cluster_run_for(cluster, WEIR_SECONDS(10));
    weir_host_partition(weir_instance_host(a));
    set_leader(cluster, "copies", 0, 1);
    log_capture_start(cluster, capture, "b", copies, NULL);
    weir_cluster_run_for(cluster, WEIR_MINUTES(2));
    send_lines(texts, LINES, expected);
    weir_cluster_run_for(cluster, WEIR_SECONDS(10));
    weir_host_heal(weir_instance_host(a));
    weir_cluster_run_for(cluster, WEIR_MINUTES(1));
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_assert_same_list(
        weir_output_all(weir_cluster_output(cluster, "copies", &weir_string, &weir_string)),
        expected);
}

static weir_topology *counts(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream texts = weir_source(b, "texts", &weir_string, &weir_string, NULL);
    weir_table table = weir_count(weir_group_by_key(texts, NULL), "n", NULL);
    weir_to(weir_to_stream(table, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

/* Its host is paused at the first record. */
static void freeze(const weir_step *step, void *user)
{
    weir_instance **due = user;
    if (*due != NULL && step->kind == WEIR_STEP_PROCESS) {
        weir_host *host = weir_instance_host(*due);
        *due = NULL;
        weir_host_pause(host);
    }
}

/* When it resumes, a commit is due: the counts in its cache are older than those of the task's new
 * owner. */
static void a_stalled_member_writes_nothing_before_it_verifies_its_membership(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input texts = one_partition_each(cluster);
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_string);
    /* Steps are taken until the cluster is freed. */
    weir_instance **frozen = fixture_keep(state, calloc(1, sizeof *frozen), free);
    weir_instance_opts opts = {.config = LIST("commit.interval.ms", "1"),
                               .app = {.on_step = freeze, .user = frozen}};
    weir_instance *a = weir_cluster_start(cluster, "a", counts, &opts);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    *frozen = a;
    send_lines(texts, LINES, expected);
    weir_cluster_run_for(cluster, WEIR_SECONDS(10));
    assert_null(*frozen);
    weir_cluster_start(cluster, "b", counts, &opts);
    weir_cluster_run_for(cluster, WEIR_MINUTES(2));
    send_lines(texts, LINES, expected);
    weir_cluster_run_for(cluster, WEIR_SECONDS(10));
    weir_host_resume(weir_instance_host(a));
    weir_cluster_run_for(cluster, WEIR_SECONDS(10));
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_rows *last =
        weir_output_table(weir_cluster_output(cluster, "copies", &weir_string, &weir_i64));
    weir_assert_size(last, 1);
    assert_int_equal(*(const int64_t *)weir_rows_at(last, 0)->value, 2 * LINES);
}

static void lead_changelog(scenario *all, int32_t broker)
{
    for (int32_t i = 0; i < SCENARIO_PARTITIONS; i++) {
        assert_int_equal(weir_mock_partition_set_leader(weir_cluster_mock(scenario_cluster(all)),
                                                        "app-counts-changelog", i, broker),
                         WEIR_OK);
    }
}

/* The words are counted, and the commit waits for the changelog. */
static void uncommitted_records_are_not_purged(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_mock *mock = weir_cluster_mock(scenario_cluster(all));
    scenario_start(all, "a", 1, LIST("repartition.purge.interval.ms", "500"));
    scenario_feed(all, LINES);
    scenario_settle(all);
    lead_changelog(all, -1);
    scenario_feed(all, LINES);
    weir_cluster_run_for(scenario_cluster(all), WEIR_SECONDS(20));
    for (int32_t i = 0; i < SCENARIO_PARTITIONS; i++) {
        int64_t start = 0;
        int64_t end = 0;
        const char *words = "app-by-word-repartition";
        assert_int_equal(weir_mock_partition_offsets(mock, words, i, &start, &end), WEIR_OK);
        int64_t committed = weir_mock_committed(mock, "app", words, i, NULL, 0);
        assert_true(0 < start && start <= committed && committed < end);
    }
    lead_changelog(all, 1);
    scenario_check_exact(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(output_that_is_not_delivered_in_time_is_not_committed),
        cluster_test(records_in_flight_of_a_lost_task_are_never_delivered),
        cluster_test(a_stalled_member_writes_nothing_before_it_verifies_its_membership),
        cluster_test(uncommitted_records_are_not_purged),
    };
    return cmocka_run_group_tests_name("late_writes", tests, NULL, NULL);
}
