/* SPDX-License-Identifier: Apache-2.0
 *
 * Global tables. At each start their stores are filled from the topics, beginning with empty
 * stores. They hold exactly the content of the topics, whatever an earlier run left on disk. */
#include "cluster/global_thread.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/missing_topics.h"
#include "cluster/retry.h"
#include "cluster/thread_name.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"
#include "state/files.h"

#define DIRECTORY "global" /* among those of the tasks */
#define POLL_MAX 1000
#define READ_TIMEOUT_MS 300000 /* without any progress, at the start */

typedef struct global_input {
    char *topic;
    int32_t partition;
    int source;
    int64_t position;
    int64_t end; /* at the start */
    int64_t partition_time_ms;
    _Atomic(int64_t) read_to; /* `position`, or beyond it past control records; any thread */
} global_input;

struct weir__global_thread {
    const weir__instance *instance;
    char *name;
    pthread_t handle;
    bool started;
    atomic_bool stop;
    atomic_bool ended;
    weir__consumer *consumer;
    weir__graph *graph;
    global_input *inputs;
    size_t input_count;
    weir__message **messages;
    weir__arena arena; /* of the current record */
    int64_t stream_time_ms;
};

bool weir__topology_has_globals(const weir_topology *topology)
{
    for (size_t i = 0; i < topology->node_count; i++) {
        if (topology->nodes[i].subtopology < 0) {
            return true;
        }
    }
    return false;
}

weir__graph *weir__global_thread_graph(weir__global_thread *thread)
{
    return thread->graph;
}

/* ---- Host of the graph ---- */

static weir_err send(void *user, const weir__sent *record, weir_error *error)
{
    (void)user;
    return weir__error_set(error, WEIR_ESTATE, "a global table cannot send to %s",
                           record->topic.name);
}

static int64_t stream_time(void *user)
{
    return ((const weir__global_thread *)user)->stream_time_ms;
}

static int64_t wall_clock(void *user)
{
    (void)user;
    return weir__wall_ms();
}

/* Nothing of a global table is committed. */
static void request_commit(void *user)
{
    (void)user;
}

static void on_dropped(void *user, const weir__dropped *dropped)
{
    const weir__global_thread *thread = user;
    weir__drop_count(thread->instance->drops, &thread->instance->log, thread->name, DIRECTORY,
                     dropped);
}

static void on_left_open(void *user, const weir__node *node, const weir__store_spec *store)
{
    const weir__global_thread *thread = user;
    weir__left_open_warn(thread->instance->drops, &thread->instance->log, thread->name, DIRECTORY,
                         node, store);
}

/* ---- Stores ---- */

static weir_err open_store(weir__global_thread *thread, const weir__store_spec *spec,
                           weir_error *error)
{
    const weir__instance *instance = thread->instance;
    weir__kv *kv = NULL;
    bool persistent = spec->backend == WEIR_BACKEND_DEFAULT ? !instance->settings.memory_stores
                                                            : spec->backend == WEIR_BACKEND_ROCKSDB;
    weir_err err = WEIR_OK;
    if (persistent) {
        char *path = weir__directory_store_path(instance->directory, DIRECTORY, spec->name);
        weir__rocksdb_opts opts = {.offset_key = spec->name, .timestamped = spec->timestamped};
        err = path != NULL ? weir__remove_directory(path, error)
                           : weir__error_set(error, WEIR_ENOMEM, "store %s", spec->name);
        if (err == WEIR_OK) {
            err = weir__rocksdb_open(path, &opts, &kv, error);
        }
        free(path);
    } else {
        err = weir__memory_open(&kv, error);
    }
    return err == WEIR_OK ? weir__graph_set_store(thread->graph, spec->index, kv, NULL, error)
                          : err;
}

static weir_err open_graph(weir__global_thread *thread, weir_error *error)
{
    const weir_topology *topology = thread->instance->topology;
    weir__graph_host host = {.application = thread->instance->application,
                             .task = DIRECTORY,
                             .invalid_time = thread->instance->settings.invalid_time,
                             .send = send,
                             .stream_time_ms = stream_time,
                             .wall_clock_ms = wall_clock,
                             .request_commit = request_commit,
                             .dropped = on_dropped,
                             .left_open = on_left_open,
                             .user = thread};
    weir_err err = weir__graph_new(topology, -1, &host, &thread->graph, error);
    for (size_t i = 0; i < topology->store_count && err == WEIR_OK; i++) {
        if (topology->stores[i].subtopology < 0) {
            err = open_store(thread, &topology->stores[i], error);
        }
    }
    return err == WEIR_OK ? weir__graph_open(thread->graph, error) : err;
}

/* ---- Inputs ---- */

static const char *store_of(const weir_topology *topology, const char *topic)
{
    for (size_t i = 0; i < topology->store_count; i++) {
        const weir__store_spec *spec = &topology->stores[i];
        if (spec->global_topic != NULL && strcmp(spec->global_topic, topic) == 0) {
            return spec->name;
        }
    }
    return "?";
}

static weir_err add_topic(weir__global_thread *thread, const weir__node *source, const char *topic,
                          weir_error *error)
{
    int32_t count = -1;
    weir_err err = weir__admin_describe_topics(thread->instance->admin, &topic, 1, &count, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (count < 1) {
        weir_buf hint = {0};
        weir__missing_topic_hint(thread->instance, topic, &hint);
        err = weir__error_set(
            error, WEIR_EMISSING_TOPIC,
            "There are no partitions available for topic %s when initializing global store %s%s",
            topic, store_of(thread->instance->topology, topic), weir__buf_text(&hint));
        weir__buf_fini(&hint);
        return err;
    }
    global_input *inputs =
        realloc(thread->inputs, (thread->input_count + (size_t)count) * sizeof(*inputs));
    if (inputs == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "global tables");
    }
    thread->inputs = inputs;
    for (int32_t p = 0; p < count && err == WEIR_OK; p++) {
        global_input *in = &inputs[thread->input_count++];
        *in = (global_input){.topic = strdup(topic),
                             .partition = p,
                             .source = source->index,
                             .partition_time_ms = -1,
                             .read_to = -1};
        if (in->topic == NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "global tables");
        }
        err = weir__admin_query_offsets(thread->instance->admin,
                                        (weir__topic_partition){in->topic, p}, &in->position,
                                        &in->end, error);
    }
    return err;
}

static weir_err find_inputs(weir__global_thread *thread, weir_error *error)
{
    const weir_topology *topology = thread->instance->topology;
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < topology->node_count && err == WEIR_OK; i++) {
        const weir__node *node = &topology->nodes[i];
        for (size_t t = 0; node->subtopology < 0 && node->kind == WEIR__SOURCE &&
                           t < node->topic_count && err == WEIR_OK;
             t++) {
            err = add_topic(thread, node, node->topics[t].name, error);
        }
    }
    return err;
}

static weir_err assign(weir__global_thread *thread, weir_error *error)
{
    weir__offset *offsets = calloc(thread->input_count + 1, sizeof(*offsets));
    if (offsets == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "global tables");
    }
    for (size_t i = 0; i < thread->input_count; i++) {
        const global_input *in = &thread->inputs[i];
        offsets[i] = (weir__offset){.at = {in->topic, in->partition}, .offset = in->position};
    }
    weir_err err = weir__consumer_assign(thread->consumer, offsets, thread->input_count, error);
    free(offsets);
    return err;
}

/* ---- Records ---- */

static global_input *find_input(weir__global_thread *thread, const weir__message_view *view)
{
    for (size_t i = 0; i < thread->input_count; i++) {
        global_input *in = &thread->inputs[i];
        if (in->partition == view->partition && strcmp(in->topic, view->topic) == 0) {
            return in;
        }
    }
    return NULL;
}

/* A record that cannot be decoded is dropped, whatever the handler returns, as Kafka does: a global
 * table has no task that could fail. */
static weir_err apply_record(weir__global_thread *thread, const weir__message_view *view,
                             weir_error *error)
{
    global_input *in = find_input(thread, view);
    if (in == NULL || view->offset < in->position) {
        return WEIR_OK;
    }
    weir__input from = {.topic = in->topic, .partition = in->partition, .offset = view->offset};
    weir_record record;
    weir_err err = weir__graph_decode(thread->graph, in->source, &from, view->key, view->value,
                                      view->timestamp_ms, view->headers, view->header_count,
                                      in->partition_time_ms, &thread->arena, &record, error);
    if (err == WEIR_EDECODE || (err == WEIR_OK && record.timestamp_ms < 0)) {
        weir__dropped dropped = {.node = in->source,
                                 .reason = err == WEIR_OK ? WEIR_DROP_NEGATIVE_TIMESTAMP
                                                          : WEIR_DROP_UNDECODABLE,
                                 .at = {in->topic, in->partition, view->offset},
                                 .why = err == WEIR_OK ? NULL : error->message,
                                 .complete = err != WEIR_OK};
        on_dropped(thread, &dropped);
        err = WEIR_OK;
    } else if (err == WEIR_OK) {
        if (record.timestamp_ms > in->partition_time_ms) {
            in->partition_time_ms = record.timestamp_ms;
        }
        if (record.timestamp_ms > thread->stream_time_ms) {
            thread->stream_time_ms = record.timestamp_ms;
        }
        err = weir__graph_process(thread->graph, in->source, &from, &record, &thread->arena, error);
    }
    weir__arena_reset(&thread->arena);
    in->position = weir__add_sat(view->offset, 1);
    return err;
}

/* Records were deleted before they were read: continues at the log start offset. */
static weir_err skip_range(weir__global_thread *thread, weir_error *error)
{
    for (size_t i = 0; i < thread->input_count; i++) {
        global_input *in = &thread->inputs[i];
        int64_t start = 0;
        int64_t end = 0;
        weir_err err = weir__admin_query_offsets(thread->instance->admin,
                                                 (weir__topic_partition){in->topic, in->partition},
                                                 &start, &end, error);
        if (err != WEIR_OK) {
            return err;
        }
        if (in->position < start || in->position > end) {
            in->position = start;
        }
    }
    return assign(thread, error);
}

/* Called when all records of the last poll are in the stores. */
static void note_positions(weir__global_thread *thread)
{
    for (size_t i = 0; i < thread->input_count; i++) {
        global_input *in = &thread->inputs[i];
        int64_t position = weir__consumer_position(
            thread->consumer, (weir__topic_partition){in->topic, in->partition});
        atomic_store(&in->read_to, position > in->position ? position : in->position);
    }
}

static weir_err poll_once(weir__global_thread *thread, size_t *count, weir_error *error)
{
    weir_err err = weir__consumer_poll(thread->consumer, thread->instance->poll_ms,
                                       thread->messages, POLL_MAX, count, error);
    weir_error local = {0};
    weir_err taken = WEIR_OK;
    for (size_t i = 0; i < *count; i++) {
        weir__message_view view = weir__message_look(thread->messages[i]);
        if (taken == WEIR_OK) {
            taken = apply_record(thread, &view, &local);
        }
        weir__message_free(thread->messages[i]);
    }
    if (taken != WEIR_OK) {
        return weir__error_set(error, taken, "%s", local.message);
    }
    note_positions(thread);
    return err == WEIR_ERANGE ? skip_range(thread, error) : err;
}

static bool has_read_all(weir__global_thread *thread)
{
    for (size_t i = 0; i < thread->input_count; i++) {
        const global_input *in = &thread->inputs[i];
        int64_t position = weir__consumer_position(
            thread->consumer, (weir__topic_partition){in->topic, in->partition});
        if (in->position < in->end && position < in->end) {
            return false;
        }
    }
    return true;
}

static weir_err read_all(weir__global_thread *thread, weir_error *error)
{
    weir_err err = assign(thread, error);
    int64_t progress_ms = weir__wall_ms();
    while (err == WEIR_OK && !has_read_all(thread)) {
        size_t count = 0;
        err = poll_once(thread, &count, error);
        int64_t now_ms = weir__wall_ms();
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

/* ---- Life ---- */

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
        err = poll_once(thread, &count, &error);
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

static weir_err open_consumer(weir__global_thread *thread, weir_error *error)
{
    const weir__instance *instance = thread->instance;
    weir_buf id = {0};
    weir__buf_printf(&id, "%s-global-consumer", instance->client_id);
    weir__client_opts opts = {.client = instance->client,
                              .config = instance->config,
                              .client_id = weir__buf_text(&id),
                              .log = instance->log};
    weir_err err = id.err == WEIR_OK ? weir__consumer_new(&opts, WEIR__GLOBAL_CONSUMER, NULL,
                                                          &thread->consumer, error)
                                     : weir__error_set(error, id.err, "global tables");
    weir__buf_reset(&id);
    weir__buf_printf(&id, "%s-GlobalStreamThread", instance->client_id);
    thread->name = strdup(weir__buf_text(&id));
    weir__buf_fini(&id);
    return err != WEIR_OK || thread->name != NULL
               ? err
               : weir__error_set(error, WEIR_ENOMEM, "global tables");
}

weir_err weir__global_thread_open(const weir__instance *instance, weir__global_thread **out,
                                  weir_error *error)
{
    weir__global_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "global tables");
    }
    thread->instance = instance;
    thread->stream_time_ms = -1;
    thread->messages = calloc(POLL_MAX, sizeof(*thread->messages));
    weir_err err = thread->messages != NULL ? open_consumer(thread, error)
                                            : weir__error_set(error, WEIR_ENOMEM, "global tables");
    if (err == WEIR_OK) {
        err = open_graph(thread, error);
    }
    if (err == WEIR_OK) {
        err = find_inputs(thread, error);
        if (weir_err_is_retriable(err)) {
            weir__error_prefix(error, err, "global tables: bootstrap.servers %s",
                               weir__config_text(instance->config, "bootstrap.servers"));
        }
    }
    if (err == WEIR_OK) {
        err = read_all(thread, error);
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
    for (size_t i = 0; i < thread->input_count; i++) {
        const global_input *in = &thread->inputs[i];
        if (in->partition == partition && strcmp(in->topic, topic) == 0) {
            return atomic_load(&in->read_to) >= offset;
        }
    }
    return true;
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
    weir__graph_free(thread->graph);
    weir__consumer_close(thread->consumer);
    for (size_t i = 0; i < thread->input_count; i++) {
        free(thread->inputs[i].topic);
    }
    free(thread->inputs);
    free(thread->messages);
    weir__arena_fini(&thread->arena);
    free(thread->name);
    free(thread);
}
