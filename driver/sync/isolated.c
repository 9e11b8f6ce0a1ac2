/* SPDX-License-Identifier: Apache-2.0
 *
 * A processor alone: its life, its records, and what it forwards. */
#include "sync/isolated.h"

#include <stdlib.h>

#include "core/error.h"
#include "process/headers.h"

#define NODE_DEFAULT "processor"
#define SOURCE "source"
#define TOPIC "topic"

/* ---- Forwarded records -------------------------------------------------------------------- */

/* A copy of the headers, in the driver's arena. */
static const weir_header *kept_headers(weir__arena *arena, const weir_headers *headers,
                                       size_t count)
{
    weir_header *kept = weir__must(weir__arena_alloc(arena, (count + 1) * sizeof *kept));
    for (size_t i = 0; i < count; i++) {
        kept[i] = weir_headers_at(headers, i);
    }
    return weir__kept_headers(arena, kept, count);
}

static weir_err keep_record(weir_isolated *isolated, const weir_record *in, const char *name,
                            weir_error *error)
{
    weir__driver *driver = &isolated->sync->driver;
    weir_rows *rows = isolated->forwards;
    weir_slice key = {0};
    weir_slice value = {0};
    weir_err err = weir__codec_encode(driver, &driver->arena, rows->key, in->key, &key, error);
    if (err == WEIR_OK) {
        err = weir__codec_encode(driver, &driver->arena, rows->value, in->value, &value, error);
    }
    if (err != WEIR_OK) {
        return err;
    }
    size_t count = weir_headers_count(in->headers);
    weir_row row = {.timestamp_ms = in->timestamp_ms,
                    .partition = -1,
                    .offset = -1,
                    .headers = kept_headers(&driver->arena, in->headers, count),
                    .header_count = count,
                    .child = name};
    return weir__rows_append(rows, key, value, &row, error);
}

static weir_err capture(weir_ctx *ctx, const weir_record *in, void *user)
{
    const weir__child *to = user;
    weir_error error = {0};
    weir_err err = keep_record(to->of, in, to->name, &error);
    return err != WEIR_OK ? weir_fail(ctx, err, "%s", error.message) : WEIR_OK;
}

/* ---- Life --------------------------------------------------------------------------------- */

static weir_topology *build(const weir_config *config, weir_error *error, void *user)
{
    weir_isolated *isolated = user;
    const weir_isolated_opts *opts = &isolated->opts;
    weir_process_opts process = {.name = opts->name, .stores = opts->stores};
    weir_builder *b = weir_builder_new();
    if (opts->add_stores != NULL) {
        opts->add_stores(b, opts->stores_user);
    }
    weir_stream in =
        weir_source(b, TOPIC, opts->key, opts->value, &(weir_source_opts){.name = SOURCE});
    weir_stream out = opts->fixed_key ? weir_process_values(in, opts->out_value, isolated->ops,
                                                            isolated->user, &process)
                                      : weir_process(in, opts->out_key, opts->out_value,
                                                     isolated->ops, isolated->user, &process);
    for (size_t i = 0; i < isolated->child_count; i++) {
        weir_for_each(out, capture, &isolated->children[i],
                      &(weir_named){isolated->children[i].name});
    }
    return weir_build(b, config, error);
}

static weir_err check_opts(const weir_isolated_opts *opts, weir_error *error)
{
    const weir_serde *const serdes[] = {opts->key, opts->value, opts->out_key, opts->out_value};
    static const char *const names[] = {"key", "value", "out_key", "out_value"};
    for (size_t i = 0; i < 4; i++) {
        if (serdes[i] == NULL && i < 2) {
            return weir__error_set(error, WEIR_EINVAL, "weir_isolated_opts.%s is NULL", names[i]);
        }
        if (serdes[i] != NULL && !weir__serde_is_whole(serdes[i])) {
            return weir__error_set(error, WEIR_EINVAL,
                                   "weir_isolated_opts.%s: a serde must have a name, decode, "
                                   "encode and a size of 1 to %d",
                                   names[i], WEIR_SERDE_SIZE_MAX);
        }
    }
    return WEIR_OK;
}

static void set_defaults(weir_isolated *isolated)
{
    static const char *const one_child[] = {"child", NULL};
    weir_isolated_opts *opts = &isolated->opts;
    opts->name = opts->name != NULL ? opts->name : NODE_DEFAULT;
    opts->out_key = opts->out_key != NULL && !opts->fixed_key ? opts->out_key : opts->key;
    opts->out_value = opts->out_value != NULL ? opts->out_value : opts->value;
    opts->children = opts->children != NULL ? opts->children : one_child;
    while (opts->children[isolated->child_count] != NULL) {
        isolated->child_count++;
    }
    isolated->children = weir__must(calloc(isolated->child_count + 1, sizeof *isolated->children));
    for (size_t i = 0; i < isolated->child_count; i++) {
        isolated->children[i] = (weir__child){isolated, opts->children[i]};
    }
}

/* name, value, ..., of the driver before those of the test, which win. Freed by the caller. */
static const char **settings(const char *const *config)
{
    size_t count = 0;
    while (config != NULL && config[count] != NULL) {
        count++;
    }
    const char **all = weir__must(calloc(count + 3, sizeof *all));
    all[0] = "dsl.store";
    all[1] = "memory";
    for (size_t i = 0; i < count; i++) {
        all[i + 2] = config[i];
    }
    return all;
}

static weir_sync *make_driver(weir_isolated *isolated, weir_error *error)
{
    const weir_isolated_opts *opts = &isolated->opts;
    const char **config = settings(opts->config);
    weir_sync_opts sync = {.application = opts->application,
                           .config = config,
                           .start = opts->start,
                           .app = opts->app,
                           .build = build,
                           .build_user = isolated,
                           .on_failure = opts->on_failure,
                           .user = opts->user};
    weir_sync *made = weir_sync_new(NULL, &sync, error);
    free(config);
    return made;
}

static int find_source(const weir_topology *topology)
{
    int found = 0;
    while (topology->nodes[found].kind != WEIR__SOURCE ||
           strcmp(topology->nodes[found].name, SOURCE) != 0) {
        found++; /* it is there: `build` has added it */
    }
    return found;
}

weir_isolated *weir_isolated_new(const weir_processor_ops *ops, void *user,
                                 const weir_isolated_opts *opts, weir_error *error)
{
    weir_error local;
    error = error != NULL ? error : &local;
    weir__driver_not_made(true, opts != NULL ? opts->on_failure : NULL,
                          opts != NULL ? opts->user : NULL);
    if (ops == NULL || opts == NULL) {
        weir__error_null(error, __func__, ops == NULL ? "ops" : "opts");
        return NULL;
    }
    if (check_opts(opts, error) != WEIR_OK) {
        weir__driver_not_made_because(error->message);
        return NULL;
    }
    weir_isolated *isolated = weir__must(calloc(1, sizeof *isolated));
    *isolated = (weir_isolated){.ops = ops, .user = user, .opts = *opts};
    set_defaults(isolated);
    isolated->sync = make_driver(isolated, error);
    if (isolated->sync == NULL) {
        weir_isolated_free(isolated);
        return NULL;
    }
    isolated->source = find_source(isolated->sync->core.topology);
    isolated->from = (weir__input){.topic = TOPIC};
    weir_isolated_forget(isolated);
    weir__isolated_note(isolated);
    return isolated;
}

void weir_isolated_free(weir_isolated *isolated)
{
    if (isolated == NULL) {
        return;
    }
    weir_sync_free(isolated->sync);
    weir__arena_fini(&isolated->record);
    free(isolated->punctuations);
    free(isolated->children);
    free(isolated);
}

/* ---- Records ------------------------------------------------------------------------------ */

void weir_isolated_set_metadata(weir_isolated *isolated, weir_record_metadata metadata)
{
    if (!weir__given(isolated != NULL, __func__, "isolated")) {
        return;
    }
    weir__arena *arena = &isolated->sync->driver.arena;
    const char *topic =
        metadata.topic != NULL ? weir__must(weir__arena_strdup(arena, metadata.topic)) : NULL;
    isolated->from = (weir__input){topic, metadata.partition, metadata.offset};
}

static weir_err encode_side(weir_isolated *isolated, const weir_serde *serde, const void *decoded,
                            const char *side, weir_slice *out, weir_error *error)
{
    weir_err err = weir__codec_check_slice(serde, decoded, error);
    if (err == WEIR_OK) {
        err = weir__codec_encode(&isolated->sync->driver, &isolated->record, serde, decoded, out,
                                 error);
    }
    return err != WEIR_OK ? weir__error_prefix(error, err, "%s", side) : WEIR_OK;
}

/* Decoded from its bytes, as a source does. */
static weir_err decode(weir_isolated *isolated, const weir_input_record *in, weir_record *out,
                       weir_error *error)
{
    const weir__task *task = weir__isolated_task(isolated);
    int64_t time_ms = in->at.given ? in->at.ms : task->env->now_ms;
    weir_slice key = {0};
    weir_slice value = {0};
    if (!in->at.given && in->at.ms != 0) {
        return weir__error_set(error, WEIR_EINVAL, "a time is given with WEIR_AT(%lld)",
                               (long long)in->at.ms);
    }
    weir_err err = encode_side(isolated, isolated->opts.key, in->key, "key", &key, error);
    if (err == WEIR_OK) {
        err = encode_side(isolated, isolated->opts.value, in->value, "value", &value, error);
    }
    if (err != WEIR_OK) {
        return err;
    }
    const weir_header *headers =
        weir__kept_headers(&isolated->record, in->headers, in->header_count);
    return weir__graph_decode(task->graph, isolated->source, &isolated->from, key, value, time_ms,
                              headers, in->header_count, task->stream_time_ms, &isolated->record,
                              out, error);
}

/* A negative time is that of a record that the timestamp extractor drops. */
static weir_err process(weir_isolated *isolated, const weir_record *record, weir_error *error)
{
    weir__task *task = weir__isolated_task(isolated);
    if (record->timestamp_ms < 0) {
        return WEIR_OK;
    }
    if (record->timestamp_ms > task->stream_time_ms) {
        task->stream_time_ms = record->timestamp_ms;
    }
    weir_err err = weir__graph_process(task->graph, isolated->source, &isolated->from, record,
                                       &isolated->record, error);
    if (err == WEIR_OK &&
        weir__graph_punctuation_is_due(task->graph, WEIR_STREAM_TIME, task->stream_time_ms)) {
        err =
            weir__graph_punctuate(task->graph, WEIR_STREAM_TIME, task->stream_time_ms, NULL, error);
    }
    return err;
}

weir_err weir_isolated_try_process(weir_isolated *isolated, const weir_input_record *record,
                                   weir_error *error)
{
    weir_error local;
    weir_record decoded;
    error = error != NULL ? error : &local;
    if (!weir__given(isolated != NULL, __func__, "isolated") ||
        !weir__given(record != NULL, __func__, "record") ||
        !weir__headers_given(record, __func__)) {
        return weir__error_set(error, WEIR_EINVAL, "%s: an argument is NULL", __func__);
    }
    weir_err err = weir__isolated_begin(isolated, error);
    if (err != WEIR_OK) {
        return err;
    }
    err = decode(isolated, record, &decoded, error);
    err = err == WEIR_OK ? process(isolated, &decoded, error) : err;
    weir__arena_reset(&isolated->record);
    return weir__isolated_end(isolated, err);
}

void weir_isolated_process(weir_isolated *isolated, const weir_input_record *record)
{
    weir_error error;
    if (weir__given(isolated != NULL, __func__, "isolated") &&
        weir__given(record != NULL, __func__, "record") && weir__headers_given(record, __func__)) {
        weir__isolated_must(isolated, weir_isolated_try_process(isolated, record, &error), __func__,
                            &error);
    }
}

/* ---- What is seen ------------------------------------------------------------------------- */

static bool is_child(const weir_isolated *isolated, const char *name)
{
    for (size_t i = 0; i < isolated->child_count; i++) {
        if (strcmp(isolated->children[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

weir_rows *weir_isolated_forwards(weir_isolated *isolated, const char *child)
{
    if (!weir__given(isolated != NULL, __func__, "isolated")) {
        return NULL;
    }
    const weir_rows *all = isolated->forwards;
    weir_rows *rows = weir__rows_make(all->driver, all->key, all->value);
    if (child != NULL && !is_child(isolated, child)) {
        weir__driver_fail(all->driver, "%s: weir_isolated_opts.children has no '%s'", __func__,
                          child);
        return rows;
    }
    for (size_t i = 0; i < all->count; i++) {
        if (child == NULL || strcmp(all->entries[i]->row.child, child) == 0) {
            weir__rows_push(rows, all->entries[i]);
        }
    }
    return rows;
}

bool weir_isolated_commit_requested(const weir_isolated *isolated)
{
    return weir__given(isolated != NULL, __func__, "isolated") && isolated->commit_requested;
}

void weir_isolated_forget(weir_isolated *isolated)
{
    if (!weir__given(isolated != NULL, __func__, "isolated")) {
        return;
    }
    isolated->forwards =
        weir__rows_make(&isolated->sync->driver, isolated->opts.out_key, isolated->opts.out_value);
    isolated->commit_requested = false;
}

weir_store_view weir_isolated_store(weir_isolated *isolated, const char *store,
                                    const weir_serde *key, const weir_serde *value)
{
    return weir__given(isolated != NULL, __func__, "isolated")
               ? weir_sync_store(isolated->sync, store, key, value)
               : (weir_store_view){0};
}

weir_rows *weir_isolated_rows(weir_isolated *isolated, const weir_serde *key,
                              const weir_serde *value)
{
    return weir__given(isolated != NULL, __func__, "isolated")
               ? weir_sync_rows(isolated->sync, key, value)
               : NULL;
}

size_t weir_isolated_dropped_records(const weir_isolated *isolated, weir_dropped_records *out,
                                     size_t max)
{
    return weir__given(isolated != NULL, __func__, "isolated")
               ? weir_sync_dropped_records(isolated->sync, out, max)
               : 0;
}
