/* SPDX-License-Identifier: Apache-2.0
 *
 * The structures that all parts of the mock cluster share. Everything here is guarded by
 * mock->lock: the front's thread holds it except while it polls. */
#ifndef WEIR_MOCKBROKER_MOCK_H
#define WEIR_MOCKBROKER_MOCK_H

#include <pthread.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <weir/mockbroker.h>

#include "core/buf.h"
#include "core/map.h"
#include "group/groups.h"
#include "log/partition_log.h"
#include "txn/txns.h"

#define WEIR__BROKERS_MAX 64
#define WEIR__PARTITIONS_MAX 1024 /* of a topic */
#define WEIR__REQUEST_BYTES_MAX                                                                    \
    (16u << 20) /* a frame; Kafka's socket.request.max.bytes is larger */
#define WEIR__TOPIC_NAME_MAX 249
#define WEIR__LOG_BYTES_DEFAULT ((size_t)256 << 20) /* of all logs */
#define WEIR__RETENTION_CHECK_MS 300000             /* log.retention.check.interval.ms */

typedef struct weir__partition {
    const struct weir__topic *topic;
    int32_t id;
    int32_t leader; /* -1: none */
    weir__log log;
} weir__partition;

typedef struct weir__topic {
    const char *name;             /* behind the struct */
    weir__partition **partitions; /* valid until the topic is deleted */
    int32_t partition_count;
    int16_t replication_factor;
    int32_t hidden_on; /* the broker that does not know it; 0: none */
    weir__map config;  /* name -> malloc'ed text; the explicit settings */
    /* Of these settings, as numbers (weir__topic_configure). */
    weir__log_config log_config;
    int64_t min_in_sync;
} weir__topic;

typedef struct weir__broker {
    int32_t id;
    int port;
    int listener; /* -1: down */
    bool should_be_up;
    int64_t rtt_us;
} weir__broker;

struct weir__fault;
struct weir__conn;
struct weir__request;

struct weir_mock {
    weir_mock_opts opts;
    rd_kafka_t *rk;
    /* One broker, for requests that the table forwards. The brokers that clients see are the
     * front's, so that it alone decides about leaders, coordinators and faults. */
    rd_kafka_mock_cluster_t *cluster;
    int upstream_port;
    weir_buf bootstrap;
    weir__broker brokers[WEIR__BROKERS_MAX];

    pthread_mutex_t lock;
    pthread_cond_t applied; /* a broker was started or stopped */
    pthread_t thread;
    bool started;
    bool stopping;
    /* Carries out a request whose bytes are all there. */
    void (*begin)(struct weir__request *request);
    int wake[2]; /* a byte in the pipe wakes the loop to check the state */

    int64_t now_us;           /* as of this round of the loop */
    struct weir__conn *conns; /* in order of acceptance */
    struct weir__conn *conns_end;
    bool fetches_due; /* data, leaders or start offsets changed: check waiting fetches */

    weir__map topics;
    weir__log_budget budget; /* of all logs */
    int64_t started_us;
    int64_t wall_offset_us; /* wall clock - monotonic clock, since the start */
    int64_t logs_due_us;    /* when a log may have something to delete or to compact */
    weir__groups groups;
    weir__map coordinators; /* group -> weir__broker, where it was set */
    weir__txns txns;
    weir__map txn_coordinators; /* transactional id -> weir__broker, where it was set */
    struct weir__fault *faults; /* in order of addition; freed with the cluster */
    weir__map shifts;           /* client.id -> int64_t: shift.h */
    weir__map failures;         /* reported already */
    char *first_failure;
};

/* The wall clock as of this round of the loop. */
static inline int64_t weir__mock_now_ms(const weir_mock *mock)
{
    return (mock->now_us + mock->wall_offset_us) / 1000;
}

/* Reading leaves the mock cluster unchanged for the caller, but takes the lock. */
static inline void weir__mock_lock(const weir_mock *mock)
{
    pthread_mutex_lock((pthread_mutex_t *)&mock->lock);
}

static inline void weir__mock_unlock(const weir_mock *mock)
{
    pthread_mutex_unlock((pthread_mutex_t *)&mock->lock);
}

/* ---- events.c ---- */
void weir__mock_wake(weir_mock *mock);
weir__broker *weir__broker_find(const weir_mock *mock, int32_t id); /* NULL: none */
/* Reports to on_failure, once for each text. */
void weir__mock_fail(weir_mock *mock, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void weir__mock_event(weir_mock *mock, const weir_mock_event *event);
weir__broker *weir__coordinator_of(const weir_mock *mock, weir_slice group);
weir__broker *weir__txn_coordinator_of(const weir_mock *mock, weir_slice transactional_id);

#endif
