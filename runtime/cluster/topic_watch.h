/* SPDX-License-Identifier: Apache-2.0
 *
 * The existing topics that the patterns of sources match. The leader of a generation looks at them
 * again and again: librdkafka notices changes of topics that have names only. */
#ifndef WEIR_CLUSTER_TOPIC_WATCH_H
#define WEIR_CLUSTER_TOPIC_WATCH_H

#include "cluster/assignment_codec.h"
#include "cluster/instance.h"

/* The topology with the topics that exist now (weir__topology_expand): the instance's own if it has
 * no patterns. */
weir_err weir__existing_topics(const weir__instance *instance, weir__arena *arena,
                               const weir_topology **out, weir_error *error);

/* *out: topics that patterns match, or their numbers of partitions, are others than in the
 * assignment. */
weir_err weir__matching_topics_changed(const weir__instance *instance,
                                       const weir__assignment *assignment, bool *out,
                                       weir_error *error);

/* Time between two looks: metadata.max.age.ms of the consumer. INT64_MAX: none, there are no
 * patterns or no refresh. */
int64_t weir__topic_watch_interval_ms(const weir__instance *instance);

#endif
