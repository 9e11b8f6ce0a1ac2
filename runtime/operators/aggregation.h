/* SPDX-License-Identifier: Apache-2.0
 *
 * What count, reduce and aggregate of a stream share, with or without windows. */
#ifndef WEIR_OPERATORS_AGGREGATION_H
#define WEIR_OPERATORS_AGGREGATION_H

#include "operators/operator.h"

typedef struct weir__aggregation {
    const weir__operator *kind;
    const void *op; /* copied; NULL: none */
    size_t size;
    const weir_serde *value; /* of the result */
    const char *store;       /* NULL: numbered */
    const weir_store_opts *opts;
} weir__aggregation;

/* The input of an aggregation: the grouped stream, behind its repartition topic if it needs one,
 * which `store` (NULL: numbered) names if the grouping has no name. NULL after an error. */
const weir__edge *weir__aggregation_input(weir_builder *builder, weir__edge *grouped,
                                          const char *store);
/* Adds the repartition topic if one is needed, the node and its store. */
weir_table weir__aggregation_add(weir_grouped in, const weir__aggregation *spec);
/* The same for a windowed stream (of either kind), whose table has windowed keys. */
weir_table weir__aggregation_add_windowed(weir_builder *builder, int node, weir__edge_kind of,
                                          const weir__aggregation *spec);
/* Adds the window or session store of a table with windowed keys; -1 after an error. `key` is the
 * serde of the keys inside. */
int weir__windowed_store(weir_builder *builder, const weir__edge *table, const weir_serde *key,
                         const char *store, const weir_store_opts *opts);
/* Checks the store's serdes, if the options give them, against the operator's. */
void weir__aggregation_check(weir_builder *builder, const weir__edge *in,
                             const weir__aggregation *spec, const char *name);
/* False, and an error, if the operator lacks a function. `in`: the edge of its input. */
bool weir__aggregation_given(weir_builder *builder, bool given, const char *kind, const char *store,
                             int in);

/* The work of aggregate, also of an input of cogroup: its store is the table's of its node, and its
 * operator's `user` is a weir__aggregate_op. */
typedef struct weir__aggregate_op {
    weir_initializer_fn init;
    void *init_user;
    weir_aggregator_fn fn;
    void *user;
} weir__aggregate_op;

weir_err weir__aggregate(weir_ctx *ctx, const weir_record *in, void *op);

#endif
