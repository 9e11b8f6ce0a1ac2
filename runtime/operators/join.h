/* SPDX-License-Identifier: Apache-2.0
 *
 * What joins of a stream with a table and with a global table share. */
#ifndef WEIR_OPERATORS_JOIN_H
#define WEIR_OPERATORS_JOIN_H

#include "operators/operator.h"

/* The `user` of such a node. */
typedef struct weir__join {
    weir_joiner_fn fn;
    weir_select_key_fn key_fn; /* NULL: the record's key */
    void *user;
    int table; /* the node of the table */
    bool left;
} weir__join;

weir_err weir__join_process(weir_ctx *ctx, const weir_record *in, void *state);

/* "left_join" or "join" */
const char *weir__join_label(const weir__join *op);
/* False, and an error, for handles of two builders or without a function. */
bool weir__join_check(weir_builder *builder, weir_builder *other, const weir__join *op,
                      const char *name);

/* What a joiner gets. */
typedef struct weir__join_input {
    const void *key;
    const void *left;
    const void *right;
    int64_t timestamp_ms; /* of the result: weir_ctx_timestamp_ms in the joiner */
} weir__join_input;

/* Calls a joiner; *out is its result, NULL for null. `serde`: of the result. */
weir_err weir__joiner_call(weir_ctx *ctx, const weir_serde *serde, weir_joiner_fn fn, void *user,
                           const weir__join_input *in, const void **out);

#endif
