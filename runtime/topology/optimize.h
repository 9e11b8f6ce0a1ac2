/* SPDX-License-Identifier: Apache-2.0
 *
 * topology.optimization: which passes rewrite the nodes before they are frozen. */
#ifndef WEIR_TOPOLOGY_OPTIMIZE_H
#define WEIR_TOPOLOGY_OPTIMIZE_H

#include "topology/builder.h"

typedef enum weir__optimization {
    WEIR__REUSE_SOURCE_TOPICS = 1 << 0,
    WEIR__MERGE_REPARTITIONS = 1 << 1,
    WEIR__SINGLE_STORE_SELF_JOIN = 1 << 2,
} weir__optimization;

/* The bits that the setting names; 0 without configuration. */
unsigned weir__optimizations(const weir_config *config);

/* ---- What the passes share (optimize.c) ---- */

/* Removes each `value`, and keeps the order of the others. */
void weir__ints_remove(weir__ints *ints, int value);
/* The node is not part of the topology any more; those around it are not changed. */
void weir__draft_forget(weir_builder *builder, int node);

/* ---- The passes ---- */

/* Source topics are the changelogs of the tables that read them. */
void weir__pass_source_changelogs(weir_builder *builder);

/* Repartition topics that operators imply move up to right below the operator that changes the key,
 * above operators that change no values; several below one such operator become one topic. Sets
 * builder->order. */
void weir__pass_merge_repartitions(weir_builder *builder);

/* A join of a stream with itself has one store and one node. After the other passes: they may make
 * its two sides the same stream. */
void weir__pass_self_joins(weir_builder *builder);

#endif
