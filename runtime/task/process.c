/* SPDX-License-Identifier: Apache-2.0
 *
 * Records through a task: from the head of a queue through the graph, and out to the producer. */
#include "task/process.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/error.h"

/* ---- Queues ---- */

static weir_err decode(void *user, weir__record_queue *queue, const weir__message_view *raw,
                       weir_record *out, weir_error *error)
{
    weir__task *task = user;
    return weir__graph_decode(task->graph, queue->source, &queue->from, raw->key, raw->value,
                              raw->timestamp_ms, raw->headers, raw->header_count,
                              queue->partition_time_ms, &queue->arena, out, error);
}

static void drop(weir__task *task)
{
    task->dropped++;
    task->env->dropped++;
    task->touched = true;
}

static void without_time(void *user, weir__record_queue *queue)
{
    weir__task *task = user;
    weir__log_write(task->env->log, WEIR__LOG_WARNING,
                    "%s: task %s: dropped %s-%d@%" PRId64 ": its timestamp is negative",
                    task->env->observer.thread, task->name, queue->topic, queue->partition,
                    queue->from.offset);
    drop(task);
}

/* The error names node, task and place already. */
static weir_err undecodable(void *user, weir__record_queue *queue, weir_error *error)
{
    weir__task *task = user;
    (void)queue;
    if (!task->env->settings.skip_undecodable) {
        return WEIR_EDECODE;
    }
    weir__log_write(task->env->log, WEIR__LOG_WARNING, "%s: dropped a record: %s",
                    task->env->observer.thread, error->message);
    drop(task);
    return WEIR_OK;
}

const weir__record_queue_ops weir__task_queue_ops = {.look = weir__message_look,
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

/* A record that cannot be written now will not be written later either. */
static bool is_unwritable(weir_err err)
{
    return !weir_err_is_retriable(err) && err != WEIR_EMISSING_TOPIC && err != WEIR_ENOMEM &&
           err != WEIR_EFENCED;
}

static void skip_unwritable(weir__task_env *env, const char *message)
{
    weir__log_write(env->log, WEIR__LOG_WARNING, "%s: dropped a record that cannot be written: %s",
                    env->observer.thread, message);
    env->dropped++;
}

void weir__sink_delivered(weir_err err, const char *message, int64_t offset, void *user)
{
    weir__task_env *env = user;
    (void)offset;
    if (err == WEIR_OK) {
        return;
    }
    if (env->settings.skip_unwritable && is_unwritable(err)) {
        skip_unwritable(env, message);
    } else if (env->unsent.code == WEIR_OK) {
        weir__error_set(&env->unsent, err, "%s", message);
    }
}

/* The real name of a sink's topic, kept by the environment. */
static const char *sink_topic(weir__task_env *env, const weir__sent *record)
{
    if (!record->topic.internal) {
        return record->topic.name;
    }
    char **name = &env->sink_topics[record->sink->index];
    if (*name == NULL) {
        *name = weir__topic_name(env->application, record->topic);
    }
    return *name;
}

static weir_err send(void *user, const weir__sent *record, weir_error *error)
{
    weir__task *task = user;
    weir__task_env *env = task->env;
    const char *topic = sink_topic(env, record);
    if (topic == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "topic %s", record->topic.name);
    }
    const weir_sink_opts *opts = &record->sink->sink;
    int32_t partition = -1;
    if (opts->partitioner != NULL) {
        int32_t count = 0;
        weir_err err = weir__producer_partitions(env->producer, topic, &count, error);
        if (err != WEIR_OK) {
            return err;
        }
        partition = opts->partitioner(topic, record->key, record->value, count, opts->user);
        if (partition >= count) {
            return weir__error_set(error, WEIR_EUSER,
                                   "partitioner of %s chose partition %d of %s, which has %d",
                                   record->sink->name, partition, topic, count);
        }
    }
    weir__outgoing out = {.topic = topic,
                          .partition = partition,
                          .timestamp_ms = record->timestamp_ms,
                          .key = record->key,
                          .value = record->value,
                          .headers = record->headers};
    weir_error local; /* not cleared: a kilobyte a record */
    weir_err err = weir__producer_send(env->producer, &out, &env->told, &local);
    if (err != WEIR_OK && env->settings.skip_unwritable && is_unwritable(err)) {
        skip_unwritable(env, local.message);
        return WEIR_OK;
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

static void dropped(void *user, const char *node, const char *why)
{
    weir__task *task = user;
    weir__log_write(task->env->log, WEIR__LOG_DEBUG, "%s: task %s: %s dropped a record: %s",
                    task->env->observer.thread, task->name, node, why);
    drop(task);
}

/* Failures of the processing itself, which processing.exception.handler is for; the others are the
 * runtime's. */
static bool is_processing_failure(weir_err err)
{
    switch (err) {
    case WEIR_ENOMEM:
    case WEIR_EIO:
    case WEIR_ECORRUPT:
    case WEIR_EBROKER:
    case WEIR_EFENCED:
    case WEIR_EMISSING_TOPIC:
        return false;
    default:
        return !weir_err_is_retriable(err);
    }
}

/* The graph counts it with `dropped` if it is forgiven. */
static weir_err process_failed(void *user, const char *node, const weir_error *error)
{
    const weir__task *task = user;
    if (!task->env->settings.skip_failing || !is_processing_failure(error->code)) {
        return error->code;
    }
    weir__log_write(task->env->log, WEIR__LOG_WARNING, "%s: task %s: %s failed with a record: %s",
                    task->env->observer.thread, task->name, node, error->message);
    return WEIR_OK;
}

weir__graph_host weir__task_graph_host(weir__task *task)
{
    return (weir__graph_host){.application = task->env->application,
                              .task = task->name,
                              .send = send,
                              .stream_time_ms = stream_time,
                              .wall_clock_ms = wall_clock,
                              .request_commit = request_commit,
                              .dropped = dropped,
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

weir__hold weir__task_hold(weir__task *task, const weir__record_queue **who)
{
    return weir__chooser_hold(&task->chooser, task->env->now_ms, who);
}

static weir_err punctuate(weir__task *task, weir_time_kind kind, int64_t now_ms, weir_error *error)
{
    size_t fired = 0;
    weir__step(&task->env->observer, "punctuate", task->name,
               kind == WEIR_STREAM_TIME ? "stream time" : "wall clock");
    weir_err err = weir__graph_punctuate(task->graph, kind, now_ms, &fired, error);
    if (fired > 0) {
        task->touched = true;
    }
    return err != WEIR_OK ? weir__error_prefix(error, "task %s: punctuation", task->name) : WEIR_OK;
}

static weir_err process_one(weir__task *task, weir_error *error)
{
    weir__record_queue *queue = weir__chooser_take(&task->chooser);
    int64_t time_ms = queue->record.timestamp_ms;
    if (time_ms > task->stream_time_ms) {
        task->stream_time_ms = time_ms;
    }
    task->touched = true;
    weir__step_at(&task->env->observer, "process", task->name, queue->topic, queue->next_offset);
    weir_err err = weir__graph_process(task->graph, queue->source, &queue->from, &queue->record,
                                       &queue->arena, error);
    if (err != WEIR_OK) {
        return err;
    }
    task->processed++;
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
    bool asked = task->commit_requested; /* a commit that fails must not hold up the task */
    while (done < max && task->commit_requested == asked && err == WEIR_OK &&
           weir__task_hold(task, NULL) == WEIR__HOLD_NONE) {
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
