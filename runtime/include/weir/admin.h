/* SPDX-License-Identifier: Apache-2.0
 *
 * Creates the input and output topics of a program through the admin API, before the application
 * starts. Weir creates internal topics by itself, but never the topics that a topology names. */
#ifndef WEIR_ADMIN_H
#define WEIR_ADMIN_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_topic_spec {
    const char *name;
    int32_t partitions;         /* -1: the broker's default */
    int16_t replication_factor; /* 0 or -1: the broker's default */
    const char *const *config;  /* name, value, ..., NULL; NULL: none */
} weir_topic_spec;

/* Creates the topics that do not exist and waits until they are in the cluster's metadata. A topic
 * that exists is not changed, whatever its settings. Uses `bootstrap.servers`, `client.id` and the
 * `admin.` settings of `config`. WEIR_EINVAL names the invalid argument or topic (no name, no
 * partitions, a setting without a value); nothing has been created then. Blocks; any thread. */
WEIR_API weir_err weir_create_topics(const weir_config *config, const weir_topic_spec *topics,
                                     size_t count, weir_error *error);

#ifdef __cplusplus
}
#endif
#endif
