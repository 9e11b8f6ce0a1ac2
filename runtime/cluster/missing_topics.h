/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics that the topology names and the brokers do not have. */
#ifndef WEIR_CLUSTER_MISSING_TOPICS_H
#define WEIR_CLUSTER_MISSING_TOPICS_H

#include "cluster/instance.h"

/* Appends " (did you mean 'orders'?)" if a topic of a similar name exists and the brokers list it;
 * nothing otherwise. */
void weir__missing_topic_hint(const weir__instance *instance, const char *topic, weir_buf *out);

/* Warns of each sink whose topic does not exist. That is no failure: the brokers may create topics
 * automatically (auto.create.topics.enable). Nor is it one if the brokers do not answer. */
void weir__sink_topics_warn(const weir__instance *instance);

#endif
