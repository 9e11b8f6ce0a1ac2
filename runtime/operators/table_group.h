/* SPDX-License-Identifier: Apache-2.0
 *
 * What the aggregations of a grouped table share. */
#ifndef WEIR_OPERATORS_TABLE_GROUP_H
#define WEIR_OPERATORS_TABLE_GROUP_H

#include "operators/aggregation.h"

/* The edge of the handle; NULL after an error. Its value is the serde of the values. */
const weir__edge *weir__grouped_table_of(weir_grouped_table in);
/* Adds the repartition topic, unless the grouping has one, the node and its store. */
weir_table weir__table_aggregation_add(weir_grouped_table in, const weir__aggregation *spec);

/* One step of an aggregation: the new aggregate (NULL: none) from the present one and a value that
 * is added or subtracted. `aggregate` is NULL only where a value is added to no row. */
typedef weir_err (*weir__table_step_fn)(weir_ctx *ctx, const weir_record *in, bool add,
                                        const void *aggregate, const void **out);
/* Their work: subtracts the old value, if there is a row, and adds the new one. */
weir_err weir__table_aggregate(weir_ctx *ctx, const weir_record *in, weir__table_step_fn step);

#endif
