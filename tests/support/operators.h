/* SPDX-License-Identifier: Apache-2.0
 *
 * Every operator of Weir once, in one topology, for tests of rules that hold for all of them.
 * A new operator is one line in the table of operators.c.
 *
 *     in   --> each operator --> <operator>      "in" has a timestamp function: the record's time;
 *     rows --> table                             records with a negative one are dropped
 *     refs --> global table */
#ifndef WEIR_TESTS_SUPPORT_OPERATORS_H
#define WEIR_TESTS_SUPPORT_OPERATORS_H

#include <weir/dsl.h>

#define OPERATORS_IN "in"     /* keys and values: weir_string */
#define OPERATORS_ROWS "rows" /* the same */
#define OPERATORS_REFS "refs" /* the same */

typedef struct operators_inputs {
    weir_builder *builder;
    const char *name; /* of the operator: for its nodes and stores */
    weir_stream in;
    weir_table rows;
    weir_global_table refs;
} operators_inputs;

typedef struct operators_case {
    const char *name; /* also of the topic that it writes to */
    weir_stream (*add)(const operators_inputs *inputs);
    int per_in;   /* records it gives for one of "in" whose key is in "rows" and "refs" */
    int per_rows; /* ... for one of "rows" */
} operators_case;

/* Callbacks that several files of operators use: the value of the left side, the newer one of two
 * values, that of a record, and an empty one. */
weir_err operators_left_side(weir_ctx *ctx, const void *key, const void *left, const void *right,
                             void *out, void *user);
weir_err operators_newer(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                         void *user);
weir_err operators_newer_record(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                                void *out, void *user);
weir_err operators_nothing(weir_ctx *ctx, void *out, void *user);

extern const operators_case operators_all[];
extern const size_t operators_count;

weir_topology *operators_topology(const weir_config *config, weir_error *error);

#endif
