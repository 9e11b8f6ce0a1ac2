/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that an operator keeps in a buffer, and processes later with the context that they had:
 * timestamp, headers, and place in the input topic. */
#ifndef WEIR_OPERATORS_BUFFERED_H
#define WEIR_OPERATORS_BUFFERED_H

#include "operators/operator.h"
#include "process/typed_store.h"
#include "state/values.h"

/* Adds a buffer, the store `name`, to a node; -1 after an error. `opts`: logging and
 * changelog_config are used; its types are those of the edge. */
int weir__buffer_add(weir_builder *builder, int node, const char *name, const weir__edge *edge,
                     const weir__store_kind *kind, const weir_store_opts *opts);

/* Appends the row of a record with the context of the input: prior, old and new value and place are
 * those of `values`. */
weir_err weir__buffered_put(weir_ctx *ctx, const weir_record *in,
                            const weir__buffered_value *values, weir_buf *out);

/* A buffered record while it is processed. All of it is in the arena until weir__buffered_end. */
typedef struct weir__buffered {
    weir_record record;         /* without a value */
    weir__buffered_value value; /* encoded */
    /* What weir__buffered_end restores. */
    const weir_record *outer;
    weir_record_metadata outer_at;
    int64_t outer_time_ms;
    weir__arena_mark mark;
} weir__buffered;

/* Makes the record the context's current one. `key` and `row` are copied. Call end, unless this
 * fails. */
weir_err weir__buffered_begin(weir_ctx *ctx, const weir_kv *kv, weir_slice key, weir_slice row,
                              weir__buffered *out);
void weir__buffered_end(weir_ctx *ctx, const weir__buffered *of);

/* The context's error of a row that is not one of a buffer. */
weir_err weir__buffered_damaged(weir_ctx *ctx, const weir_kv *kv);
/* Reads a row: that error, or out of memory, is the context's. */
weir_err weir__buffered_read(weir_ctx *ctx, const weir_kv *kv, weir_slice row,
                             weir__buffered_value *out);

#endif
