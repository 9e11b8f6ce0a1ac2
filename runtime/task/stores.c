/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens a task's stores, layer by layer, and sends their changes to the changelogs. */
#include "task/stores.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "process/headers.h"
#include "state/cache.h"
#include "state/files.h"

#define HASH_START 14695981039346656037ULL
#define HASH_PRIME 1099511628211ULL

static void changelog_delivered(weir_err err, const char *message, int64_t offset, void *user)
{
    weir__changelog_acks *acks = user;
    acks->in_flight--;
    if (err != WEIR_OK) {
        weir__task_output_failed(acks->output, err, "changelog: ", message);
    } else if (offset > acks->acked) {
        acks->acked = offset;
    }
}

static weir_err log_change(void *user, const weir__log_record *change, weir_error *error)
{
    weir__task_store *store = user;
    bool has_time = change->timestamp_ms != WEIR__LOG_TIME_NOT_GIVEN;
    weir__outgoing record = {.topic = store->topic,
                             .partition = store->partition,
                             .timestamp_ms = has_time ? change->timestamp_ms : WEIR__TIME_NOT_GIVEN,
                             .key = change->key,
                             .value = change->value,
                             .internal = true};
    if (change->header_count > 0) {
        record.headers = weir__headers_new(&store->memory, change->headers, change->header_count);
        if (record.headers == NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "store %s", store->spec->name);
        }
    }
    store->acks->in_flight++;
    weir_err err = weir__task_send(store->acks->env, &record, &store->acks->on_delivery, error);
    if (err != WEIR_OK) {
        store->acks->in_flight--;
    }
    weir__arena_reset(&store->memory);
    return err;
}

/* FNV-1a, with the length in front: null and empty, and "a" "bc" and "ab" "c", are not the same. */
static uint64_t hash_bytes(uint64_t hash, weir_slice bytes)
{
    uint64_t len = bytes.data != NULL ? bytes.len : UINT64_MAX;
    hash = (hash ^ len) * HASH_PRIME;
    for (size_t i = 0; bytes.data != NULL && i < bytes.len; i++) {
        hash = (hash ^ ((const uint8_t *)bytes.data)[i]) * HASH_PRIME;
    }
    return hash;
}

/* Reports a change of a store without a changelog, which is no record for the brokers, as a step.
 */
static weir_err trace_change(void *user, const weir__log_record *change, weir_error *error)
{
    const weir__task_store *store = user;
    uint64_t hash = hash_bytes(hash_bytes(HASH_START, change->key), change->value);
    (void)error;
    /* Not weir__step_take, since the thread is still in the step that changed the store. */
    const weir__observer *observer = &store->env->observer;
    weir_step step = weir__step_of(observer, WEIR_STEP_STORE_CHANGE, store->task);
    step.store = store->spec->name;
    step.checksum = (hash ^ (uint64_t)change->timestamp_ms) * HASH_PRIME;
    observer->opts->on_step(&step, observer->opts->user);
    return WEIR_OK;
}

static int64_t change_time(void *user)
{
    const weir__task_store *store = user;
    return weir__graph_record_time_ms(store->graph);
}

/* The thread's acknowledgements for a changelog partition. */
static weir_err find_acks(weir__task_env *env, weir__task_store *store, weir_error *error)
{
    weir_buf name = {0};
    weir__buf_printf(&name, "%s-%d", store->topic, store->partition);
    weir_err err = name.err;
    weir__changelog_acks *acks = NULL;
    if (err == WEIR_OK) {
        acks = weir__map_get(&env->changelogs, weir__buf_slice(&name));
    }
    if (err == WEIR_OK && acks == NULL) {
        acks = calloc(1, sizeof *acks);
        err = acks != NULL ? weir__map_put(&env->changelogs, weir__buf_slice(&name), acks)
                           : WEIR_ENOMEM;
        if (err != WEIR_OK) {
            free(acks);
        }
    }
    weir__buf_fini(&name);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "changelog %s", store->topic);
    }
    if (acks->in_flight > 0) {
        /* A task was closed while its records were in flight. Their delivery reports must arrive
         * before the changelog is read. */
        return weir__error_set(error, WEIR_ERETRY, "changelog %s-%d: %zu records are under way",
                               store->topic, store->partition, acks->in_flight);
    }
    acks->env = env;
    acks->output = store->output;
    acks->on_delivery = (weir__delivery){.fn = changelog_delivered, .user = acks};
    acks->acked = WEIR__NO_OFFSET;
    store->acks = acks;
    return WEIR_OK;
}

/* Opens the store; a damaged database is wiped first. */
static weir_err open_or_wipe(const weir__task_store *store, const weir__store_plan *plan,
                             weir__store_layers *out, weir_error *error)
{
    const weir__task_env *env = store->env;
    int index = store->spec->index;
    weir_error opened = {0};
    weir_err err = weir__graph_open_store(store->graph, index, plan, out, &opened);
    if (err == WEIR_ECORRUPT && plan->directory != NULL) {
        weir__log_write(
            env->log, WEIR__LOG_WARNING, "%s: task %s: store %s is damaged: '%s' is wiped%s: %s",
            env->observer.thread, store->task, store->spec->name, plan->directory,
            store->topic != NULL ? " and restored from its changelog" : "", opened.message);
        err = weir__remove_directory(plan->directory, error);
        return err == WEIR_OK ? weir__graph_open_store(store->graph, index, plan, out, error) : err;
    }
    if (err != WEIR_OK) {
        weir__error_set(error, err, "%s", opened.message);
    }
    return err;
}

static weir_err open_layers(weir__task_store *store, const weir__changelog_sink *sink,
                            weir_error *error)
{
    const weir__task_env *env = store->env;
    const char *name = store->spec->name;
    char *path = NULL;
    weir_buf offset_key = {0};
    if (store->persistent) {
        path = weir__directory_store_path(env->directory, store->task, name);
        weir__buf_printf(&offset_key, "%s-%d", store->topic != NULL ? store->topic : name,
                         store->partition);
    }
    weir__store_layers layers = {0};
    bool exactly_once = env->settings.uncommitted_stores;
    weir__store_plan plan = {.directory = path,
                             .offset_key = weir__buf_text(&offset_key),
                             .buffered = true,
                             .uncommitted = exactly_once ? &store->env->uncommitted : NULL,
                             .exact = exactly_once && store->topic != NULL,
                             .sink = sink,
                             .cache = env->cache};
    weir_err err = (path == NULL && store->persistent) || offset_key.err != WEIR_OK
                       ? weir__error_set(error, WEIR_ENOMEM, "store %s", name)
                       : open_or_wipe(store, &plan, &layers, error);
    store->inner = layers.base;
    weir__buf_fini(&offset_key);
    free(path);
    return err;
}

static weir_err open_store(weir__task_store *store, weir_error *error)
{
    const weir__store_spec *spec = store->spec;
    weir__task_env *env = store->env;
    weir_err err = WEIR_OK;
    store->covered = WEIR__NO_OFFSET;
    store->partition_time_ms = -1;
    if (spec->source_topic != NULL) {
        store->topic = strdup(spec->source_topic);
        if (store->topic == NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "store %s", spec->name);
        }
    }
    if (spec->logging) {
        store->topic = weir__changelog_name(env->application, spec->name);
        if (store->topic == NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "store %s", spec->name);
        }
        err = find_acks(env, store, error);
    }
    bool traced = !spec->logging && weir__step_is_seen(&env->observer);
    weir__changelog_sink sink = {
        .log = traced ? trace_change : log_change, .now_ms = change_time, .user = store};
    return err == WEIR_OK ? open_layers(store, spec->logging || traced ? &sink : NULL, error) : err;
}

static bool is_persistent(const weir__task_stores *stores, const weir__store_spec *spec)
{
    return spec->backend == WEIR_BACKEND_DEFAULT ? !stores->env->settings.memory_stores
                                                 : spec->backend == WEIR_BACKEND_ROCKSDB;
}

weir_err weir__task_stores_open(weir__task_stores *stores, const weir__subtopology *sub,
                                int32_t partition, weir__graph *graph, weir_error *error)
{
    stores->items = calloc(sub->store_count + 1, sizeof(*stores->items));
    if (stores->items == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "stores");
    }
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < sub->store_count && err == WEIR_OK; i++) {
        weir__task_store *store = &stores->items[i];
        const weir__store_spec *spec = &stores->env->topology->stores[sub->stores[i]];
        store->spec = spec;
        store->partition = partition;
        store->graph = graph;
        store->env = stores->env;
        store->task = stores->task;
        store->output = stores->output;
        store->persistent = is_persistent(stores, spec);
        stores->count = i + 1;
        err = open_store(store, error);
    }
    return err;
}

void weir__task_stores_fini(weir__task_stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        free(stores->items[i].topic);
        weir__arena_fini(&stores->items[i].memory);
    }
    free(stores->items);
    stores->items = NULL;
    stores->count = 0;
}

weir_err weir__task_stores_commit(weir__task_stores *stores, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < stores->count && err == WEIR_OK; i++) {
        const weir__task_store *store = &stores->items[i];
        int64_t offset = store->acks != NULL ? store->acks->acked : store->covered;
        bool known = offset != WEIR__NO_OFFSET;
        err = weir__kv_commit(store->inner, offset,
                              known ? stores->env->now_ms : WEIR__TIME_UNKNOWN, error);
    }
    return err;
}

weir_err weir__task_stores_rollback(weir__task_stores *stores, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < stores->count && err == WEIR_OK; i++) {
        const weir__task_store *store = &stores->items[i];
        err = weir__kv_rollback(weir__graph_store_top(store->graph, store->spec->index), error);
        if (err != WEIR_OK) {
            weir__error_prefix(error, err, "store %s: rollback", store->spec->name);
        }
    }
    return err;
}

void weir__task_stores_discard(weir__task_stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        if (!stores->items[i].spared) {
            weir__kv_discard(stores->items[i].inner);
        }
    }
}

void weir__task_stores_spare(weir__task_stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        weir__task_store *store = &stores->items[i];
        store->spared =
            store->topic == NULL && store->inner != NULL && !weir__kv_is_damaged(store->inner);
    }
}

void weir__task_stores_wipe(weir__task_stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        weir__task_store *store = &stores->items[i];
        if (!store->persistent || store->spared) {
            continue;
        }
        char *path =
            weir__directory_store_path(stores->env->directory, stores->task, store->spec->name);
        weir_error error = {0};
        if (path == NULL || weir__remove_directory(path, &error) != WEIR_OK) {
            weir__log_write(
                stores->env->log, WEIR__LOG_ERROR, "%s: task %s: store %s cannot be deleted: %s",
                stores->env->observer.thread, stores->task, store->spec->name, error.message);
        }
        free(path);
    }
}
