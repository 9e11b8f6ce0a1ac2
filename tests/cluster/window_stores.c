/* SPDX-License-Identifier: Apache-2.0
 *
 * Window and session stores through the loss of an instance, and the topics that they are restored
 * from. */
#include <string.h>

#include <weir/dsl.h>

#include "support/cluster.h"

#define PARTITIONS 2
#define KEYS 5
#define EVENTS 100 /* before the loss, and after it */
#define STEP_MS 1000
#define WINDOW_MS 10000
#define GAP_MS ((int64_t)6000) /* the events of a key are 5 s apart */
#define RETENTION_MS 1000000

static weir_err count_in_window(weir_ctx *ctx, const weir_record *in, int64_t *total)
{
    weir_window *w = weir_window_store(ctx, "w");
    weir_window_iter *iter = NULL;
    weir_window_row row;
    const void *before = NULL;
    int64_t start_ms = in->timestamp_ms / WINDOW_MS * WINDOW_MS;
    weir_err err = weir_window_get(w, in->key, start_ms, &before, NULL);
    int64_t count = (before != NULL ? *(const int64_t *)before : 0) + 1;
    if (err == WEIR_OK) {
        err = weir_window_put(w, in->key, &count, start_ms, in->timestamp_ms);
    }
    if (err == WEIR_OK) {
        err = weir_window_fetch(w, in->key, 0, INT64_MAX, false, &iter);
    }
    *total = 0;
    while (err == WEIR_OK && weir_window_next(iter, &row)) {
        *total += *(const int64_t *)row.value;
    }
    weir_err end = weir_window_iter_close(iter);
    return err != WEIR_OK ? err : end;
}

/* The session that the record is in: merged with the one before it. */
static weir_err count_in_session(weir_ctx *ctx, const weir_record *in, int64_t *count)
{
    weir_session *s = weir_session_store(ctx, "s");
    weir_session_iter *iter = NULL;
    weir_session_row row;
    int64_t start_ms = in->timestamp_ms;
    int64_t old_end_ms = -1;
    *count = 1;
    weir_err err = weir_session_find(s, in->key, in->timestamp_ms - GAP_MS,
                                     in->timestamp_ms + GAP_MS, false, &iter);
    while (err == WEIR_OK && weir_session_next(iter, &row)) {
        start_ms = row.start_ms;
        old_end_ms = row.end_ms;
        *count += *(const int64_t *)row.value;
    }
    weir_err end = weir_session_iter_close(iter);
    err = err != WEIR_OK ? err : end;
    if (err == WEIR_OK && old_end_ms >= 0) {
        err = weir_session_remove(s, in->key, start_ms, old_end_ms);
    }
    return err == WEIR_OK ? weir_session_put(s, in->key, count, start_ms, in->timestamp_ms) : err;
}

static weir_err count_both(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    int64_t windows = 0;
    int64_t session = 0;
    int64_t one = 1;
    weir_err err = count_in_window(ctx, in, &windows);
    if (err == WEIR_OK) {
        err = count_in_session(ctx, in, &session);
    }
    if (err == WEIR_OK) {
        err = weir_window_put(weir_window_store(ctx, "d"), in->key, &one, in->timestamp_ms, 0);
    }
    int64_t both = windows * 1000 + session;
    return err == WEIR_OK
               ? weir_forward(ctx, &(weir_record){in->key, &both, in->timestamp_ms, NULL})
               : err;
}

static const weir_processor_ops count_ops = {"count", NULL, count_both, NULL};

static weir_topology *count_in(const weir_config *config, weir_backend backend, weir_error *error)
{
    static const char *const events[] = {"events", NULL};
    static const char *const count[] = {"count", NULL};
    weir_store_opts opts = {.backend = backend, .key = &weir_string, .value = &weir_i64};
    weir_window_opts windows = {.window_ms = WINDOW_MS, .retention_ms = RETENTION_MS};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "events", events, &weir_string, &weir_string, NULL);
    weir_add_processor(b, "count", events, &count_ops, NULL);
    weir_add_window_store(b, "w", &windows, &opts, count);
    weir_add_session_store(b, "s", RETENTION_MS, &opts, count);
    windows.retain_duplicates = true;
    weir_add_window_store(b, "d", &windows, &opts, count);
    weir_add_sink(b, "counts", count, "counts", &weir_string, &weir_i64, NULL);
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

static void send_events(weir_input events)
{
    for (int i = 0; i < EVENTS; i++) {
        const char key[] = {(char)('a' + i % KEYS), '\0'};
        weir_input_text(events, key, "x");
    }
}

static weir_cluster *counted_through_a_crash(void **state, weir_topology_fn topology)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "counts", PARTITIONS, &weir_string, &weir_i64);
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

static void assert_nothing_was_lost(weir_cluster *cluster)
{
    const int64_t of_a_key = 2 * EVENTS / KEYS;
    const int64_t both = of_a_key * 1000 + of_a_key;
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_i64);
    for (int i = 0; i < KEYS; i++) {
        const char key = (char)('a' + i);
        weir_rows_add(expected, &(weir_slice){&key, 1}, &both);
    }
    weir_output counts = weir_cluster_output(cluster, "counts", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_output_table(counts), expected);
}

static void windows_and_sessions_in_memory_survive_the_loss_of_an_instance(void **state)
{
    assert_nothing_was_lost(counted_through_a_crash(state, count_in_memory));
}

static void windows_and_sessions_on_disk_survive_the_loss_of_an_instance(void **state)
{
    assert_nothing_was_lost(counted_through_a_crash(state, count_on_disk));
}

static void assert_retention(void **state, const char *additional_ms, const char *expected)
{
    const char *const config[] = {"windowstore.changelog.additional.retention.ms", additional_ms,
                                  NULL};
    weir_cluster *cluster = fixture_cluster(
        state, &(weir_cluster_opts){.config = additional_ms != NULL ? config : NULL});
    const weir_mock *mock = weir_cluster_mock(cluster);
    weir_cluster_input(cluster, "counts", PARTITIONS, &weir_string, &weir_i64);
    weir_cluster_input(cluster, "events", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", count_in_memory, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    static const char *const topics[][2] = {{"app-w-changelog", "compact,delete"},
                                            {"app-s-changelog", "compact,delete"},
                                            {"app-d-changelog", "delete"}};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(weir_mock_topic_config(mock, topics[i][0], "cleanup.policy"),
                            topics[i][1]);
        assert_string_equal(weir_mock_topic_config(mock, topics[i][0], "retention.ms"), expected);
    }
}

static void changelogs_of_windows_are_deleted_a_day_after_the_rows(void **state)
{
    assert_retention(state, NULL, "87400000");
}

static void changelogs_of_windows_are_deleted_as_long_after_the_rows_as_set(void **state)
{
    assert_retention(state, "7", "1000007"); /* RETENTION_MS and 7 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(windows_and_sessions_in_memory_survive_the_loss_of_an_instance),
        cluster_test(windows_and_sessions_on_disk_survive_the_loss_of_an_instance),
        cluster_test(changelogs_of_windows_are_deleted_a_day_after_the_rows),
        cluster_test(changelogs_of_windows_are_deleted_as_long_after_the_rows_as_set),
    };
    return cmocka_run_group_tests_name("window_stores", tests, NULL, NULL);
}
