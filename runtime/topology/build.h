/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps of weir_build that have a file of their own. */
#ifndef WEIR_TOPOLOGY_BUILD_H
#define WEIR_TOPOLOGY_BUILD_H

#include "topology/builder.h"

/* Sub-topologies: what hangs together by edges or by a shared store, numbered by its first node.
 * Sets the numbers in nodes and stores, and topology->subtopologies. */
void weir__build_groups(weir_builder *builder, weir_topology *topology);

#endif
