/* SPDX-License-Identifier: Apache-2.0
 *
 * The life cycle of a stream thread: it opens the clients, joins the group, runs the loop and
 * closes everything. A thread that is replaced after an error begins again from the start. */
#include "cluster/stream_thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cluster/loop.h"
#include "cluster/thread_name.h"
#include "core/clock.h"
#include "core/error.h"

#define REPLACE_PAUSE_MS 1000 /* before a failed thread starts again */

const char *weir__thread_state_name(weir__thread_state state)
{
    static const char *const names[] = {"STARTING", "REBALANCING", "RESTORING",
                                        "RUNNING",  "STOPPING",    "DEAD"};
    return names[state];
}

void weir__stream_thread_set_state(weir__stream_thread *thread, weir__thread_state to)
{
    static const bool allowed[][6] = {
        /*                            START  REBAL  RESTO  RUN    STOP   DEAD */
        [WEIR__THREAD_STARTING] = {false, true, false, false, true, false},
        [WEIR__THREAD_REBALANCING] = {false, false, true, false, true, false},
        [WEIR__THREAD_RESTORING] = {false, true, false, true, true, false},
        [WEIR__THREAD_RUNNING] = {false, true, true, false, true, false},
        [WEIR__THREAD_STOPPING] = {true, false, false, false, false, true},
        [WEIR__THREAD_DEAD] = {false, false, false, false, false, false},
    };
    weir__thread_state from = atomic_load(&thread->state);
    if (from == to) {
        return;
    }
    weir_assert(allowed[from][to]);
    atomic_store(&thread->state, to);
    weir__log_write(&thread->instance->log, WEIR__LOG_INFO, "%s: %s -> %s", thread->name,
                    weir__thread_state_name(from), weir__thread_state_name(to));
    thread->instance->on_thread_state(thread->instance->app);
}

weir_err weir__stream_thread_init(weir__stream_thread *thread, const weir__instance *instance,
                                  int number)
{
    memset(thread, 0, sizeof *thread);
    thread->instance = instance;
    thread->number = number;
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->wake, NULL);
    thread->messages = calloc(instance->poll_records_max, sizeof(*thread->messages));
    weir_buf name = {0};
    weir__buf_printf(&name, "%s-StreamThread-%d", instance->client_id, number);
    thread->name = name.err == WEIR_OK ? strdup(weir__buf_text(&name)) : NULL;
    weir__buf_fini(&name);
    return thread->name != NULL && thread->messages != NULL ? WEIR_OK : WEIR_ENOMEM;
}

void weir__stream_thread_fini(weir__stream_thread *thread)
{
    weir_assert(!thread->open);
    pthread_cond_destroy(&thread->wake);
    pthread_mutex_destroy(&thread->lock);
    free(thread->messages);
    free(thread->name);
}

static weir_err open_worker(weir__stream_thread *thread, weir_error *error)
{
    thread->failed = (weir_error){0};
    pthread_mutex_lock(&thread->lock);
    thread->enter_retry = (weir__retry){0};
    pthread_mutex_unlock(&thread->lock);
    atomic_store(&thread->step, NULL);
    atomic_store(&thread->polled_ms, weir__wall_ms());
    thread->lost = thread->stalled = false;
    weir__worker_opts opts = {.instance = thread->instance,
                              .name = thread->name,
                              .number = thread->number,
                              .events = weir__loop_events(thread),
                              .step = &thread->step};
    return weir__worker_open(&thread->worker, &opts, weir__wall_ms(), error);
}

/* ---- Life ---- */

static weir_err tell_progress(void *user, weir__task_progress **out, size_t *count)
{
    weir__stream_thread *thread = user;
    return weir__task_set_progress(&thread->worker.tasks, out, count);
}

/* Waits; returns at once if a stop was requested. */
static void pause_ms(weir__stream_thread *thread, int64_t ms)
{
    struct timespec end = weir__wall_deadline(ms);
    int waited = 0;
    pthread_mutex_lock(&thread->lock);
    while (!atomic_load(&thread->stop) && waited == 0) {
        waited = pthread_cond_timedwait(&thread->wake, &thread->lock, &end);
    }
    pthread_mutex_unlock(&thread->lock);
}

/* Joins the group. If the brokers cannot be reached yet, that is retried for task.timeout.ms. */
static weir_err enter_group(weir__stream_thread *thread, weir_error *error)
{
    thread->membership.progress = tell_progress;
    thread->membership.user = thread;
    for (;;) {
        weir_err err = weir__membership_open(&thread->membership, thread->instance,
                                             &thread->worker.env, error);
        if (err == WEIR_OK || atomic_load(&thread->stop)) {
            pthread_mutex_lock(&thread->lock);
            thread->enter_retry = (weir__retry){0};
            pthread_mutex_unlock(&thread->lock);
            return WEIR_OK;
        }
        if (weir_err_is_retriable(err)) {
            weir__error_prefix(error, err, "bootstrap.servers %s",
                               weir__config_text(thread->instance->config, "bootstrap.servers"));
        }
        weir__log_write(&thread->instance->log, WEIR__LOG_WARNING, "%s: %s", thread->name,
                        error->message);
        pthread_mutex_lock(&thread->lock);
        err = weir__retry_note(&thread->enter_retry, err, error, weir__wall_ms(),
                               thread->instance->task_timeout_ms);
        pthread_mutex_unlock(&thread->lock);
        if (err != WEIR_OK) {
            return err;
        }
        pause_ms(thread, WEIR__RETRY_PAUSE_MS);
    }
}

/* Closes all tasks. After an error nothing is committed: the records since the last commit are
 * processed again. */
static void end_tasks(weir__stream_thread *thread, bool failed)
{
    weir_error error = {0};
    bool clean = !failed;
    if (clean) {
        clean = weir__worker_commit_last(&thread->worker, &error) == WEIR_OK;
    }
    if (!failed && !clean) {
        weir__log_write(&thread->instance->log, WEIR__LOG_WARNING, "%s: the last commit failed: %s",
                        thread->name, error.message);
    }
    weir__task_set_close(&thread->worker.tasks, clean);
}

/* Opens the clients, runs the loop, and closes the clients. *reply is the application's reply to a
 * failure. */
static weir_err live(weir__stream_thread *thread, weir_uncaught *reply, weir_error *error)
{
    weir_err err = open_worker(thread, error);
    if (err == WEIR_OK) {
        err = enter_group(thread, error);
    }
    if (err == WEIR_OK && !atomic_load(&thread->stop)) {
        weir__stream_thread_set_state(thread, WEIR__THREAD_REBALANCING);
    }
    pthread_mutex_lock(&thread->lock);
    thread->open = err == WEIR_OK;
    while (err == WEIR_OK && !atomic_load(&thread->stop)) {
        err = weir__loop_once(thread, error);
    }
    weir__stream_thread_set_state(thread, WEIR__THREAD_STOPPING);
    if (thread->worker.open_tasks) {
        end_tasks(thread, err != WEIR_OK);
    }
    thread->open = false;
    pthread_mutex_unlock(&thread->lock);
    if (err != WEIR_OK) {
        weir__log_write(&thread->instance->log, WEIR__LOG_ERROR, "%s: %s", thread->name,
                        error->message);
        *reply = thread->instance->on_failure(thread->instance->app, thread->name, true, error);
        weir_error ignored = {0};
        if (*reply == WEIR_SHUTDOWN_APPLICATION && thread->membership.topic != NULL &&
            weir__membership_ask_stop(&thread->membership, &ignored) != WEIR_OK) {
            weir__log_write(&thread->instance->log, WEIR__LOG_ERROR,
                            "%s: the other instances could not be asked to stop: %s", thread->name,
                            ignored.message);
        }
    }
    weir__worker_close(&thread->worker);
    weir__membership_fini(&thread->membership);
    return err;
}

static void *run(void *user)
{
    weir__stream_thread *thread = user;
    weir__thread_name_set(thread->name);
    for (;;) {
        weir_error error = {0};
        weir_uncaught reply = WEIR_SHUTDOWN_CLIENT;
        if (live(thread, &reply, &error) == WEIR_OK || reply != WEIR_REPLACE_THREAD) {
            break;
        }
        pause_ms(thread, REPLACE_PAUSE_MS);
        if (atomic_load(&thread->stop)) {
            break;
        }
        weir__stream_thread_set_state(thread, WEIR__THREAD_STARTING);
    }
    weir__stream_thread_set_state(thread, WEIR__THREAD_DEAD);
    return NULL;
}

weir_err weir__stream_thread_start(weir__stream_thread *thread, weir_error *error)
{
    int failed = pthread_create(&thread->handle, NULL, run, thread);
    if (failed != 0) {
        return weir__error_set(error, WEIR_ELIMIT, "thread %s: %s", thread->name, strerror(failed));
    }
    atomic_store(&thread->started, true);
    return WEIR_OK;
}

void weir__stream_thread_stop(weir__stream_thread *thread)
{
    atomic_store(&thread->stop, true);
    pthread_cond_signal(&thread->wake); /* without the lock: it may be held for long */
}

void weir__stream_thread_join(weir__stream_thread *thread)
{
    if (atomic_load(&thread->started)) {
        pthread_join(thread->handle, NULL);
        atomic_store(&thread->started, false);
    }
}
