/* SPDX-License-Identifier: Apache-2.0
 *
 * A Kafka cluster in this process, for tests: librdkafka's mock cluster behind a front that gives
 * it what it lacks (topics created by request, DeleteRecords, Kafka's group coordinator, admin
 * requests, visible limits). Clients connect to weir_mock_bootstrap() as to any cluster. Works in
 * real time as well as under the driver. */
#ifndef WEIR_MOCKBROKER_H
#define WEIR_MOCKBROKER_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_mock weir_mock;

typedef struct weir_mock_opts {
    int brokers;             /* default 3; ids 1..n */
    bool auto_create_topics; /* default false: as a broker with auto.create.topics.enable=false */
    int32_t default_partitions;     /* num.partitions, default 1 */
    int64_t group_initial_delay_ms; /* group.initial.rebalance.delay.ms; default 0, Kafka's is 3000;
                                       <0: 0; at most INT32_MAX */
    /* Both callbacks run while the cluster is locked: they must not call into it. */
    /* Told of what a test must not miss (a partition reached the mock's size limit, a request that
     * is malformed or not offered, ...), once each. NULL: stderr. weir_mock_failure() tells the
     * first one too. */
    void (*on_failure)(const char *message, void *user);
    /* Told of what the brokers do, for traces. Groups: "join", "rebalance", "member-dropped",
     * "rebalance-done", "sync", "stable", "member-expired", "leave", "coordinator",
     * "offset-commit". Logs: "create-topic", "create-partitions", "delete-topic",
     * "produce", "fetch", "delete-records". */
    void (*on_event)(const char *kind, const char *detail, void *user);
    void *user;
} weir_mock_opts;

/* Every call: any thread, unless it says otherwise. NULL on failure; `opts` NULL: defaults. */
WEIR_API weir_mock *weir_mock_new(const weir_mock_opts *opts, weir_error *error);
WEIR_API void weir_mock_free(weir_mock *mock);
/* "127.0.0.1:port,...": valid until free. */
WEIR_API const char *weir_mock_bootstrap(const weir_mock *mock);
/* Listening port of a broker (1..n), for faults of links; -1: no such broker. */
WEIR_API int weir_mock_broker_port(const weir_mock *mock, int32_t broker);
WEIR_API int32_t weir_mock_broker_count(const weir_mock *mock);
WEIR_API bool weir_mock_broker_is_up(const weir_mock *mock, int32_t broker);
/* The first failure, or NULL. Valid until free. */
WEIR_API const char *weir_mock_failure(const weir_mock *mock);

/* ---- Topics ---- */
/* `config`: NULL or name, value, ..., NULL. Leaders: partition p on broker 1 + p % n. `partitions`
 * and `replication_factor`: -1 for the default; checked, like the settings, as Kafka does. A
 * partition holds 5 MiB and 100,000 batches above its start offset: what would exceed that is
 * refused (POLICY_VIOLATION to the producer, and on_failure). */
WEIR_API weir_err weir_mock_topic_create(weir_mock *mock, const char *topic, int32_t partitions,
                                         int16_t replication_factor, const char *const *config,
                                         weir_error *error);
/* To `partitions` in all; the new ones are empty. As CreatePartitions: clients learn of it when
 * they look at metadata again. WEIR_ENOTFOUND, WEIR_EINVAL: not more than there are. The mock
 * cluster's transactions refuse partitions added later. */
WEIR_API weir_err weir_mock_topic_grow(weir_mock *mock, const char *topic, int32_t partitions,
                                       weir_error *error);
/* With its records and what groups have committed for it; one of that name may be created again,
 * empty. WEIR_ENOTFOUND. */
WEIR_API weir_err weir_mock_topic_delete(weir_mock *mock, const char *topic);
WEIR_API int32_t weir_mock_topic_partitions(const weir_mock *mock,
                                            const char *topic); /* -1: none */
/* The explicit setting, or NULL. Valid until the topic goes. */
WEIR_API const char *weir_mock_topic_config(const weir_mock *mock, const char *topic,
                                            const char *name);
/* Calls fn for each topic, in order of creation. fn must not call into the mock. */
WEIR_API void weir_mock_topics(const weir_mock *mock,
                               void (*fn)(const char *topic, int32_t partitions, void *user),
                               void *user);
/* broker -1: no leader. */
WEIR_API weir_err weir_mock_partition_set_leader(weir_mock *mock, const char *topic,
                                                 int32_t partition, int32_t broker);
/* -1: none, or there is no such partition. */
WEIR_API int32_t weir_mock_partition_leader(const weir_mock *mock, const char *topic,
                                            int32_t partition);
/* The broker answers as if the topic did not exist, while the others know it: as one does whose
 * metadata is stale. 0: all know it. WEIR_ENOTFOUND. */
WEIR_API weir_err weir_mock_topic_hide(weir_mock *mock, const char *topic, int32_t broker);
/* The broker it is hidden on; 0: none. */
WEIR_API int32_t weir_mock_topic_hidden(const weir_mock *mock, const char *topic);
/* Start offset (after DeleteRecords) and end offset (one past the last record acknowledged or
 * appended). WEIR_ENOTFOUND. */
WEIR_API weir_err weir_mock_partition_offsets(const weir_mock *mock, const char *topic,
                                              int32_t partition, int64_t *start, int64_t *end);

/* Drops the records below `before` (-1: all), as DeleteRecords and retention do. WEIR_ENOTFOUND;
 * WEIR_EINVAL: beyond the end, or the topic's cleanup.policy is "compact" alone. */
WEIR_API weir_err weir_mock_partition_trim(weir_mock *mock, const char *topic, int32_t partition,
                                           int64_t before);

/* Compacts a partition now, as Kafka's log cleaner does from time to time: of each key the last
 * record stays, and a tombstone goes once it was appended delete.retention.ms ago (KIP-534 counts
 * from the first cleaning). Records without a key go. Offsets, start and end stay; where records
 * are gone, fetches and reads go on behind them. Unlike Kafka it compacts up to the end, the active
 * segment too. Blocks; *error (NULL allowed) says what failed. WEIR_ENOTFOUND; WEIR_EINVAL: an
 * argument is NULL, or the topic's cleanup.policy has no "compact". */
WEIR_API weir_err weir_mock_partition_compact(weir_mock *mock, const char *topic, int32_t partition,
                                              weir_error *error);

typedef struct weir_mock_header {
    const char *name;
    weir_slice value;
} weir_mock_header;

typedef struct weir_mock_record {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    weir_slice key;
    weir_slice value;
    const weir_mock_header *headers;
    size_t header_count;
} weir_mock_record;

/* Reads all of a topic from its start offsets to its end offsets at the call, partition by
 * partition in order of offset. Records are borrowed during fn; a code other than WEIR_OK ends the
 * reading and is returned. Blocks. */
WEIR_API weir_err weir_mock_topic_read(weir_mock *mock, const char *topic,
                                       weir_err (*fn)(const weir_mock_record *record, void *user),
                                       void *user, weir_error *error);
/* The same for offsets >= from of one partition. */
WEIR_API weir_err weir_mock_partition_read(
    weir_mock *mock, const char *topic, int32_t partition, int64_t from,
    weir_err (*fn)(const weir_mock_record *record, void *user), void *user, weir_error *error);

/* Adds `ms` (modulo 2^64) to the timestamps of all records that clients of this client.id produce
 * from now on; 0 ends it. So a test can write any time with a producer of librdkafka, which takes 0
 * for "not given": it sends times that are `ms` too small. WEIR_EINVAL: client_id NULL. */
WEIR_API weir_err weir_mock_shift_timestamps(weir_mock *mock, const char *client_id, int64_t ms);

/* ---- Groups ---- */
/* -1 when nothing is committed. `metadata` (NULL allowed): copied, up to its size, terminated. */
WEIR_API int64_t weir_mock_committed(const weir_mock *mock, const char *group, const char *topic,
                                     int32_t partition, char *metadata, size_t metadata_size);
typedef struct weir_mock_group_info {
    const char *state; /* "Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead" */
    int32_t generation;
    int32_t members;
} weir_mock_group_info;
WEIR_API weir_err weir_mock_group(const weir_mock *mock, const char *group,
                                  weir_mock_group_info *out);
/* Which broker coordinates the group; moving it makes clients look it up again. Members that wait
 * for an answer get NOT_COORDINATOR; nothing else is lost. */
WEIR_API weir_err weir_mock_coordinator_set(weir_mock *mock, const char *group, int32_t broker);
WEIR_API int32_t weir_mock_coordinator(const weir_mock *mock, const char *group);

/* ---- Faults ---- */
/* A broker that is down refuses connections and breaks those it has; requests that it has begun are
 * carried out. Leaders and coordinators stay where they are. Returns when it is done; WEIR_EIO when
 * its port has been taken meanwhile. */
WEIR_API weir_err weir_mock_broker_set_up(weir_mock *mock, int32_t broker, bool up);
/* Extra time before each answer of a broker. */
WEIR_API weir_err weir_mock_broker_set_rtt(weir_mock *mock, int32_t broker, int64_t ms);
/* The next `count` requests of this API key (Kafka protocol number), from clients of this
 * client.id (NULL: any), get this error code instead of being carried out. error_code -1 breaks the
 * connection before it is carried out; WEIR_MOCK_LOSE_ANSWER carries it out and breaks the
 * connection instead of answering. */
#define WEIR_MOCK_LOSE_ANSWER (-1000)
WEIR_API weir_err weir_mock_inject(weir_mock *mock, int16_t api_key, int16_t error_code, int count,
                                   const char *client_id);

#ifdef __cplusplus
}
#endif
#endif
