/* SPDX-License-Identifier: Apache-2.0
 *
 * Restore. It begins behind the changelog offset that the store keeps beside its rows. It ends at
 * the end offset that the changelog has at the start: the former owner writes no more by then.
 *
 *      log start        offset in the store + 1       position              end
 *   -------|------------------|--------------------------|---------------------|--->
 *                             start                      next to be read */
#include "task/restore_age.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/saturate.h"
#include "task/source_restore.h"

#define BATCH_MAX 1000

weir_err weir__restorer_init(weir__restorer *restorer, weir__task_env *env,
                             const weir__client_opts *consumer)
{
    memset(restorer, 0, sizeof *restorer);
    restorer->env = env;
    restorer->opts = *consumer;
    restorer->client_id = strdup(consumer->client_id);
    restorer->opts.client_id = restorer->client_id;
    return restorer->client_id != NULL ? WEIR_OK : WEIR_ENOMEM;
}

static weir_err make_batch(weir__restorer *restorer, weir_error *error)
{
    void *messages = restorer->messages;
    void *rows = restorer->rows;
    restorer->messages = messages != NULL ? messages : calloc(BATCH_MAX, sizeof(weir__message *));
    restorer->rows = rows != NULL ? rows : calloc(BATCH_MAX, sizeof *restorer->rows);
    bool made = restorer->messages != NULL && restorer->rows != NULL;
    return made ? WEIR_OK : weir__error_set(error, WEIR_ENOMEM, "restore");
}

void weir__restorer_fini(weir__restorer *restorer)
{
    weir_assert(restorer->count == 0);
    weir__consumer_close(restorer->consumer);
    free(restorer->client_id);
    free(restorer->tasks);
    free(restorer->messages);
    free(restorer->rows);
    weir__arena_fini(&restorer->arena);
}

weir_err weir__restorer_add(weir__restorer *restorer, weir__task *task)
{
    weir_assert(task->state == WEIR__TASK_RESTORING);
    if (restorer->count == restorer->capacity) {
        size_t capacity = restorer->capacity > 0 ? 2 * restorer->capacity : 8;
        weir__task **tasks = realloc(restorer->tasks, capacity * sizeof(*tasks));
        if (tasks == NULL) {
            return WEIR_ENOMEM;
        }
        restorer->tasks = tasks;
        restorer->capacity = capacity;
    }
    for (size_t i = 0; i < task->stores.count; i++) {
        weir__task_store *store = &task->stores.items[i];
        store->restore = store->topic != NULL ? WEIR__RESTORE_NONE : WEIR__RESTORE_DONE;
    }
    restorer->tasks[restorer->count++] = task;
    return WEIR_OK;
}

static void report(const weir__restorer *restorer, const weir__task_store *store,
                   weir_restore_event event, int64_t restored)
{
    const weir_app_opts *opts = restorer->env->observer.opts;
    if (opts->on_restore == NULL) {
        return;
    }
    weir_restore_progress progress = {.event = event,
                                      .store = store->spec->name,
                                      .topic = store->topic,
                                      .partition = store->partition,
                                      .start_offset = store->start,
                                      .offset = store->position,
                                      .end_offset = store->end,
                                      .restored = restored};
    opts->on_restore(&progress, opts->user);
}

static void stop_store(weir__restorer *restorer, weir__task_store *store)
{
    weir_assert(store->restore == WEIR__RESTORE_ACTIVE);
    restorer->active--;
    restorer->changed = true;
}

void weir__restorer_remove(weir__restorer *restorer, weir__task *task)
{
    size_t at = 0;
    while (at < restorer->count && restorer->tasks[at] != task) {
        at++;
    }
    if (at == restorer->count) {
        return;
    }
    for (size_t i = 0; i < task->stores.count; i++) {
        weir__task_store *store = &task->stores.items[i];
        if (store->restore == WEIR__RESTORE_ACTIVE) {
            stop_store(restorer, store);
            store->restore = WEIR__RESTORE_NONE;
            report(restorer, store, WEIR_RESTORE_SUSPENDED, store->restored);
        }
    }
    restorer->count--;
    memmove(&restorer->tasks[at], &restorer->tasks[at + 1],
            (restorer->count - at) * sizeof(*restorer->tasks));
}

bool weir__restorer_is_whole(const weir__task *task)
{
    for (size_t i = 0; i < task->stores.count; i++) {
        if (task->stores.items[i].restore != WEIR__RESTORE_DONE) {
            return false;
        }
    }
    return true;
}

static void mark_corrupt(weir__restorer *restorer, weir__task *task, const weir__task_store *store,
                         int64_t offset, int64_t log_start, int64_t log_end)
{
    task->corrupt = true;
    weir__log_write(restorer->env->log, WEIR__LOG_WARNING,
                    "%s: task %s: store %s is wiped and restored anew: it needs offset %" PRId64
                    " of %s-%d, which holds %" PRId64 " to %" PRId64,
                    restorer->env->observer.thread, task->name, store->spec->name, offset,
                    store->topic, store->partition, log_start, log_end);
}

/* After a failure the store keeps an older time, which may cause a full restore. */
static void note_as_of(weir__task_store *store, int64_t ms)
{
    if (weir__kv_commit(store->inner, WEIR__NO_OFFSET, ms, NULL) == WEIR_OK) {
        store->as_of_noted = true;
    }
}

static void finish_store(weir__restorer *restorer, weir__task_store *store)
{
    stop_store(restorer, store);
    store->restore = WEIR__RESTORE_DONE;
    store->position = store->end;
    int64_t last = store->end > 0 ? store->end - 1 : WEIR__NO_OFFSET;
    store->covered = last;
    if (store->acks != NULL) {
        store->acks->acked = last;
    }
    store->as_of_ms = restorer->env->now_ms;
    note_as_of(store, store->as_of_ms);
    report(restorer, store, WEIR_RESTORE_END, store->restored);
}

/* After a temporary failure the store is unchanged; the next slice retries. */
static weir_err begin_store(weir__restorer *restorer, weir__task *task, weir__task_store *store,
                            weir_error *error)
{
    int64_t log_start = 0;
    int64_t log_end = 0;
    weir_err err = weir__admin_query_offsets(
        restorer->env->admin, (weir__topic_partition){store->topic, store->partition}, &log_start,
        &log_end, error);
    if (err != WEIR_OK) {
        return weir__error_prefix(error, err, "task %s: offsets of %s-%d", task->name, store->topic,
                                  store->partition);
    }
    int64_t stored = weir__kv_offset(store->inner);
    int64_t start = stored == WEIR__NO_OFFSET ? log_start : weir__add_sat(stored, 1);
    err = weir__source_restore_bounds(task, store, &start, &log_start, &log_end, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (start < log_start || start > log_end) {
        mark_corrupt(restorer, task, store, start, log_start, log_end);
        return WEIR_OK;
    }
    if (weir__restore_is_outdated(restorer, store, stored, log_end)) {
        weir__restore_mark_outdated(restorer, task, store);
        return WEIR_OK;
    }
    store->start = start;
    store->position = start;
    store->end = log_end;
    store->restored = 0;
    store->restore = WEIR__RESTORE_ACTIVE;
    restorer->active++;
    restorer->changed = true;
    report(restorer, store, WEIR_RESTORE_START, 0);
    return WEIR_OK;
}

static weir_err begin_stores(weir__restorer *restorer, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t t = 0; t < restorer->count && err == WEIR_OK; t++) {
        weir__task *task = restorer->tasks[t];
        for (size_t i = 0; i < task->stores.count && err == WEIR_OK && !task->corrupt; i++) {
            if (task->stores.items[i].restore == WEIR__RESTORE_NONE) {
                err = begin_store(restorer, task, &task->stores.items[i], error);
            }
        }
    }
    return err;
}

/* Calls fn for each store that is being restored. */
static void each_active(weir__restorer *restorer,
                        void (*fn)(weir__restorer *restorer, weir__task *task,
                                   weir__task_store *store, void *user),
                        void *user)
{
    for (size_t t = 0; t < restorer->count; t++) {
        weir__task *task = restorer->tasks[t];
        for (size_t i = 0; i < task->stores.count; i++) {
            if (task->stores.items[i].restore == WEIR__RESTORE_ACTIVE) {
                fn(restorer, task, &task->stores.items[i], user);
            }
        }
    }
}

static void finish_if_read(weir__restorer *restorer, weir__task *task, weir__task_store *store,
                           void *user)
{
    (void)task;
    (void)user;
    bool read = store->position >= store->end;
    if (!read && !restorer->changed) {
        read = weir__consumer_position(restorer->consumer,
                                       (weir__topic_partition){store->topic, store->partition}) >=
               store->end;
    }
    if (read) {
        finish_store(restorer, store);
    }
}

typedef struct offset_list {
    weir__offset *offsets;
    size_t count;
} offset_list;

static void add_to_assignment(weir__restorer *restorer, weir__task *task, weir__task_store *store,
                              void *user)
{
    (void)restorer;
    (void)task;
    offset_list *all = user;
    all->offsets[all->count++] =
        (weir__offset){.at = {store->topic, store->partition}, .offset = store->position};
}

/* A store that has its whole changelog, or whose changelog is empty, needs no consumer. */
static weir_err renew_assignment(weir__restorer *restorer, weir_error *error)
{
    weir_err err = WEIR_OK;
    if (restorer->consumer == NULL && restorer->active == 0) {
        restorer->changed = false;
        return WEIR_OK;
    }
    offset_list all = {.offsets = calloc(restorer->active + 1, sizeof(*all.offsets))};
    if (all.offsets == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "restore");
    }
    each_active(restorer, add_to_assignment, &all);
    if (restorer->consumer == NULL) {
        err = weir__consumer_new(&restorer->opts, WEIR__RESTORE_CONSUMER, NULL, &restorer->consumer,
                                 error);
    }
    if (err == WEIR_OK) {
        err = weir__consumer_assign(restorer->consumer, all.offsets, all.count, error);
    }
    free(all.offsets);
    if (err == WEIR_OK) {
        restorer->changed = false;
    }
    return err;
}

typedef struct store_lookup {
    const weir__message_view *view;
    weir__task *task;
    weir__task_store *store;
} store_lookup;

static void match_store(weir__restorer *restorer, weir__task *task, weir__task_store *store,
                        void *user)
{
    (void)restorer;
    store_lookup *lookup = user;
    if (store->partition == lookup->view->partition &&
        strcmp(store->topic, lookup->view->topic) == 0) {
        lookup->task = task;
        lookup->store = store;
    }
}

/* Applies consecutive records of one partition in one atomic write to the store. */
static weir_err apply_run(weir__restorer *restorer, weir__message **run, size_t count,
                          weir_error *error)
{
    weir__message_view first = weir__message_look(run[0]);
    store_lookup found = {.view = &first};
    each_active(restorer, match_store, &found);
    weir__task_store *store = found.store;
    if (store == NULL) {
        return WEIR_OK; /* of a restore that has ended meanwhile */
    }
    weir_step step = weir__step_of(&restorer->env->observer, WEIR_STEP_RESTORE, found.task->name);
    step.store = store->spec->name;
    step.topic = store->topic;
    step.partition = store->partition;
    step.offset = first.offset;
    weir__step_take(&restorer->env->observer, &step);
    size_t rows = 0;
    int64_t last = weir__sub_sat(store->position, 1);
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        weir__message_view view = weir__message_look(run[i]);
        if (view.offset < store->position || view.offset >= store->end) {
            continue;
        }
        last = view.offset;
        bool keep = false;
        err =
            weir__restore_row(store, &view, &restorer->arena, &restorer->rows[rows], &keep, error);
        rows += keep && err == WEIR_OK ? 1 : 0;
    }
    if (err != WEIR_OK) {
        weir__error_prefix(error, err, "%s-%d@%" PRId64, store->topic, store->partition, last);
    } else if (last >= store->position) {
        err = weir__kv_restore(store->inner, restorer->rows, rows, last, error);
    }
    weir__arena_reset(&restorer->arena);
    if (err != WEIR_OK) {
        return weir__error_prefix(error, err, "task %s: restore of %s", found.task->name,
                                  store->spec->name);
    }
    if (last >= store->position) {
        store->position = weir__add_sat(last, 1);
        if (!store->as_of_noted) {
            note_as_of(store, store->as_of_ms);
        }
        store->restored += (int64_t)rows;
        report(restorer, store, WEIR_RESTORE_BATCH, (int64_t)rows);
    }
    return WEIR_OK;
}

static size_t run_length(weir__message **messages, size_t count)
{
    weir__message_view first = weir__message_look(messages[0]);
    size_t len = 1;
    while (len < count) {
        weir__message_view view = weir__message_look(messages[len]);
        if (view.partition != first.partition || strcmp(view.topic, first.topic) != 0) {
            break;
        }
        len++;
    }
    return len;
}

static weir_err apply(weir__restorer *restorer, size_t count, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < count;) {
        size_t len = run_length(&restorer->messages[i], count - i);
        if (err == WEIR_OK) {
            err = apply_run(restorer, &restorer->messages[i], len, error);
        }
        for (size_t end = i + len; i < end; i++) {
            weir__message_free(restorer->messages[i]);
        }
    }
    return err;
}

/* Handles changelog records that were deleted before they were restored. */
static void check_range(weir__restorer *restorer, weir__task *task, weir__task_store *store,
                        void *user)
{
    (void)user;
    int64_t log_start = 0;
    int64_t log_end = 0;
    if (weir__admin_query_offsets(restorer->env->admin,
                                  (weir__topic_partition){store->topic, store->partition},
                                  &log_start, &log_end, NULL) == WEIR_OK &&
        (store->position < log_start || store->position > log_end)) {
        mark_corrupt(restorer, task, store, store->position, log_start, log_end);
    }
}

bool weir__restorer_is_idle(const weir__restorer *restorer)
{
    return restorer->count == 0 && !restorer->changed;
}

weir_err weir__restorer_slice(weir__restorer *restorer, int64_t timeout_ms, weir_error *error)
{
    weir_err err = begin_stores(restorer, error);
    if (err != WEIR_OK) {
        return err;
    }
    each_active(restorer, finish_if_read, NULL);
    if (restorer->changed) { /* also if no store is left: the consumer would continue to fetch */
        err = renew_assignment(restorer, error);
    }
    if (err == WEIR_OK && restorer->active > 0) {
        err = make_batch(restorer, error);
    }
    if (err != WEIR_OK || restorer->active == 0) {
        return err;
    }
    size_t count = 0;
    err = weir__consumer_poll(restorer->consumer, timeout_ms, restorer->messages, BATCH_MAX, &count,
                              error);
    if (err == WEIR_ERANGE) {
        each_active(restorer, check_range, NULL);
        restorer->changed = true;
        err = WEIR_OK;
    }
    weir_error local = {0};
    weir_err applied = apply(restorer, count, &local);
    if (applied != WEIR_OK) {
        return weir__error_set(error, applied, "%s", local.message);
    }
    each_active(restorer, finish_if_read, NULL);
    return err;
}
