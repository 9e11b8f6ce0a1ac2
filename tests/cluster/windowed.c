/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregations of windows through the loss of an instance: their results are those of a run in
 * which nothing is lost. The stores are restored from their changelogs on another instance; stream
 * time, by which records are late and windows close, comes from the committed offsets. */
#include <string.h>

#include <weir/dsl.h>

#include <weir/driver_sync.h>

#include "support/cluster.h"

#define PARTITIONS 2
#define KEYS 5
#define EVENTS 120 /* before the loss, and after it */
#define STEP_MS 1000
#define SIZE_MS 10000
#define BEHIND_MS 14000 /* some events are late for windows without grace */

WEIR_TIME_WINDOWED_SERDE(windows, weir_string, SIZE_MS)

static weir_err greater(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                        void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *a = aggregate;
    const weir_slice *b = value;
    bool second = b->len > a->len || (b->len == a->len && memcmp(b->data, a->data, b->len) > 0);
    *(weir_slice *)out = second ? *b : *a;
    return WEIR_OK;
}

static weir_topology *windowed(const weir_config *config, weir_backend backend, weir_error *error)
{
    weir_store_opts opts = {.backend = backend, .retention_ms = 1000 * SIZE_MS};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "events", &weir_string, &weir_string, NULL);
    weir_grouped grouped = weir_group_by_key(in, NULL);
    weir_windowed_stream tens = weir_windowed_by(grouped, weir_tumbling(SIZE_MS, 0), NULL);
    weir_windowed_stream finals = weir_windowed_by(grouped, weir_tumbling(SIZE_MS, STEP_MS),
                                                   &(weir_windowed_opts){WEIR_EMIT_ON_CLOSE});
    weir_windowed_stream hops =
        weir_windowed_by(grouped, weir_hopping(SIZE_MS, SIZE_MS / 4, SIZE_MS), NULL);
    weir_to(weir_to_stream(weir_windowed_count(tens, "counts", &opts), NULL), "counts", NULL);
    weir_to(weir_to_stream(weir_windowed_count(finals, "finals", &opts), NULL), "finals", NULL);
    weir_to(weir_to_stream(weir_windowed_reduce(hops, greater, NULL, "greatest", &opts), NULL),
            "greatest", NULL);
    return weir_build(b, config, error);
}

static weir_topology *in_memory(const weir_config *config, weir_error *error)
{
    return windowed(config, WEIR_BACKEND_MEMORY, error);
}

static weir_topology *on_disk(const weir_config *config, weir_error *error)
{
    return windowed(config, WEIR_BACKEND_ROCKSDB, error);
}

static void send_events(weir_input events, int64_t from_ms)
{
    for (int i = 0; i < EVENTS; i++) {
        const char key[] = {(char)('a' + i % KEYS), '\0'};
        const char value[] = {(char)('a' + i * 7 % 26), '\0'};
        bool behind = i < KEYS || i % 7 == 6; /* also the first of each partition */
        int64_t time_ms = from_ms + i * STEP_MS - (behind ? BEHIND_MS : 0);
        weir_input_set_time(events, time_ms > 0 ? time_ms : 1, 0);
        weir_input_text(events, key, value);
    }
}

typedef enum loss {
    NOTHING,
    AFTER_A_COMMIT,
    IN_THE_MIDDLE, /* of what has not been committed */
} loss;

static weir_cluster *counted(void **state, weir_topology_fn topology, loss lost)
{
    static const char *const config[] = {"__emit.interval.ms.kstreams.windowed.aggregation__", "0",
                                         NULL};
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.config = config});
    static const char *const topics[] = {"counts", "finals", "greatest"};
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        weir_cluster_topic_create(cluster, topics[i], PARTITIONS);
    }
    weir_input events =
        weir_cluster_input(cluster, "events", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", topology, NULL);
    weir_instance *b = weir_cluster_start(cluster, "b", topology, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    send_events(events, 0);
    if (lost == IN_THE_MIDDLE) {
        weir_cluster_run_for(cluster, 2000);
    } else {
        weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    }
    if (lost != NOTHING) {
        weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
    }
    send_events(events, EVENTS * STEP_MS);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    return cluster;
}

/* ---- The run without a loss, on the synchronous driver ---- */

static weir_sync *without_loss(void)
{
    weir_sync_opts opts = {.partitions = PARTITIONS, .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(in_memory, &opts, NULL);
    weir_input events = weir_sync_input(sync, "events", &weir_string, &weir_string);
    send_events(events, 0);
    send_events(events, EVENTS * STEP_MS);
    return sync;
}

/* The rows of that run's topic, in a list of the cluster. */
static weir_rows *expected_rows(weir_cluster *cluster, const weir_rows *rows,
                                const weir_serde *value)
{
    weir_rows *expected = weir_rows_new(cluster, &windows, value);
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        weir_input_record record = {
            .key = row->key, .value = row->value, .at = WEIR_AT(row->timestamp_ms)};
        weir_rows_add_record(expected, &record);
    }
    return expected;
}

static void assert_same_table(weir_cluster *cluster, weir_sync *sync, const char *topic,
                              const weir_serde *value)
{
    weir_rows *wanted = weir_output_table(weir_sync_output(sync, topic, &windows, value));
    weir_rows *actual = weir_output_table(weir_cluster_output(cluster, topic, &windows, value));
    assert_true(weir_rows_size(wanted) > (size_t)2 * KEYS);
    weir_assert_same_records(actual, expected_rows(cluster, wanted, value));
    weir_store_view store = weir_cluster_store(cluster, topic, &windows, value);
    if (strcmp(topic, "finals") != 0) { /* its store also has the windows that are still open */
        weir_assert_same_rows(weir_store_view_all(store), expected_rows(cluster, wanted, value));
    }
}

static void assert_as_if_nothing_was_lost(weir_cluster *cluster)
{
    weir_sync *sync = without_loss();
    assert_same_table(cluster, sync, "counts", &weir_i64);
    assert_same_table(cluster, sync, "finals", &weir_i64);
    assert_same_table(cluster, sync, "greatest", &weir_string);
    /* No window is emitted twice. */
    weir_output finals = weir_cluster_output(cluster, "finals", &windows, &weir_i64);
    assert_int_equal(weir_output_size(finals),
                     weir_output_size(weir_sync_output(sync, "finals", &windows, &weir_i64)));
    weir_dropped_records late[8];
    assert_true(weir_sync_dropped_records(sync, late, 8) > 0);
    assert_int_equal(late[0].reason, WEIR_DROP_LATE);
    weir_sync_free(sync);
}

static void windows_in_memory_are_as_without_a_loss(void **state)
{
    assert_as_if_nothing_was_lost(counted(state, in_memory, AFTER_A_COMMIT));
}

static void windows_on_disk_are_as_without_a_loss(void **state)
{
    assert_as_if_nothing_was_lost(counted(state, on_disk, AFTER_A_COMMIT));
}

static void windows_of_two_instances_are_those_of_one_process(void **state)
{
    assert_as_if_nothing_was_lost(counted(state, on_disk, NOTHING));
}

/* Records since the last commit are processed again: only a result that does not change by that is
 * the same. */
static void windows_are_processed_again_after_a_loss_without_a_commit(void **state)
{
    weir_cluster *cluster = counted(state, on_disk, IN_THE_MIDDLE);
    weir_sync *sync = without_loss();
    assert_same_table(cluster, sync, "greatest", &weir_string);
    weir_sync_free(sync);
}

/* `retention` points to its milliseconds. */
static weir_topology *kept_for(const weir_config *config, weir_error *error, void *retention)
{
    weir_store_opts opts = {.backend = WEIR_BACKEND_ROCKSDB,
                            .retention_ms = *(const int64_t *)retention};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "events", &weir_string, &weir_string, NULL);
    weir_windowed_stream tens =
        weir_windowed_by(weir_group_by_key(in, NULL), weir_tumbling(SIZE_MS, 0), NULL);
    weir_to(weir_to_stream(weir_windowed_count(tens, "counts", &opts), NULL), "counts", NULL);
    return weir_build(b, config, error);
}

static void a_store_whose_retention_has_changed_is_restored(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    int64_t hour_ms = 3600000;
    int64_t day_ms = 24 * hour_ms;
    weir_instance_opts for_an_hour = {.build = kept_for, .build_user = &hour_ms};
    weir_instance_opts for_a_day = {.build = kept_for, .build_user = &day_ms};
    weir_cluster_topic_create(cluster, "counts", 1);
    weir_input events = weir_cluster_input(cluster, "events", 1, &weir_string, &weir_string);
    weir_instance *a = weir_cluster_start(cluster, "a", NULL, &for_an_hour);
    send_events(events, 0);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(weir_instance_close(a, WEIR_MINUTES(1)), WEIR_OK);
    weir_instance_restart_with(a, &for_a_day);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_output counts = weir_cluster_output(cluster, "counts", &windows, &weir_i64);
    weir_rows *before = weir_output_table(counts);
    assert_true(weir_rows_size(before) > (size_t)2 * KEYS);
    weir_store_view store = weir_cluster_store(cluster, "counts", &windows, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(windows_of_two_instances_are_those_of_one_process),
        cluster_test(windows_in_memory_are_as_without_a_loss),
        cluster_test(windows_on_disk_are_as_without_a_loss),
        cluster_test(windows_are_processed_again_after_a_loss_without_a_commit),
        cluster_test(a_store_whose_retention_has_changed_is_restored),
    };
    return cmocka_run_group_tests_name("windowed", tests, NULL, NULL);
}
