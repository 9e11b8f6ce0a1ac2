/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream joined with itself, on one store (topology.optimization). The results and their order
 * are those of the join of two streams: a record meets the earlier ones as the left side, then as
 * the right side, and itself in between. */
#include <stdlib.h>

#include "core/saturate.h"
#include "operators/stream_join.h"
#include "process/typed_store.h"

typedef struct self_join {
    const weir__self_join *op;
    int64_t stream_ms; /* greatest timestamp of the records; -1: none yet */
} self_join;

typedef struct joining {
    const self_join *join;
    const weir_record *in;
    bool met_itself; /* or it does not meet itself */
} joining;

static weir_err open(weir_ctx *ctx, void *user, void **state)
{
    self_join *join = calloc(1, sizeof *join);
    *state = join;
    if (join == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    join->op = user;
    join->stream_ms = weir__segments_stream_ms(ctx->graph->stores[join->op->windows]->layers.base);
    return WEIR_OK;
}

static weir_err forward_joined(weir_ctx *ctx, const joining *j, const void *left, const void *right,
                               int64_t time_ms)
{
    const weir__self_join *op = j->join->op;
    const void *joined = NULL;
    weir__join_input both = {j->in->key, left, right, time_ms};
    weir_err err = weir__joiner_call(ctx, ctx->node->spec->value, op->fn, op->user, &both, &joined);
    return err == WEIR_OK ? weir__forward_new(ctx, j->in->key, joined, time_ms) : err;
}

static weir_err meet_itself(weir_ctx *ctx, joining *j)
{
    if (j->met_itself) {
        return WEIR_OK;
    }
    j->met_itself = true;
    return forward_joined(ctx, j, j->in->value, j->in->value, j->in->timestamp_ms);
}

/* Joins the record, as that side, with the stored ones. */
static weir_err join_as(weir_ctx *ctx, joining *j, weir__join_side side)
{
    const weir__self_join *op = j->join->op;
    const weir_record *in = j->in;
    bool left = side == WEIR__LEFT_SIDE;
    weir_window_iter *iter = NULL;
    weir_window_row row;
    int64_t from_ms = weir__sub_sat(in->timestamp_ms, left ? op->before_ms : op->after_ms);
    int64_t to_ms = weir__add_sat(in->timestamp_ms, left ? op->after_ms : op->before_ms);
    weir_err err =
        weir_window_fetch((weir_window *)ctx->graph->stores[op->windows], in->key,
                          weir__join_time(from_ms), weir__join_time(to_ms), false, &iter);
    while (err == WEIR_OK && weir_window_next(iter, &row)) {
        /* Results are in order of time. */
        if (!left && row.start_ms > in->timestamp_ms) {
            err = meet_itself(ctx, j);
        }
        if (err == WEIR_OK) {
            err = forward_joined(ctx, j, left ? in->value : row.value, left ? row.value : in->value,
                                 weir__later(in->timestamp_ms, row.start_ms));
        }
    }
    weir_err end = weir_window_iter_close(iter);
    return err != WEIR_OK ? err : end;
}

static weir_err process(weir_ctx *ctx, const weir_record *in, void *state)
{
    self_join *join = state;
    if (weir__drop_nulls(ctx, in, true)) {
        return WEIR_OK;
    }
    join->stream_ms = weir__later(join->stream_ms, in->timestamp_ms);
    int64_t oldest_ms = weir__sub_sat(join->stream_ms, join->op->retention_ms);
    bool expired = in->timestamp_ms <= weir__add_sat(oldest_ms, 1);
    bool outside = join->op->before_ms < 0 || join->op->after_ms < 0; /* of its own window */
    joining j = {join, in, expired || outside};
    weir_err err = join_as(ctx, &j, WEIR__LEFT_SIDE);
    if (err == WEIR_OK) {
        err = join_as(ctx, &j, WEIR__RIGHT_SIDE);
    }
    return err == WEIR_OK ? meet_itself(ctx, &j) : err;
}

const weir__operator weir__self_join_operator = {
    .work = {"stream_join", open, process, free},
    .prefix = "KSTREAM-MERGE-",
};
