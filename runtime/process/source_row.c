/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows from the topic of a source table, which may be the changelog of its store. */
#include "core/error.h"
#include "process/graph_internal.h"

/* Encoded as the store has it: a serde may read several forms of a value, and write one. */
static weir_err encode(weir_ctx *ctx, const weir_serde *serde, const void *value, weir_buf *buf,
                       weir_slice *out)
{
    weir_slice bytes = {0};
    weir_err err = value != NULL ? weir__encode_to(ctx, serde, value, buf, &bytes) : WEIR_OK;
    if (err == WEIR_OK && weir__arena_copy(ctx->arena, bytes, out) != WEIR_OK) {
        return weir__ctx_out_of_memory(ctx);
    }
    return err;
}

weir_err weir__graph_source_row(weir__graph *graph, int source, const weir__source_record *in,
                                weir__arena *arena, weir__log_record *out, bool *keep,
                                weir_error *error)
{
    weir_record record;
    weir_err err = weir__graph_decode(graph, source, &in->from, in->key, in->value,
                                      in->timestamp_ms, in->headers, in->header_count,
                                      in->partition_time_ms, arena, &record, error);
    *keep = err == WEIR_OK && record.timestamp_ms >= 0 && record.key != NULL;
    if (err == WEIR_EDECODE || err == WEIR_EINVAL) {
        err = WEIR_OK; /* it was dropped when it was processed */
    }
    if (!*keep) {
        return err;
    }
    const weir__node *node = graph->nodes[source]->spec;
    weir_ctx *ctx = &graph->ctx;
    ctx->arena = arena;
    ctx->node = graph->nodes[source];
    out->timestamp_ms = record.timestamp_ms;
    err = encode(ctx, node->key, record.key, &graph->key, &out->key);
    if (err == WEIR_OK) {
        err = encode(ctx, node->value, record.value, &graph->value, &out->value);
    }
    return weir__graph_report(graph, err, error);
}
