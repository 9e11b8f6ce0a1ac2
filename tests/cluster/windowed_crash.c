/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregations of sessions and sliding windows through the loss of an instance: another one
 * restores their stores from the changelog. The final rows are those of a run without the loss. */
#include <stdio.h>

#include <weir/dsl.h>

#include "support/cluster.h"

#define PARTITIONS 2
#define KEYS 5
#define EVENTS 60 /* before the loss, and after it */
#define STEP_MS 1000
#define KEY_STEP_MS ((int64_t)KEYS * STEP_MS) /* between two events of a key */
#define GAP_MS ((int64_t)6000)
#define DIFFERENCE_MS ((int64_t)12000)
#define RETENTION_MS 1000000

WEIR_SESSION_WINDOWED_SERDE(session_serde, weir_string)
WEIR_TIME_WINDOWED_SERDE(sliding_serde, weir_string, DIFFERENCE_MS)

/* ---- The topology ---- */

static weir_topology *count_in(const weir_config *config, weir_backend backend, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.backend = backend, .retention_ms = RETENTION_MS};
    weir_grouped by_key =
        weir_group_by_key(weir_source(b, "events", &weir_string, &weir_string, NULL), NULL);
    weir_table sessions = weir_session_windowed_count(
        weir_session_windowed_by(by_key, weir_session_gap(GAP_MS, RETENTION_MS - GAP_MS), NULL),
        "sessions", &opts);
    weir_table sliding = weir_windowed_count(
        weir_windowed_by(by_key, weir_sliding(DIFFERENCE_MS, GAP_MS), NULL), "sliding", &opts);
    weir_to(weir_to_stream(sessions, NULL), "sessions", NULL);
    weir_to(weir_to_stream(sliding, NULL), "sliding", NULL);
    return weir_build(b, config, error);
}

static weir_topology *count_in_memory(const weir_config *config, weir_error *error)
{
    return count_in(config, WEIR_BACKEND_MEMORY, error);
}

static weir_topology *count_on_disk(const weir_config *config, weir_error *error)
{
    return count_in(config, WEIR_BACKEND_ROCKSDB, error);
}

/* ---- The run ---- */

static void send_events(weir_input events)
{
    for (int i = 0; i < EVENTS; i++) {
        const char key[] = {(char)('a' + i % KEYS), '\0'};
        weir_input_text(events, key, "x");
    }
}

static weir_cluster *counted_through_a_crash(void **state, weir_topology_fn topology)
{
    /* Closed windows are emitted at once. */
    static const char *const config[] = {"__emit.interval.ms.kstreams.windowed.aggregation__", "0",
                                         NULL};
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.config = config});
    weir_cluster_input(cluster, "sessions", PARTITIONS, &session_serde, &weir_i64);
    weir_cluster_input(cluster, "sliding", PARTITIONS, &sliding_serde, &weir_i64);
    weir_input events =
        weir_cluster_input(cluster, "events", PARTITIONS, &weir_string, &weir_string);
    weir_input_set_time(events, 0, STEP_MS);
    weir_cluster_start(cluster, "a", topology, NULL);
    weir_instance *b = weir_cluster_start(cluster, "b", topology, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    send_events(events);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
    send_events(events);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    return cluster;
}

/* ---- Expected rows ---- */

static void assert_sessions(weir_cluster *cluster)
{
    const int64_t of_a_key = 2 * EVENTS / KEYS;
    weir_rows *expected = weir_rows_new(cluster, &session_serde, &weir_i64);
    for (int i = 0; i < KEYS; i++) {
        const char key = (char)('a' + i);
        weir_slice text = {&key, 1};
        int64_t first_ms = (int64_t)i * STEP_MS;
        weir_windowed session = {&text, first_ms, first_ms + (of_a_key - 1) * KEY_STEP_MS};
        weir_rows_add(expected, &session, &of_a_key);
    }
    weir_output output = weir_cluster_output(cluster, "sessions", &session_serde, &weir_i64);
    weir_assert_same_rows(weir_output_table(output), expected);
}

/* The number of events of a key, whose first is at `first_ms`, in a window. */
static int64_t events_in(int64_t first_ms, int64_t start_ms)
{
    int64_t count = 0;
    for (int64_t i = 0; i < 2 * EVENTS / KEYS; i++) {
        int64_t at_ms = first_ms + i * KEY_STEP_MS;
        count += start_ms <= at_ms && at_ms <= start_ms + DIFFERENCE_MS;
    }
    return count;
}

static void add_window(weir_rows *rows, const weir_slice *key, int64_t first_ms, int64_t start_ms)
{
    int64_t count = events_in(first_ms, start_ms);
    if (count > 0) {
        weir_windowed window = {key, start_ms, start_ms + DIFFERENCE_MS};
        weir_rows_add(rows, &window, &count);
    }
}

/* The windows that end with an event, and those that begin after one; no two are the same. */
static void assert_sliding(weir_cluster *cluster)
{
    weir_rows *expected = weir_rows_new(cluster, &sliding_serde, &weir_i64);
    for (int i = 0; i < KEYS; i++) {
        const char key = (char)('a' + i);
        weir_slice text = {&key, 1};
        int64_t first_ms = (int64_t)i * STEP_MS;
        add_window(expected, &text, first_ms, 0);
        for (int64_t e = 0; e < 2 * EVENTS / KEYS; e++) {
            int64_t at_ms = first_ms + e * KEY_STEP_MS;
            add_window(expected, &text, first_ms, at_ms + 1);
            if (at_ms > DIFFERENCE_MS) {
                add_window(expected, &text, first_ms, at_ms - DIFFERENCE_MS);
            }
        }
    }
    weir_output output = weir_cluster_output(cluster, "sliding", &sliding_serde, &weir_i64);
    weir_assert_same_rows(weir_output_table(output), expected);
}

static void windows_in_memory_are_the_same_after_the_loss_of_an_instance(void **state)
{
    weir_cluster *cluster = counted_through_a_crash(state, count_in_memory);
    assert_sessions(cluster);
    assert_sliding(cluster);
}

static void windows_on_disk_are_the_same_after_the_loss_of_an_instance(void **state)
{
    weir_cluster *cluster = counted_through_a_crash(state, count_on_disk);
    assert_sessions(cluster);
    assert_sliding(cluster);
}

/* ---- Emit on close ---- */

#define SHORT_GAP_MS ((int64_t)1000) /* each event is a session of its own */

static weir_topology *close_in(const weir_config *config, weir_backend backend, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.backend = backend, .retention_ms = RETENTION_MS};
    weir_grouped by_key =
        weir_group_by_key(weir_source(b, "events", &weir_string, &weir_string, NULL), NULL);
    weir_windowed_opts closed = {WEIR_EMIT_ON_CLOSE};
    weir_table sessions = weir_session_windowed_count(
        weir_session_windowed_by(by_key, weir_session_gap(SHORT_GAP_MS, 0), &closed), "sessions",
        &opts);
    weir_table sliding = weir_windowed_count(
        weir_windowed_by(by_key, weir_sliding(DIFFERENCE_MS, 0), &closed), "sliding", &opts);
    weir_to(weir_to_stream(sessions, NULL), "sessions", NULL);
    weir_to(weir_to_stream(sliding, NULL), "sliding", NULL);
    return weir_build(b, config, error);
}

static weir_topology *close_in_memory(const weir_config *config, weir_error *error)
{
    return close_in(config, WEIR_BACKEND_MEMORY, error);
}

static weir_topology *close_on_disk(const weir_config *config, weir_error *error)
{
    return close_in(config, WEIR_BACKEND_ROCKSDB, error);
}

static void assert_each_once(weir_cluster *cluster, const char *topic, const weir_serde *key)
{
    weir_output output = weir_cluster_output(cluster, topic, key, &weir_i64);
    size_t windows = weir_rows_size(weir_output_table(output));
    assert_int_equal(weir_output_size(output), windows);
    /* Windows before the loss, and after it. */
    assert_true(windows > EVENTS);
}

/* The time up to which windows have been emitted is in the metadata of the committed offsets. */
static void closed_windows_in_memory_are_emitted_once_through_the_loss(void **state)
{
    weir_cluster *cluster = counted_through_a_crash(state, close_in_memory);
    assert_each_once(cluster, "sessions", &session_serde);
    assert_each_once(cluster, "sliding", &sliding_serde);
}

static void closed_windows_on_disk_are_emitted_once_through_the_loss(void **state)
{
    weir_cluster *cluster = counted_through_a_crash(state, close_on_disk);
    assert_each_once(cluster, "sessions", &session_serde);
    assert_each_once(cluster, "sliding", &sliding_serde);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(windows_in_memory_are_the_same_after_the_loss_of_an_instance),
        cluster_test(windows_on_disk_are_the_same_after_the_loss_of_an_instance),
        cluster_test(closed_windows_in_memory_are_emitted_once_through_the_loss),
        cluster_test(closed_windows_on_disk_are_emitted_once_through_the_loss),
    };
    return cmocka_run_group_tests_name("windowed_crash", tests, NULL, NULL);
}
