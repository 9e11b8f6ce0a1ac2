/* SPDX-License-Identifier: Apache-2.0
 *
 * What count, reduce and aggregate of a stream share. */
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

/* Adds the repartition topic if one is needed, the node and its store. */
weir_table weir__aggregation_add(weir_grouped in, const weir__aggregation *spec);
/* Checks the store's serdes, if the options give them, against the operator's. */
void weir__aggregation_check(weir_builder *builder, const weir__edge *in,
                             const weir__aggregation *spec, const char *name);
/* False, and an error, if the operator lacks a function. */
bool weir__aggregation_given(weir_builder *builder, bool given, const char *what,
                             const char *store);

#endif
