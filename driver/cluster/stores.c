/* SPDX-License-Identifier: Apache-2.0
 *
 * The contents of stores in the active tasks. Each instance that is alive reads its part, on a
 * thread of its own host. The entries of all are merged in order of key bytes. */
#include "cluster/cluster.h"
#include "cluster/inspect.h"
#include "core/error.h"
#include "topology/topology.h"

weir_store_view weir_cluster_store(weir_cluster *cluster, const char *store, const weir_serde *key,
                                   const weir_serde *value)
{
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(store != NULL, __func__, "store") ||
        !weir__serde_given(key, __func__, "key") || !weir__serde_given(value, __func__, "value")) {
        return (weir_store_view){0};
    }
    const char *name = weir__must(weir__arena_strdup(&cluster->arena, store));
    return (weir_store_view){cluster, name, NULL, key, value};
}

/* A view may be zeroed, or the result of a call that failed. */
static bool view_given(weir_store_view view, const char *function)
{
    return weir__given(view.cluster != NULL, function, "view.cluster") &&
           weir__given(view.store != NULL, function, "view.store") &&
           weir__serde_given(view.key, function, "view.key") &&
           weir__serde_given(view.value, function, "view.value");
}

weir_store_view weir_store_view_task(weir_store_view view, const char *task)
{
    if (!view_given(view, __func__) || !weir__given(task != NULL, __func__, "task")) {
        return (weir_store_view){0};
    }
    view.task = weir__must(weir__arena_strdup(&view.cluster->arena, task));
    return view;
}

/* One read of a store. Allocated in the arena, since the reading thread may never end. */
struct look {
    weir_store_view view;
    weir_slice from;
    weir_slice to;
    weir_rows *rows;
    bool timestamped;
    bool global;
    weir_err err;
    weir_error error;
};

static weir_err add_row(struct look *look, const char *task, weir_slice key, weir_slice row)
{
    weir__arena *arena = &look->view.cluster->arena;
    weir_row meta = {
        .partition = -1,
        .offset = -1,
        .task = weir__must(weir__arena_strdup(arena, task)),
    };
    if (look->timestamped) {
        if (row.len < WEIR__TIMESTAMP_SIZE) {
            return weir__error_set(&look->error, WEIR_ECORRUPT, "a row of %zu bytes", row.len);
        }
        meta.timestamp_ms = (int64_t)weir__load_u64(row.data);
        row.data = (const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE;
        row.len -= WEIR__TIMESTAMP_SIZE;
    }
    return weir__rows_append(look->rows, weir__kept(arena, key), weir__kept(arena, row), &meta,
                             &look->error);
}

static weir_err add_rows(struct look *look, const char *task, const weir__snapshot_store *store)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir_err err = weir__snapshot_store_range(store, look->from, look->to, &iter, &look->error);
    if (err != WEIR_OK) {
        return err;
    }
    while (err == WEIR_OK && iter->ops->next(iter, &key, &row)) {
        err = add_row(look, task, key, row);
    }
    weir_err end = iter->ops->close(iter);
    return err != WEIR_OK ? err : end;
}

static void look_at_thread(const weir__snapshot_thread *thread, void *user)
{
    struct look *look = user;
    for (size_t i = 0; i < thread->task_count; i++) {
        const weir__snapshot_task *task = &thread->tasks[i];
        if (strcmp(task->state, "RUNNING") != 0 ||
            (look->view.task != NULL && strcmp(look->view.task, task->name) != 0)) {
            continue;
        }
        for (size_t at = 0; at < task->store_count && look->err == WEIR_OK; at++) {
            if (strcmp(task->stores[at].name, look->view.store) == 0) {
                look->err = add_rows(look, task->name, &task->stores[at]);
            }
        }
    }
}

#define GLOBAL_TASK "global" /* its folder has this name, too */

static weir_err add_global_row(weir_slice key, weir_slice row, void *user)
{
    return add_row(user, GLOBAL_TASK, key, row);
}

static void look_at_instance(weir_instance *instance, void *arg)
{
    struct look *look = arg;
    if (look->global) {
        if (look->view.task != NULL && strcmp(look->view.task, GLOBAL_TASK) != 0) {
            return;
        }
        look->err = weir__app_global_range(instance->app, look->view.store, look->from, look->to,
                                           add_global_row, look, &look->error);
        return;
    }
    weir_err err =
        weir__app_inspect(instance->app, WEIR__RETRY_MS, look_at_thread, look, &look->error);
    look->err = look->err != WEIR_OK ? look->err : err;
}

static const weir__store_spec *store_of(const weir_instance *instance, const char *name)
{
    const weir_topology *topology = instance->topology;
    for (size_t i = 0; i < topology->store_count; i++) {
        if (strcmp(topology->stores[i].name, name) == 0) {
            return &topology->stores[i];
        }
    }
    return NULL;
}

static weir_rows *look_everywhere(weir_store_view view, weir_slice from, weir_slice to)
{
    weir_cluster *cluster = view.cluster;
    struct look *look = weir__must(weir__arena_alloc(&cluster->arena, sizeof *look));
    look->view = view;
    look->from = from;
    look->to = to;
    look->rows = weir_rows_new(cluster, view.key, view.value);
    bool known = false;
    for (size_t i = 0; i < cluster->instance_count; i++) {
        weir_instance *instance = cluster->instances[i];
        const weir__store_spec *spec = NULL;
        if (instance->life == WEIR__ALIVE && !instance->paused) {
            spec = store_of(instance, view.store);
        }
        if (spec == NULL) {
            continue;
        }
        if (known && look->global) {
            continue; /* each instance has all rows: only the first one reads them */
        }
        known = true;
        look->timestamped = spec->kind->timestamped;
        look->global = spec->subtopology < 0;
        if (!weir__instance_do(instance, look_at_instance, look, WEIR__RETRY_MS)) {
            weir__cluster_fail(cluster, "store '%s': '%s' does not answer", view.store,
                               instance->name);
        }
    }
    if (look->err != WEIR_OK) {
        weir__cluster_fail(cluster, "store '%s': %s", view.store, look->error.message);
    } else if (!known) {
        weir__cluster_fail(cluster, "no instance that is alive has a store '%s'", view.store);
    }
    weir__rows_sort(look->rows);
    return look->rows;
}

static weir_slice key_bytes(weir_store_view view, const void *key)
{
    weir_slice bytes = {0};
    weir_error error;
    if (weir__codec_encode(&view.cluster->arena, view.key, key, &bytes, &error) != WEIR_OK) {
        weir__cluster_fail(view.cluster, "store '%s': key: %s", view.store, error.message);
    }
    return bytes;
}

weir_rows *weir_store_view_range(weir_store_view view, const void *from, const void *to)
{
    if (!view_given(view, __func__)) {
        return NULL;
    }
    return look_everywhere(view, key_bytes(view, from), key_bytes(view, to));
}

weir_rows *weir_store_view_all(weir_store_view view)
{
    return view_given(view, __func__) ? weir_store_view_range(view, NULL, NULL) : NULL;
}

const weir_row *weir_store_view_get(weir_store_view view, const void *key)
{
    if (!view_given(view, __func__) || !weir__given(key != NULL, __func__, "key")) {
        return NULL;
    }
    return weir_rows_at(weir_store_view_range(view, key, key), 0);
}
