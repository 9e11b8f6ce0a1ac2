/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine of aggregations over windows and sessions: their state, the rows of windows, what is
 * forwarded when. A file for each type of windows decides which windows a record changes. */
#ifndef WEIR_OPERATORS_WINDOWED_H
#define WEIR_OPERATORS_WINDOWED_H

#include "operators/aggregation.h"
#include "operators/fold.h"
#include "process/typed_store.h"

/* The operator's `user`. */
typedef struct weir__windowed_op {
    weir__fold fold;
    const weir__windowing *windows;
} weir__windowed_op;

/* The processor's state in one task. */
typedef struct weir__windowed {
    const weir__windowed_op *op;
    weir_kv *kv; /* the window store */
    /* Committed with the offsets; -1: none yet. */
    int64_t *stream_ms;   /* greatest timestamp of a record that reached the node */
    int64_t *closed_ms;   /* emit on close: windows that close by then have been emitted */
    int64_t next_emit_ms; /* emit on close: not before, by the wall clock */
} weir__windowed;

/* The callbacks of an operator; the type of its windows decides what process does. */
weir_err weir__windowed_open(weir_ctx *ctx, void *user, void **state);
weir_err weir__windowed_process(weir_ctx *ctx, const weir_record *in, void *state);
void weir__windowed_close(void *state);

/* The record's windows are changed: one function for each type. Stream time includes the record.
 * `close_ms`: windows that end by then (sliding: before) have closed. */
weir_err weir__hopping_windows(weir_ctx *ctx, weir__windowed *w, const weir_record *in,
                               int64_t close_ms);
weir_err weir__unlimited_window(weir_ctx *ctx, weir__windowed *w, const weir_record *in,
                                int64_t close_ms);
weir_err weir__sliding_windows(weir_ctx *ctx, weir__windowed *w, const weir_record *in,
                               int64_t close_ms);
weir_err weir__sessions(weir_ctx *ctx, weir__windowed *w, const weir_record *in, int64_t close_ms);

/* True if a record at that time is late for all sliding windows. */
bool weir__sliding_is_late(const weir__windowed *w, int64_t at_ms, int64_t close_ms);
/* Emits the sessions whose end is in that range. */
weir_err weir__sessions_emit(weir_ctx *ctx, const weir__windowed *w, int64_t first_ms,
                             int64_t last_ms);

/* Adds the value of a record to a window: reads its row, stores the new one, forwards. */
weir_err weir__window_add(weir_ctx *ctx, weir__windowed *w, const weir_record *in,
                          weir_windowed window);
/* Stores the aggregate of a window and forwards the change, unless windows are emitted when they
 * close, or the cache forwards it. `window.key` is the record's. */
weir_err weir__window_put(weir_ctx *ctx, weir__windowed *w, weir_windowed window,
                          weir__change change, int64_t timestamp_ms);
/* Counts the record as late for a window. */
void weir__window_late(weir_ctx *ctx, const weir__windowed *w, weir_windowed window);

/* The windows that are to divide a grouped stream or a cogroup; false, and an error that names what
 * is above, if they are not valid. */
bool weir__windowing_by_time(weir_builder *builder, const weir__edge *grouped,
                             const weir_windows *windows, weir__windowing *out);
bool weir__windowing_by_session(weir_builder *builder, const weir__edge *grouped,
                                const weir_session_windows *windows, weir__windowing *out);
/* Adds the edge of that kind of a grouping or cogroup (an edge, too); -1 after an error. */
int weir__windowed_edge(weir_builder *builder, int grouping, weir__edge_kind kind,
                        weir__windowing windows, const weir_windowed_opts *opts);

/* Adds the node of an aggregation of windows or sessions, an edge of that kind. `spec` without
 * `op`. */
weir_table weir__windowed_add(weir_builder *builder, int windowed, weir__edge_kind of,
                              weir__fold fold, weir__aggregation spec);

#endif
