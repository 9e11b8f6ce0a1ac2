/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop of a stream thread. Each iteration, in this order:
 *
 *   1. poll         waits for records, as long as there is nothing else to do; rebalances happen
 *                   inside it: at the end of a generation the tasks are committed and suspended
 *   2. add          records to the tasks' queues, or to the membership; queues that are too full
 *                   are paused
 *   3. process      until the budget is spent or every task waits
 *   4. punctuate    by wall clock (by stream time: inside 3, after the record that makes it due)
 *   5. commit       when it is due, or a processor asked
 *   6. restore      a slice, and start the tasks whose stores are whole
 *   7. membership   speak, lead, take the assignment
 *   8. assign       the partitions of the running tasks, if they changed */
#include "cluster/loop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/internal_topics.h"
#include "core/clock.h"
#include "core/error.h"

#define TASK_SLICE 100          /* at most, of one task before the next one's turn */
#define PROCESS_MAX 1000        /* records between two polls ... */
#define PROCESS_BUDGET_US 50000 /* ... and time, looked at after each slice */
#define RETRY_MS 20             /* for what another thread is about to let go */
#define RESTORE_WAIT_MS 10
#define STANDSTILL_MS 5000 /* within one iteration */

/* ---- 1. poll ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the task has something to do without a new record; now_ms: at once. */
static int64_t task_due_ms(weir__task *task, int64_t now_ms)
{
    const weir__record_queue *who = NULL;
    switch (weir__task_hold(task, &who)) {
    case WEIR__HOLD_NONE:
        return now_ms;
    case WEIR__HOLD_IDLE:
        return least(who->idle_until_ms,
                     weir__graph_next_punctuation(task->graph, WEIR_WALL_CLOCK_TIME));
    case WEIR__HOLD_EMPTY:
    case WEIR__HOLD_UNKNOWN:
    case WEIR__HOLD_LAG:
        break;
    }
    return weir__graph_next_punctuation(task->graph, WEIR_WALL_CLOCK_TIME);
}

static int64_t wait_ms(weir__stream_thread *thread)
{
    int64_t now_ms = thread->env.now_ms;
    int64_t due_ms =
        least(now_ms + thread->instance->poll_ms, weir__membership_due_ms(&thread->membership));
    bool restores = !weir__restorer_is_idle(&thread->tasks.restorer);
    if (restores && now_ms >= thread->restore_patience.next_ms &&
        now_ms >= thread->tasks.patience.next_ms) {
        return 0; /* the slice waits */
    }
    if (thread->tasks.waits_for_lock || restores) {
        due_ms = least(due_ms, now_ms + RETRY_MS);
    }
    for (size_t i = 0; i < thread->tasks.count && due_ms > now_ms; i++) {
        weir__task *task = thread->tasks.tasks[i];
        if (task->state == WEIR__TASK_RUNNING) {
            due_ms = least(due_ms, task_due_ms(task, now_ms));
        }
    }
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

static weir_err poll(weir__stream_thread *thread, size_t *count, weir_error *error)
{
    int64_t timeout_ms = wait_ms(thread);
    weir__step(&thread->env.observer, "poll", NULL, NULL);
    thread->env.polling = true;
    pthread_mutex_unlock(&thread->lock);
    weir_err err = weir__consumer_poll(thread->env.consumer, timeout_ms, thread->messages,
                                       thread->instance->poll_records_max, count, error);
    pthread_mutex_lock(&thread->lock);
    thread->env.polling = false;
    int64_t since_ms = thread->env.now_ms;
    thread->env.now_ms = weir__wall_ms();
    thread->stood_still = thread->env.now_ms - since_ms > timeout_ms + STANDSTILL_MS;
    atomic_store(&thread->polled_ms, thread->env.now_ms);
    thread->polls++;
    weir__producer_poll(thread->env.producer);
    return err;
}

/* ---- 2. add ---- */

static weir_err add(weir__stream_thread *thread, size_t count, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < count; i++) {
        weir__message *message = thread->messages[i];
        weir__message_view view = weir__message_look(message);
        if (strcmp(view.topic, thread->membership.topic) == 0) {
            weir__membership_read(&thread->membership, &view);
            weir__message_free(message);
        } else if (err == WEIR_OK) {
            err = weir__task_set_add(&thread->tasks, message, &view, error);
        } else {
            weir__message_free(message);
        }
    }
    return err;
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

static void refresh(const weir__task_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        weir__chooser_refresh(&set->tasks[i]->chooser);
    }
}

/* Positions below the start of a partition's log: the records between are gone. */
static void skip_what_is_gone(weir__task *task, weir__record_queue *queue, void *user)
{
    weir__stream_thread *thread = user;
    int64_t start = 0;
    int64_t end = 0;
    if (queue->fetch_offset < 0 ||
        weir__admin_query_offsets(thread->env.admin,
                                  (weir__topic_partition){queue->topic, queue->partition}, &start,
                                  &end, NULL) != WEIR_OK ||
        (queue->fetch_offset >= start && queue->fetch_offset <= end)) {
        return;
    }
    weir__log_write(
        thread->env.log, WEIR__LOG_WARNING,
        "%s: task %s: offset %" PRId64 " of %s-%d does not exist, it goes on at %" PRId64,
        thread->name, task->name, queue->fetch_offset, queue->topic, queue->partition, start);
    queue->fetch_offset = start;
    if (weir__record_queue_size(queue) == 0) {
        queue->next_offset = start;
        task->touched = true;
    }
}

static weir_err skip_range(weir__stream_thread *thread)
{
    int64_t start = 0;
    int64_t end = 0;
    weir__task_set_each_queue(&thread->tasks, skip_what_is_gone, thread);
    if (weir__admin_query_offsets(thread->env.admin,
                                  (weir__topic_partition){thread->membership.topic, 0}, &start,
                                  &end, NULL) == WEIR_OK &&
        (thread->membership.position < start || thread->membership.position > end)) {
        thread->membership.position = start;
    }
    thread->tasks.assign_due = true;
    return WEIR_OK;
}

/* What a poll can fail with and go on. */
static weir_err judge_poll(weir__stream_thread *thread, weir_err err, weir_error *error)
{
    if (thread->failed.code != WEIR_OK) {
        *error = thread->failed;
        return thread->failed.code;
    }
    if (err == WEIR_OK) {
        return WEIR_OK;
    }
    weir__log_write(thread->env.log, WEIR__LOG_WARNING, "%s: poll: %s", thread->name,
                    error->message);
    if (err == WEIR_ERANGE) {
        return skip_range(thread);
    }
    if (err == WEIR_EMISSING_TOPIC) { /* a broker that has just started may be mistaken */
        err = weir__source_topics_check(thread->instance, error);
    }
    /* Fenced: on_lost comes, or has come. */
    return weir_err_is_retriable(err) || err == WEIR_EFENCED ? WEIR_OK : err;
}

/* ---- 3. process, 4. punctuate ---- */

/* Each task in its turn, and the first ones with few records: a record may take minutes, and a poll
 * must come within max.poll.interval.ms. Who comes next is remembered, so that tasks share the time
 * even where one record is enough to use it up. */
static weir_err process(weir__stream_thread *thread, weir_error *error)
{
    weir__task_set *set = &thread->tasks;
    int64_t end_us = weir__monotonic_us() + PROCESS_BUDGET_US;
    size_t total = 0;
    size_t idle = 0; /* tasks in a row that had nothing to do */
    while (idle < set->count && total < PROCESS_MAX) {
        weir__task *task = set->tasks[set->turn++ % set->count];
        size_t done = 0;
        idle++;
        if (task->state != WEIR__TASK_RUNNING) {
            continue;
        }
        size_t slice = total < TASK_SLICE ? total + 1 : TASK_SLICE;
        weir_err err = weir__task_process(task, slice, &done, error);
        if (err != WEIR_OK) {
            return weir__task_set_heal(set, err, error);
        }
        total += done;
        thread->processed += done;
        if (done > 0) {
            idle = 0;
            if (weir__monotonic_us() >= end_us) {
                return WEIR_OK;
            }
        }
    }
    return WEIR_OK;
}

static weir_err punctuate(weir__stream_thread *thread, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < thread->tasks.count && err == WEIR_OK; i++) {
        if (thread->tasks.tasks[i]->state == WEIR__TASK_RUNNING) {
            err = weir__task_punctuate(thread->tasks.tasks[i], error);
        }
    }
    return weir__task_set_heal(&thread->tasks, err, error);
}

/* ---- 5. commit ---- */

static bool commit_is_due(const weir__stream_thread *thread)
{
    int64_t now_ms = thread->env.now_ms;
    if (now_ms < thread->commit_patience.next_ms) {
        return false;
    }
    if (now_ms - thread->committed_ms >= thread->instance->commit_interval_ms ||
        thread->commit_patience.since_ms != 0) {
        return true;
    }
    for (size_t i = 0; i < thread->tasks.count; i++) {
        if (thread->tasks.tasks[i]->commit_requested) {
            return true;
        }
    }
    return false;
}

static void purge_queue(weir__task *task, weir__record_queue *queue, void *user)
{
    (void)task;
    weir__stream_thread *thread = user;
    if (queue->repartition && queue->committed_offset > 0) {
        weir__purger_ask(thread->instance->purger,
                         (weir__topic_partition){queue->topic, queue->partition},
                         queue->committed_offset);
    }
}

static weir_err commit(weir__stream_thread *thread, weir_error *error)
{
    int64_t now_ms = thread->env.now_ms;
    if (!commit_is_due(thread)) {
        return WEIR_OK;
    }
    thread->stood_still = weir__wall_ms() - now_ms > STANDSTILL_MS;
    weir_err err = weir__loop_confirm_tasks(thread, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (thread->instance->purger != NULL &&
        now_ms - thread->purged_ms >= thread->instance->purge_interval_ms) {
        /* Before the commit: what is purged was committed a while ago. */
        weir__task_set_each_queue(&thread->tasks, purge_queue, thread);
        thread->purged_ms = now_ms;
    }
    err = weir__task_set_heal(&thread->tasks, weir__task_set_commit(&thread->tasks, error), error);
    thread->committed_ms = now_ms;
    if (err == WEIR_EFENCED) {
        weir__log_write(thread->env.log, WEIR__LOG_WARNING, "%s: commit: %s", thread->name,
                        error->message);
        weir__loop_lose_tasks(thread);
        return weir__loop_forget_lost(thread, error);
    }
    if (err != WEIR_OK) {
        weir__log_write(thread->env.log, WEIR__LOG_WARNING, "%s: commit: %s", thread->name,
                        error->message);
    }
    return weir__patience_bear(&thread->commit_patience, err, error, now_ms,
                               thread->instance->task_timeout_ms);
}

/* ---- 6. restore ---- */

static bool can_process(const weir__stream_thread *thread)
{
    for (size_t i = 0; i < thread->tasks.count; i++) {
        weir__task *task = thread->tasks.tasks[i];
        if (task->state == WEIR__TASK_RUNNING && weir__task_hold(task, NULL) == WEIR__HOLD_NONE) {
            return true;
        }
    }
    return false;
}

static weir_err restore(weir__stream_thread *thread, weir_error *error)
{
    weir_err err = weir__task_set_advance(&thread->tasks, error);
    int64_t now_ms = thread->env.now_ms;
    if (err != WEIR_OK || weir__restorer_is_idle(&thread->tasks.restorer) ||
        now_ms < thread->restore_patience.next_ms) {
        return err;
    }
    int64_t timeout_ms =
        can_process(thread) ? 0 : least(thread->instance->poll_ms, RESTORE_WAIT_MS);
    err = weir__restorer_slice(&thread->tasks.restorer, timeout_ms, error);
    err = weir__task_set_heal(&thread->tasks, err, error);
    if (err != WEIR_OK) {
        weir__log_write(thread->env.log, WEIR__LOG_WARNING, "%s: restore: %s", thread->name,
                        error->message);
    }
    err = weir__patience_bear(&thread->restore_patience, err, error, now_ms,
                              thread->instance->task_timeout_ms);
    return err == WEIR_OK ? weir__task_set_advance(&thread->tasks, error) : err;
}

/* ---- 7. membership ---- */

static weir_err membership(weir__stream_thread *thread, weir_error *error)
{
    const weir__assignment *assignment = NULL;
    if (thread->membership.stop_asked) {
        thread->membership.stop_asked = false;
        thread->instance->on_stop_asked(thread->instance->app);
        return WEIR_OK;
    }
    weir_err err = weir__membership_tick(&thread->membership, &assignment, error);
    if (err != WEIR_OK || assignment == NULL) {
        return err;
    }
    weir_buf detail = {0};
    weir__buf_printf(&detail, "generation %d:", assignment->generation);
    for (size_t i = 0; i < thread->membership.mine->active_count; i++) {
        char name[WEIR__TASK_NAME_SIZE];
        weir__buf_printf(
            &detail, " %s",
            weir__task_name(thread->instance->topology, thread->membership.mine->active[i], name));
    }
    weir__step(&thread->env.observer, "assignment-taken", NULL, weir__buf_text(&detail));
    weir__buf_fini(&detail);
    err = weir__task_set_take(&thread->tasks, assignment, thread->membership.mine, error);
    if (err == WEIR_OK) {
        weir__stream_thread_set_state(thread, WEIR__THREAD_RESTORING);
        err = weir__task_set_advance(&thread->tasks, error);
    }
    return err;
}

static void tell_running(weir__stream_thread *thread)
{
    if (thread->membership.state == WEIR__MEMBER_ASSIGNED && thread->tasks.assignment != NULL) {
        weir__stream_thread_set_state(thread, weir__task_set_is_running(&thread->tasks)
                                                  ? WEIR__THREAD_RUNNING
                                                  : WEIR__THREAD_RESTORING);
    }
}

/* ---- 8. assign ---- */

typedef struct offset_list {
    weir__offset *offsets;
    size_t count;
} offset_list;

static void count_queue(weir__task *task, weir__record_queue *queue, void *user)
{
    (void)task;
    (void)queue;
    ((offset_list *)user)->count++;
}

static void add_queue(weir__task *task, weir__record_queue *queue, void *user)
{
    (void)task;
    offset_list *all = user;
    all->offsets[all->count++] =
        (weir__offset){.at = {queue->topic, queue->partition}, .offset = queue->fetch_offset};
}

static weir_err assign(weir__stream_thread *thread, weir_error *error)
{
    if (!thread->tasks.assign_due || thread->membership.state == WEIR__MEMBER_OUT) {
        return WEIR_OK;
    }
    offset_list all = {0};
    weir__task_set_each_queue(&thread->tasks, count_queue, &all);
    all.offsets = calloc(all.count + 1, sizeof(*all.offsets));
    if (all.offsets == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "assignment");
    }
    all.count = 0;
    weir__task_set_each_queue(&thread->tasks, add_queue, &all);
    all.offsets[all.count++] =
        (weir__offset){.at = {thread->membership.topic, 0}, .offset = thread->membership.position};
    weir_err err = weir__consumer_assign(thread->env.consumer, all.offsets, all.count, error);
    free(all.offsets);
    if (err == WEIR_OK) {
        thread->tasks.assign_due = false;
    }
    return err;
}

/* ---- One iteration ---- */

weir_err weir__loop_once(weir__stream_thread *thread, weir_error *error)
{
    size_t count = 0;
    weir_err err = poll(thread, &count, error);
    weir_error poll_error = *error;
    weir_err added = add(thread, count, error);
    if (added != WEIR_OK) {
        return added;
    }
    err = judge_poll(thread, err, &poll_error);
    if (err != WEIR_OK) {
        *error = poll_error;
        return err;
    }
    err = weir__loop_forget_lost(thread, error);
    if (err == WEIR_OK) {
        err = weir__loop_confirm_tasks(thread, error);
    }
    if (err != WEIR_OK) {
        return err;
    }
    weir__task_set_each_queue(&thread->tasks, pause_or_resume, NULL);
    refresh(&thread->tasks);
    err = process(thread, error);
    weir__task_set_each_queue(&thread->tasks, pause_or_resume, NULL);
    if (err == WEIR_OK) {
        err = punctuate(thread, error);
    }
    if (err == WEIR_OK) {
        err = commit(thread, error);
    }
    if (err == WEIR_OK) {
        err = restore(thread, error);
    }
    if (err == WEIR_OK) {
        err = membership(thread, error);
    }
    if (err == WEIR_OK) {
        err = assign(thread, error);
    }
    if (err == WEIR_OK) {
        tell_running(thread);
    }
    return err;
}
