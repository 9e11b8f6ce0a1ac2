/* SPDX-License-Identifier: Apache-2.0
 *
 * The public functions of the synchronous driver. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/error.h"
#include "sync/driver.h"

#define REMARKS_MAX 32

/* ---- Operations for weir__driver ---- */

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

/* One record whose warning is shown needs no count. */
static bool is_said(const weir__warnings *warnings, const weir_dropped_records *dropped)
{
    char what[WEIR__WARNING_SIZE];
    snprintf(what, sizeof what, "dropped a record: node '%s'", dropped->node);
    return dropped->count == 1 && weir__warnings_have(warnings, what);
}

/* What was dropped, and the warnings. */
static void remark(weir__driver *driver, weir_buf *out)
{
    const weir__warnings *warnings = &weir__sync_of(driver)->core.warnings;
    weir_dropped_records dropped[REMARKS_MAX];
    size_t count =
        weir__drop_counts_read(weir__sync_of(driver)->core.instance.drops, dropped, REMARKS_MAX);
    for (size_t i = 0; i < count && i < REMARKS_MAX; i++) {
        if (is_said(warnings, &dropped[i])) {
            continue;
        }
        weir__buf_printf(out, "\n  node '%s' dropped %" PRIu64 " records: %s", dropped[i].node,
                         dropped[i].count, weir_drop_reason_str(dropped[i].reason));
    }
    if (count > REMARKS_MAX) {
        weir__buf_printf(out, "\n  and %zu more counts of dropped records", count - REMARKS_MAX);
    }
    weir__warnings_put(warnings, "\n  said: ", "", out);
}

static int64_t now_ms(const weir__driver *driver)
{
    return weir__sync_now_ms(&weir__sync_of(driver)->core);
}

static int32_t partitions(weir__driver *driver, const char *topic)
{
    const weir__loopback_topic *found =
        weir__loopback_find(weir__sync_of(driver)->core.loopback, topic);
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
    weir__loopback_each(weir__sync_of(driver)->core.loopback, pass_topic,
                        &(struct each_topic){fn, user});
}

static weir_err send_record(weir__driver *driver, const weir__outgoing *record, weir_error *error)
{
    weir_error local;
    return weir__sync_pipe(&weir__sync_of(driver)->core, record, error != NULL ? error : &local);
}

static const weir__loopback_partition *find_partition(weir__driver *driver, const char *topic,
                                                      int32_t partition)
{
    const weir__loopback_topic *found =
        weir__loopback_find(weir__sync_of(driver)->core.loopback, topic);
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
        weir__message_view view = weir__loopback_view(found->records[i]);
        err = fn(&view, user);
    }
    return err != WEIR_OK ? weir__error_set(error, err, "%s", weir_err_str(err)) : WEIR_OK;
}

static void flush(weir__driver *driver)
{
    (void)driver; /* what is sent is there */
}

const weir__driver_ops weir__sync_driver_ops = {
    .keeps_records = true,
    .fixed_partitions = true,
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
    .look = weir__sync_look,
};

/* ---- Life ---- */

static weir_err configure(weir_sync *sync, const weir_sync_opts *opts, weir_error *error)
{
    weir_err err = weir__error_pairs(error, opts->config, "weir_sync_opts.config");
    const char *application = opts->application != NULL ? opts->application : "app";
    if (err != WEIR_OK) {
        return err;
    }
    sync->config = weir__must(weir_config_new());
    /* Nobody connects to the servers; the setting is required. */
    const char *const own[] = {"application.id", application, "bootstrap.servers", "none:1",
                               /* As TopologyTestDriver: nothing waits for the wall clock. */
                               "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", "0",
                               "__emit.interval.ms.kstreams.windowed.aggregation__", "0", NULL};
    err = weir__config_set_list(sync->config, own, error);
    err = err == WEIR_OK ? weir__config_set_list(sync->config, opts->config, error) : err;
    return err == WEIR_OK ? weir__config_check(sync->config, error) : err;
}

static weir_err build(weir_sync *sync, weir_topology_fn topology, const weir_sync_opts *opts,
                      weir_error *error)
{
    *error = (weir_error){0}; /* the caller's may be uninitialised */
    sync->topology = topology != NULL ? topology(sync->config, error)
                                      : opts->build(sync->config, error, opts->build_user);
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

static weir_err check_start(weir_input_time start, weir_error *error)
{
    if (start.given ? start.ms >= 0 : start.ms == 0) {
        return WEIR_OK;
    }
    return weir__error_set(error, WEIR_EINVAL, "weir_sync_opts.start: %s WEIR_AT(%lld)",
                           start.given ? "a wall clock is not before 1970:"
                                       : "a time is given with",
                           (long long)start.ms);
}

/* *out is in the driver's arena. */
static weir_err copy_topics(weir_sync *sync, const weir_sync_opts *opts, weir__topic_count **out,
                            weir_error *error)
{
    if (opts->topics == NULL && opts->topic_count > 0) {
        return weir__error_set(error, WEIR_EINVAL, "weir_sync_opts.topics is NULL");
    }
    weir__topic_count *topics = weir__must(
        weir__arena_alloc(&sync->driver.arena, (opts->topic_count + 1) * sizeof *topics));
    for (size_t i = 0; i < opts->topic_count; i++) {
        const char *name = opts->topics[i].name;
        if (name == NULL) {
            return weir__error_set(error, WEIR_EINVAL, "weir_sync_opts.topics[%zu].name is NULL",
                                   i);
        }
        for (size_t other = 0; other < i; other++) {
            if (strcmp(topics[other].topic, name) == 0) {
                return weir__error_set(error, WEIR_EINVAL,
                                       "weir_sync_opts.topics[%zu]: '%s' is topics[%zu], too", i,
                                       name, other);
            }
        }
        topics[i] = (weir__topic_count){name, opts->topics[i].partitions};
    }
    *out = topics;
    return WEIR_OK;
}

static weir_err open_core(weir_sync *sync, const weir_sync_opts *opts, weir_error *error)
{
    weir__topic_count *topics = NULL;
    if (opts->partitions < 0) {
        return weir__error_set(error, WEIR_EINVAL, "weir_sync_opts.partitions is negative");
    }
    weir_err err = check_start(opts->start, error);
    err = err == WEIR_OK ? copy_topics(sync, opts, &topics, error) : err;
    if (err != WEIR_OK) {
        return err;
    }
    weir__sync_opts core = {
        .topology = sync->topology,
        .config = sync->config,
        .app = opts->app,
        .partitions = opts->partitions,
        .topics = topics,
        .topic_count = opts->topic_count,
        .start_ms = opts->start.given ? opts->start.ms : WEIR_SYNC_START_MS,
        .records_max = opts->records_max > 0 ? opts->records_max : WEIR_SYNC_RECORDS_MAX,
        .bytes_max = opts->bytes_max > 0 ? opts->bytes_max : WEIR_SYNC_BYTES_MAX,
        .commit_interval = opts->commit_interval,
        .discard = sync->directory[0] != '\0'};
    return weir__sync_open(&sync->core, &core, error);
}

weir_sync *weir_sync_new(weir_topology_fn topology, const weir_sync_opts *opts, weir_error *error)
{
    weir_error local;
    weir_sync_opts defaults = {0};
    error = error != NULL ? error : &local;
    opts = opts != NULL ? opts : &defaults;
    weir__driver_not_made(true, opts->on_failure, opts->user);
    if (topology == NULL && opts->build == NULL) {
        weir__error_null(error, __func__, "topology");
        return NULL;
    }
    weir_sync *sync = weir__must(calloc(1, sizeof *sync));
    sync->driver.ops = &weir__sync_driver_ops;
    sync->driver.on_failure = opts->on_failure;
    sync->driver.user = opts->user;
    weir__arena_grow(&sync->driver.arena);
    weir_err err = configure(sync, opts, error);
    if (err == WEIR_OK) {
        err = build(sync, topology, opts, error);
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
           weir__serdes_given(key, value, function);
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
        !weir__serdes_given(key, value, __func__)) {
        return (weir_store_view){0};
    }
    return weir__view_make(&sync->driver, store, key, value);
}

weir_rows *weir_sync_rows(weir_sync *sync, const weir_serde *key, const weir_serde *value)
{
    if (!weir__given(sync != NULL, __func__, "sync") || !weir__serdes_given(key, value, __func__)) {
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
        return weir__error_set(error, WEIR_EINVAL, "%s: %lld ms: the clock cannot go back",
                               __func__, (long long)ms);
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

size_t weir_sync_each_sent(weir_sync *sync, size_t from,
                           void (*fn)(const char *topic, const weir_row *record, void *user),
                           void *user)
{
    size_t number = 0;
    size_t size =
        weir__given(sync != NULL, __func__, "sync") ? weir__loopback_size(sync->core.loopback) : 0;
    for (size_t i = 0; i < size; i++) {
        const weir__loopback_record *record = weir__loopback_at(sync->core.loopback, i);
        if (record->piped || number++ < from || fn == NULL) {
            continue;
        }
        weir__message_view view = weir__loopback_view(record);
        weir_row row = {.key = view.key.data != NULL ? &view.key : NULL,
                        .value = view.value.data != NULL ? &view.value : NULL,
                        .timestamp_ms = view.timestamp_ms,
                        .partition = view.partition,
                        .offset = view.offset,
                        .headers = view.headers,
                        .header_count = view.header_count};
        fn(view.topic, &row, user);
    }
    return number;
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
