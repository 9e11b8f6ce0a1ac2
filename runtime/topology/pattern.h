/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns of topic names: regular expressions that must match a whole name. */
#ifndef WEIR_TOPOLOGY_PATTERN_H
#define WEIR_TOPOLOGY_PATTERN_H

#include "core/arena.h"
#include "topology/topology.h"

typedef struct weir__pattern weir__pattern;

/* `*list` is the first of the patterns that weir__patterns_free frees; the new one is added.
 * Memory is from `arena`. WEIR_EINVAL, WEIR_ELIMIT: the pattern, and what is wrong with it. */
weir_err weir__pattern_add(weir__pattern **list, weir__arena *arena, const char *text,
                           const weir__pattern **out, weir_error *error);
/* Before the arena is freed. */
void weir__patterns_free(weir__pattern *list);

const char *weir__pattern_text(const weir__pattern *pattern);
/* Any thread. */
bool weir__pattern_matches(const weir__pattern *pattern, const char *topic);

bool weir__topology_has_patterns(const weir_topology *topology);
/* The source whose pattern matches an existing topic; NULL: none. Topics of the brokers
 * ("__consumer_offsets") and internal topics of the application are not matched. *second (NULL
 * allowed): another source whose pattern matches it, too; NULL: none. */
const weir__node *weir__topology_matching(const weir_topology *topology, const char *application,
                                          const char *topic, const weir__node **second);
/* A topology for the partition counts of a moment: the sources with patterns read those of
 * `topics` (sorted) that they match. *out and what it adds are in `arena`; the rest is borrowed.
 * WEIR_ETOPOLOGY: two patterns match a topic. */
weir_err weir__topology_expand(const weir_topology *topology, const char *application,
                               const char *const *topics, size_t count, weir__arena *arena,
                               const weir_topology **out, weir_error *error);

#endif
