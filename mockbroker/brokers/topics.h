/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics: partitions, leaders, settings, and the upkeep of the logs. */
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
weir__partition *weir__partition_find(const weir_mock *mock, weir_slice topic, int32_t partition);
void weir__topics_fini(weir_mock *mock);

/* Makes the broker the leader, with a new leader epoch; -1: none. WEIR_ENOMEM: nothing changed. */
weir_err weir__partition_lead(weir_mock *mock, weir__partition *partition, int32_t broker);
/* Whether the broker is one of those that keep a copy of the partition. */
bool weir__partition_is_replica(const weir_mock *mock, const weir__partition *partition,
                                int32_t broker);
/* How many brokers have all records: the replicas that are up, and the leader. */
int32_t weir__partition_in_sync(const weir_mock *mock, const weir__partition *partition);
/* min.insync.replicas in effect: never more than there are replicas, as in Kafka since KRaft. */
int32_t weir__partition_min_in_sync(const weir__partition *partition);

/* ---- maintenance.c ---- */
/* Records were appended: fetches are checked, and retention and compaction are scheduled. */
void weir__partition_changed(weir_mock *mock, const weir__partition *partition);
/* Deletes the records below `before`; -1: all. As Kafka, only if "delete" is part of the topic's
 * cleanup.policy. */
int16_t weir__partition_trim(weir_mock *mock, weir__partition *partition, int64_t before);
/* Retention and compaction of all logs, when they are due (mock->logs_due_us). */
void weir__logs_maintain(weir_mock *mock);

/* ---- Settings: topic_config.c ---- */
typedef struct weir__topic_config {
    const char *name;
    const char *value; /* Kafka's default */
    char kind;         /* 'n' number, 'b' boolean, 'd' decimal, 'p' cleanup policy, 'm' type of
                          timestamps, 't' text */
} weir__topic_config;

const weir__topic_config *weir__topic_configs(size_t *count);
/* Kafka's INVALID_CONFIG, or 0. */
int16_t weir__topic_config_check(weir_slice name, weir_slice value, weir_error *message);
/* Whether its value is a list of items with commas between them. */
bool weir__topic_config_is_list(weir_slice name);
const char *weir__topic_config_default(weir_slice name); /* NULL: no such setting */
/* The explicit setting, else the default, else NULL. */
const char *weir__topic_config_get(const weir__topic *topic, const char *name);
/* Its settings have changed: puts them into effect. */
void weir__topic_configure(weir__topic *topic);

#endif
