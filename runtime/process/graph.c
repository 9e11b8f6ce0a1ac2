/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph of a sub-topology: its life cycle, its input records, its output records. */
#include "process/graph.h"

#include <stdlib.h>

#include "core/error.h"
#include "process/change.h"
#include "process/graph_internal.h"
#include "process/headers.h"
#include "process/typed_store.h"

/* ---- Life --------------------------------------------------------------------------------- */

static bool belongs(const weir__graph *graph, const weir__node *node, int subtopology)
{
    return node->subtopology == (graph->global ? WEIR__GLOBAL_TASK : subtopology);
}

static weir_err make_nodes(weir__graph *graph, int subtopology)
{
    const weir_topology *topology = graph->topology;
    for (size_t i = 0; i < topology->order_count; i++) {
        graph->node_count += belongs(graph, &topology->nodes[topology->order[i]], subtopology);
    }
    graph->nodes = calloc(topology->node_count + 1, sizeof(weir__running *));
    graph->running = calloc(graph->node_count + 1, sizeof *graph->running);
    graph->stores = calloc(topology->store_count + 1, sizeof(weir_kv *));
    if (graph->nodes == NULL || graph->running == NULL || graph->stores == NULL) {
        return WEIR_ENOMEM;
    }
    weir__running *next = graph->running;
    for (size_t i = 0; i < topology->order_count; i++) {
        const weir__node *node = &topology->nodes[topology->order[i]];
        if (belongs(graph, node, subtopology)) {
            next->spec = node;
            graph->nodes[node->index] = next++;
        }
    }
    for (size_t i = 0; i < graph->node_count; i++) {
        weir__running *node = &graph->running[i];
        node->children = calloc(node->spec->child_count + 1, sizeof(weir__running *));
        if (node->children == NULL) {
            return WEIR_ENOMEM;
        }
        for (size_t c = 0; c < node->spec->child_count; c++) {
            node->children[node->child_count++] = graph->nodes[node->spec->children[c]];
        }
    }
    return WEIR_OK;
}

weir_err weir__graph_new(const weir_topology *topology, int subtopology,
                         const weir__graph_host *host, weir__graph **out, weir_error *error)
{
    weir__graph *graph = calloc(1, sizeof *graph);
    if (graph == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "graph: out of memory");
    }
    pthread_mutex_init(&graph->lock, NULL);
    graph->topology = topology;
    graph->host = *host;
    graph->global = subtopology < 0;
    graph->ctx.graph = graph;
    graph->ctx.arena = &graph->scratch;
    graph->ctx.at = (weir_record_metadata){NULL, -1, -1};
    if (make_nodes(graph, subtopology) != WEIR_OK) {
        weir__graph_free(graph);
        return weir__error_set(error, WEIR_ENOMEM, "graph: out of memory");
    }
    *out = graph;
    return WEIR_OK;
}

void weir__graph_free(weir__graph *graph)
{
    if (graph == NULL) {
        return;
    }
    weir__graph_close_nodes(graph);
    for (size_t i = 0; graph->running != NULL && i < graph->node_count; i++) {
        free(graph->running[i].children);
    }
    weir__iters_close_since(&graph->ctx, 0, NULL);
    weir__iters_fini(&graph->ctx);
    for (size_t i = 0; graph->stores != NULL && i < graph->topology->store_count; i++) {
        weir__typed_close(graph->stores[i]);
    }
    weir__buf_fini(&graph->topic);
    weir__buf_fini(&graph->key);
    weir__buf_fini(&graph->value);
    weir__buf_fini(&graph->headers);
    weir__arena_fini(&graph->scratch);
    weir__guards_fini(&graph->ctx);
    weir__map_fini(&graph->topics, free);
    pthread_mutex_destroy(&graph->lock);
    while (graph->kept_times != NULL) {
        weir__kept_time *next = graph->kept_times->next;
        free(graph->kept_times);
        graph->kept_times = next;
    }
    free(graph->stores);
    free(graph->running);
    free(graph->nodes);
    free(graph);
}

weir_err weir__graph_open_store(weir__graph *graph, int store, const weir__store_plan *plan,
                                weir__store_layers *out, weir_error *error)
{
    weir_assert(store >= 0 && (size_t)store < graph->topology->store_count);
    weir_assert(graph->stores[store] == NULL);
    weir_err err = weir__typed_open(graph, store, plan, &graph->stores[store], error);
    if (err != WEIR_OK) {
        return err;
    }
    const weir__store_layers *layers = &graph->stores[store]->layers;
    for (const weir__kv *at = layers->top; at != layers->base; at = at->inner) {
        graph->flushes = graph->flushes || at->ops->flush != NULL;
    }
    if (out != NULL) {
        *out = *layers;
    }
    return WEIR_OK;
}

weir_err weir__graph_set_globals(weir__graph *graph, weir__graph *globals, weir_error *error)
{
    weir_assert(globals->global && !graph->global);
    for (size_t i = 0; i < graph->topology->store_count; i++) {
        if (globals->stores[i] == NULL) {
            continue;
        }
        graph->stores[i] = weir__typed_view(graph, globals->stores[i]);
        if (graph->stores[i] == NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "graph: out of memory");
        }
    }
    return WEIR_OK;
}

/* ---- Errors ------------------------------------------------------------------------------- */

weir_err weir__graph_callback_failed(weir_ctx *ctx, weir__running *node, weir_err err)
{
    bool is_new = ctx->failed_node == NULL || ctx->error.code != err;
    if (ctx->error.code != err) {
        if (weir__err_known(err)) {
            weir_fail(ctx, err, "%s", weir_err_str(err));
        } else {
            weir_fail(ctx, err, "the callback returned %d, which is not a weir_err", (int)err);
        }
    }
    if (is_new) {
        ctx->failed_node = node;
        ctx->failed_at = ctx->at;
        weir__ctx_add_first_error(ctx);
    }
    return err;
}

weir_err weir__graph_report(weir__graph *graph, weir_err err, weir_error *error)
{
    weir_ctx *ctx = &graph->ctx;
    if (err != WEIR_OK && error != NULL) {
        *error = ctx->error;
        const char *node = ctx->failed_node != NULL ? ctx->failed_node->spec->name : "?";
        const weir_record_metadata *at = &ctx->failed_at;
        if (ctx->failed_node != NULL && at->topic != NULL) {
            weir__error_prefix(error, err, "node '%s', task %s, %s-%d@%lld", node, graph->host.task,
                               at->topic, at->partition, (long long)at->offset);
        } else {
            weir__error_prefix(error, err, "node '%s', task %s", node, graph->host.task);
        }
    }
    weir__iters_close_since(ctx, 0, ctx->node != NULL ? ctx->node->spec : NULL);
    ctx->node = NULL;
    ctx->record = NULL;
    ctx->failed_node = NULL;
    ctx->error.code = WEIR_OK;
    ctx->first_error.code = WEIR_OK;
    memset(ctx->null_outs, 0, sizeof ctx->null_outs);
    ctx->guards.first = ctx->guards.count = 0;
    ctx->overrun = false;
    ctx->arena = &graph->scratch;
    ctx->at = (weir_record_metadata){NULL, -1, -1};
    return err;
}

/* ---- Records ------------------------------------------------------------------------------ */

weir_err weir__graph_node_failed(weir_ctx *ctx, weir__running *node, weir_err err)
{
    weir__graph *graph = ctx->graph;
    bool first = ctx->failed_node == NULL;
    weir__graph_callback_failed(ctx, node, err);
    if (!first || graph->host.process_failed == NULL) {
        return err;
    }
    err = graph->host.process_failed(graph->host.user, node->spec->name, &ctx->error);
    if (err == WEIR_OK) {
        weir__drop(ctx, WEIR_DROP_PROCESSING_FAILED, ctx->error.message);
        ctx->failed_node = NULL;
        ctx->error.code = WEIR_OK; /* a later failure must not report this text */
    }
    return err;
}

/* A change of a versioned table that is out of order, for a node that does not take such. */
static bool skips(weir_ctx *ctx, const weir__running *node, const weir_record *record)
{
    unsigned facts = node->spec->facts;
    if ((facts & WEIR__INPUT_VERSIONED) == 0 ||
        (facts & (WEIR__IGNORES_OUT_OF_ORDER | WEIR__DROPS_OUT_OF_ORDER)) == 0 ||
        !((const weir__change *)record->value)->out_of_order) {
        return false;
    }
    if ((facts & WEIR__DROPS_OUT_OF_ORDER) != 0) {
        weir__drop(ctx, WEIR_DROP_OUT_OF_ORDER, NULL);
    }
    return true;
}

static weir_err call(weir_ctx *ctx, weir__running *node, const weir_record *record)
{
    return node->wrapper != NULL ? weir__wrapper_process(ctx, node, record)
                                 : node->spec->ops->process(ctx, record, node->state);
}

/* process_values gets its own header list: only its children see the headers that it adds. */
static weir_err process(weir_ctx *ctx, weir__running *node, const weir_record *record)
{
    if (skips(ctx, node, record)) {
        return WEIR_OK;
    }
    if ((node->spec->facts & WEIR__FIXED_KEY) == 0) {
        return call(ctx, node, record);
    }
    weir_record own = *record;
    own.headers = weir__headers_copy(ctx->arena, record->headers);
    ctx->record = &own;
    return own.headers != NULL ? call(ctx, node, &own) : weir__ctx_out_of_memory(ctx);
}

weir_err weir__graph_run(weir_ctx *ctx, weir__running *node, const weir_record *record)
{
    weir__running *parent = ctx->node;
    const weir_record *outer = ctx->record;
    int64_t time_ms = ctx->time_ms;
    size_t guards = weir__guards_begin(ctx);
    ctx->node = node;
    ctx->record = record;
    ctx->time_ms = record->timestamp_ms;
    uint64_t mark = ctx->iters_opened;
    weir_err failed_before = ctx->first_error.code; /* in a callback that forwards to this node */
    weir_err err = node->spec->kind == WEIR__SINK ? weir__sink_send(ctx, node->spec, record)
                                                  : process(ctx, node, record);
    weir__iters_close_since(ctx, mark, node->spec);
    err = weir__guards_end(ctx, guards, "the callback", err);
    err = err == WEIR_OK && ctx->overrun ? WEIR_EOVERRUN : err;
    if (err != WEIR_OK) {
        err = weir__graph_node_failed(ctx, node, err);
    } else {
        if (ctx->failed_node != NULL) {
            ctx->failed_node = NULL; /* the processor ignored a failed forward */
            ctx->error.code = WEIR_OK;
        }
        ctx->first_error.code = failed_before;
    }
    ctx->node = parent;
    ctx->record = outer;
    ctx->time_ms = time_ms;
    return err;
}

weir__graph_place weir__graph_at(const weir__graph *graph)
{
    const weir__running *node = graph->ctx.node;
    return (weir__graph_place){node != NULL ? node->spec->name : NULL, graph->ctx.at};
}

static void enter(weir__graph *graph, int source, const weir__input *from, weir__arena *arena)
{
    weir_assert(graph->nodes[source] != NULL);
    graph->ctx.arena = arena;
    graph->ctx.node = graph->nodes[source];
    graph->ctx.at = (weir_record_metadata){from->topic, from->partition, from->offset};
}

static weir_err decode_record(weir_ctx *ctx, weir_slice key, weir_slice value, weir_record *out)
{
    const weir__node *source = ctx->node->spec;
    weir_err err = weir__decode(ctx, source->key, key, &out->key);
    const char *side = "key";
    if (err == WEIR_OK) {
        err = weir__decode(ctx, source->value, value, &out->value);
        side = "value";
    }
    if (err != WEIR_OK && err != WEIR_ENOMEM && err != WEIR_EOVERRUN) {
        if (ctx->error.code != err) {
            weir_fail(ctx, err, "%s", weir_err_str(err));
        }
        ctx->error.code = WEIR_EDECODE;
        return weir__error_prefix(&ctx->error, WEIR_EDECODE, "the %s cannot be decoded", side);
    }
    return err;
}

/* Applies default.timestamp.extractor. A record that keeps its negative timestamp is dropped. */
static weir_err replace_invalid_time(weir_ctx *ctx, int64_t partition_time_ms, weir_record *record)
{
    switch (ctx->graph->host.invalid_time) {
    case WEIR__INVALID_TIME_SKIPS:
        return WEIR_OK;
    case WEIR__INVALID_TIME_PARTITION:
        if (partition_time_ms >= 0) {
            record->timestamp_ms = partition_time_ms;
            return WEIR_OK;
        }
        return weir_fail(ctx, WEIR_EINVAL,
                         "the record's timestamp is %lld, and no earlier record gives its "
                         "partition a time to use (default.timestamp.extractor is "
                         "use_partition_time); give the source a timestamp function, or set "
                         "default.timestamp.extractor to log_and_skip",
                         (long long)record->timestamp_ms);
    case WEIR__INVALID_TIME_FAILS:
    case WEIR__TIME_WALL_CLOCK:
        break;
    }
    return weir_fail(ctx, WEIR_EINVAL,
                     "the record's timestamp is %lld; give the source a timestamp function, or "
                     "set default.timestamp.extractor to log_and_skip or use_partition_time",
                     (long long)record->timestamp_ms);
}

static weir_err extract_time(weir_ctx *ctx, int64_t partition_time_ms, weir_record *record)
{
    const weir_source_opts *opts = &ctx->node->spec->source;
    if (opts->timestamp == NULL) {
        /* Kafka reads repartition topics with the time that was written
         * (OptimizableRepartitionNode). */
        bool internal = ctx->node->spec->pattern == NULL && ctx->node->spec->topics[0].internal;
        if (ctx->graph->host.invalid_time == WEIR__TIME_WALL_CLOCK && !internal) {
            record->timestamp_ms = ctx->graph->host.wall_clock_ms(ctx->graph->host.user);
        }
        return record->timestamp_ms >= 0 ? WEIR_OK
                                         : replace_invalid_time(ctx, partition_time_ms, record);
    }
    ctx->error.code = WEIR_OK;
    uint64_t mark = ctx->iters_opened;
    record->timestamp_ms = opts->timestamp(ctx, record, partition_time_ms, opts->user);
    weir__iters_close_since(ctx, mark, ctx->node->spec);
    return weir__guards_check(ctx, "the timestamp function",
                              record->timestamp_ms < 0 ? ctx->error.code : WEIR_OK);
}

weir_err weir__graph_decode(weir__graph *graph, int source, const weir__input *from, weir_slice key,
                            weir_slice value, int64_t timestamp_ms, const weir_header *headers,
                            size_t header_count, int64_t partition_time_ms, weir__arena *arena,
                            weir_record *out, weir_error *error)
{
    weir_ctx *ctx = &graph->ctx;
    enter(graph, source, from, arena);
    *out = (weir_record){NULL, NULL, timestamp_ms, weir__headers_new(arena, headers, header_count)};
    weir_err err = out->headers != NULL ? WEIR_OK : weir__ctx_out_of_memory(ctx);
    if (err == WEIR_OK) {
        err = decode_record(ctx, key, value, out);
    }
    if (err == WEIR_OK) {
        err = extract_time(ctx, partition_time_ms, out);
    }
    if (err != WEIR_OK) {
        ctx->failed_node = ctx->node;
        ctx->failed_at = ctx->at;
    }
    return weir__graph_report(graph, err, error);
}

weir_err weir__graph_process(weir__graph *graph, int source, const weir__input *from,
                             const weir_record *record, weir__arena *arena, weir_error *error)
{
    enter(graph, source, from, arena);
    graph->ctx.record = record;
    graph->ctx.time_ms = record->timestamp_ms;
    weir_err err = weir__forward(&graph->ctx, record);
    return weir__graph_report(graph, err, error);
}

static weir_err flush_store(weir__graph *graph, const weir_kv *kv)
{
    return kv != NULL && !kv->view ? weir__kv_flush(kv->layers.top, &graph->ctx.error) : WEIR_OK;
}

/* A flush of a table forwards changes to the tables below, so these come later. */
static weir_err flush_all(weir__graph *graph)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < graph->node_count && err == WEIR_OK; i++) {
        int store = graph->running[i].spec->table_store;
        err = store >= 0 ? flush_store(graph, graph->stores[store]) : WEIR_OK;
    }
    for (size_t i = 0; i < graph->topology->store_count && err == WEIR_OK; i++) {
        err = flush_store(graph, graph->stores[i]);
    }
    return err;
}

bool weir__graph_flushes(const weir__graph *graph)
{
    return graph->flushes;
}

weir_err weir__graph_flush(weir__graph *graph, weir_error *error)
{
    if (!graph->flushes) {
        return WEIR_OK;
    }
    weir_err err = flush_all(graph);
    if (err != WEIR_OK && graph->ctx.failed_node == NULL) {
        *error = graph->ctx.error;
        weir__graph_report(graph, WEIR_OK, NULL);
        return err;
    }
    return weir__graph_report(graph, err, error);
}

int64_t weir__graph_record_time_ms(const weir__graph *graph)
{
    return graph->ctx.time_ms;
}

weir__kv *weir__graph_store_layers(weir__graph *graph, int store)
{
    weir_kv *kv = graph->stores[store];
    return kv != NULL ? kv->layers.below : NULL;
}

weir__kv *weir__graph_store_top(weir__graph *graph, int store)
{
    weir_kv *kv = graph->stores[store];
    return kv != NULL ? kv->layers.top : NULL;
}
