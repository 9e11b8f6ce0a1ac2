/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing the processors of a graph, and the wrappers around them. */
#include "process/graph_internal.h"

/* After a function that opens something of the node, and began when `mark` iterators had been. */
static weir_err end_open(weir__graph *graph, weir__running *node, uint64_t mark, weir_err err)
{
    weir_ctx *ctx = &graph->ctx;
    weir__iters_close_since(ctx, mark, node->spec);
    err = weir__guards_check(ctx, "open", err);
    if (err != WEIR_OK) {
        weir__graph_callback_failed(ctx, node, err);
    }
    weir__arena_reset(&graph->scratch);
    return err;
}

static weir_err open_node(weir__graph *graph, weir__running *node)
{
    const weir__node *spec = node->spec;
    const weir__wrapper *wrapper = graph->topology->wrapper;
    weir_ctx *ctx = &graph->ctx;
    uint64_t mark = ctx->iters_opened;
    weir_err err = WEIR_OK;
    if (spec->kind != WEIR__PROCESSOR) {
        return WEIR_OK;
    }
    ctx->node = node;
    if (wrapper != NULL) {
        node->wrapper = wrapper;
        node->wrapper_state = wrapper->user;
    }
    if (wrapper != NULL && wrapper->calls.open != NULL) {
        err = wrapper->calls.open(ctx, wrapper->user, &node->wrapper_state);
        err = end_open(graph, node, mark, err);
    }
    if (err != WEIR_OK) {
        return err;
    }
    node->opened = true;
    node->state = spec->user;
    if (spec->ops->open != NULL) {
        err = spec->ops->open(ctx, spec->user, &node->state);
        err = end_open(graph, node, mark, err);
    }
    return err;
}

static void close_node(weir__graph *graph, weir__running *node)
{
    uint64_t mark = graph->ctx.iters_opened;
    if (node->opened && node->spec->ops->close != NULL) {
        node->spec->ops->close(node->state);
    }
    if (node->wrapper != NULL && node->wrapper->calls.close != NULL) {
        node->wrapper->calls.close(node->wrapper_state);
    }
    weir__iters_close_since(&graph->ctx, mark, node->spec);
    node->opened = false;
    node->wrapper = NULL;
}

void weir__graph_close_nodes(weir__graph *graph)
{
    for (size_t i = 0; graph->running != NULL && i < graph->node_count; i++) {
        close_node(graph, &graph->running[i]);
    }
    weir__punctuations_fini(&graph->punctuations[WEIR_STREAM_TIME]);
    weir__punctuations_fini(&graph->punctuations[WEIR_WALL_CLOCK_TIME]);
}

weir_err weir__graph_open(weir__graph *graph, weir_error *error)
{
    weir_ctx *ctx = &graph->ctx;
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < graph->node_count && err == WEIR_OK; i++) {
        err = open_node(graph, &graph->running[i]);
    }
    ctx->node = NULL;
    graph->open = err == WEIR_OK;
    err = weir__graph_report(graph, err, error);
    if (err != WEIR_OK) {
        weir__graph_close_nodes(graph);
    }
    return err;
}
