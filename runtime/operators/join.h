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
/* Its parts. Drops a record that has no value, or no key for the table: true if it was dropped. */
bool weir__join_drops(weir_ctx *ctx, const weir__join *op, const weir_record *in, const void *key);
/* Joins the record with the row that the table has, or had at the record's time, and forwards the
 * result. `key` NULL: there is no row. */
weir_err weir__join_row(weir_ctx *ctx, const weir__join *op, const weir_record *in,
                        const void *key);

/* A join with a table. */
typedef struct weir__table_join {
    const weir__operator *kind;
    const char *name; /* NULL: numbered */
    const weir_serde *value;
    weir__join *op; /* the beginning of the node's `user`; its table is set here */
    size_t size;    /* of `user` */
} weir__table_join;
/* Adds the node, behind a repartition topic if it needs one. */
weir_stream weir__table_join_add(weir_stream left, weir_table right, const weir__table_join *join);

/* "left_join" or "join" */
const char *weir__join_label(const weir__join *op);
/* What errors call the join; NULL, and an error, for handles of two builders or without a function.
 */
const char *weir__join_check(const weir__join *op, const weir__pair *pair);

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
