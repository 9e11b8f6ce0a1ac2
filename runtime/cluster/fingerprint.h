/* SPDX-License-Identifier: Apache-2.0
 *
 * The fingerprint of a topology: a text that two members can compare. A task id like 1_0 means the
 * same task to both only if their sub-topologies read the same topics and keep the same stores. */
#ifndef WEIR_CLUSTER_FINGERPRINT_H
#define WEIR_CLUSTER_FINGERPRINT_H

#include "cluster/assignment_codec.h"
#include "topology/topology.h"

/* A line for each sub-topology ("reads lines, words; keeps counts"), in `arena`. */
weir_err weir__fingerprint_of(const weir_topology *topology, weir__arena *arena,
                              const char *const **lines, size_t *count);

/* WEIR_ETOPOLOGY: the leader that made the assignment runs another topology; *error names the first
 * sub-topology that differs, in both topologies. The check allocates in `arena`. */
weir_err weir__fingerprint_check(const weir_topology *topology, const weir__assignment *assignment,
                                 weir__arena *arena, weir_error *error);

#endif
