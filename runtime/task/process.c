/* SPDX-License-Identifier: Apache-2.0
 *
 * The path of a record through a task: from the head of a queue through the graph to the producer.
 */
#include "task/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "task/dead_letters.h"
#include "task/sample.h"

/* ---- Queues ---- */

static weir_err decode(void *user, weir__record_queue *queue, const weir__message_view *raw,
                       weir_record *out, weir_error *error)
{
    weir__task *task = user;
    weir__sample_key(task, queue, raw->key);
    return weir__graph_decode(task->graph, queue->source, &queue->from, raw->key, raw->value,
                              raw->timestamp_ms, raw->headers, raw->header_count,
                              queue->partition_time_ms, &queue->arena, out, error);
}

static void on_dropped(void *user, const weir__dropped *dropped)
{
    weir__task *task = user;
    const weir__task_env *env = task->env;
    task->touched = true;
    weir__drop_count(env->drops, env->log, env->observer.thread, task->name, dropped);
}

static void on_left_open(void *user, const weir__node *node, const weir__store_spec *store)
{
    const weir__task *task = user;
    const weir__task_env *env = task->env;
    weir__left_open_warn(env->drops, env->log, env->observer.thread, task->name, node, store);
}

/* The head of a queue. */
static weir__dropped dropped_head(const weir__record_queue *queue, weir_drop_reason reason)
{
    const weir__input *from = &queue->from;
    return (weir__dropped){.node = queue->source,
                           .reason = reason,
                           .at = {from->topic, from->partition, from->offset}};
}

static void without_time(void *user, weir__record_queue *queue)
{
    weir__dropped dropped = dropped_head(queue, WEIR_DROP_NEGATIVE_TIMESTAMP);
    on_dropped(user, &dropped);
}

/* The error names node, task and place already. */
static weir_err undecodable(void *user, weir__record_queue *queue, weir_error *error)
{
    weir__task *task = user;
    const weir__node *source = &task->env->topology->nodes[queue->source];
    const weir__message_view raw = *queue->ops->look(queue->head);
    char place[WEIR__PLACE_MAX];
    weir__place_print(place, source->name, task->name);
    weir__dead_letter letter = {.key = raw.key,
                                .value = raw.value,
                                .timestamp_ms = raw.timestamp_ms,
                                .at = {queue->topic, queue->partition, raw.offset},
                                .place = place,
                                .code = WEIR_EDECODE,
                                .message = error->message};
    bool skip = task->env->settings.skip_undecodable;
    if (!weir__dead_letter_send(task->env, &letter, !skip) || !skip) {
        return WEIR_EDECODE;
    }
    weir__dropped dropped = dropped_head(queue, WEIR_DROP_UNDECODABLE);
    dropped.why = error->message;
    dropped.complete = true;
    on_dropped(task, &dropped);
    return WEIR_OK;
}

static const weir__message_view *look(const weir__message *message)
{
    return &message->view;
}

const weir__record_queue_ops weir__task_queue_ops = {.look = look,
                                                     .free = weir__message_free,
                                                     .decode = decode,
                                                     .undecodable = undecodable,
                                                     .without_time = without_time};

int64_t weir__task_lag(void *user, const weir__record_queue *queue)
{
    const weir__task *task = user;
    weir__topic_partition at = {queue->topic, queue->partition};
    int64_t end = weir__consumer_end_offset(task->env->consumer, at);
    int64_t position = weir__consumer_position(task->env->consumer, at);
    if (end < 0 || position < 0) {
        return -1;
    }
    return position < end ? end - position : 0;
}

/* ---- Host of the graph ---- */

static weir_err topic_of(void *user, const weir__sent *record, const char **topic,
                         int32_t *partitions, weir_error *error)
{
    const weir__task *task = user;
    weir__task_sink *sink = NULL;
    weir_err err = weir__task_output_sink(task->output, record, &sink, error);
    if (err == WEIR_OK) {
        err = weir__producer_partitions(task->env->producer, sink->topic, partitions, error);
    }
    if (err == WEIR_OK) {
        *topic = sink->topic;
    }
    return err;
}

static weir_err send(void *user, const weir__sent *record, weir_error *error)
{
    weir__task *task = user;
    weir__task_env *env = task->env;
    weir__task_sink *sink = NULL;
    weir_err found = weir__task_output_sink(task->output, record, &sink, error);
    if (found != WEIR_OK) {
        return found;
    }
    weir__outgoing out = {.topic = sink->topic,
                          .partition = record->partition,
                          .timestamp_ms = record->timestamp_ms,
                          .key = record->key,
                          .value = record->value,
                          .headers = record->headers,
                          .internal = record->topic.internal};
    weir_error local; /* not cleared: a kilobyte a record */
    task->output->in_flight++;
    weir_err err = weir__task_send(env, &out, &sink->on_delivery, &local);
    if (err != WEIR_OK) {
        task->output->in_flight--;
    }
    if (err != WEIR_OK && weir__is_unwritable(err)) {
        bool skip = env->settings.skip_unwritable;
        char place[WEIR__PLACE_MAX];
        weir__place_print(place, record->sink->name, task->name);
        weir__dead_letter letter = {.key = record->key,
                                    .value = record->value,
                                    .timestamp_ms = record->timestamp_ms,
                                    .at = record->from,
                                    .place = place,
                                    .code = err,
                                    .message = local.message};
        if (weir__dead_letter_send(env, &letter, !skip) && skip) {
            weir__dropped dropped = {.node = record->sink->index,
                                     .reason = WEIR_DROP_UNWRITABLE,
                                     .at = record->from,
                                     .why = local.message};
            on_dropped(task, &dropped);
            return WEIR_OK;
        }
    }
    return err != WEIR_OK ? weir__error_set(error, err, "%s", local.message) : WEIR_OK;
}

static int64_t stream_time(void *user)
{
    const weir__task *task = user;
    return task->stream_time_ms;
}

static int64_t wall_clock(void *user)
{
    const weir__task *task = user;
    return task->env->now_ms;
}

static void request_commit(void *user)
{
    weir__task *task = user;
    task->commit_requested = true;
}

bool weir__is_processing_failure(weir_err err)
{
    switch (err) {
    case WEIR_ENOMEM:
    case WEIR_EOVERRUN:
    case WEIR_EIO:
    case WEIR_ECORRUPT:
    case WEIR_EBROKER:
    case WEIR_EFENCED:
    case WEIR_EABORTABLE:
    case WEIR_EFATAL:
    case WEIR_EMISSING_TOPIC:
        return false;
    default:
        return !weir_err_is_retriable(err);
    }
}

/* If the record may be skipped, the graph calls on_dropped. */
static weir_err process_failed(void *user, const char *node, const weir_error *error)
{
    const weir__task *task = user;
    const weir__record_queue *from = task->current;
    bool skip = task->env->settings.skip_failing;
    char place[WEIR__PLACE_MAX];
    if (!weir__is_processing_failure(error->code)) {
        return error->code;
    }
    weir__place_print(place, node, task->name);
    weir__dead_letter letter = {.timestamp_ms = weir__graph_record_time_ms(task->graph),
                                .at = {NULL, -1, -1},
                                .place = place,
                                .code = error->code,
                                .message = error->message};
    if (from != NULL) {
        const weir__message_view raw = *from->ops->look(from->head);
        letter.key = raw.key;
        letter.value = raw.value;
        letter.timestamp_ms = from->record.timestamp_ms;
        letter.at = (weir_record_metadata){from->topic, from->partition, raw.offset};
    }
    return weir__dead_letter_send(task->env, &letter, !skip) && skip ? WEIR_OK : error->code;
}

weir__graph_host weir__task_graph_host(weir__task *task)
{
    return (weir__graph_host){.application = task->env->application,
                              .task = task->name,
                              .partition = task->id.partition,
                              .cached = task->env->cache != NULL,
                              .invalid_time = task->env->settings.invalid_time,
                              .emit_interval_ms = task->env->settings.emit_interval_ms,
                              .join_emit_interval_ms = task->env->settings.join_emit_interval_ms,
                              .send = send,
                              .topic_of = topic_of,
                              .stream_time_ms = stream_time,
                              .wall_clock_ms = wall_clock,
                              .request_commit = request_commit,
                              .dropped = on_dropped,
                              .left_open = on_left_open,
                              .process_failed = process_failed,
                              .user = task};
}

/* ---- Processing ---- */

weir_err weir__task_add(weir__task *task, weir__record_queue *queue, weir__message *message,
                        weir_error *error)
{
    if (task->state != WEIR__TASK_RUNNING) {
        weir__message_free(message);
        return WEIR_OK;
    }
    weir_err err = weir__record_queue_add(queue, message);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "task %s: queue of %s-%d", task->name, queue->topic,
                               queue->partition);
    }
    if (queue->ready) {
        return WEIR_OK;
    }
    err = weir__record_queue_prepare(queue, error);
    if (queue->ready) {
        weir__chooser_enter(&task->chooser, queue);
    }
    return err;
}

weir__wait_reason weir__task_wait_reason(weir__task *task, const weir__record_queue **waits_for)
{
    return weir__chooser_wait_reason(&task->chooser, task->env->now_ms, waits_for);
}

weir__wait_reason weir__task_last_reason(const weir__task *task,
                                         const weir__record_queue **waits_for)
{
    return weir__chooser_last_reason(&task->chooser, task->env->now_ms, waits_for);
}

static weir_err punctuate(weir__task *task, weir_time_kind kind, int64_t now_ms, weir_error *error)
{
    size_t fired = 0;
    weir__step(&task->env->observer, WEIR_STEP_PUNCTUATE, task->name,
               kind == WEIR_STREAM_TIME ? "stream time" : "wall clock");
    weir_err err = weir__graph_punctuate(task->graph, kind, now_ms, &fired, error);
    if (fired > 0) {
        task->touched = true;
    }
    return err != WEIR_OK ? weir__error_prefix(error, err, "task %s: punctuation", task->name)
                          : WEIR_OK;
}

static weir_err process_one(weir__task *task, weir_error *error)
{
    weir__record_queue *queue = weir__chooser_take(&task->chooser);
    int64_t time_ms = queue->record.timestamp_ms;
    if (time_ms > task->stream_time_ms) {
        task->stream_time_ms = time_ms;
    }
    task->touched = true;
    weir_step step = weir__step_of(&task->env->observer, WEIR_STEP_PROCESS, task->name);
    step.topic = queue->topic;
    step.partition = queue->partition;
    step.offset = queue->next_offset;
    weir__step_take(&task->env->observer, &step);
    task->current = queue;
    weir_err err = weir__graph_process(task->graph, queue->source, &queue->from, &queue->record,
                                       &queue->arena, error);
    task->current = NULL;
    if (err != WEIR_OK) {
        return err;
    }
    task->processed++;
    task->commit_requested = task->commit_requested || weir__task_stores_are_full(task->env);
    weir__record_queue_done(queue);
    err = weir__record_queue_prepare(queue, error);
    if (queue->ready) {
        weir__chooser_enter(&task->chooser, queue);
    }
    if (err == WEIR_OK &&
        weir__graph_punctuation_is_due(task->graph, WEIR_STREAM_TIME, task->stream_time_ms)) {
        err = punctuate(task, WEIR_STREAM_TIME, task->stream_time_ms, error);
    }
    return err;
}

weir_err weir__task_process(weir__task *task, size_t max, size_t *processed, weir_error *error)
{
    weir_assert(task->state == WEIR__TASK_RUNNING);
    weir_err err = WEIR_OK;
    size_t done = 0;
    bool asked = task->commit_requested; /* a commit that fails must not block the task */
    while (done < max && task->commit_requested == asked && err == WEIR_OK &&
           weir__task_wait_reason(task, NULL) == WEIR__WAIT_NONE) {
        err = process_one(task, error);
        done++;
    }
    *processed = done;
    return err;
}

weir_err weir__task_punctuate(weir__task *task, weir_error *error)
{
    int64_t now_ms = task->env->now_ms;
    if (!weir__graph_punctuation_is_due(task->graph, WEIR_WALL_CLOCK_TIME, now_ms)) {
        return WEIR_OK;
    }
    return punctuate(task, WEIR_WALL_CLOCK_TIME, now_ms, error);
}
