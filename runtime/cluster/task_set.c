/* SPDX-License-Identifier: Apache-2.0
 *
 * The tasks of a stream thread, from one assignment to the next. */
#include "cluster/task_set_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/task_topics.h"
#include "core/error.h"
#include "core/saturate.h"

#define COMMITTED_TIMEOUT_MS 30000
#define LOCKED_WARN_MS 10000 /* between two log lines */

weir_err weir__task_set_init(weir__task_set *set, const weir__instance *instance,
                             weir__task_env *env, const weir__client_opts *restore_consumer)
{
    memset(set, 0, sizeof *set);
    set->instance = instance;
    set->env = env;
    set->taken_generation = -1;
    return weir__restorer_init(&set->restorer, env, restore_consumer);
}

void weir__task_set_fini(weir__task_set *set)
{
    weir_assert(set->count == 0);
    if (set->env != NULL) {
        weir__restorer_fini(&set->restorer);
    }
    free(set->tasks);
    memset(set, 0, sizeof *set);
}

/* ---- One task ---- */

static weir_err make_task(weir__task_set *set, weir__task_id id, weir__task **out,
                          weir_error *error)
{
    weir__task_topics topics = weir__assigned_topics(set->assignment);
    return weir__task_new(set->env, id, &topics, out, error);
}

static void close_task(weir__task_set *set, weir__task *task, bool clean, bool wipe)
{
    weir__restorer_remove(&set->restorer, task);
    for (size_t i = 0; i < task->queue_count; i++) {
        weir__record_queue *queue = &task->queues[i];
        if (queue->paused) {
            /* The partition must not stay paused after its queue is freed. The call fails only if
             * nothing is assigned. */
            (void)weir__consumer_pause(set->env->consumer,
                                       (weir__topic_partition){queue->topic, queue->partition},
                                       false, NULL);
        }
    }
    weir__task_close(task, clean, wipe);
    weir__task_free(task);
    set->recent_queue = NULL;
    set->assign_due = true;
}

weir_err weir__task_set_replace(weir__task_set *set, size_t at, bool wipe, weir_error *error)
{
    weir__task_id id = set->tasks[at]->id;
    weir__task *fresh = NULL;
    weir_err err = make_task(set, id, &fresh, error);
    if (err == WEIR_OK) {
        close_task(set, set->tasks[at], false, wipe);
        set->tasks[at] = fresh;
    }
    return err;
}

/* ---- Taking an assignment ---- */

static bool is_in(const weir__member_tasks *mine, weir__task_id id)
{
    for (size_t i = 0; i < mine->active_count; i++) {
        if (weir__task_id_compare(mine->active[i], id) == 0) {
            return true;
        }
    }
    return false;
}

static weir__task *find_task(const weir__task_set *set, weir__task_id id)
{
    for (size_t i = 0; i < set->count; i++) {
        if (weir__task_id_compare(set->tasks[i]->id, id) == 0) {
            return set->tasks[i];
        }
    }
    return NULL;
}

static weir_err close_others(weir__task_set *set, const weir__member_tasks *mine, bool consecutive,
                             weir_error *error)
{
    size_t kept = 0;
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < set->count; i++) {
        weir__task *task = set->tasks[i];
        bool keep = is_in(mine, task->id);
        if (keep && err == WEIR_OK) {
            err = weir__task_follow_topics(task, set->assignment, consecutive, &keep, error);
        }
        if (keep) {
            set->tasks[kept++] = task;
        } else {
            close_task(set, task, !task->touched, false);
        }
    }
    set->count = kept;
    return err;
}

static int by_id(const void *a, const void *b)
{
    return weir__task_id_compare((*(weir__task *const *)a)->id, (*(weir__task *const *)b)->id);
}

static weir_err make_missing(weir__task_set *set, const weir__member_tasks *mine, weir_error *error)
{
    weir__task **tasks = realloc(set->tasks, (mine->active_count + 1) * sizeof(*tasks));
    if (tasks == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "tasks");
    }
    set->tasks = tasks;
    for (size_t i = 0; i < mine->active_count; i++) {
        if (find_task(set, mine->active[i]) != NULL) {
            continue;
        }
        weir__task *task = NULL;
        weir_err err = make_task(set, mine->active[i], &task, error);
        if (err != WEIR_OK) {
            return err;
        }
        set->tasks[set->count++] = task;
    }
    qsort(set->tasks, set->count, sizeof(*set->tasks), by_id);
    return WEIR_OK;
}

/* A task that this member owned in every generation resumes at once. If the member did not take the
 * assignment of a generation in between, another member may have run the task; the committed
 * offsets are compared first (`verify`). A task that was still restoring continues in any case. */
static weir_err resume(weir__task_set *set, weir__task *task, bool consecutive)
{
    task->verify = task->graph_open && (task->verify || !consecutive);
    if (task->verify || task->new_topics) {
        return WEIR_OK;
    }
    weir__task_resume(task);
    return task->state == WEIR__TASK_RESTORING ? weir__restorer_add(&set->restorer, task) : WEIR_OK;
}

weir_err weir__task_set_take(weir__task_set *set, const weir__assignment *assignment,
                             const weir__member_tasks *mine, weir_error *error)
{
    bool consecutive = assignment->generation == (int64_t)set->taken_generation + 1;
    set->assignment = assignment;
    set->taken_generation = assignment->generation;
    set->assign_due = true;
    set->retry = (weir__retry){0};
    set->warn_next_ms = weir__add_sat(set->env->now_ms, LOCKED_WARN_MS);
    weir_err err = close_others(set, mine, consecutive, error);
    if (err != WEIR_OK) {
        return err;
    }
    for (size_t i = 0; i < set->count; i++) {
        err = resume(set, set->tasks[i], consecutive);
        if (err != WEIR_OK) {
            return weir__error_set(error, err, "tasks");
        }
    }
    return make_missing(set, mine, error);
}

/* ---- On the way to RUNNING ---- */

static weir_err open_task(weir__task_set *set, weir__task *task, weir_error *error)
{
    weir_err err = weir__task_open(task, error);
    if (err == WEIR_ELOCKED || err == WEIR_ERETRY) {
        set->waits_for_lock = true;
        if (set->env->now_ms >= set->warn_next_ms) {
            weir__log_write(set->env->log, WEIR__LOG_WARNING, "%s: task %s is not free yet: %s",
                            set->env->observer.thread, task->name, error->message);
            set->warn_next_ms = weir__add_sat(set->env->now_ms, LOCKED_WARN_MS);
        }
        return WEIR_OK;
    }
    if (err == WEIR_OK && weir__restorer_add(&set->restorer, task) != WEIR_OK) {
        err = weir__error_set(error, WEIR_ENOMEM, "task %s", task->name);
    }
    return err;
}

static weir_err open_tasks(weir__task_set *set, weir_error *error)
{
    weir_err err = WEIR_OK;
    set->waits_for_lock = false;
    for (size_t i = 0; i < set->count && err == WEIR_OK; i++) {
        if (set->tasks[i]->corrupt) {
            err = weir__task_set_replace(set, i, true, error);
        }
        if (err == WEIR_OK && set->tasks[i]->state == WEIR__TASK_CREATED) {
            err = open_task(set, set->tasks[i], error);
        }
    }
    return err;
}

static bool needs_committed(const weir__task *task)
{
    return task->state == WEIR__TASK_RESTORING
               ? !task->corrupt && weir__restorer_is_whole(task)
               : task->state == WEIR__TASK_SUSPENDED && (task->verify || task->new_topics);
}

static weir_err start_or_resume(weir__task_set *set, size_t at, const weir__offset *committed,
                                weir_error *error)
{
    weir__task *task = set->tasks[at];
    set->assign_due = true;
    if (task->state == WEIR__TASK_RESTORING) {
        weir__restorer_remove(&set->restorer, task);
        return weir__task_start(task, committed, error);
    }
    if (task->new_topics) {
        weir_err started = weir__task_start(task, committed, error);
        task->new_topics = started != WEIR_OK; /* then it is started again */
        return started;
    }
    bool unchanged = false;
    weir_err err = weir__task_unchanged(task, committed, &unchanged, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (!unchanged) {
        return weir__task_set_replace(set, at, false, error);
    }
    task->verify = false;
    weir__task_resume(task);
    return WEIR_OK;
}

/* One request for all tasks that wait for it. */
static weir_err fetch_committed(weir__task_set *set, weir__offset **out, size_t *count,
                                weir_error *error)
{
    size_t most = 0;
    for (size_t i = 0; i < set->count; i++) {
        most += needs_committed(set->tasks[i]) ? set->tasks[i]->queue_count : 0;
    }
    *count = 0;
    *out = calloc(most + 1, sizeof(**out));
    if (*out == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "committed offsets");
    }
    for (size_t i = 0; i < set->count; i++) {
        const weir__task *task = set->tasks[i];
        for (size_t q = 0; needs_committed(task) && q < task->queue_count; q++) {
            (*out)[(*count)++].at =
                (weir__topic_partition){task->queues[q].topic, task->queues[q].partition};
        }
    }
    return weir__consumer_committed(set->env->consumer, *out, *count, COMMITTED_TIMEOUT_MS, error);
}

static weir_err start_tasks(weir__task_set *set, weir_error *error)
{
    bool any = false;
    for (size_t i = 0; i < set->count; i++) {
        any = any || needs_committed(set->tasks[i]);
    }
    if (!any) {
        return WEIR_OK;
    }
    weir__offset *offsets = NULL;
    size_t count = 0;
    weir_err err = fetch_committed(set, &offsets, &count, error);
    bool fetched = err == WEIR_OK;
    size_t at = 0;
    for (size_t i = 0; i < set->count && err == WEIR_OK; i++) {
        if (needs_committed(set->tasks[i])) {
            size_t queues = set->tasks[i]->queue_count;
            err = start_or_resume(set, i, &offsets[at], error);
            at += queues;
        }
    }
    if (fetched) {
        weir__offsets_free(offsets, count);
    }
    free(offsets);
    return err;
}

weir_err weir__task_set_advance(weir__task_set *set, weir_error *error)
{
    int64_t now_ms = set->env->now_ms;
    if (set->assignment == NULL || now_ms < set->retry.next_ms) {
        return WEIR_OK;
    }
    weir_err err = WEIR_OK;
    if (set->env->guarantee->prepare != NULL && !weir__task_set_is_running(set)) {
        err = set->env->guarantee->prepare(set->env, error);
    }
    if (err == WEIR_OK) {
        err = open_tasks(set, error);
    }
    if (err == WEIR_OK) {
        err = start_tasks(set, error);
    }
    if (err != WEIR_OK) {
        weir__log_write(set->env->log, WEIR__LOG_WARNING, "%s: %s", set->env->observer.thread,
                        error->message);
    }
    return weir__retry_note(&set->retry, err, error, now_ms, set->instance->task_timeout_ms);
}

bool weir__task_set_is_running(const weir__task_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->tasks[i]->state != WEIR__TASK_RUNNING) {
            return false;
        }
    }
    return true;
}

bool weir__task_set_flushes(const weir__task_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (weir__graph_flushes(set->tasks[i]->graph)) {
            return true;
        }
    }
    return false;
}

/* ---- Messages ---- */

void weir__task_set_each_queue(const weir__task_set *set,
                               void (*fn)(weir__task *task, weir__record_queue *queue, void *user),
                               void *user)
{
    for (size_t i = 0; i < set->count; i++) {
        weir__task *task = set->tasks[i];
        for (size_t q = 0; task->state == WEIR__TASK_RUNNING && q < task->queue_count; q++) {
            fn(task, &task->queues[q], user);
        }
    }
}

static bool is_for(const weir__record_queue *queue, const weir__message_view *view)
{
    return queue->partition == view->partition && strcmp(queue->topic, view->topic) == 0;
}

weir_err weir__task_set_add(weir__task_set *set, weir__message *message,
                            const weir__message_view *view, weir_error *error)
{
    if (set->recent_queue != NULL && is_for(set->recent_queue, view)) {
        return weir__task_add(set->recent_task, set->recent_queue, message, error);
    }
    for (size_t i = 0; i < set->count; i++) {
        weir__task *task = set->tasks[i];
        for (size_t q = 0; q < task->queue_count; q++) {
            if (is_for(&task->queues[q], view)) {
                set->recent_task = task;
                set->recent_queue = &task->queues[q];
                return weir__task_add(task, &task->queues[q], message, error);
            }
        }
    }
    weir__message_free(message);
    return WEIR_OK;
}

/* ---- Suspend, close ---- */

void weir__task_set_suspend(weir__task_set *set)
{
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        weir__task *task = set->tasks[i];
        if (task->state == WEIR__TASK_CREATED) {
            close_task(set, task, true, false);
            continue;
        }
        weir__restorer_remove(&set->restorer, task);
        if (task->state != WEIR__TASK_SUSPENDED) {
            weir__task_suspend(task);
        }
        set->tasks[kept++] = task;
    }
    set->count = kept;
    set->assignment = NULL;
    set->recent_queue = NULL;
    set->waits_for_lock = false;
}

void weir__task_set_close(weir__task_set *set, bool clean)
{
    for (size_t i = 0; i < set->count; i++) {
        close_task(set, set->tasks[i], clean && !set->tasks[i]->touched, false);
    }
    set->count = 0;
    set->assignment = NULL;
    set->taken_generation = -1;
    set->waits_for_lock = false;
}

/* ---- The join record ---- */

static int64_t progress_of(const weir__task *task)
{
    if (task->graph_open) {
        return WEIR__PROGRESS_RUNNING;
    }
    int64_t sum = 0;
    for (size_t i = 0; i < task->stores.count; i++) {
        const weir__task_store *store = &task->stores.items[i];
        int64_t offset = store->topic != NULL ? weir__kv_offset(store->inner) : WEIR__NO_OFFSET;
        sum = offset != WEIR__NO_OFFSET ? weir__add_sat(sum, weir__add_sat(offset, 1)) : sum;
    }
    return sum;
}

weir_err weir__task_set_progress(const weir__task_set *set, weir__task_progress **out,
                                 size_t *count)
{
    *out = calloc(set->count + 1, sizeof(**out));
    *count = 0;
    for (size_t i = 0; *out != NULL && i < set->count; i++) {
        (*out)[(*count)++] =
            (weir__task_progress){.id = set->tasks[i]->id, .progress = progress_of(set->tasks[i])};
    }
    return *out != NULL ? WEIR_OK : WEIR_ENOMEM;
}
