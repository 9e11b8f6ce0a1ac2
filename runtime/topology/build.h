/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps of weir_build in separate files. */
#ifndef WEIR_TOPOLOGY_BUILD_H
#define WEIR_TOPOLOGY_BUILD_H

#include "topology/builder.h"

struct weir__topology_memory {
    weir__arena arena;
};

/* Finds the sub-topologies: nodes connected by edges or by a shared store, numbered by their first
 * node. Sets the numbers in nodes and stores, and topology->subtopologies. */
void weir__build_groups(weir_builder *builder, weir_topology *topology);

#endif
