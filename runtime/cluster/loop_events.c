/* SPDX-License-Identifier: Apache-2.0
 *
 * The rebalance callbacks of a stream thread, for a generation that begins, ends or is lost. The
 * consumer calls them inside a poll, with the thread's lock held. */
#include "cluster/loop.h"
#include "cluster/subscription.h"
#include "core/error.h"

static void lock(void *user)
{
    weir__stream_thread *thread = user;
    pthread_mutex_lock(&thread->lock);
}

static void unlock(void *user)
{
    weir__stream_thread *thread = user;
    pthread_mutex_unlock(&thread->lock);
}

static void on_joined(const weir__topic_partition *given, size_t count, void *user)
{
    weir__stream_thread *thread = user;
    weir__membership_joined(&thread->membership, given, count);
    thread->worker.tasks.assign_due = true;
}

/* No record may be processed after the commit, so the tasks are suspended at once. After a commit
 * with a temporary failure, the next commit covers its records if the member keeps the task. If the
 * task is revoked, its new owner processes the records since the last commit again. */
static void on_revoked(void *user)
{
    weir__stream_thread *thread = user;
    weir_error error = {0};
    weir_err err = weir__worker_commit_last(&thread->worker, &error);
    if (err != WEIR_OK) {
        weir__log_write(thread->worker.env.log, WEIR__LOG_WARNING, "%s: commit at a rebalance: %s",
                        thread->name, error.message);
    }
    if (err == WEIR_EFENCED) {
        weir__task_set_close(&thread->worker.tasks, false);
        thread->lost = true;
    } else {
        if (err != WEIR_OK && !weir_err_is_retriable(err)) {
            thread->failed = error;
        }
        weir__task_set_suspend(&thread->worker.tasks);
    }
    thread->worker.tasks.assign_due = false;
    weir__membership_left(&thread->membership);
    if (atomic_load(&thread->state) != WEIR__THREAD_STOPPING) {
        weir__stream_thread_set_state(thread, WEIR__THREAD_REBALANCING);
        weir__step(&thread->worker.env.observer, WEIR_STEP_JOIN, NULL, "rebalance");
    }
}

/* Other members own the tasks already, so this thread writes neither records nor offsets. */
void weir__loop_close_lost_tasks(weir__stream_thread *thread)
{
    weir__task_set_close(&thread->worker.tasks, false);
    weir__membership_left(&thread->membership);
    thread->lost = true;
    thread->worker.tasks.assign_due = false;
    if (atomic_load(&thread->state) != WEIR__THREAD_STOPPING) {
        weir__stream_thread_set_state(thread, WEIR__THREAD_REBALANCING);
    }
}

weir_err weir__loop_drop_lost_tasks(weir__stream_thread *thread, weir_error *error)
{
    if (!thread->lost) {
        return WEIR_OK;
    }
    thread->lost = false;
    return weir__worker_renew_producer(&thread->worker, error);
}

weir_err weir__loop_verify_membership(weir__stream_thread *thread, weir_error *error)
{
    if (!thread->stalled || thread->worker.tasks.count == 0) {
        return WEIR_OK;
    }
    thread->stalled = false;
    weir_err err = weir__membership_verify(&thread->membership, error);
    if (err != WEIR_OK) {
        weir__log_write(thread->worker.env.log, WEIR__LOG_WARNING, "%s: after a standstill: %s",
                        thread->name, error->message);
    }
    if (err != WEIR_EFENCED) {
        return WEIR_OK;
    }
    weir__loop_close_lost_tasks(thread);
    return weir__loop_drop_lost_tasks(thread, error);
}

/* Only a fenced transaction leaves the membership as it is. */
weir_err weir__loop_migrate(weir__stream_thread *thread, weir_error *error)
{
    weir__task_env *env = &thread->worker.env;
    bool member = env->guarantee->transactional && !weir__consumer_has_left(env->consumer);
    if (member) {
        weir__log_write(env->log, WEIR__LOG_WARNING,
                        "%s: fenced: its tasks are closed, and it joins the group again: %s",
                        thread->name, error->message);
    }
    weir__loop_close_lost_tasks(thread);
    weir_err err = weir__loop_drop_lost_tasks(thread, error);
    return err == WEIR_OK && member ? weir__subscribe_again(&thread->membership, error) : err;
}

static void on_lost(void *user)
{
    weir__stream_thread *thread = user;
    weir__log_write(thread->worker.env.log, WEIR__LOG_WARNING,
                    "%s: the group went on without this member: its tasks are closed",
                    thread->name);
    weir__loop_close_lost_tasks(thread);
    weir__step(&thread->worker.env.observer, WEIR_STEP_JOIN, NULL, "lost");
}

weir__consumer_events weir__loop_events(weir__stream_thread *thread)
{
    return (weir__consumer_events){.lock = lock,
                                   .unlock = unlock,
                                   .on_joined = on_joined,
                                   .on_revoked = on_revoked,
                                   .on_lost = on_lost,
                                   .user = thread};
}
