/* SPDX-License-Identifier: Apache-2.0
 *
 * Repartition and changelog topics. The leader of the group computes their partition counts,
 * creates the missing ones and checks the existing ones. */
#ifndef WEIR_CLUSTER_INTERNAL_TOPICS_H
#define WEIR_CLUSTER_INTERNAL_TOPICS_H

#include "cluster/assignment_codec.h"
#include "cluster/instance.h"

typedef struct weir__topic_plan {
    const weir__topic_count *topics; /* source and repartition topics, by name */
    size_t topic_count;
    const int32_t *tasks; /* number of tasks of each sub-topology */
} weir__topic_plan;

/* Reads the metadata of the source topics and creates the missing internal topics. *out is
 * allocated in `arena`. WEIR_EMISSING_TOPIC and WEIR_ETOPOLOGY: the application cannot run with the
 * topics that exist. */
weir_err weir__internal_topics_prepare(const weir__instance *instance, weir__arena *arena,
                                       weir__topic_plan *out, weir_error *error);
/* WEIR_EMISSING_TOPIC names the source topics that do not exist. */
weir_err weir__source_topics_check(const weir__instance *instance, weir_error *error);

/* "<application>-assignment"; malloc'ed. */
char *weir__assignment_topic_name(const char *application);
/* Creates the topic if it is missing. */
weir_err weir__assignment_topic_prepare(const weir__instance *instance, const char *name,
                                        weir_error *error);

#endif
