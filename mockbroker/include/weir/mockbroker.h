/* SPDX-License-Identifier: Apache-2.0
 *
 * A Kafka cluster in this process, for tests: librdkafka's mock cluster behind a proxy that adds
 * the features it lacks (topics created by request, DeleteRecords, Kafka's group coordinator, admin
 * requests, transactions, limits that are reported). Clients connect to weir_mock_bootstrap() as to
 * any cluster. Works in real time and under the driver. */
#ifndef WEIR_MOCKBROKER_H
#define WEIR_MOCKBROKER_H

#include <weir/mock_event.h>
#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_mock weir_mock;

typedef struct weir_mock_opts {
    int brokers; /* default 3; ids 1..n */
    int port; /* of the first broker on 127.0.0.1, the next one has port + 1, ...; default 0: any */
    bool auto_create_topics;        /* auto.create.topics.enable; default false */
    int32_t default_partitions;     /* num.partitions, default 1 */
    int64_t group_initial_delay_ms; /* group.initial.rebalance.delay.ms; default 0, Kafka's is 3000;
                                       <0: 0; at most INT32_MAX */
    int64_t log_bytes_max;          /* of all logs together; default 256 MiB. A batch beyond that is
                                       refused (POLICY_VIOLATION to the producer, and on_failure) */
    int64_t retention_check_ms;     /* log.retention.check.interval.ms; default 300000; <0: records
                                       are never deleted by retention; at most INT32_MAX */
    /* Both callbacks run while the cluster is locked: they must not call into it. */
    /* Called for each failure that a test must not overlook (the logs reached log_bytes_max,
     * a malformed or unsupported request, ...), once each. NULL: stderr.
     * weir_mock_failure() returns the first one. */
    void (*on_failure)(const char *message, void *user);
    /* Called for each action of the brokers (weir/mock_event.h). */
    void (*on_event)(const weir_mock_event *event, void *user);
    void *user;
} weir_mock_opts;

/* All calls in this header: any thread, unless they say otherwise. */

/* Starts the brokers. NULL on failure; `opts` NULL: defaults. */
WEIR_API weir_mock *weir_mock_new(const weir_mock_opts *opts, weir_error *error);
/* Stops the brokers. Reports rules that never fired (weir_mock_faults_check). NULL allowed. */
WEIR_API void weir_mock_free(weir_mock *mock);
/* "127.0.0.1:port,...": valid until free. */
WEIR_API const char *weir_mock_bootstrap(const weir_mock *mock);
/* Listening port of a broker (1..n), for faults of connections; -1: no such broker. */
WEIR_API int weir_mock_broker_port(const weir_mock *mock, int32_t broker);
/* The number of brokers, up or down. */
WEIR_API int32_t weir_mock_broker_count(const weir_mock *mock);
/* Whether the broker accepts connections; false: no such broker, too. */
WEIR_API bool weir_mock_broker_is_up(const weir_mock *mock, int32_t broker);
/* The first failure, or NULL. Valid until free. */
WEIR_API const char *weir_mock_failure(const weir_mock *mock);

/* ---- Topics ---- */
/* `config`: NULL or name, value, ..., NULL. Leaders: partition p on broker 1 + p % n. `partitions`
 * and `replication_factor`: -1 for the default; they and the settings are validated as in Kafka.
 * These have an effect: cleanup.policy, delete.retention.ms, max.message.bytes,
 * message.timestamp.type, min.cleanable.dirty.ratio, min.compaction.lag.ms, min.insync.replicas,
 * retention.bytes, retention.ms, segment.bytes, segment.ms. */
WEIR_API weir_err weir_mock_topic_create(weir_mock *mock, const char *topic, int32_t partitions,
                                         int16_t replication_factor, const char *const *config,
                                         weir_error *error);
/* Adds empty partitions, up to `partitions` in all, as CreatePartitions does. Clients see them
 * after their next metadata request. WEIR_ENOTFOUND: no such topic. WEIR_EINVAL: not more
 * partitions than before. */
WEIR_API weir_err weir_mock_topic_grow(weir_mock *mock, const char *topic, int32_t partitions,
                                       weir_error *error);
/* Deletes a topic with its records and the offsets committed for it. An empty topic of that name
 * may be created again. WEIR_ENOTFOUND: no such topic. */
WEIR_API weir_err weir_mock_topic_delete(weir_mock *mock, const char *topic);
/* The number of partitions; -1: no such topic. */
WEIR_API int32_t weir_mock_topic_partitions(const weir_mock *mock, const char *topic);
/* The explicit setting, or NULL. Valid until the topic is deleted. */
WEIR_API const char *weir_mock_topic_config(const weir_mock *mock, const char *topic,
                                            const char *name);
/* Calls fn for each topic, in order of creation. fn must not call into the mock. */
WEIR_API void weir_mock_topics(const weir_mock *mock,
                               void (*fn)(const char *topic, int32_t partitions, void *user),
                               void *user);
/* Makes `broker` the leader of a partition, with a new leader epoch; -1: no leader. The log and
 * what it knows of producers move along. */
WEIR_API weir_err weir_mock_partition_set_leader(weir_mock *mock, const char *topic,
                                                 int32_t partition, int32_t broker);
/* -1: no leader, or no such partition. */
WEIR_API int32_t weir_mock_partition_leader(const weir_mock *mock, const char *topic,
                                            int32_t partition);
/* The broker responds as if the topic did not exist, like a broker with stale metadata; the other
 * brokers know the topic. 0: all brokers know it. WEIR_ENOTFOUND: no such topic. */
WEIR_API weir_err weir_mock_topic_hide(weir_mock *mock, const char *topic, int32_t broker);
/* The broker on which the topic is hidden; 0: none. */
WEIR_API int32_t weir_mock_topic_hidden(const weir_mock *mock, const char *topic);
/* Start offset (after DeleteRecords) and end offset (one past the last record acknowledged or
 * appended). WEIR_ENOTFOUND. */
WEIR_API weir_err weir_mock_partition_offsets(const weir_mock *mock, const char *topic,
                                              int32_t partition, int64_t *start, int64_t *end);

/* Deletes the records below `before` (-1: all), as DeleteRecords and retention do. WEIR_ENOTFOUND;
 * WEIR_EINVAL: `before` is beyond the end, or the topic's cleanup.policy is "compact" alone. */
WEIR_API weir_err weir_mock_partition_trim(weir_mock *mock, const char *topic, int32_t partition,
                                           int64_t before);

/* Compacts a partition now. (By itself a broker compacts closed segments, when
 * min.cleanable.dirty.ratio says so.) The last record of each key is kept. A tombstone is removed
 * when it was appended more than delete.retention.ms ago (KIP-534 counts from the first cleaning).
 * Records without a key and of aborted transactions are removed. Offsets, start and end do not
 * change; fetches and reads skip removed records. Unlike Kafka it compacts up to the last stable
 * offset, including the active segment. *error (NULL allowed) says what failed.
 * WEIR_ENOTFOUND; WEIR_EINVAL: an argument is NULL, or the topic's cleanup.policy has no "compact".
 */
WEIR_API weir_err weir_mock_partition_compact(weir_mock *mock, const char *topic, int32_t partition,
                                              weir_error *error);

typedef struct weir_mock_header {
    const char *name;
    weir_slice value;
} weir_mock_header;

/* What became of the transaction of a record. */
typedef enum weir_mock_outcome {
    WEIR_MOCK_NO_TRANSACTION,
    WEIR_MOCK_COMMITTED,
    WEIR_MOCK_ABORTED,
    WEIR_MOCK_OPEN,
} weir_mock_outcome;

typedef struct weir_mock_record {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    weir_slice key;
    weir_slice value;
    const weir_mock_header *headers;
    size_t header_count;
    weir_mock_outcome outcome; /* at the time of the read */
} weir_mock_record;

/* Reads a topic from its start offsets to its end offsets at the call, partition by partition in
 * order of offset, also the records of aborted and open transactions. Records are borrowed during
 * fn; a code other than WEIR_OK ends the read and is returned. Blocks. */
WEIR_API weir_err weir_mock_topic_read(weir_mock *mock, const char *topic,
                                       weir_err (*fn)(const weir_mock_record *record, void *user),
                                       void *user, weir_error *error);
/* The same for offsets >= from of one partition. */
WEIR_API weir_err weir_mock_partition_read(
    weir_mock *mock, const char *topic, int32_t partition, int64_t from,
    weir_err (*fn)(const weir_mock_record *record, void *user), void *user, weir_error *error);

/* Adds `ms` (modulo 2^64) to the timestamps of all records that clients of this client.id produce
 * from now on; 0 ends it. With it a test can write any timestamp with librdkafka's producer, which
 * takes 0 for "not given": the test sends timestamps that are `ms` too small. WEIR_EINVAL:
 * client_id NULL. */
WEIR_API weir_err weir_mock_shift_timestamps(weir_mock *mock, const char *client_id, int64_t ms);

/* ---- Groups ---- */
/* The committed offset, or -1. `metadata` (NULL allowed) gets the committed metadata, up to its
 * size, terminated. */
WEIR_API int64_t weir_mock_committed(const weir_mock *mock, const char *group, const char *topic,
                                     int32_t partition, char *metadata, size_t metadata_size);
typedef struct weir_mock_group_info {
    const char *state; /* "Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead" */
    int32_t generation;
    int32_t members;
} weir_mock_group_info;
/* Sets *out to the present state of a group; its text is static. WEIR_ENOTFOUND: no such group. */
WEIR_API weir_err weir_mock_group(const weir_mock *mock, const char *group,
                                  weir_mock_group_info *out);
/* Sets the broker that coordinates the group; clients then have to find the coordinator again.
 * Members that wait for a response get NOT_COORDINATOR; the group's state is kept. */
WEIR_API weir_err weir_mock_coordinator_set(weir_mock *mock, const char *group, int32_t broker);
/* The broker that coordinates the group, known or not; -1: an argument is NULL. */
WEIR_API int32_t weir_mock_coordinator(const weir_mock *mock, const char *group);

/* ---- Transactions ---- */
/* What a transaction writes to: a partition, or the committed offsets of a group. */
typedef struct weir_mock_transaction_part {
    const char *topic; /* NULL: offsets of a group */
    int32_t partition; /* -1: offsets of a group */
    const char *group; /* NULL: a partition */
} weir_mock_transaction_part;
/* An open transaction, as the transaction coordinator knows it. */
typedef struct weir_mock_transaction {
    const char *transactional_id;
    int64_t producer_id;
    int16_t epoch;
    const char *state; /* "Ongoing"; "PrepareCommit", "PrepareAbort": markers are missing; static */
    int64_t age_ms;    /* since its first partition was added */
    int32_t timeout_ms;                      /* transaction.timeout.ms: at that age it is aborted */
    const weir_mock_transaction_part *parts; /* without those that have their marker */
    size_t part_count;
} weir_mock_transaction;
/* Calls fn for each open transaction, in the order in which their transactional ids were first
 * used. All is borrowed during fn, which must not call into the mock. WEIR_EINVAL: an argument is
 * NULL. WEIR_ENOMEM: fn was not called for all. */
WEIR_API weir_err weir_mock_transactions(const weir_mock *mock,
                                         void (*fn)(const weir_mock_transaction *transaction,
                                                    void *user),
                                         void *user);
/* Sets the broker that coordinates the transactional id; producers then have to find the
 * coordinator again. Open transactions are kept. WEIR_EINVAL: no such broker, no id. */
WEIR_API weir_err weir_mock_transaction_coordinator_set(weir_mock *mock,
                                                        const char *transactional_id,
                                                        int32_t broker);
/* The broker that coordinates the transactional id, known or not; -1: an argument is NULL. */
WEIR_API int32_t weir_mock_transaction_coordinator(const weir_mock *mock,
                                                   const char *transactional_id);

/* ---- Faults ---- */
/* A broker that is down refuses connections and closes those it has; requests that it has begun are
 * completed. Leaders and coordinators do not move: until it is up again, the other brokers do not
 * list it, and say that its partitions have no leader and its groups no coordinator. Returns when
 * it is done; WEIR_EIO when another program uses the broker's port meanwhile. */
WEIR_API weir_err weir_mock_broker_set_up(weir_mock *mock, int32_t broker, bool up);
/* Extra time before each response of a broker, and before it writes the marker that ends a
 * transaction of another coordinator. */
WEIR_API weir_err weir_mock_broker_set_rtt(weir_mock *mock, int32_t broker, int64_t ms);

/* Rules: faults of chosen requests. */

/* A partition of weir_mock_fault.topic: WEIR_MOCK_PARTITION(0). Zeros: any. */
typedef struct weir_mock_partition {
    int32_t number;
    bool given;
} weir_mock_partition;
#define WEIR_MOCK_PARTITION(partition) ((weir_mock_partition){.number = (partition), .given = true})

/* "Silent": as on a connection to a broker that is stalled, neither this request nor a later one on
 * this connection gets an answer, and later ones are not carried out. The client notices when its
 * request times out. */
typedef enum weir_mock_action {
    WEIR_MOCK_ERROR,            /* answers error_code, does not carry the request out */
    WEIR_MOCK_DELAY,            /* carries the request out after delay_ms */
    WEIR_MOCK_DROP_REQUEST,     /* not carried out, silent */
    WEIR_MOCK_DROP_ANSWER,      /* carried out, silent */
    WEIR_MOCK_DISCONNECT,       /* not carried out; the connection closes */
    WEIR_MOCK_DISCONNECT_AFTER, /* carried out; the connection closes instead of the answer */
} weir_mock_action;

#define WEIR_MOCK_ALWAYS (-1)

/* A rule: which requests it is for, and what happens to them. Zeros: any request. */
typedef struct weir_mock_fault {
    const char *client_id; /* of the client; "a-*": all that begin with "a-". NULL: any */
    const char *api;       /* its name in Kafka's protocol, as "TxnOffsetCommit"; NULL: any */
    const char *topic;     /* requests that name this topic; NULL: any */
    weir_mock_partition partition; /* requests that name this partition of `topic` */
    int32_t broker;                /* that got the request; 0: any */
    int from;  /* the first of the matching requests that it is for, from 1; 0: 1 */
    int times; /* the number of requests that it is for; 0: 1; WEIR_MOCK_ALWAYS: no limit */
    weir_mock_action action;
    int16_t error_code; /* for WEIR_MOCK_ERROR: Kafka's number. With a topic only that topic, or its
                           partition, gets it; the rest of the request is carried out */
    int64_t delay_ms;   /* how long the request waits before the action, on the brokers' clock */
    bool optional;      /* a rule that never fires is no failure */
} weir_mock_fault;

/* Adds a rule. It is copied. *id (NULL allowed) is its number, from 1. Of several rules for a
 * request the oldest one that is not used up applies; only that one counts the request.
 * WEIR_EINVAL: *error names the field and says what is wrong with it. WEIR_ELIMIT: more than 1,024
 * rules. */
WEIR_API weir_err weir_mock_fault_add(weir_mock *mock, const weir_mock_fault *fault, int *id,
                                      weir_error *error);
/* How often the rule has fired; -1: no such rule. */
WEIR_API int64_t weir_mock_fault_fired(const weir_mock *mock, int id);
/* Ends the rule: it fires no more. weir_mock_fault_fired and weir_mock_faults_check still know it.
 * WEIR_ENOTFOUND: no such rule. */
WEIR_API weir_err weir_mock_fault_remove(weir_mock *mock, int id);
/* WEIR_ESTATE: a rule that is not optional has never fired, so the test has not tested what it
 * says; *error (NULL allowed) describes the first one. weir_mock_free calls on_failure for each. */
WEIR_API weir_err weir_mock_faults_check(const weir_mock *mock, weir_error *error);

#ifdef __cplusplus
}
#endif
#endif
