/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of an iteration that work on tasks. */
#include "cluster/worker.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cluster/worker_clients.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"
#include "task/process.h"

#define TASK_SLICE 100          /* at most, of one task before the next one's turn */
#define PROCESS_MAX 1000        /* records between two polls ... */
#define PROCESS_BUDGET_US 50000 /* ... and time, checked after each slice */
#define RETRY_MS 20             /* for a state directory that another thread is about to unlock */
#define RESTORE_WAIT_MS 10

/* ---- When ---- */

static int64_t task_due_ms(weir__task *task, int64_t now_ms)
{
    const weir__record_queue *waits_for = NULL;
    switch (weir__task_wait_reason(task, &waits_for)) {
    case WEIR__WAIT_NONE:
        return now_ms;
    case WEIR__WAIT_IDLE:
        return weir__earlier(waits_for->idle_until_ms,
                             weir__graph_next_punctuation(task->graph, WEIR_WALL_CLOCK_TIME));
    case WEIR__WAIT_EMPTY:
    case WEIR__WAIT_UNKNOWN:
    case WEIR__WAIT_LAG:
        break;
    }
    return weir__graph_next_punctuation(task->graph, WEIR_WALL_CLOCK_TIME);
}

int64_t weir__worker_due_ms(weir__worker *worker)
{
    int64_t now_ms = worker->env.now_ms;
    int64_t due_ms = INT64_MAX;
    bool restores = !weir__restorer_is_idle(&worker->tasks.restorer);
    if (restores && now_ms >= worker->restore_retry.next_ms &&
        now_ms >= worker->tasks.retry.next_ms) {
        return now_ms; /* a slice can be restored at once */
    }
    if (worker->tasks.waits_for_lock || restores) {
        due_ms = weir__add_sat(now_ms, RETRY_MS);
    }
    for (size_t i = 0; i < worker->tasks.count && due_ms > now_ms; i++) {
        weir__task *task = worker->tasks.tasks[i];
        if (task->state == WEIR__TASK_RUNNING) {
            due_ms = weir__earlier(due_ms, task_due_ms(task, now_ms));
        }
    }
    return due_ms;
}

/* ---- Records ---- */

weir_err weir__worker_add(weir__worker *worker, weir__message *message,
                          const weir__message_view *view, weir_error *error)
{
    return weir__task_set_add(&worker->tasks, message, view, error);
}

static void pause_or_resume(weir__task *task, weir__record_queue *queue, void *user)
{
    (void)user;
    bool full = weir__record_queue_size(queue) > task->env->settings.buffered_max;
    if (full != queue->paused &&
        weir__consumer_pause(task->env->consumer,
                             (weir__topic_partition){queue->topic, queue->partition}, full,
                             NULL) == WEIR_OK) {
        queue->paused = full;
    }
}

void weir__worker_pause_full(weir__worker *worker)
{
    weir__task_set_each_queue(&worker->tasks, pause_or_resume, NULL);
}

typedef struct skipping {
    weir__worker *worker;
    weir_err err;
    weir_error *error;
} skipping;

/* auto.offset.reset decides at which offset the queue continues. */
static void skip_deleted(weir__task *task, weir__record_queue *queue, void *user)
{
    skipping *all = user;
    weir__worker *worker = all->worker;
    int64_t start = 0;
    int64_t end = 0;
    if (queue->fetch_offset < 0 ||
        weir__admin_query_offsets(worker->env.admin,
                                  (weir__topic_partition){queue->topic, queue->partition}, &start,
                                  &end, NULL) != WEIR_OK ||
        (queue->fetch_offset >= start && queue->fetch_offset <= end)) {
        return;
    }
    weir__reset reset = weir__task_reset(task, queue);
    if (reset.kind == WEIR__RESET_NONE) {
        all->err = weir__error_set(all->error, WEIR_ERANGE,
                                   "task %s: offset %" PRId64 " of %s-%d does not exist, and "
                                   "auto.offset.reset is none",
                                   task->name, queue->fetch_offset, queue->topic, queue->partition);
        return;
    }
    int64_t to = reset.kind == WEIR__RESET_LATEST ? end : start;
    if (reset.kind == WEIR__RESET_BY_DURATION &&
        weir__task_reset_offset(task, queue, reset, &to, NULL) != WEIR_OK) {
        return;
    }
    weir__log_write(
        worker->env.log, WEIR__LOG_WARNING,
        "%s: task %s: offset %" PRId64 " of %s-%d does not exist, continuing at %" PRId64,
        worker->name, task->name, queue->fetch_offset, queue->topic, queue->partition, to);
    queue->fetch_offset = to;
    if (weir__record_queue_size(queue) == 0) {
        queue->next_offset = to;
        task->touched = true;
    }
}

weir_err weir__worker_skip_missing(weir__worker *worker, weir_error *error)
{
    skipping all = {.worker = worker, .error = error};
    weir__task_set_each_queue(&worker->tasks, skip_deleted, &all);
    worker->tasks.assign_due = true;
    return all.err;
}

static void count_queue(weir__task *task, weir__record_queue *queue, void *user)
{
    (void)task;
    (void)queue;
    ++*(size_t *)user;
}

static void add_position(weir__task *task, weir__record_queue *queue, void *user)
{
    (void)task;
    weir__offset **next = user;
    *(*next)++ =
        (weir__offset){.at = {queue->topic, queue->partition}, .offset = queue->fetch_offset};
}

weir_err weir__worker_positions(const weir__worker *worker, weir__offset **out, size_t *count,
                                weir_error *error)
{
    size_t queues = 0;
    weir__task_set_each_queue(&worker->tasks, count_queue, &queues);
    weir__offset *offsets = calloc(queues + 1, sizeof(*offsets));
    if (offsets == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "assignment");
    }
    weir__offset *next = offsets;
    weir__task_set_each_queue(&worker->tasks, add_position, &next);
    *out = offsets;
    *count = queues;
    return WEIR_OK;
}

/* ---- Process, punctuate ---- */

void weir__worker_fetched(weir__worker *worker)
{
    for (size_t i = 0; i < worker->tasks.count; i++) {
        weir__chooser_refresh(&worker->tasks.tasks[i]->chooser);
    }
}

/* The turn of the next task: up to `max` records of it. */
static weir_err process_next(weir__worker *worker, size_t max, size_t *done, weir_error *error)
{
    weir__task_set *set = &worker->tasks;
    set->turn = set->turn < set->count ? set->turn : 0; /* there may be fewer than before */
    weir__task *task = set->tasks[set->turn++];
    if (task->state != WEIR__TASK_RUNNING) {
        return WEIR_OK;
    }
    weir_err err = weir__task_process(task, max, done, error);
    return err == WEIR_OK ? WEIR_OK : weir__task_set_rebuild_damaged(set, err, error);
}

/* The tasks process in turn. The first slices are small: one record may take minutes, and the next
 * poll must happen within max.poll.interval.ms. The next task's turn is stored between calls, so
 * that the tasks share the time even if a single record uses up the budget. */
weir_err weir__worker_process(weir__worker *worker, weir_error *error)
{
    weir__task_set *set = &worker->tasks;
    int64_t end_us = weir__monotonic_us() + PROCESS_BUDGET_US;
    size_t total = 0;
    size_t idle = 0; /* tasks in a row that had nothing to do */
    weir__worker_fetched(worker);
    while (idle < set->count && total < PROCESS_MAX) {
        size_t done = 0;
        weir_err err =
            process_next(worker, total < TASK_SLICE ? total + 1 : TASK_SLICE, &done, error);
        if (err != WEIR_OK) {
            return err;
        }
        total += done;
        idle++;
        if (done > 0) {
            idle = 0;
            if (weir__monotonic_us() >= end_us) {
                return WEIR_OK;
            }
        }
    }
    return WEIR_OK;
}

/* A task without a decoded record has nothing to process. */
static bool has_records(const weir__task_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->tasks[i]->chooser.count > 0) {
            return true;
        }
    }
    return false;
}

weir_err weir__worker_process_one(weir__worker *worker, bool *done, weir_error *error)
{
    weir_err err = WEIR_OK;
    size_t count = 0;
    *done = false;
    if (!has_records(&worker->tasks)) {
        return WEIR_OK;
    }
    for (size_t i = 0; i < worker->tasks.count && count == 0 && err == WEIR_OK; i++) {
        err = process_next(worker, 1, &count, error);
    }
    *done = count > 0;
    return err;
}

weir_err weir__worker_punctuate(weir__worker *worker, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < worker->tasks.count && err == WEIR_OK; i++) {
        if (worker->tasks.tasks[i]->state == WEIR__TASK_RUNNING) {
            err = weir__task_punctuate(worker->tasks.tasks[i], error);
        }
    }
    return weir__task_set_rebuild_damaged(&worker->tasks, err, error);
}

/* ---- Commit ---- */

bool weir__worker_commit_is_due(const weir__worker *worker)
{
    int64_t now_ms = worker->env.now_ms;
    if (now_ms < worker->commit_retry.next_ms) {
        return false;
    }
    if (weir__sub_sat(now_ms, worker->committed_ms) >= worker->instance->commit_interval_ms ||
        worker->commit_retry.since_ms != 0) {
        return true;
    }
    for (size_t i = 0; i < worker->tasks.count; i++) {
        if (worker->tasks.tasks[i]->commit_requested) {
            return true;
        }
    }
    return false;
}

static void purge_queue(weir__task *task, weir__record_queue *queue, void *user)
{
    (void)task;
    weir__worker *worker = user;
    if (queue->repartition && queue->committed_offset > 0) {
        weir__purger_ask(worker->instance->purger,
                         (weir__topic_partition){queue->topic, queue->partition},
                         queue->committed_offset);
    }
}

weir_err weir__worker_commit(weir__worker *worker, weir_error *error)
{
    const weir__instance *instance = worker->instance;
    int64_t now_ms = worker->env.now_ms;
    if (instance->purger != NULL &&
        weir__sub_sat(now_ms, worker->purged_ms) >= instance->purge_interval_ms) {
        /* Before the commit: the purge covers only offsets of earlier commits. */
        weir__task_set_each_queue(&worker->tasks, purge_queue, worker);
        worker->purged_ms = now_ms;
    }
    weir_err err = weir__worker_commit_tasks(worker, error);
    worker->committed_ms = now_ms;
    if (err != WEIR_OK) {
        weir__log_write(worker->env.log, WEIR__LOG_WARNING, "%s: commit: %s", worker->name,
                        error->message);
    }
    if (err == WEIR_EFENCED) {
        return err;
    }
    return weir__retry_note(&worker->commit_retry, err, error, now_ms, instance->task_timeout_ms);
}

void weir__worker_note_used(weir__worker *worker)
{
    int64_t now_ms = worker->env.now_ms;
    if (weir__sub_sat(now_ms, worker->noted_ms) < worker->instance->note_used_ms) {
        return;
    }
    for (size_t i = 0; i < worker->tasks.count; i++) {
        const weir__task *task = worker->tasks.tasks[i];
        if (task->locked) {
            weir__directory_note_used(worker->env.directory, task->name, now_ms);
        }
    }
    worker->noted_ms = now_ms;
}

/* ---- Restore ---- */

static bool can_process(const weir__worker *worker)
{
    for (size_t i = 0; i < worker->tasks.count; i++) {
        weir__task *task = worker->tasks.tasks[i];
        if (task->state == WEIR__TASK_RUNNING &&
            weir__task_wait_reason(task, NULL) == WEIR__WAIT_NONE) {
            return true;
        }
    }
    return false;
}

weir_err weir__worker_restore(weir__worker *worker, weir_error *error)
{
    weir_err err = weir__task_set_advance(&worker->tasks, error);
    int64_t now_ms = worker->env.now_ms;
    if (err != WEIR_OK || weir__restorer_is_idle(&worker->tasks.restorer) ||
        now_ms < worker->restore_retry.next_ms) {
        return err;
    }
    int64_t timeout_ms =
        can_process(worker) ? 0 : weir__earlier(worker->instance->poll_ms, RESTORE_WAIT_MS);
    err = weir__restorer_slice(&worker->tasks.restorer, timeout_ms, error);
    err = weir__task_set_rebuild_damaged(&worker->tasks, err, error);
    if (err != WEIR_OK) {
        weir__log_write(worker->env.log, WEIR__LOG_WARNING, "%s: restore: %s", worker->name,
                        error->message);
    }
    err = weir__retry_note(&worker->restore_retry, err, error, now_ms,
                           worker->instance->task_timeout_ms);
    return err == WEIR_OK ? weir__task_set_advance(&worker->tasks, error) : err;
}

/* ---- Life ---- */

weir_err weir__worker_open(weir__worker *worker, const weir__worker_opts *opts, int64_t now_ms,
                           weir_error *error)
{
    const weir__instance *instance = opts->instance;
    worker->instance = instance;
    worker->name = opts->name;
    worker->number = opts->number;
    worker->env = (weir__task_env){.topology = instance->topology,
                                   .application = instance->application,
                                   .guarantee = weir__config_is_exactly_once(instance->config)
                                                    ? &weir__exactly_once
                                                    : &weir__at_least_once,
                                   .settings = instance->settings,
                                   .directory = instance->directory,
                                   .admin = instance->admin,
                                   .globals = instance->globals,
                                   .log = &instance->log,
                                   .observer = {&instance->opts, opts->name, opts->step},
                                   .placement = instance->placement,
                                   .drops = instance->drops,
                                   .uncommitted = {.max_bytes = instance->uncommitted_bytes},
                                   .now_ms = now_ms};
    worker->commit_retry = worker->restore_retry = (weir__retry){0};
    worker->committed_ms = worker->purged_ms = worker->noted_ms = now_ms;
    weir_err err = WEIR_OK;
    if (instance->cache_bytes != WEIR__NO_CACHE) {
        err = weir__cache_new(instance->cache_bytes, &worker->env.cache);
    }
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "record cache");
    }
    return weir__worker_open_clients(worker, &opts->events, error);
}

void weir__worker_close(weir__worker *worker)
{
    weir__worker_close_clients(worker);
    weir__arena_fini(&worker->env.commit);
    weir__cache_free(worker->env.cache);
    worker->env.cache = NULL;
}
