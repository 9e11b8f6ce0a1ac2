/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop of a stream thread. Each iteration, in this order (2 to 6 are the worker's, worker.h):
 *
 *   1. poll         waits for records while there is nothing else to do; rebalance callbacks run
 *                   inside it: at the end of a generation the tasks are committed and suspended
 *   2. add          adds records to the tasks' queues, or to the membership; pauses queues that
 *                   are too full
 *   3. process      until the budget is spent or every task waits
 *   4. punctuate    by wall clock (by stream time: inside 3, after the record that makes it due)
 *   5. commit       when it is due, or a processor requested it; from time to time the folders of
 *                   the tasks are noted as in use
 *   6. restore      restores a slice, and starts the tasks whose stores are restored
 *   7. membership   sends the join record, leads, takes the assignment
 *   8. assign       assigns the partitions of the running tasks, if they changed */
#include "cluster/loop.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/internal_topics.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"

#define STALL_MS 5000 /* within one iteration */

/* ---- 1. poll ---- */

static int64_t wait_ms(weir__stream_thread *thread)
{
    int64_t now_ms = thread->worker.env.now_ms;
    int64_t due_ms = weir__earlier(weir__add_sat(now_ms, thread->instance->poll_ms),
                                   weir__membership_due_ms(&thread->membership));
    due_ms = weir__earlier(due_ms, weir__worker_due_ms(&thread->worker));
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

static weir_err poll(weir__stream_thread *thread, size_t *count, weir_error *error)
{
    int64_t timeout_ms = wait_ms(thread);
    weir__step(&thread->worker.env.observer, WEIR_STEP_POLL, NULL, NULL);
    thread->worker.env.polling = true;
    weir_err err = weir__consumer_poll(thread->worker.env.consumer, timeout_ms, thread->messages,
                                       thread->instance->poll_records_max, count, error);
    thread->worker.env.polling = false;
    int64_t since_ms = thread->worker.env.now_ms;
    thread->worker.env.now_ms = weir__wall_ms();
    thread->stalled = thread->worker.env.now_ms - since_ms > weir__add_sat(timeout_ms, STALL_MS);
    atomic_store(&thread->polled_ms, thread->worker.env.now_ms);
    thread->polls++;
    weir__producer_poll(thread->worker.env.producer);
    if (thread->worker.env.control != NULL) {
        weir__producer_poll(thread->worker.env.control);
    }
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
            err = weir__worker_add(&thread->worker, message, &view, error);
        } else {
            weir__message_free(message);
        }
    }
    return err;
}

static weir_err skip_range(weir__stream_thread *thread, weir_error *error)
{
    int64_t start = 0;
    int64_t end = 0;
    weir_err err = weir__worker_skip_missing(&thread->worker, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (weir__admin_query_offsets(thread->worker.env.admin,
                                  (weir__topic_partition){thread->membership.topic, 0}, &start,
                                  &end, NULL) == WEIR_OK &&
        (thread->membership.position < start || thread->membership.position > end)) {
        thread->membership.position = start;
    }
    return WEIR_OK;
}

/* WEIR_OK if the thread can continue after this failure of a poll. */
static weir_err check_poll(weir__stream_thread *thread, weir_err err, weir_error *error)
{
    if (thread->failed.code != WEIR_OK) {
        *error = thread->failed;
        return thread->failed.code;
    }
    if (err == WEIR_OK) {
        return WEIR_OK;
    }
    weir__log_write(thread->worker.env.log, WEIR__LOG_WARNING, "%s: poll: %s", thread->name,
                    error->message);
    if (err == WEIR_ERANGE) {
        return skip_range(thread, error);
    }
    if (err == WEIR_EMISSING_TOPIC) { /* a broker that has just started may not know it yet */
        weir__membership_topic_missing(&thread->membership);
        err = weir__source_topics_check(thread->instance, error);
    }
    /* WEIR_EFENCED: the consumer calls on_lost, or has called it. */
    return weir_err_is_retriable(err) || err == WEIR_EFENCED ? WEIR_OK : err;
}

/* ---- 5. commit ---- */

static weir_err commit(weir__stream_thread *thread, weir_error *error)
{
    int64_t now_ms = thread->worker.env.now_ms;
    if (!weir__worker_commit_is_due(&thread->worker)) {
        return WEIR_OK;
    }
    thread->stalled = weir__wall_ms() - now_ms > STALL_MS;
    weir_err err = weir__loop_verify_membership(thread, error);
    if (err != WEIR_OK) {
        return err;
    }
    err = weir__worker_commit(&thread->worker, error);
    return err == WEIR_EFENCED ? weir__loop_migrate(thread, error) : err;
}

/* ---- 3 to 5 ---- */

static weir_err work(weir__stream_thread *thread, weir_error *error)
{
    weir__worker_pause_full(&thread->worker);
    weir_err err = weir__worker_process(&thread->worker, error);
    weir__worker_pause_full(&thread->worker);
    if (err == WEIR_OK) {
        err = weir__worker_punctuate(&thread->worker, error);
    }
    if (err == WEIR_OK) {
        err = commit(thread, error);
    }
    bool failed = thread->worker.env.transaction.failed.code != WEIR_OK;
    err = weir__worker_recover(&thread->worker, err, error);
    return failed && err == WEIR_EFENCED ? weir__loop_migrate(thread, error) : err;
}

/* ---- 7. membership ---- */

/* The step "assignment-taken" with the names of the thread's tasks. */
static weir_err step_with_tasks(const weir__stream_thread *thread, int32_t generation)
{
    const weir__observer *observer = &thread->worker.env.observer;
    size_t count = weir__step_is_seen(observer) ? thread->membership.mine->active_count : 0;
    char(*names)[WEIR__TASK_NAME_SIZE] = calloc(count + 1, sizeof *names);
    const char **tasks = calloc(count + 1, sizeof *tasks);
    weir_err err = names != NULL && tasks != NULL ? WEIR_OK : WEIR_ENOMEM;
    for (size_t i = 0; err == WEIR_OK && i < count; i++) {
        tasks[i] = weir__task_name(thread->instance->topology, thread->membership.mine->active[i],
                                   names[i]);
    }
    if (err == WEIR_OK) {
        weir_step step = weir__step_of(observer, WEIR_STEP_ASSIGNMENT_TAKEN, NULL);
        step.generation = generation;
        step.tasks = tasks;
        step.task_count = count;
        weir__step_take(observer, &step);
    }
    free(tasks);
    free(names);
    return err;
}

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
    err = step_with_tasks(thread, assignment->generation);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "assignment");
    }
    err = weir__task_set_take(&thread->worker.tasks, assignment, thread->membership.mine, error);
    if (err == WEIR_OK) {
        weir__stream_thread_set_state(thread, WEIR__THREAD_RESTORING);
        err = weir__task_set_advance(&thread->worker.tasks, error);
    }
    return err;
}

static void tell_running(weir__stream_thread *thread)
{
    if (thread->membership.state == WEIR__MEMBER_ASSIGNED &&
        thread->worker.tasks.assignment != NULL) {
        weir__stream_thread_set_state(thread, weir__task_set_is_running(&thread->worker.tasks)
                                                  ? WEIR__THREAD_RUNNING
                                                  : WEIR__THREAD_RESTORING);
    }
}

/* ---- 8. assign ---- */

static weir_err assign(weir__stream_thread *thread, weir_error *error)
{
    if (!thread->worker.tasks.assign_due || thread->membership.state == WEIR__MEMBER_OUT) {
        return WEIR_OK;
    }
    weir__offset *offsets = NULL;
    size_t count = 0;
    weir_err err = weir__worker_positions(&thread->worker, &offsets, &count, error);
    if (err != WEIR_OK) {
        return err;
    }
    offsets[count++] =
        (weir__offset){.at = {thread->membership.topic, 0}, .offset = thread->membership.position};
    err = weir__consumer_assign(thread->worker.env.consumer, offsets, count, error);
    free(offsets);
    if (err == WEIR_OK) {
        thread->worker.tasks.assign_due = false;
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
    err = check_poll(thread, err, &poll_error);
    if (err != WEIR_OK) {
        *error = poll_error;
        return err;
    }
    err = weir__loop_drop_lost_tasks(thread, error);
    if (err == WEIR_OK) {
        err = weir__loop_verify_membership(thread, error);
    }
    if (err != WEIR_OK) {
        return err;
    }
    err = work(thread, error);
    weir__worker_note_used(&thread->worker);
    if (err == WEIR_OK) {
        err = weir__worker_restore(&thread->worker, error);
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
