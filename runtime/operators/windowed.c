/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregations over windows by time (KStreamWindowAggregate of Kafka Streams). Each has its own
 * stream time, by which windows close; it is committed, so that a restart changes no result.
 * Windows that are emitted when they close are read from the store by their start, after the record
 * that closed them (KIP-825). */
#include "operators/windowed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/saturate.h"

static bool are_sliding(const weir__windowing *windows)
{
    return !windows->sessions && windows->time.type == WEIR_WINDOWS_SLIDING;
}

/* 1 if the end of a window belongs to it: it closes a ms later. */
static int64_t end_included(const weir__windowed *w)
{
    return w->op->windows->sessions || are_sliding(w->op->windows) ? 1 : 0;
}

/* NULL: out of memory. */
static int64_t *keep_stream_time(weir_ctx *ctx)
{
    weir_buf name = {0};
    weir__buf_printf(&name, "%s.stream-time", ctx->node->spec->name);
    int64_t *kept = NULL;
    if (name.err == WEIR_OK) {
        kept = weir__keep_time(ctx, weir__buf_text(&name));
    } else {
        weir__ctx_out_of_memory(ctx);
    }
    weir__buf_fini(&name);
    return kept;
}

weir_err weir__windowed_open(weir_ctx *ctx, void *user, void **state)
{
    weir__windowed *w = calloc(1, sizeof *w);
    *state = w; /* weir__windowed_close is called after a failure, too */
    if (w == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    w->op = user;
    w->kv = weir__store_at(ctx, 0);
    w->next_emit_ms = INT64_MIN;
    w->stream_ms = keep_stream_time(ctx);
    if (w->op->windows->emit == WEIR_EMIT_ON_CLOSE) {
        w->closed_ms = weir__keep_time(ctx, w->kv->spec->name); /* so named by Kafka Streams */
    }
    bool complete = w->stream_ms != NULL &&
                    (w->closed_ms != NULL || w->op->windows->emit != WEIR_EMIT_ON_CLOSE);
    return complete ? WEIR_OK : WEIR_ENOMEM;
}

void weir__windowed_close(void *state)
{
    free(state);
}

/* ---- Windows ------------------------------------------------------------------------------ */

void weir__window_late(weir_ctx *ctx, const weir__windowed *w, weir_windowed window)
{
    char why[128];
    snprintf(why, sizeof why, "window %" PRId64 "/%" PRId64 ", stream time %" PRId64,
             window.start_ms, window.end_ms, *w->stream_ms);
    weir__drop(ctx, WEIR_DROP_LATE, why);
}

weir_err weir__window_put(weir_ctx *ctx, weir__windowed *w, weir_windowed window,
                          weir__change change, int64_t timestamp_ms)
{
    weir_err err = weir_window_put((weir_window *)w->kv, window.key, change.new_value,
                                   window.start_ms, timestamp_ms);
    if (err != WEIR_OK || w->kv->cached || w->op->windows->emit == WEIR_EMIT_ON_CLOSE) {
        return err;
    }
    return weir__table_forward(ctx, &window, change, timestamp_ms);
}

weir_err weir__window_add(weir_ctx *ctx, weir__windowed *w, const weir_record *in,
                          weir_windowed window)
{
    const weir__fold *fold = &w->op->fold;
    const weir_serde *serde = w->kv->spec->value;
    weir__change change = {0};
    int64_t timestamp_ms = in->timestamp_ms;
    int64_t row_ms = -1;
    weir_err err =
        weir__window_load(w->kv, window.key, window.start_ms, &change.old_value, &row_ms);
    if (err == WEIR_OK && change.old_value != NULL) {
        timestamp_ms = weir__later(timestamp_ms, row_ms);
    } else if (err == WEIR_OK) {
        err = weir__fold_init(ctx, fold, serde, &change.old_value);
    }
    if (err == WEIR_OK) {
        err = weir__fold_add(ctx, fold, serde, in, change.old_value, &change.new_value);
    }
    return err == WEIR_OK ? weir__window_put(ctx, w, window, change, timestamp_ms) : err;
}

/* ---- Emit on close ------------------------------------------------------------------------ */

/* Forwards one window; what that needed in memory is free again afterwards. */
static weir_err emit_row(weir_ctx *ctx, const weir__windowed *w, const weir_window_row *row)
{
    weir__arena_mark mark = weir__arena_mark_take(ctx->arena);
    weir_windowed window = {row->key, row->start_ms,
                            weir__add_sat(row->start_ms, w->kv->spec->window_ms)};
    weir_err err = weir__table_forward(ctx, &window, (weir__change){.new_value = row->value},
                                       row->timestamp_ms);
    weir__arena_mark_reset(ctx->arena, mark);
    return err;
}

/* The windows whose end is in that range. */
static weir_err emit_ended(weir_ctx *ctx, const weir__windowed *w, int64_t first_ms,
                           int64_t last_ms)
{
    int64_t size_ms = w->kv->spec->window_ms;
    weir_window_iter *iter = NULL;
    weir_window_row row;
    if (last_ms < size_ms) {
        return WEIR_OK;
    }
    weir_err err = weir_window_fetch_all((weir_window *)w->kv, first_ms - size_ms,
                                         last_ms - size_ms, false, &iter);
    while (err == WEIR_OK && weir_window_next(iter, &row)) {
        err = emit_row(ctx, w, &row);
    }
    weir_err end = weir_window_iter_close(iter);
    return err != WEIR_OK ? err : end;
}

/* At most once in the interval of the setting, by the wall clock. */
static weir_err emit_closed(weir_ctx *ctx, weir__windowed *w, int64_t close_ms)
{
    if (!weir__emit_is_due(ctx, ctx->graph->host.emit_interval_ms, &w->next_emit_ms) ||
        close_ms <= *w->closed_ms) {
        return WEIR_OK;
    }
    int64_t first_ms = *w->closed_ms >= 0 ? *w->closed_ms + 1 - end_included(w) : 0;
    int64_t last_ms = close_ms - end_included(w);
    weir_err err = w->op->windows->sessions ? weir__sessions_emit(ctx, w, first_ms, last_ms)
                                            : emit_ended(ctx, w, first_ms, last_ms);
    if (err == WEIR_OK) {
        *w->closed_ms = close_ms;
    }
    return err;
}

/* ---- Records ------------------------------------------------------------------------------ */

/* As in Kafka a record before the difference of sliding windows, or late for all of them, emits
 * nothing. */
static bool emits(const weir__windowed *w, const weir_record *in, int64_t close_ms)
{
    const weir__windowing *windows = w->op->windows;
    return windows->emit == WEIR_EMIT_ON_CLOSE &&
           (!are_sliding(windows) || (in->timestamp_ms >= windows->time.size_ms &&
                                      !weir__sliding_is_late(w, in->timestamp_ms, close_ms)));
}

weir_err weir__windowed_process(weir_ctx *ctx, const weir_record *in, void *state)
{
    static weir_err (*const work[])(weir_ctx *, weir__windowed *, const weir_record *, int64_t) = {
        [WEIR_WINDOWS_HOPPING] = weir__hopping_windows,
        [WEIR_WINDOWS_SLIDING] = weir__sliding_windows,
        [WEIR_WINDOWS_UNLIMITED] = weir__unlimited_window,
    };
    weir__windowed *w = state;
    const weir__windowing *windows = w->op->windows;
    if (weir__drop_nulls(ctx, in, are_sliding(windows))) {
        return WEIR_OK;
    }
    *w->stream_ms = weir__later(*w->stream_ms, in->timestamp_ms);
    int64_t close_ms = weir__sub_sat(*w->stream_ms, windows->closes_after_ms);
    weir_err err = windows->sessions ? weir__sessions(ctx, w, in, close_ms)
                                     : work[windows->time.type](ctx, w, in, close_ms);
    return err == WEIR_OK && emits(w, in, close_ms) ? emit_closed(ctx, w, close_ms) : err;
}

weir_table weir__windowed_add(weir_builder *builder, int windowed, weir__edge_kind of,
                              weir__fold fold, weir__aggregation spec)
{
    const weir__edge *edge = weir__edge_of(builder, windowed, of);
    if (edge == NULL) {
        return (weir_table){builder, -1};
    }
    weir__windowed_op op = {fold, edge->windows};
    spec.op = &op;
    spec.size = sizeof op;
    return weir__aggregation_add_windowed(builder, windowed, of, &spec);
}
