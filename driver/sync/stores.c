/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores of the synchronous driver: read and written in the tasks that have them. */
#include "core/error.h"
#include "sync/driver.h"

static weir_err look_at_graph(weir__look *look, weir__graph *graph, const weir__store_spec *spec,
                              const char *task)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir__rows_wanted wanted;
    weir_err err = weir__look_begin(look, spec->kind, &wanted);
    if (err == WEIR_OK) {
        err = weir__graph_store_range(graph, spec->index, &wanted, &iter, &look->error);
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

static bool is_wanted(const weir__look *look, const char *task)
{
    return look->view.task == NULL || strcmp(look->view.task, task) == 0;
}

static void look_at(weir_sync *sync, weir__look *look, const weir__store_spec *spec)
{
    weir__sync *core = &sync->core;
    look->kind = spec->kind;
    look->global = spec->subtopology == WEIR__GLOBAL_TASK;
    if (look->global) {
        if (is_wanted(look, "global")) {
            look->task_found = true;
            look->err = look_at_graph(look, core->instance.globals, spec, "global");
        }
        return;
    }
    for (size_t i = 0; i < core->worker.tasks.count && look->err == WEIR_OK; i++) {
        const weir__task *task = core->worker.tasks.tasks[i];
        if (task->id.subtopology == spec->subtopology && is_wanted(look, task->name)) {
            look->task_found = true;
            look->err = look_at_graph(look, task->graph, spec, task->name);
        }
    }
}

static const weir__store_spec *find_store(const weir_sync *sync, const char *name)
{
    const weir_topology *topology = sync->core.topology;
    for (size_t i = 0; i < topology->store_count; i++) {
        if (topology->stores[i].subtopology != WEIR__NOT_RUN &&
            strcmp(topology->stores[i].name, name) == 0) {
            return &topology->stores[i];
        }
    }
    return NULL;
}

void weir__sync_look(weir__driver *driver, weir__look *look)
{
    const weir__store_spec *spec = find_store(weir__sync_of(driver), look->view.store);
    if (spec == NULL) {
        weir__driver_fail(driver, "the topology has no store '%s'", look->view.store);
    } else if (weir__look_may(look, spec)) {
        look_at(weir__sync_of(driver), look, spec);
    }
}

static weir__task *task_of(weir__sync *core, const weir__store_spec *spec, const char *name,
                           weir_slice key)
{
    int32_t count = 0;
    for (size_t i = 0; i < core->worker.tasks.count; i++) {
        count += core->worker.tasks.tasks[i]->id.subtopology == spec->subtopology ? 1 : 0;
    }
    int32_t partition = count > 0 ? weir__murmur2_partition(key, count) : -1;
    for (size_t i = 0; i < core->worker.tasks.count; i++) {
        weir__task *task = core->worker.tasks.tasks[i];
        if (task->id.subtopology == spec->subtopology &&
            (name != NULL ? strcmp(task->name, name) == 0 : task->id.partition == partition)) {
            return task;
        }
    }
    return NULL;
}

/* What is put into a versioned store is the key with its timestamp behind it. */
static weir_err put_bytes(weir__graph *graph, const weir__store_spec *spec, int64_t time_ms,
                          weir_slice key, weir_slice value, int64_t timestamp_ms, weir_error *error)
{
    const weir__store_kind *kind = spec->kind;
    weir_buf at = {0};
    weir_buf row = {0};
    (void)weir_put(&at, key.data, key.len); /* at.err and row.err say */
    if (kind->versions) {
        weir__buf_put_i64(&at, timestamp_ms);
    } else if (value.data != NULL && kind->timestamped) {
        weir__buf_put_i64(&row, timestamp_ms);
    }
    if (value.data != NULL) {
        (void)weir_put(&row, value.data, value.len);
    }
    weir_err err = at.err != WEIR_OK ? at.err : row.err;
    if (err == WEIR_OK) {
        weir_slice bytes = value.data != NULL ? weir__buf_slice(&row) : (weir_slice){0};
        err =
            weir__graph_store_put(graph, spec->index, time_ms, weir__buf_slice(&at), bytes, error);
    }
    weir__buf_fini(&at);
    weir__buf_fini(&row);
    return err;
}

static weir_err put_row(weir_sync *sync, weir_store_view view, weir_slice key, weir_slice value,
                        int64_t timestamp_ms, weir_error *error)
{
    const weir__store_spec *spec = find_store(sync, view.store);
    if (weir__sync_check(&sync->core, error) != WEIR_OK) {
        return error->code;
    }
    if (spec == NULL || spec->subtopology < 0) {
        return weir__error_set(error, WEIR_ENOTFOUND, "no task has a store of that name");
    }
    if (spec->kind->type == WEIR__TYPE_BUFFER) {
        return weir__error_set(error, WEIR_EINVAL, "only its operator writes a buffer");
    }
    int64_t time_ms = 0;
    weir_slice inner = key; /* it decides about the partition */
    if (weir__view_check(view, spec->kind, error) != WEIR_OK) {
        return error->code;
    }
    if (spec->kind->suffix != 0 &&
        (spec->duplicates || !weir__kind_topic_key_read(spec->kind, key, &time_ms, &inner) ||
         time_ms < 0)) {
        return weir__error_set(error, WEIR_EINVAL, "%s",
                               spec->duplicates ? "a store that retains duplicates is not written "
                                                  "by tests"
                                                : "the bytes of its key have no time");
    }
    weir__task *task = task_of(&sync->core, spec, view.task, inner);
    if (task == NULL) {
        return weir__error_set(error, WEIR_ENOTFOUND, "there is no task '%s' with it",
                               view.task != NULL ? view.task : "");
    }
    weir_err err = put_bytes(task->graph, spec, time_ms, key, value, timestamp_ms, error);
    task->touched = true;
    return err == WEIR_OK && !sync->core.commit_interval ? weir__sync_commit(&sync->core, error)
                                                         : err;
}

void weir_sync_store_put(weir_store_view view, const void *key, const void *value,
                         int64_t timestamp_ms)
{
    weir_error error = {0};
    weir_slice key_bytes = {0};
    weir_slice value_bytes = {0};
    if (!weir__view_given(view, __func__) || !weir__given(key != NULL, __func__, "key")) {
        return;
    }
    if (view.driver->ops != &weir__sync_driver_ops) {
        weir__driver_fail(view.driver, "%s: the view is not one of weir_sync_store", __func__);
        return;
    }
    weir__arena *scratch = &view.driver->scratch;
    weir_err err = timestamp_ms >= 0
                       ? WEIR_OK
                       : weir__error_set(&error, WEIR_EINVAL, "the timestamp %lld is negative",
                                         (long long)timestamp_ms);
    if (err == WEIR_OK) {
        err = weir__codec_check_slice(view.key, key, &error);
    }
    if (err == WEIR_OK) {
        err = weir__codec_check_slice(view.value, value, &error);
    }
    if (err == WEIR_OK) {
        err = weir__codec_encode(view.driver, scratch, view.key, key, &key_bytes, &error);
    }
    if (err == WEIR_OK) {
        err = weir__codec_encode(view.driver, scratch, view.value, value, &value_bytes, &error);
    }
    if (err == WEIR_OK) {
        err =
            put_row(weir__sync_of(view.driver), view, key_bytes, value_bytes, timestamp_ms, &error);
    }
    weir__arena_reset(scratch);
    if (err != WEIR_OK) {
        weir__driver_fail(view.driver, "store '%s': %s", view.store, error.message);
    }
}
