/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that are not delivered within producer.delivery.timeout.ms (KIP-1065). */
#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

#include "support/copies.h"
#include "support/log_capture.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string
#define TIMEOUT_S 20
#define TIMEOUT "producer.delivery.timeout.ms", "20000"
#define COMMITS "commit.interval.ms", "1000"
#define REVIVED "a record was not delivered"
#define LINES 10

static weir_topology *counts(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream texts = weir_source(b, "texts", STRINGS, NULL);
    weir_table table = weir_count(weir_group_by_key(texts, NULL), "n", NULL);
    weir_to(weir_to_stream(table, NULL), "counts", NULL);
    return weir_build(b, config, error);
}

static int times(log_capture *capture, const char *words)
{
    int found = 0;
    for (const char *at = weir__buf_text(&capture->log); (at = strstr(at, words)) != NULL; at++) {
        found++;
    }
    return found;
}

static int64_t committed(weir_cluster *cluster, int32_t partition)
{
    return weir_mock_committed(weir_cluster_mock(cluster), "app", "texts", partition, NULL, 0);
}

static void after_a_timeout_the_records_are_processed_again(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input texts = weir_cluster_input(cluster, "texts", 1, STRINGS);
    weir_rows *expected = weir_rows_new(cluster, STRINGS);
    weir_cluster_topic_create(cluster, "copies", 1);
    weir_instance *a = log_capture_start(cluster, capture, "a", copies, LIST(TIMEOUT, COMMITS));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    set_leader(cluster, "copies", 0, -1);
    send_lines(texts, LINES, expected);
    weir_cluster_run_for(cluster, WEIR_SECONDS(5 * TIMEOUT_S));
    assert_int_equal(committed(cluster, 0), -1);
    /* Not more often than the producer gives up. */
    assert_in_range(times(capture, REVIVED), 3, 5);
    assert_in(weir__buf_text(&capture->log), "task 0_0: " REVIVED);
    set_leader(cluster, "copies", 0, 1);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_assert_same_list(weir_output_all(weir_cluster_output(cluster, "copies", STRINGS)),
                          expected);
    assert_int_equal(weir_instance_state(a), WEIR_STATE_RUNNING);
    assert_int_equal(capture->failures, 0);
    assert_int_equal(weir_instance_dropped_records(a, NULL, 0), 0);
}

#define NOT_ENOUGH_REPLICAS 19 /* error code */

/* With one retry the producer gives up after two requests. */
static void failures_without_a_timeout_revive_at_intervals(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input texts = weir_cluster_input(cluster, "texts", 1, STRINGS);
    weir_rows *expected = weir_rows_new(cluster, STRINGS);
    weir_cluster_topic_create(cluster, "copies", 1);
    log_capture_start(cluster, capture, "a", copies, LIST(COMMITS, "producer.retries", "1"));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    const weir_mock_fault fault = {.client_id = "a-StreamThread-1-producer",
                                   .api = "Produce",
                                   .error_code = NOT_ENOUGH_REPLICAS,
                                   .times = 6};
    weir_cluster_fault_add(cluster, NULL, &fault);
    weir_cluster_run_for(cluster, WEIR_SECONDS(15)); /* since the task opened */
    send_lines(texts, LINES, expected);
    weir_cluster_run_for(cluster, WEIR_SECONDS(9));
    assert_in_range(times(capture, REVIVED), 1, 2);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(times(capture, REVIVED), 3);
    weir_assert_same_list(weir_output_all(weir_cluster_output(cluster, "copies", STRINGS)),
                          expected);
    assert_int_equal(capture->failures, 0);
}

/* Both tasks are of one thread, with one producer. Partition 1 has neither lost records nor
 * duplicates. */
static void only_the_task_of_the_record_is_revived(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input texts = weir_cluster_input(cluster, "texts", 2, STRINGS);
    weir_cluster_topic_create(cluster, "counts", 2);
    log_capture_start(cluster, capture, "a", counts, LIST(TIMEOUT, COMMITS));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    set_leader(cluster, "counts", 0, -1);
    const char *keys[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        weir_input_text(texts, keys[i], "text");
    }
    weir_cluster_run_for(cluster, WEIR_SECONDS(2 * TIMEOUT_S));
    assert_true(committed(cluster, 1) > 0);
    assert_int_equal(committed(cluster, 0), -1);
    assert_in_range(times(capture, "task 0_0: " REVIVED), 1, 2);
    assert_int_equal(times(capture, "task 0_1: " REVIVED), 0);
    set_leader(cluster, "counts", 0, 1);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_output out = weir_cluster_output(cluster, "counts", &weir_string, &weir_i64);
    weir_assert_size(weir_output_table(out), sizeof keys / sizeof keys[0]);
    assert_int_equal(capture->failures, 0);
}

/* The wiped store is restored without the records that the changelog does not have, so none is
 * counted twice. */
static void changelog_records_that_time_out_are_counted_again_exactly_once(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input texts = weir_cluster_input(cluster, "texts", 1, STRINGS);
    weir_cluster_topic_create(cluster, "counts", 1);
    log_capture_start(cluster, capture, "a", counts,
                      LIST(TIMEOUT, COMMITS, "production.exception.handler", "continue"));
    weir_input_text(texts, "k", "before");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    set_leader(cluster, "app-n-changelog", 0, -1);
    weir_input_text(texts, "k", "meanwhile");
    weir_cluster_run_for(cluster, WEIR_SECONDS(2 * TIMEOUT_S));
    assert_in(weir__buf_text(&capture->log), "task 0_0: " REVIVED);
    assert_in(weir__buf_text(&capture->log), "changelog: sending to app-n-changelog");
    assert_int_equal(committed(cluster, 0), 1);
    set_leader(cluster, "app-n-changelog", 0, 1);
    weir_input_text(texts, "k", "after");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_rows *last =
        weir_output_table(weir_cluster_output(cluster, "counts", &weir_string, &weir_i64));
    weir_assert_size(last, 1);
    assert_int_equal(*(const int64_t *)weir_rows_at(last, 0)->value, 3);
    assert_int_equal(capture->failures, 0);
}

static void a_record_that_times_out_is_dropped_if_configured(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input texts = weir_cluster_input(cluster, "texts", 1, STRINGS);
    weir_cluster_topic_create(cluster, "copies", 1);
    weir_cluster_topic_create(cluster, "dead", 1);
    weir_instance *a =
        log_capture_start(cluster, capture, "a", copies,
                          LIST(TIMEOUT, COMMITS, "production.exception.handler", "continue",
                               "errors.dead.letter.queue.topic.name", "dead"));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    set_leader(cluster, "copies", 0, -1);
    weir_input_text(texts, "k", "dropped");
    weir_cluster_run_for(cluster, WEIR_SECONDS(2 * TIMEOUT_S));
    assert_int_equal(committed(cluster, 0), 1);
    set_leader(cluster, "copies", 0, 1);
    weir_input_text(texts, "k", "kept");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(times(capture, REVIVED), 0);
    assert_in(weir__buf_text(&capture->log),
              "node 'KSTREAM-SINK-0000000001', task 0_0, copies: it cannot be written");
    weir_dropped_records dropped;
    assert_int_equal(weir_instance_dropped_records(a, &dropped, 1), 1);
    assert_int_equal(dropped.reason, WEIR_DROP_UNWRITABLE);
    assert_int_equal(dropped.count, 1);
    weir_rows *kept = weir_output_all(weir_cluster_output(cluster, "copies", STRINGS));
    weir_assert_size(kept, 1);
    assert_true(
        weir_slice_equal(*(const weir_slice *)weir_rows_at(kept, 0)->value, weir_slice_of("kept")));
    weir_rows *dead = weir_output_all(weir_cluster_output(cluster, "dead", STRINGS));
    weir_assert_size(dead, 1);
    assert_true(weir_slice_equal(*(const weir_slice *)weir_rows_at(dead, 0)->value,
                                 weir_slice_of("dropped")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(after_a_timeout_the_records_are_processed_again),
        cluster_test(failures_without_a_timeout_revive_at_intervals),
        cluster_test(only_the_task_of_the_record_is_revived),
        cluster_test(changelog_records_that_time_out_are_counted_again_exactly_once),
        cluster_test(a_record_that_times_out_is_dropped_if_configured),
    };
    return cmocka_run_group_tests_name("undelivered", tests, NULL, NULL);
}
