/* SPDX-License-Identifier: Apache-2.0
 *
 * The delivery reports follow KIP-1065: production.exception.handler decides also about a record
 * that was not delivered in time. */
#include "task/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "task/dead_letters.h"

/* At least, between two openings of a task that is revived: failures may come faster than
 * delivery.timeout.ms, if the producer has few retries. */
#define REVIVE_INTERVAL_US 10000000

bool weir__is_unwritable(weir_err err)
{
    return !weir_err_is_retriable(err) && err != WEIR_EMISSING_TOPIC && err != WEIR_ENOMEM &&
           !weir__ends_transaction(err);
}

/* ---- Delivery reports ---- */

/* The producer has tried until delivery.timeout.ms, so `continue` drops the record then, too. But a
 * transaction without a record that was sent in it cannot be committed. */
static bool may_skip_undelivered(const weir__task_env *env, weir_err err)
{
    return env->settings.skip_unwritable && !env->guarantee->transactional &&
           (weir__is_unwritable(err) || weir_err_is_retriable(err));
}

void weir__task_output_failed(weir__task_output *output, weir_err err, const char *what,
                              const char *message)
{
    weir__task_env *env = output->env;
    if (env->transaction.aborting) {
        return; /* the records of all tasks are dropped */
    }
    if (env->guarantee->transactional && weir__ends_transaction(err)) {
        weir__transaction_failed(env, err, message);
        return;
    }
    weir_error *first =
        weir_err_is_retriable(err) ? &output->undelivered : &env->first_send_failure;
    if (first->code == WEIR_OK) {
        weir__error_set(first, err, "%s%s", what, message);
    }
}

/* The task may be closed, and the input record is not known any more: the place in the log line is
 * the sink's topic. */
static void on_delivery(weir_err err, const char *message, int64_t offset, void *user)
{
    const weir__task_sink *sink = user;
    weir__task_output *output = sink->output;
    weir__task_env *env = output->env;
    (void)offset;
    output->in_flight--;
    if (err == WEIR_OK) {
        return;
    }
    if (may_skip_undelivered(env, err)) {
        weir__dropped dropped = {.node = sink->node->index,
                                 .reason = WEIR_DROP_UNWRITABLE,
                                 .at = {sink->topic, -1, -1},
                                 .why = message};
        weir__drop_count(env->drops, env->log, env->observer.thread, output->task, &dropped);
    } else {
        weir__task_output_failed(output, err, "", message);
    }
}

/* The bytes of such a record; its timestamp and its input record are not known any more. */
static void on_undelivered(const weir__undelivered *record, void *user)
{
    const weir__task_sink *sink = user;
    weir__task_env *env = sink->output->env;
    char place[WEIR__PLACE_MAX];
    weir__place_print(place, sink->node->name, sink->output->task);
    weir__dead_letter letter = {.key = record->key,
                                .value = record->value,
                                .timestamp_ms = env->now_ms,
                                .at = {NULL, -1, -1},
                                .place = place,
                                .code = record->code,
                                .message = record->message};
    if (env->transaction.aborting) {
        return;
    }
    if ((weir__is_unwritable(record->code) || may_skip_undelivered(env, record->code)) &&
        !weir__dead_letter_send(env, &letter, false)) {
        weir__task_output_failed(sink->output, record->code, "", record->message);
    }
}

/* ---- Sinks ---- */

static void free_sink(void *sink)
{
    weir__task_sink *of = sink;
    if (of != NULL) {
        weir__map_fini(&of->topics, free_sink);
        free(of->topic);
        free(of);
    }
}

/* `topic` NULL: the sink chooses its topics. */
static weir__task_sink *new_sink(weir__task_output *output, const weir__node *node,
                                 const weir__topic_ref *topic)
{
    weir__task_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL) {
        return NULL;
    }
    sink->output = output;
    sink->node = node;
    sink->on_delivery = (weir__delivery){on_delivery, sink, on_undelivered};
    if (topic != NULL) {
        sink->topic = weir__topic_name(output->env->application, *topic);
        if (sink->topic == NULL) {
            free(sink);
            return NULL;
        }
    }
    return sink;
}

/* The sink with a topic that its callback chose, made at the topic's first record. */
static weir_err chosen_sink(weir__task_sink *parent, const weir__sent *record,
                            weir__task_sink **out, weir_error *error)
{
    weir__map *topics = &parent->topics;
    *out = weir__map_get_text(topics, record->topic.name);
    if (*out != NULL) {
        return WEIR_OK;
    }
    if (topics->count == WEIR_SINK_TOPICS_MAX) {
        return weir__error_set(error, WEIR_ELIMIT, "a sink that writes to more than %d topics",
                               WEIR_SINK_TOPICS_MAX);
    }
    weir__task_sink *made = new_sink(parent->output, record->sink, &record->topic);
    weir_err err =
        made != NULL ? weir__map_put_text(topics, record->topic.name, made) : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        free_sink(made);
        return weir__error_set(error, err, "topic %s", record->topic.name);
    }
    *out = made;
    return WEIR_OK;
}

weir_err weir__task_output_sink(weir__task_output *output, const weir__sent *record,
                                weir__task_sink **out, weir_error *error)
{
    weir__task_sink **sink = &output->sinks[record->sink->index];
    bool chooses = record->sink->topic_count == 0;
    if (*sink == NULL) {
        *sink = new_sink(output, record->sink, chooses ? NULL : &record->topic);
        if (*sink == NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "topic %s", record->topic.name);
        }
    }
    if (chooses) {
        return chosen_sink(*sink, record, out, error);
    }
    *out = *sink;
    return WEIR_OK;
}

/* ---- Life ---- */

void weir__task_output_free(void *output)
{
    weir__task_output *of = output;
    if (of == NULL) {
        return;
    }
    for (size_t i = 0; of->sinks != NULL && i < of->env->topology->node_count; i++) {
        free_sink(of->sinks[i]);
    }
    free(of->sinks);
    free(of);
}

static weir_err make_output(weir__task_env *env, const char *task, weir__task_output **out)
{
    weir__task_output *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return WEIR_ENOMEM;
    }
    made->env = env;
    snprintf(made->task, sizeof made->task, "%s", task);
    made->sinks = calloc(env->topology->node_count + 1, sizeof(*made->sinks));
    weir_err err =
        made->sinks != NULL ? weir__map_put_text(&env->outputs, task, made) : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        weir__task_output_free(made);
        return err;
    }
    *out = made;
    return WEIR_OK;
}

weir_err weir__task_output_open(weir__task_env *env, const char *task, weir__task_output **out,
                                weir_error *error)
{
    int64_t now_us = weir__monotonic_us();
    weir__task_output *output = weir__map_get_text(&env->outputs, task);
    if (output == NULL && make_output(env, task, &output) != WEIR_OK) {
        return weir__error_set(error, WEIR_ENOMEM, "task %s", task);
    }
    if (output->in_flight > 0) {
        /* They would be written among those of the new task, and their failures would be its. */
        return weir__error_set(error, WEIR_ERETRY, "task %s: %zu records are under way", task,
                               output->in_flight);
    }
    if (output->undelivered.code != WEIR_OK && now_us - output->opened_us < REVIVE_INTERVAL_US) {
        return weir__error_set(error, WEIR_ERETRY, "task %s: it was revived a moment ago", task);
    }
    output->undelivered.code = WEIR_OK;
    output->opened_us = now_us;
    *out = output;
    return WEIR_OK;
}
