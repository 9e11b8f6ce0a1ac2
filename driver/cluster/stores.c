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
        !weir__serdes_given(key, value, __func__)) {
        return (weir_store_view){0};
    }
    return weir__view_make(&cluster->driver, store, key, value);
}

static weir_err add_rows(weir__look *look, const char *task, const weir__snapshot_store *store)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir__rows_wanted wanted;
    weir_err err = weir__look_begin(look, look->kind, &wanted);
    if (err == WEIR_OK) {
        err = weir__snapshot_store_range(store, &wanted, &iter, &look->error);
    }
    if (err != WEIR_OK) {
        return err;
    }
    while (err == WEIR_OK && iter->ops->next(iter, &key, &row)) {
        err = weir__look_add(look, task, key, row);
    }
    weir_err end = iter->ops->close(iter);
    return err != WEIR_OK ? err : end;
}

static void look_at_thread(const weir__snapshot_thread *thread, void *user)
{
    weir__look *look = user;
    for (size_t i = 0; i < thread->task_count; i++) {
        const weir__snapshot_task *task = &thread->tasks[i];
        if (look->view.task != NULL && strcmp(look->view.task, task->name) != 0) {
            continue;
        }
        if (strcmp(task->state, "RUNNING") != 0) {
            look->task_found = true;
            continue;
        }
        for (size_t at = 0; at < task->store_count && look->err == WEIR_OK; at++) {
            if (strcmp(task->stores[at].name, look->view.store) == 0) {
                look->task_found = true;
                look->err = add_rows(look, task->name, &task->stores[at]);
            }
        }
    }
}

#define GLOBAL_TASK "global" /* its folder has this name, too */

static weir_err add_global_row(weir_slice key, weir_slice row, void *user)
{
    return weir__look_add(user, GLOBAL_TASK, key, row);
}

static void look_at_instance(weir_instance *instance, void *arg)
{
    weir__look *look = arg;
    if (look->global) {
        if (look->view.task != NULL && strcmp(look->view.task, GLOBAL_TASK) != 0) {
            return;
        }
        look->task_found = true;
        look->err = weir__app_global_range(instance->app, look->view.store, &look->wanted,
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
        if (topology->stores[i].subtopology != WEIR__NOT_RUN &&
            strcmp(topology->stores[i].name, name) == 0) {
            return &topology->stores[i];
        }
    }
    return NULL;
}

void weir__cluster_look(weir__driver *driver, weir__look *look)
{
    weir_cluster *cluster = (weir_cluster *)driver;
    const char *store = look->view.store;
    bool known = false;
    for (size_t i = 0; i < cluster->instance_count; i++) {
        weir_instance *instance = cluster->instances[i];
        const weir__store_spec *spec = NULL;
        if (instance->life == WEIR__ALIVE && !instance->paused) {
            spec = store_of(instance, store);
        }
        if (spec == NULL) {
            continue;
        }
        if (known && look->global) {
            continue; /* each instance has all rows: only the first one reads them */
        }
        known = true;
        if (!weir__look_may(look, spec)) {
            return;
        }
        look->kind = spec->kind;
        look->global = spec->subtopology == WEIR__GLOBAL_TASK;
        if (!weir__instance_do(instance, look_at_instance, look, WEIR__RETRY_MS)) {
            weir__cluster_fail(cluster, "store '%s': '%s' does not answer", store, instance->name);
        }
    }
    if (look->err == WEIR_OK && !known) {
        weir__cluster_fail(cluster, "no instance that is alive has a store '%s'", store);
    }
}
