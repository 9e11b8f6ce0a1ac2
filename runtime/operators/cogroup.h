/* SPDX-License-Identifier: Apache-2.0
 *
 * What cogroups share, with or without windows. */
#ifndef WEIR_OPERATORS_COGROUP_H
#define WEIR_OPERATORS_COGROUP_H

#include "operators/aggregation.h"

#define WEIR__COGROUP_PREFIX "COGROUPKSTREAM-AGGREGATE-"

/* The aggregation of a cogroup. */
typedef struct weir__cogroup {
    const weir__operator *kind; /* of the nodes of the inputs */
    weir_initializer_fn init;
    weir_merger_fn merge; /* of sessions */
    void *user;           /* of these two */
    const weir_serde *value;
    const char *store; /* NULL: numbered */
    const weir_store_opts *opts;
} weir__cogroup;

/* Adds the nodes of the inputs, their store and the table's node. `cogroup` is the edge of a
 * cogroup or (with windows) of one that is windowed. */
weir_table weir__cogroup_add(weir_builder *builder, const weir__edge *cogroup,
                             const weir__cogroup *spec);

#endif
