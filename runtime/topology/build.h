/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps of weir_build in separate files. */
#ifndef WEIR_TOPOLOGY_BUILD_H
#define WEIR_TOPOLOGY_BUILD_H

#include "topology/builder.h"

struct weir__topology_memory {
    weir__arena arena;
    weir__pattern *patterns; /* the first one */
};

/* Passes over the nodes, before the sub-topologies are known. */

/* Null keys reach each join that needs them, also through repartition topics: the fact
 * WEIR__KEEPS_NULL_KEYS goes to all nodes above one. */
void weir__pass_null_keys(weir_builder *builder);
/* Tables, from the first node to the last, as Kafka decides when an operator is added: */
void weir__pass_tables(weir_builder *builder);
/* - tables above a node that needs old values send them; */
void weir__pass_old_values(weir_builder *builder, int node);
/* - tables that a node reads have a store, or are read through their parents; the node is connected
 *   with these stores. */
void weir__pass_materialize(weir_builder *builder, int node);
/* Then: which tables are versioned, which have a history, and which nodes are below them. */
void weir__pass_versioned(weir_builder *builder);
/* Gives a table without a store one if it can have one: false if not. */
bool weir__materialize(weir_builder *builder, int table);

/* Finds the sub-topologies: nodes connected by edges or by a shared store, numbered by their first
 * node. Sets the numbers in nodes and stores, and topology->subtopologies. */
void weir__build_groups(weir_builder *builder, weir_topology *topology);

/* Adds checks of the types that processors have declared (types.c). */
void weir__declared_types(weir_builder *builder);

#endif
