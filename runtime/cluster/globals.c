/* SPDX-License-Identifier: Apache-2.0
 *
 * The stores of the global tables, and the reading of their topics. */
#include "cluster/globals.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/missing_topics.h"
#include "core/error.h"
#include "core/saturate.h"
#include "state/files.h"
#include "task/process.h"

#define DIRECTORY "global" /* among those of the tasks */
#define POLL_MAX 1000

typedef struct global_input {
    char *topic;
    int32_t partition;
    int source;
    int64_t position;
    int64_t end; /* at the start */
    int64_t partition_time_ms;
    _Atomic(int64_t) read_to; /* `position`, or beyond it past control records; any thread */
} global_input;

struct weir__globals {
    const weir__instance *instance;
    const char *name; /* of its thread; borrowed */
    int64_t now_ms;   /* wall clock, of the current poll */
    weir__consumer *consumer;
    weir__graph *graph;
    global_input *inputs;
    size_t input_count;
    weir__message **messages;
    weir__arena arena; /* of the current record */
    int64_t stream_time_ms;
};

/* ---- Host of the graph ---- */

static weir_err send(void *user, const weir__sent *record, weir_error *error)
{
    (void)user;
    return weir__error_set(error, WEIR_ESTATE, "a global table cannot send to %s",
                           record->topic.name);
}

static int64_t stream_time(void *user)
{
    return ((const weir__globals *)user)->stream_time_ms;
}

static int64_t wall_clock(void *user)
{
    return ((const weir__globals *)user)->now_ms;
}

/* Nothing of a global table is committed. */
static void request_commit(void *user)
{
    (void)user;
}

static void on_dropped(void *user, const weir__dropped *dropped)
{
    const weir__globals *globals = user;
    weir__drop_count(globals->instance->drops, &globals->instance->log, globals->name, DIRECTORY,
                     dropped);
}

static void on_left_open(void *user, const weir__node *node, const weir__store_spec *store)
{
    const weir__globals *globals = user;
    weir__left_open_warn(globals->instance->drops, &globals->instance->log, globals->name,
                         DIRECTORY, node, store);
}

/* If the record may be skipped, the graph calls on_dropped. */
static weir_err process_failed(void *user, const char *node, const weir_error *error)
{
    const weir__globals *globals = user;
    (void)node;
    return globals->instance->settings.skip_failing_global &&
                   weir__is_processing_failure(error->code)
               ? WEIR_OK
               : error->code;
}

/* ---- Stores ---- */

static weir_err open_store(weir__globals *globals, const weir__store_spec *spec, weir_error *error)
{
    const weir__instance *instance = globals->instance;
    bool persistent = spec->backend == WEIR_BACKEND_DEFAULT ? !instance->settings.memory_stores
                                                            : spec->backend == WEIR_BACKEND_ROCKSDB;
    char *path =
        persistent ? weir__directory_store_path(instance->directory, DIRECTORY, spec->name) : NULL;
    if (path == NULL && persistent) {
        return weir__error_set(error, WEIR_ENOMEM, "store %s", spec->name);
    }
    /* The topic is read from its beginning at each start. */
    weir_err err = persistent ? weir__remove_directory(path, error) : WEIR_OK;
    if (err == WEIR_OK) {
        weir__store_plan plan = {.directory = path, .offset_key = spec->name};
        err = weir__graph_open_store(globals->graph, spec->index, &plan, NULL, error);
    }
    free(path);
    return err;
}

static weir_err open_graph(weir__globals *globals, weir_error *error)
{
    const weir_topology *topology = globals->instance->topology;
    weir__graph_host host = {.application = globals->instance->application,
                             .task = DIRECTORY,
                             .invalid_time = globals->instance->settings.invalid_time,
                             .send = send,
                             .stream_time_ms = stream_time,
                             .wall_clock_ms = wall_clock,
                             .request_commit = request_commit,
                             .dropped = on_dropped,
                             .left_open = on_left_open,
                             .process_failed = process_failed,
                             .user = globals};
    weir_err err = weir__graph_new(topology, -1, &host, &globals->graph, error);
    for (size_t i = 0; i < topology->store_count && err == WEIR_OK; i++) {
        if (topology->stores[i].subtopology == WEIR__GLOBAL_TASK) {
            err = open_store(globals, &topology->stores[i], error);
        }
    }
    return err == WEIR_OK ? weir__graph_open(globals->graph, error) : err;
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

static weir_err add_topic(weir__globals *globals, const weir__node *source, const char *topic,
                          weir_error *error)
{
    int32_t count = -1;
    weir_err err = weir__admin_describe_topics(globals->instance->admin, &topic, 1, &count, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (count < 1) {
        weir_buf hint = {0};
        weir__missing_topic_hint(globals->instance, topic, &hint);
        err = weir__error_set(
            error, WEIR_EMISSING_TOPIC,
            "There are no partitions available for topic %s when initializing global store %s%s",
            topic, store_of(globals->instance->topology, topic), weir__buf_text(&hint));
        weir__buf_fini(&hint);
        return err;
    }
    global_input *inputs =
        realloc(globals->inputs, (globals->input_count + (size_t)count) * sizeof(*inputs));
    if (inputs == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "global tables");
    }
    globals->inputs = inputs;
    for (int32_t p = 0; p < count && err == WEIR_OK; p++) {
        global_input *in = &inputs[globals->input_count++];
        *in = (global_input){.topic = strdup(topic),
                             .partition = p,
                             .source = source->index,
                             .partition_time_ms = -1,
                             .read_to = -1};
        if (in->topic == NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "global tables");
        }
        err = weir__admin_query_offsets(globals->instance->admin,
                                        (weir__topic_partition){in->topic, p}, &in->position,
                                        &in->end, error);
    }
    return err;
}

static weir_err find_inputs(weir__globals *globals, weir_error *error)
{
    const weir_topology *topology = globals->instance->topology;
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < topology->node_count && err == WEIR_OK; i++) {
        const weir__node *node = &topology->nodes[i];
        for (size_t t = 0; node->subtopology < 0 && node->kind == WEIR__SOURCE &&
                           t < node->topic_count && err == WEIR_OK;
             t++) {
            err = add_topic(globals, node, node->topics[t].name, error);
        }
    }
    return err;
}

static weir_err assign(weir__globals *globals, weir_error *error)
{
    weir__offset *offsets = calloc(globals->input_count + 1, sizeof(*offsets));
    if (offsets == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "global tables");
    }
    for (size_t i = 0; i < globals->input_count; i++) {
        const global_input *in = &globals->inputs[i];
        offsets[i] = (weir__offset){.at = {in->topic, in->partition}, .offset = in->position};
    }
    weir_err err = weir__consumer_assign(globals->consumer, offsets, globals->input_count, error);
    free(offsets);
    return err;
}

/* ---- Records ---- */

static global_input *find_input(weir__globals *globals, const weir__message_view *view)
{
    for (size_t i = 0; i < globals->input_count; i++) {
        global_input *in = &globals->inputs[i];
        if (in->partition == view->partition && strcmp(in->topic, view->topic) == 0) {
            return in;
        }
    }
    return NULL;
}

/* A record that cannot be decoded is dropped, whatever the handler returns, as Kafka does: a global
 * table has no task that could fail. */
static weir_err apply_record(weir__globals *globals, const weir__message_view *view,
                             weir_error *error)
{
    global_input *in = find_input(globals, view);
    if (in == NULL || view->offset < in->position) {
        return WEIR_OK;
    }
    weir__input from = {.topic = in->topic, .partition = in->partition, .offset = view->offset};
    weir_record record;
    weir_err err = weir__graph_decode(globals->graph, in->source, &from, view->key, view->value,
                                      view->timestamp_ms, view->headers, view->header_count,
                                      in->partition_time_ms, &globals->arena, &record, error);
    if (err == WEIR_EDECODE || (err == WEIR_OK && record.timestamp_ms < 0)) {
        weir__dropped dropped = {.node = in->source,
                                 .reason = err == WEIR_OK ? WEIR_DROP_NEGATIVE_TIMESTAMP
                                                          : WEIR_DROP_UNDECODABLE,
                                 .at = {in->topic, in->partition, view->offset},
                                 .why = err == WEIR_OK ? NULL : error->message,
                                 .complete = err != WEIR_OK};
        on_dropped(globals, &dropped);
        err = WEIR_OK;
    } else if (err == WEIR_OK) {
        if (record.timestamp_ms > in->partition_time_ms) {
            in->partition_time_ms = record.timestamp_ms;
        }
        if (record.timestamp_ms > globals->stream_time_ms) {
            globals->stream_time_ms = record.timestamp_ms;
        }
        err =
            weir__graph_process(globals->graph, in->source, &from, &record, &globals->arena, error);
    }
    weir__arena_reset(&globals->arena);
    in->position = weir__add_sat(view->offset, 1);
    return err;
}

/* Records were deleted before they were read: continues at the log start offset. */
static weir_err skip_range(weir__globals *globals, weir_error *error)
{
    for (size_t i = 0; i < globals->input_count; i++) {
        global_input *in = &globals->inputs[i];
        int64_t start = 0;
        int64_t end = 0;
        weir_err err = weir__admin_query_offsets(globals->instance->admin,
                                                 (weir__topic_partition){in->topic, in->partition},
                                                 &start, &end, error);
        if (err != WEIR_OK) {
            return err;
        }
        if (in->position < start || in->position > end) {
            in->position = start;
        }
    }
    return assign(globals, error);
}

/* Called when all records of the last poll are in the stores. */
static void note_positions(weir__globals *globals)
{
    for (size_t i = 0; i < globals->input_count; i++) {
        global_input *in = &globals->inputs[i];
        int64_t position = weir__consumer_position(
            globals->consumer, (weir__topic_partition){in->topic, in->partition});
        atomic_store(&in->read_to, position > in->position ? position : in->position);
    }
}

weir_err weir__globals_poll(weir__globals *globals, int64_t now_ms, size_t *count,
                            weir_error *error)
{
    globals->now_ms = now_ms;
    weir_err err = weir__consumer_poll(globals->consumer, globals->instance->poll_ms,
                                       globals->messages, POLL_MAX, count, error);
    weir_error local = {0};
    weir_err taken = WEIR_OK;
    for (size_t i = 0; i < *count; i++) {
        weir__message_view view = weir__message_look(globals->messages[i]);
        if (taken == WEIR_OK) {
            taken = apply_record(globals, &view, &local);
        }
        weir__message_free(globals->messages[i]);
    }
    if (taken != WEIR_OK) {
        return weir__error_set(error, taken, "%s", local.message);
    }
    note_positions(globals);
    return err == WEIR_ERANGE ? skip_range(globals, error) : err;
}

bool weir__globals_are_read(const weir__globals *globals)
{
    for (size_t i = 0; i < globals->input_count; i++) {
        const global_input *in = &globals->inputs[i];
        const weir__topic_partition at = {in->topic, in->partition};
        int64_t position = weir__consumer_position(globals->consumer, at);
        int64_t end = weir__consumer_end_offset(globals->consumer, at);
        /* Records of transactions that are open may stay so for long: they come when they come. */
        bool read = end >= 0 && position >= end;
        if (in->position < in->end && position < in->end && !read) {
            return false;
        }
    }
    return true;
}

bool weir__globals_have(const weir__globals *globals, const char *topic, int32_t partition,
                        int64_t offset)
{
    for (size_t i = 0; i < globals->input_count; i++) {
        const global_input *in = &globals->inputs[i];
        if (in->partition == partition && strcmp(in->topic, topic) == 0) {
            return atomic_load(&in->read_to) >= offset;
        }
    }
    return true;
}

/* ---- Life ---- */

static weir_err open_consumer(weir__globals *globals, weir_error *error)
{
    const weir__instance *instance = globals->instance;
    weir_buf id = {0};
    weir__buf_printf(&id, "%s-global-consumer", instance->client_id);
    weir__client_opts opts = {.client = instance->client,
                              .config = instance->config,
                              .client_id = weir__buf_text(&id),
                              .log = instance->log};
    weir_err err = id.err == WEIR_OK ? weir__consumer_new(&opts, WEIR__GLOBAL_CONSUMER, NULL,
                                                          &globals->consumer, error)
                                     : weir__error_set(error, id.err, "global tables");
    weir__buf_fini(&id);
    return err;
}

weir_err weir__globals_open(const weir__instance *instance, const char *name, int64_t now_ms,
                            weir__globals **out, weir_error *error)
{
    weir__globals *globals = calloc(1, sizeof *globals);
    if (globals == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "global tables");
    }
    globals->instance = instance;
    globals->name = name;
    globals->now_ms = now_ms;
    globals->stream_time_ms = -1;
    globals->messages = calloc(POLL_MAX, sizeof(*globals->messages));
    weir_err err = globals->messages != NULL ? open_consumer(globals, error)
                                             : weir__error_set(error, WEIR_ENOMEM, "global tables");
    if (err == WEIR_OK) {
        err = open_graph(globals, error);
    }
    if (err == WEIR_OK) {
        err = find_inputs(globals, error);
        if (weir_err_is_retriable(err)) {
            weir__error_prefix(error, err, "global tables: bootstrap.servers %s",
                               weir__config_text(instance->config, "bootstrap.servers"));
        }
    }
    if (err == WEIR_OK) {
        err = assign(globals, error);
    }
    if (err != WEIR_OK) {
        weir__globals_close(globals);
        return err;
    }
    *out = globals;
    return WEIR_OK;
}

void weir__globals_close(weir__globals *globals)
{
    if (globals == NULL) {
        return;
    }
    weir__graph_free(globals->graph);
    weir__consumer_close(globals->consumer);
    for (size_t i = 0; i < globals->input_count; i++) {
        free(globals->inputs[i].topic);
    }
    free(globals->inputs);
    free(globals->messages);
    weir__arena_fini(&globals->arena);
    free(globals);
}

weir__graph *weir__globals_graph(weir__globals *globals)
{
    return globals->graph;
}
