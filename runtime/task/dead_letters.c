/* SPDX-License-Identifier: Apache-2.0
 *
 * The records have Kafka's headers (ExceptionHandlerUtils). There is no stack trace in C: its
 * header names node and task. */
#include "task/dead_letters.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/error.h"
#include "process/headers.h"

#define FLUSH_MS 5000
#define HEADERS 6

void weir__place_print(char out[WEIR__PLACE_MAX], const char *node, const char *task)
{
    snprintf(out, WEIR__PLACE_MAX, "node '%s', task %s", node, task);
}

static void failed(weir__task_env *env, const char *why)
{
    weir__log_write(env->log, WEIR__LOG_ERROR, "%s: a record cannot be written to %s: %s",
                    env->observer.thread, env->settings.dead_letters, why);
}

/* The report of a record that was accepted before: the next commit fails, so that the input is
 * processed again. */
static void on_delivery(weir_err err, const char *message, int64_t offset, void *user)
{
    weir__task_env *env = user;
    (void)offset;
    if (err != WEIR_OK && !env->transaction.aborting) {
        failed(env, message);
        weir__transaction_failed(env, err, message);
        if (env->first_send_failure.code == WEIR_OK) {
            weir__error_set(&env->first_send_failure, err, "%s", message);
        }
    }
}

static weir_err send(weir__task_env *env, const weir__dead_letter *letter, weir__arena *arena,
                     weir_error *error)
{
    const weir_record_metadata *at = &letter->at;
    char exception[WEIR_ERROR_MESSAGE_MAX + 32];
    char partition[16];
    char offset[24];
    snprintf(exception, sizeof exception, "%s: %s", weir_err_name(letter->code), letter->message);
    snprintf(partition, sizeof partition, "%d", (int)at->partition);
    snprintf(offset, sizeof offset, "%" PRId64, at->offset);
    const weir_header items[HEADERS] = {
        {"__streams.errors.exception", weir_slice_of(exception)},
        {"__streams.errors.message", weir_slice_of(letter->message)},
        {"__streams.errors.stacktrace", weir_slice_of(letter->place)},
        {"__streams.errors.topic", weir_slice_of(at->topic)},
        {"__streams.errors.partition", weir_slice_of(partition)},
        {"__streams.errors.offset", weir_slice_of(offset)}};
    weir_headers *headers = weir__headers_new(arena, items, HEADERS);
    if (headers == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "out of memory");
    }
    weir__outgoing out = {.topic = env->settings.dead_letters,
                          .partition = -1,
                          .timestamp_ms = letter->timestamp_ms > 0 ? letter->timestamp_ms : 0,
                          .key = letter->key,
                          .value = letter->value,
                          .headers = headers};
    env->on_dead_letter = (weir__delivery){.fn = on_delivery, .user = env};
    return weir__task_send(env, &out, &env->on_dead_letter, error);
}

bool weir__dead_letter_send(weir__task_env *env, const weir__dead_letter *letter, bool final)
{
    weir__arena arena = {0};
    weir_error error = {0};
    if (env->settings.dead_letters == NULL) {
        return true;
    }
    weir_err err = send(env, letter, &arena, &error);
    if (err == WEIR_OK && final) {
        err = weir__producer_flush(env->producer, FLUSH_MS, &error);
    }
    if (err != WEIR_OK) {
        failed(env, error.message);
    }
    weir__arena_fini(&arena);
    return err == WEIR_OK;
}
