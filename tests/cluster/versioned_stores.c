/* SPDX-License-Identifier: Apache-2.0
 *
 * Versioned stores through the loss of an instance, the same as without a loss, and the topic that
 * they are restored from. */
#include <string.h>

#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "support/cluster.h"

#define PARTITIONS 2
#define KEYS 5
#define EVENTS 100 /* before the loss, and after it */
#define STEP_MS 1000
#define RETENTION_MS 60000
#define EARLIER_MS 7000 /* how long before a record its row is read */

static const weir_history history = {.retention_ms = RETENTION_MS};

/* Joins a stream with the row of its time. */
static weir_err both(weir_ctx *ctx, const void *key, const void *left, const void *right, void *out,
                     void *user)
{
    (void)ctx, (void)key, (void)left, (void)user;
    *(weir_slice *)out = right != NULL ? *(const weir_slice *)right : weir_slice_of("none");
    return WEIR_OK;
}

/* Puts the record, and forwards what its key had earlier. */
static weir_err look_back(weir_ctx *ctx, const weir_record *in, void *state)
{
    weir_versioned *v = weir_versioned_store(ctx, "v");
    weir_versioned_row earlier;
    (void)state;
    weir_err err = weir_versioned_put(v, in->key, in->value, in->timestamp_ms, NULL);
    if (err == WEIR_OK) {
        err = weir_versioned_get_as_of(v, in->key, in->timestamp_ms - EARLIER_MS, &earlier);
    }
    return err == WEIR_OK
               ? weir_forward(ctx, &(weir_record){in->key, earlier.value, in->timestamp_ms, NULL})
               : err;
}

static const weir_processor_ops look_back_ops = {"look-back", NULL, look_back, NULL};

static weir_topology *versions_in(const weir_config *config, weir_backend backend,
                                  weir_error *error)
{
    static const char *const stores[] = {"v", NULL};
    weir_store_opts opts = {.backend = backend, .key = &weir_string, .value = &weir_string};
    weir_store_opts table = {.backend = backend, .history = &history};
    weir_builder *b = weir_builder_new();
    weir_table rows = weir_table_source(b, "rows", "t", &weir_string, &weir_string, &table);
    weir_stream events = weir_source(b, "events", &weir_string, &weir_string, NULL);
    weir_to(weir_left_join_table(events, rows, &weir_string, both, NULL, NULL), "joined", NULL);
    weir_add_versioned_store(b, "v", RETENTION_MS, &opts, NULL);
    weir_to(weir_process(events, &weir_string, &weir_string, &look_back_ops, NULL,
                         &(weir_process_opts){.stores = stores}),
            "earlier", NULL);
    return weir_build(b, config, error);
}

static weir_topology *versions_in_memory(const weir_config *config, weir_error *error)
{
    return versions_in(config, WEIR_BACKEND_MEMORY, error);
}

static weir_topology *versions_on_disk(const weir_config *config, weir_error *error)
{
    return versions_in(config, WEIR_BACKEND_ROCKSDB, error);
}

/* Some are late, some are deletions. No two of a key have the same time: a deletion at the time of
 * a version that is put again after a loss could have another effect. */
static void send_some(weir_input input, int from)
{
    for (int i = from; i < from + EVENTS; i++) {
        weir_slice key = {&"abcde"[i % KEYS], 1};
        char text[16];
        int len = snprintf(text, sizeof text, "%d", i);
        weir_slice value = {text, (size_t)len};
        int64_t time_ms = (int64_t)i * STEP_MS - (i % 3 == 0 ? (i % 4) * 2500 + 100 : 0);
        weir_input_send(input, &(weir_input_record){.key = &key,
                                                    .value = i % 7 != 0 ? &value : NULL,
                                                    .at = WEIR_AT(time_ms > 0 ? time_ms : 0)});
    }
}

/* ---- Without a loss ----------------------------------------------------------------------- */

static weir_sync *without_loss(void)
{
    weir_sync_opts opts = {.partitions = PARTITIONS, .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(versions_in_memory, &opts, NULL);
    assert_non_null(sync);
    for (int from = 0; from < 2 * EVENTS; from += EVENTS) {
        send_some(weir_sync_input(sync, "rows", &weir_string, &weir_string), from);
        send_some(weir_sync_input(sync, "events", &weir_string, &weir_string), from);
    }
    return sync;
}

static void assert_same(weir_cluster *cluster, weir_rows *actual, weir_rows *expected)
{
    weir_rows *copy = weir_rows_new(cluster, &weir_string, &weir_string);
    for (size_t i = 0; i < weir_rows_size(expected); i++) {
        const weir_row *row = weir_rows_at(expected, i);
        weir_rows_put(copy, row->key, row->value);
    }
    weir_assert_same_rows(actual, copy);
}

static void assert_same_output(weir_cluster *cluster, weir_sync *sync, const char *topic)
{
    assert_same(cluster,
                weir_output_table(weir_cluster_output(cluster, topic, &weir_string, &weir_string)),
                weir_output_table(weir_sync_output(sync, topic, &weir_string, &weir_string)));
}

/* At each time that any version could begin. */
static void assert_same_history(weir_cluster *cluster, weir_sync *sync, const char *store)
{
    weir_store_view actual = weir_cluster_store(cluster, store, &weir_string, &weir_string);
    weir_store_view expected = weir_sync_store(sync, store, &weir_string, &weir_string);
    size_t found = 0;
    assert_same(cluster, weir_store_view_all(actual), weir_store_view_all(expected));
    for (int64_t time_ms = 0; time_ms <= (int64_t)2 * EVENTS * STEP_MS; time_ms += STEP_MS / 2) {
        weir_rows *rows = weir_store_view_all(weir_store_view_as_of(expected, time_ms));
        found += weir_rows_size(rows);
        assert_same(cluster, weir_store_view_all(weir_store_view_as_of(actual, time_ms)), rows);
    }
    assert_true(found > (size_t)RETENTION_MS / STEP_MS);
}

/* ---- The loss of an instance -------------------------------------------------------------- */

static void send_to(weir_cluster *cluster, const char *topic, int from)
{
    send_some(weir_cluster_input(cluster, topic, PARTITIONS, &weir_string, &weir_string), from);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
}

static void lose_an_instance(void **state, weir_topology_fn topology, weir_disk disk)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_topic_create(cluster, "joined", PARTITIONS);
    weir_cluster_topic_create(cluster, "earlier", PARTITIONS);
    weir_cluster_topic_create(cluster, "rows", PARTITIONS);
    weir_cluster_topic_create(cluster, "events", PARTITIONS);
    weir_instance *a = weir_cluster_start(cluster, "a", topology, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_instance *b = weir_cluster_start(cluster, "b", topology, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(2));
    send_to(cluster, "rows", 0);
    send_to(cluster, "events", 0);
    weir_host_crash(weir_instance_host(b), disk);
    send_to(cluster, "rows", EVENTS);
    weir_instance_restart(b);
    weir_host_crash(weir_instance_host(a), disk);
    send_to(cluster, "events", EVENTS);
    weir_sync *sync = without_loss();
    assert_same_output(cluster, sync, "joined");
    assert_same_output(cluster, sync, "earlier");
    assert_same_history(cluster, sync, "t");
    assert_same_history(cluster, sync, "v");
    weir_sync_free(sync);
}

static void versions_in_memory_survive_the_loss_of_an_instance(void **state)
{
    lose_an_instance(state, versions_in_memory, WEIR_DISK_WIPED);
}

static void versions_on_disk_survive_the_loss_of_an_instance(void **state)
{
    lose_an_instance(state, versions_on_disk, WEIR_DISK_AS_IT_WAS);
}

static void versions_on_a_lost_disk_are_restored(void **state)
{
    lose_an_instance(state, versions_on_disk, WEIR_DISK_WIPED);
}

static void changelogs_of_versions_are_compacted_a_day_after_the_history(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const weir_mock *mock = weir_cluster_mock(cluster);
    weir_cluster_topic_create(cluster, "rows", PARTITIONS);
    weir_cluster_topic_create(cluster, "events", PARTITIONS);
    weir_cluster_start(cluster, "a", versions_in_memory, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    static const char *const topics[] = {"app-t-changelog", "app-v-changelog"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(weir_mock_topic_config(mock, topics[i], "cleanup.policy"), "compact");
        assert_string_equal(weir_mock_topic_config(mock, topics[i], "min.compaction.lag.ms"),
                            "86460000");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(versions_in_memory_survive_the_loss_of_an_instance),
        cluster_test(versions_on_disk_survive_the_loss_of_an_instance),
        cluster_test(versions_on_a_lost_disk_are_restored),
        cluster_test(changelogs_of_versions_are_compacted_a_day_after_the_history),
    };
    return cmocka_run_group_tests_name("versioned_stores", tests, NULL, NULL);
}
