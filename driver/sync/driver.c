/* SPDX-License-Identifier: Apache-2.0
 *
 * The public functions of the synchronous driver. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/common.h"
#include "common/files.h"
#include "core/error.h"
#include "sync/sync.h"

#define REMARKS_MAX 32

struct weir_sync {
    weir__driver driver; /* first */
    weir__sync core;
    weir_config *config;
    weir_topology *topology;
    char directory[WEIR__PATH_MAX]; /* own; "": none */
};

/* ---- Operations for weir__driver ---- */

static weir_sync *sync_of(const weir__driver *driver)
{
    return (weir_sync *)(uintptr_t)driver;
}

static const char *fail_head(const weir__driver *driver)
{
    (void)driver;
    return "";
}

static void fail_end(const weir__driver *driver, weir_buf *message)
{
    (void)driver;
    (void)message;
}

/* What was dropped. */
static void remark(weir__driver *driver, weir_buf *out)
{
    weir_dropped_records dropped[REMARKS_MAX];
    size_t count =
        weir__drop_counts_read(sync_of(driver)->core.instance.drops, dropped, REMARKS_MAX);
    for (size_t i = 0; i < count && i < REMARKS_MAX; i++) {
        weir__buf_printf(out, "\n  node '%s' dropped %" PRIu64 " records: %s", dropped[i].node,
                         dropped[i].count, weir_drop_reason_str(dropped[i].reason));
    }
}

static int64_t now_ms(const weir__driver *driver)
{
    return weir__sync_now_ms(&sync_of(driver)->core);
}

static int32_t partitions(weir__driver *driver, const char *topic)
{
    const weir__loopback_topic *found = weir__loopback_find(sync_of(driver)->core.loopback, topic);
    return found != NULL ? found->count : -1;
}

struct each_topic {
    void (*fn)(const char *topic, int32_t partitions, void *user);
    void *user;
};

static void pass_topic(const weir__loopback_topic *topic, void *user)
{
    const struct each_topic *each = user;
    each->fn(topic->name, topic->count, each->user);
}

static void each_topic(weir__driver *driver,
                       void (*fn)(const char *topic, int32_t partitions, void *user), void *user)
{
    weir__loopback_each(sync_of(driver)->core.loopback, pass_topic, &(struct each_topic){fn, user});
}

static weir_err send_record(weir__driver *driver, const weir__outgoing *record, weir_error *error)
{
    weir_error local;
    return weir__sync_pipe(&sync_of(driver)->core, record, error != NULL ? error : &local);
}

static const weir__loopback_partition *find_partition(weir__driver *driver, const char *topic,
                                                      int32_t partition)
{
    const weir__loopback_topic *found = weir__loopback_find(sync_of(driver)->core.loopback, topic);
    return found != NULL && partition < found->count ? &found->partitions[partition] : NULL;
}

static weir_err offsets(weir__driver *driver, const char *topic, int32_t partition, int64_t *start,
                        int64_t *end)
{
    const weir__loopback_partition *found = find_partition(driver, topic, partition);
    if (found == NULL) {
        return WEIR_EMISSING_TOPIC;
    }
    *start = found->start;
    *end = found->count;
    return WEIR_OK;
}

static weir_err read_records(weir__driver *driver, const char *topic, int32_t partition,
                             int64_t offset,
                             weir_err (*fn)(const weir__message_view *record, void *user),
                             void *user, weir_error *error)
{
    const weir__loopback_partition *found = find_partition(driver, topic, partition);
    weir_err err = found != NULL ? WEIR_OK : WEIR_EMISSING_TOPIC;
    for (int64_t i = offset; err == WEIR_OK && i < found->count; i++) {
        err = fn(&found->records[i]->message.view, user);
    }
    return err != WEIR_OK ? weir__error_set(error, err, "%s", weir_err_str(err)) : WEIR_OK;
}

static void flush(weir__driver *driver)
{
    (void)driver; /* what is sent is there */
}

/* ---- Stores ---- */

static weir_err look_at_graph(weir__look *look, weir__graph *graph, int store, const char *task)
{
    weir__kv *top = weir__graph_store_top(graph, store);
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir_err err = weir__kv_range(top, look->from, look->to, false, &iter, &look->error);
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
    look->timestamped = spec->kind->timestamped;
    look->global = spec->subtopology < 0;
    if (look->global) {
        if (is_wanted(look, "global")) {
            look->err = look_at_graph(look, core->instance.globals, spec->index, "global");
        }
        return;
    }
    for (size_t i = 0; i < core->worker.tasks.count && look->err == WEIR_OK; i++) {
        const weir__task *task = core->worker.tasks.tasks[i];
        if (task->id.subtopology == spec->subtopology && is_wanted(look, task->name)) {
            look->err = look_at_graph(look, task->graph, spec->index, task->name);
        }
    }
}

static const weir__store_spec *find_store(const weir_sync *sync, const char *name)
{
    const weir_topology *topology = sync->core.topology;
    for (size_t i = 0; i < topology->store_count; i++) {
        if (strcmp(topology->stores[i].name, name) == 0) {
            return &topology->stores[i];
        }
    }
    return NULL;
}

static void look(weir__driver *driver, weir__look *look)
{
    const weir__store_spec *spec = find_store(sync_of(driver), look->view.store);
    if (spec != NULL) {
        look_at(sync_of(driver), look, spec);
    } else {
        weir__driver_fail(driver, "the topology has no store '%s'", look->view.store);
    }
}

static const weir__driver_ops driver_ops = {
    .fail_head = fail_head,
    .fail_end = fail_end,
    .remark = remark,
    .now_ms = now_ms,
    .partitions = partitions,
    .each_topic = each_topic,
    .send = send_record,
    .offsets = offsets,
    .read = read_records,
    .flush = flush,
    .look = look,
};

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

static weir_err put_row(weir_sync *sync, weir_store_view view, weir_slice key, weir_slice value,
                        int64_t timestamp_ms, weir_error *error)
{
    const weir__store_spec *spec = find_store(sync, view.store);
    if (spec == NULL || spec->subtopology < 0) {
        return weir__error_set(error, WEIR_ENOTFOUND, "no task has a store of that name");
    }
    weir__task *task = task_of(&sync->core, spec, view.task, key);
    if (task == NULL) {
        return weir__error_set(error, WEIR_ENOTFOUND, "there is no task '%s' with it",
                               view.task != NULL ? view.task : "");
    }
    weir_buf row = {0};
    if (value.data != NULL && spec->kind->timestamped) {
        weir__buf_put_i64(&row, timestamp_ms);
    }
    if (value.data != NULL) {
        (void)weir_put(&row, value.data, value.len); /* row.err says */
    }
    weir_err err = row.err;
    if (err == WEIR_OK) {
        weir__kv *top = weir__graph_store_top(task->graph, spec->index);
        err = weir__kv_put(top, key, value.data != NULL ? weir__buf_slice(&row) : (weir_slice){0},
                           error);
    }
    weir__buf_fini(&row);
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
    if (view.driver->ops != &driver_ops) {
        weir__driver_fail(view.driver, "%s: the view is not one of weir_sync_store", __func__);
        return;
    }
    weir__arena *scratch = &view.driver->scratch;
    weir_err err = timestamp_ms >= 0
                       ? WEIR_OK
                       : weir__error_set(&error, WEIR_EINVAL, "the timestamp %lld is negative",
                                         (long long)timestamp_ms);
    if (err == WEIR_OK) {
        err = weir__codec_encode(view.driver, scratch, view.key, key, &key_bytes, &error);
    }
    if (err == WEIR_OK) {
        err = weir__codec_encode(view.driver, scratch, view.value, value, &value_bytes, &error);
    }
    if (err == WEIR_OK) {
        err = put_row(sync_of(view.driver), view, key_bytes, value_bytes, timestamp_ms, &error);
    }
    weir__arena_reset(scratch);
    if (err != WEIR_OK) {
        weir__driver_fail(view.driver, "store '%s': %s", view.store, error.message);
    }
}

/* ---- Life ---- */

static weir_err configure(weir_sync *sync, const weir_sync_opts *opts, weir_error *error)
{
    weir_err err = weir__error_pairs(error, opts->config, "weir_sync_opts.config");
    const char *application = opts->application != NULL ? opts->application : "app";
    if (err != WEIR_OK) {
        return err;
    }
    sync->config = weir__must(weir_config_new());
    err = weir_config_set(sync->config, "application.id", application, error);
    /* Nobody connects to them; the setting is required. */
    err =
        err == WEIR_OK ? weir_config_set(sync->config, "bootstrap.servers", "none:1", error) : err;
    for (size_t i = 0; err == WEIR_OK && opts->config != NULL && opts->config[i] != NULL; i += 2) {
        err = weir_config_set(sync->config, opts->config[i], opts->config[i + 1], error);
    }
    return err == WEIR_OK ? weir__config_check(sync->config, error) : err;
}

static weir_err build(weir_sync *sync, weir_topology_fn topology, weir_error *error)
{
    *error = (weir_error){0}; /* the caller's may be uninitialised */
    sync->topology = topology(sync->config, error);
    if (sync->topology != NULL) {
        return WEIR_OK;
    }
    return error->code != WEIR_OK
               ? error->code
               : weir__error_set(error, WEIR_EINVAL,
                                 "the topology function returned NULL and set no error");
}

/* The directory itself is made by the first store that needs it. */
static weir_err choose_directory(weir_sync *sync, const weir_sync_opts *opts, weir_error *error)
{
    if (opts->directory != NULL) {
        return weir_config_set(sync->config, "state.dir", opts->directory, error);
    }
    bool memory_stores = strcmp(weir__config_text(sync->config, "dsl.store"), "memory") == 0;
    if (!weir__topology_has_persistent(sync->topology, memory_stores)) {
        return WEIR_OK;
    }
    weir_err err = weir__folder_fresh(sync->directory, sizeof sync->directory, error);
    return err == WEIR_OK ? weir_config_set(sync->config, "state.dir", sync->directory, error)
                          : err;
}

static weir_err open_core(weir_sync *sync, const weir_sync_opts *opts, weir_error *error)
{
    if (opts->partitions < 0) {
        return weir__error_set(error, WEIR_EINVAL, "weir_sync_opts.partitions is negative");
    }
    if (opts->topics == NULL && opts->topic_count > 0) {
        return weir__error_set(error, WEIR_EINVAL, "weir_sync_opts.topics is NULL");
    }
    weir__topic_count *topics = weir__must(
        weir__arena_alloc(&sync->driver.arena, (opts->topic_count + 1) * sizeof *topics));
    for (size_t i = 0; i < opts->topic_count; i++) {
        if (opts->topics[i].name == NULL) {
            return weir__error_set(error, WEIR_EINVAL, "weir_sync_opts.topics[%zu].name is NULL",
                                   i);
        }
        topics[i] = (weir__topic_count){opts->topics[i].name, opts->topics[i].partitions};
    }
    weir__sync_opts core = {.topology = sync->topology,
                            .config = sync->config,
                            .app = opts->app,
                            .partitions = opts->partitions,
                            .topics = topics,
                            .topic_count = opts->topic_count,
                            .start_ms = opts->start.given ? opts->start.ms : WEIR_SYNC_START_MS,
                            .commit_interval = opts->commit_interval};
    return weir__sync_open(&sync->core, &core, error);
}

weir_sync *weir_sync_new(weir_topology_fn topology, const weir_sync_opts *opts, weir_error *error)
{
    weir_error local;
    weir_sync_opts defaults = {0};
    error = error != NULL ? error : &local;
    opts = opts != NULL ? opts : &defaults;
    weir__driver_not_made(true, opts->on_failure, opts->user);
    if (topology == NULL) {
        weir__error_null(error, __func__, "topology");
        return NULL;
    }
    weir_sync *sync = weir__must(calloc(1, sizeof *sync));
    sync->driver.ops = &driver_ops;
    sync->driver.on_failure = opts->on_failure;
    sync->driver.user = opts->user;
    weir_err err = configure(sync, opts, error);
    if (err == WEIR_OK) {
        err = build(sync, topology, error);
    }
    err = err == WEIR_OK ? choose_directory(sync, opts, error) : err;
    err = err == WEIR_OK ? open_core(sync, opts, error) : err;
    if (err != WEIR_OK) {
        weir__driver_not_made_because(error->message);
        weir_sync_free(sync);
        return NULL;
    }
    weir__driver_not_made(true, opts->on_failure, opts->user);
    return sync;
}

void weir_sync_free(weir_sync *sync)
{
    if (sync == NULL) {
        return;
    }
    weir__sync_close(&sync->core);
    if (sync->directory[0] != '\0') {
        weir__folder_remove(sync->directory);
    }
    weir_topology_free(sync->topology);
    weir_config_free(sync->config);
    weir__driver_fini(&sync->driver);
    free(sync);
}

/* ---- Handles ---- */

static bool topic_given(const weir_sync *sync, const char *topic, const weir_serde *key,
                        const weir_serde *value, const char *function)
{
    return weir__given(sync != NULL, function, "sync") &&
           weir__given(topic != NULL, function, "topic") &&
           weir__serde_given(key, function, "key") && weir__serde_given(value, function, "value");
}

weir_input weir_sync_input(weir_sync *sync, const char *topic, const weir_serde *key,
                           const weir_serde *value)
{
    return topic_given(sync, topic, key, value, __func__)
               ? weir__input_make(&sync->driver, topic, key, value)
               : (weir_input){0};
}

weir_output weir_sync_output(weir_sync *sync, const char *topic, const weir_serde *key,
                             const weir_serde *value)
{
    return topic_given(sync, topic, key, value, __func__)
               ? weir__output_make(&sync->driver, topic, key, value)
               : (weir_output){0};
}

weir_store_view weir_sync_store(weir_sync *sync, const char *store, const weir_serde *key,
                                const weir_serde *value)
{
    if (!weir__given(sync != NULL, __func__, "sync") ||
        !weir__given(store != NULL, __func__, "store") ||
        !weir__serde_given(key, __func__, "key") || !weir__serde_given(value, __func__, "value")) {
        return (weir_store_view){0};
    }
    return weir__view_make(&sync->driver, store, key, value);
}

weir_rows *weir_sync_rows(weir_sync *sync, const weir_serde *key, const weir_serde *value)
{
    if (!weir__given(sync != NULL, __func__, "sync") || !weir__serde_given(key, __func__, "key") ||
        !weir__serde_given(value, __func__, "value")) {
        return NULL;
    }
    return weir__rows_make(&sync->driver, key, value);
}

/* ---- Time ---- */

int64_t weir_sync_now_ms(const weir_sync *sync)
{
    return weir__given(sync != NULL, __func__, "sync") ? weir__sync_now_ms(&sync->core) : 0;
}

weir_err weir_sync_try_advance(weir_sync *sync, int64_t ms, weir_error *error)
{
    if (sync == NULL) {
        return weir__error_null(error, __func__, "sync");
    }
    if (ms < 0) {
        return weir__error_set(error, WEIR_EINVAL, "the clock cannot go back by %lld ms",
                               -(long long)ms);
    }
    weir_error local;
    return weir__sync_advance(&sync->core, ms, error != NULL ? error : &local);
}

void weir_sync_advance(weir_sync *sync, int64_t ms)
{
    weir_error error;
    if (weir__given(sync != NULL, __func__, "sync") &&
        weir_sync_try_advance(sync, ms, &error) != WEIR_OK) {
        weir__driver_fail(&sync->driver, "%s: %s", __func__, error.message);
    }
}

void weir_sync_commit(weir_sync *sync)
{
    weir_error error;
    if (weir__given(sync != NULL, __func__, "sync") &&
        weir__sync_commit(&sync->core, &error) != WEIR_OK) {
        weir__driver_fail(&sync->driver, "%s: %s", __func__, error.message);
    }
}

/* ---- What happened ---- */

struct first_output {
    const char *topic; /* NULL: no topic after `after` */
    size_t sequence;   /* of the topic's first record that the topology sent */
    size_t after;      /* earlier sequences do not count */
};

static void find_first(const weir__loopback_topic *topic, void *user)
{
    struct first_output *first = user;
    size_t earliest = SIZE_MAX;
    for (int32_t i = 0; i < topic->count; i++) {
        const weir__loopback_partition *partition = &topic->partitions[i];
        int64_t offset = 0;
        while (offset < partition->count && partition->records[offset]->piped) {
            offset++;
        }
        if (offset < partition->count && partition->records[offset]->sequence < earliest) {
            earliest = partition->records[offset]->sequence;
        }
    }
    if (earliest >= first->after && earliest < first->sequence) {
        first->topic = topic->name;
        first->sequence = earliest;
    }
}

void weir_sync_each_output(weir_sync *sync, void (*fn)(const char *topic, void *user), void *user)
{
    struct first_output first = {.after = 0};
    if (!weir__given(sync != NULL, __func__, "sync") || !weir__given(fn != NULL, __func__, "fn")) {
        return;
    }
    do {
        first.topic = NULL;
        first.sequence = SIZE_MAX;
        weir__loopback_each(sync->core.loopback, find_first, &first);
        if (first.topic != NULL) {
            fn(first.topic, user);
            first.after = first.sequence + 1;
        }
    } while (first.topic != NULL);
}

size_t weir_sync_dropped_records(const weir_sync *sync, weir_dropped_records *out, size_t max)
{
    return weir__given(sync != NULL, __func__, "sync")
               ? weir__drop_counts_read(sync->core.instance.drops, out, out != NULL ? max : 0)
               : 0;
}

void weir_sync_fail_at(weir_sync *sync, const char *file, int line, const char *format, ...)
{
    va_list args;
    if (format == NULL) {
        WEIR__AT_PLACE(file, line);
        weir__driver_fail((weir__driver *)sync, "%s: format is NULL", __func__);
        return;
    }
    va_start(args, format);
    weir__driver_vfail((weir__driver *)sync, file, line, format, args);
    va_end(args);
}
