/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that the DSL's files share: edges of handles, nodes below them, repartitioning. */
#ifndef WEIR_DSL_EDGES_H
#define WEIR_DSL_EDGES_H

#include "process/operators.h"
#include "topology/builder.h"

/* The edge of a handle; NULL after an error or if the handle has another kind. */
const weir__edge *weir__edge_of(weir_builder *builder, int node, weir__edge_kind kind);
/* Adds a copy of the edge and returns its index; -1 after an error. */
int weir__edge_add(weir_builder *builder, const weir__edge *edge);

/* A copy of `op` in the builder's memory, for a node's `user`. */
void *weir__op_copy(weir_builder *builder, const void *op, size_t size);

typedef struct weir__node_spec {
    const char *name; /* NULL: numbered */
    const char *prefix;
    const weir_processor_ops *ops;
    void *user;
    const weir_serde *key; /* NULL: as the parent's */
    const weir_serde *value;
    bool rekeys;
} weir__node_spec;

/* Adds a processor below a stream; returns its output stream. */
weir_stream weir__stream_node(weir_stream in, const weir__node_spec *spec);
/* Adds the processor only; -1 after an error. */
int weir__processor_node(weir_builder *builder, const weir__edge *in, const weir__node_spec *spec);

/* Adds the topic <name>-repartition with filter, sink and source; returns the edge behind it. */
const weir__edge *weir__repartition(weir_builder *builder, const weir__edge *in, const char *name,
                                    const weir_repartition_opts *opts);

static inline const char *weir__name_of(const weir_named *named)
{
    return named != NULL ? named->name : NULL;
}

#endif
