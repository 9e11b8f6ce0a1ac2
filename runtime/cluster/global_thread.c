/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread of the global tables. */
#include "cluster/global_thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/globals.h"
#include "cluster/retry.h"
#include "cluster/thread_name.h"
#include "core/clock.h"
#include "core/error.h"

#define READ_TIMEOUT_MS 300000 /* without any progress, at the start */

struct weir__global_thread {
    const weir__instance *instance;
    char *name;
    pthread_t handle;
    bool started;
    atomic_bool stop;
    atomic_bool ended;
    weir__globals *globals;
};

weir__graph *weir__global_thread_graph(weir__global_thread *thread)
{
    return weir__globals_graph(thread->globals);
}

static weir_err read_all(weir__globals *globals, weir_error *error)
{
    weir_err err = WEIR_OK;
    int64_t now_ms = weir__wall_ms();
    int64_t progress_ms = now_ms;
    while (err == WEIR_OK && !weir__globals_are_read(globals)) {
        size_t count = 0;
        err = weir__globals_poll(globals, now_ms, &count, error);
        now_ms = weir__wall_ms();
        progress_ms = count > 0 ? now_ms : progress_ms;
        if (weir_err_is_retriable(err)) {
            err = WEIR_OK;
        }
        if (err == WEIR_OK && now_ms - progress_ms > READ_TIMEOUT_MS) {
            err = weir__error_set(error, WEIR_ETIMEOUT, "global tables: nothing was read in %d ms",
                                  READ_TIMEOUT_MS);
        }
    }
    return err;
}

static void *run(void *user)
{
    weir__global_thread *thread = user;
    const weir__instance *instance = thread->instance;
    weir__retry retry = {0};
    weir_error error = {0};
    weir_err err = WEIR_OK;
    weir__thread_name_set("GlobalThread");
    while (err == WEIR_OK && !atomic_load(&thread->stop)) {
        size_t count = 0;
        err = weir__globals_poll(thread->globals, weir__wall_ms(), &count, &error);
        err = weir__retry_note(&retry, err, &error, weir__wall_ms(), instance->task_timeout_ms);
    }
    if (err != WEIR_OK) {
        weir__log_write(&instance->log, WEIR__LOG_ERROR, "%s: %s", thread->name, error.message);
        (void)instance->on_failure(instance->app, thread->name, false, &error);
    }
    atomic_store(&thread->ended, true);
    instance->on_thread_state(instance->app);
    return NULL;
}

static weir_err set_name(weir__global_thread *thread, weir_error *error)
{
    weir_buf name = {0};
    weir__buf_printf(&name, "%s-GlobalStreamThread", thread->instance->client_id);
    thread->name = name.err == WEIR_OK ? strdup(weir__buf_text(&name)) : NULL;
    weir__buf_fini(&name);
    return thread->name != NULL ? WEIR_OK : weir__error_set(error, WEIR_ENOMEM, "global tables");
}

weir_err weir__global_thread_open(const weir__instance *instance, weir__global_thread **out,
                                  weir_error *error)
{
    weir__global_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "global tables");
    }
    thread->instance = instance;
    weir_err err = set_name(thread, error);
    if (err == WEIR_OK) {
        err = weir__globals_open(instance, thread->name, weir__wall_ms(), &thread->globals, error);
    }
    if (err == WEIR_OK) {
        err = read_all(thread->globals, error);
    }
    if (err == WEIR_OK) {
        int failed = pthread_create(&thread->handle, NULL, run, thread);
        thread->started = failed == 0;
        if (failed != 0) {
            err = weir__error_set(error, WEIR_ELIMIT, "%s: %s", thread->name, strerror(failed));
        }
    }
    if (err != WEIR_OK) {
        weir__global_thread_close(thread);
        return err;
    }
    *out = thread;
    return WEIR_OK;
}

bool weir__global_thread_has_read(const weir__global_thread *thread, const char *topic,
                                  int32_t partition, int64_t offset)
{
    return weir__globals_have(thread->globals, topic, partition, offset);
}

void weir__global_thread_stop(weir__global_thread *thread)
{
    atomic_store(&thread->stop, true);
}

bool weir__global_thread_has_ended(const weir__global_thread *thread)
{
    return atomic_load(&thread->ended);
}

void weir__global_thread_close(weir__global_thread *thread)
{
    if (thread == NULL) {
        return;
    }
    weir__global_thread_stop(thread);
    if (thread->started) {
        pthread_join(thread->handle, NULL);
    }
    weir__globals_close(thread->globals);
    free(thread->name);
    free(thread);
}
