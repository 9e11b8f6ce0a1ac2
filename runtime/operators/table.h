/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators on tables share: tables whose rows are computed from those of the table above
 * (filter, map_values), with or without a store. */
#ifndef WEIR_OPERATORS_TABLE_H
#define WEIR_OPERATORS_TABLE_H

#include "operators/operator.h"

/* The value that the table of `node` has for a row of the table above (value NULL: none). */
typedef weir_err (*weir__table_compute_fn)(weir_ctx *ctx, const weir__node *node,
                                           const weir_record *above, const void **out);

/* Adds the node below `in`, with a store if it has a name. */
weir_table weir__table_derive(weir_table in, const weir__operator *kind, const void *op,
                              size_t size, const weir_serde *value, const char *store,
                              const weir_store_opts *opts);

/* Its work: computes the change. `changes_only`: nothing is forwarded when neither the new nor the
 * old value exists, if the old one is known, unless the table above is versioned. */
weir_err weir__table_derived(weir_ctx *ctx, const weir_record *in, weir__table_compute_fn compute,
                             bool changes_only);
/* Its `read`. */
weir_err weir__table_derived_read(weir_ctx *ctx, const weir__node *table, const void *key,
                                  weir__timed *out, weir__table_compute_fn compute);

#endif
