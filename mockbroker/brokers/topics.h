/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics: partitions, leaders, settings, and how full the mock cluster's logs are. */
#ifndef WEIR_MOCKBROKER_TOPICS_H
#define WEIR_MOCKBROKER_TOPICS_H

#include "mock.h"

typedef struct weir__topic_setting {
    weir_slice name;
    weir_slice value;
} weir__topic_setting;

typedef struct weir__topic_spec {
    weir_slice name;
    int32_t partitions;         /* -1: the cluster's default */
    int16_t replication_factor; /* -1: the default */
    const weir__topic_setting *settings;
    size_t setting_count;
    bool validate_only;
} weir__topic_spec;

#define WEIR__TOPIC_SETTINGS_MAX 64

/* Returns Kafka's error code; the message gives the details. */
int16_t weir__topic_create(weir_mock *mock, const weir__topic_spec *spec, weir_error *message);

typedef struct weir__topic_growth {
    weir_slice name;
    int32_t partitions; /* in all, afterwards */
    bool validate_only;
} weir__topic_growth;

/* The same for adding partitions. */
int16_t weir__topic_grow(weir_mock *mock, const weir__topic_growth *growth, weir_error *message);
/* With its records and the groups' committed offsets for it. */
int16_t weir__topic_delete(weir_mock *mock, weir_slice name);
weir__topic *weir__topic_find(const weir_mock *mock, weir_slice name);
/* Whether the broker serves the partition of a request. */
static inline bool weir__partition_is_known(const weir__partition *partition, int32_t broker)
{
    return partition != NULL && partition->topic->hidden_on != broker;
}
/* Drops the records below `before`; -1: all. As Kafka, only if "delete" is part of the topic's
 * cleanup.policy. */
int16_t weir__partition_trim(weir_mock *mock, weir__partition *partition, int64_t before);
weir__partition *weir__partition_find(const weir_mock *mock, weir_slice topic, int32_t partition);
void weir__topics_fini(weir_mock *mock);

/* Reads the records from the start offset to `upto`, on the caller's thread; see
 * weir_mock_partition_read. */
weir_err weir__partition_read_upto(weir_mock *mock, const char *topic, int32_t partition,
                                   int64_t upto,
                                   weir_err (*fn)(const weir_mock_record *record, void *user),
                                   void *user, weir_error *error);

/* True if a batch of that size may be forwarded: the mock cluster will not drop a batch above the
 * log start offset for it. */
bool weir__partition_admits(const weir__partition *partition, size_t bytes);
/* Called when the mock cluster has appended the batch at `base`. Its answers on different
 * connections may arrive in another order than it appended. */
weir_err weir__partition_appended(weir__partition *partition, int64_t base, int32_t records,
                                  size_t bytes, int64_t now_us);
/* Bytes of the batches that a fetch from `offset` would read, counted up to `enough`. */
size_t weir__partition_bytes_from(const weir__partition *partition, int64_t offset, size_t enough);

/* ---- Settings: topic_config.c ---- */
typedef struct weir__topic_config {
    const char *name;
    const char *value; /* Kafka's default */
    char kind;         /* 'n' number, 'b' boolean, 'd' decimal, 'p' cleanup policy, 't' text */
} weir__topic_config;

const weir__topic_config *weir__topic_configs(size_t *count);
/* Kafka's INVALID_CONFIG, or 0. */
int16_t weir__topic_config_check(weir_slice name, weir_slice value, weir_error *message);
/* The explicit setting, else the default, else NULL. */
const char *weir__topic_config_get(const weir__topic *topic, const char *name);

#endif
