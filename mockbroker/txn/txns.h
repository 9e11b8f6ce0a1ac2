/* SPDX-License-Identifier: Apache-2.0
 *
 * Kafka's transaction coordinator as a pure state machine: requests and the time are its input;
 * callbacks write the markers. No threads, sockets or clocks. The requests are those of clients
 * that keep their epoch from one transaction to the next (before KIP-890's second part). */
#ifndef WEIR_MOCKBROKER_TXNS_H
#define WEIR_MOCKBROKER_TXNS_H

#include <weir/mock_event.h>

#include "core/buf.h"
#include "core/map.h"

/* Kafka's transaction.max.timeout.ms. */
#define WEIR__TXN_TIMEOUT_MS_MAX 900000
/* A request that would exceed one of these gets POLICY_VIOLATION. Kafka has no such limits, but
 * expires transactional ids, which never happens here. */
#define WEIR__TXNS_MAX 100000      /* transactional ids */
#define WEIR__TXN_PARTS_MAX 100000 /* of a transaction */
/* An epoch from here on is exhausted: the next producer gets a new producer id. So there is always
 * one epoch left that fences the last producer. */
#define WEIR__EPOCH_EXHAUSTED (INT16_MAX - 1)
#define WEIR__NO_PRODUCER_ID ((int64_t)-1)
#define WEIR__NO_EPOCH ((int16_t)-1)

/*           add partitions, offsets        end: commit             all markers written
 *   EMPTY ------------------------> ONGOING -----------> PREPARE_COMMIT ------> COMPLETE_COMMIT
 *     ^                             ^    |
 *     |                             |    | end: abort, timeout, new producer
 *     |                             |    `---------------> PREPARE_ABORT -------> COMPLETE_ABORT
 *     |                             |                                                  |
 *     |                             `--- add ------------------------------------------+
 *     `------ InitProducerId ----------------------------------------------------------'
 *                                        (both from COMPLETE_COMMIT, too) */
typedef enum weir__txn_state {
    WEIR__TXN_EMPTY,
    WEIR__TXN_ONGOING,
    WEIR__TXN_PREPARE_COMMIT,
    WEIR__TXN_PREPARE_ABORT,
    WEIR__TXN_COMPLETE_COMMIT,
    WEIR__TXN_COMPLETE_ABORT,
} weir__txn_state;
#define WEIR__TXN_STATES 6

/* What a transaction writes to: a partition of a topic, or the committed offsets of a group. */
#define WEIR__TXN_OFFSETS ((int32_t)-1)
typedef struct weir__txn_part {
    weir_slice name;   /* of the topic or group */
    int32_t partition; /* WEIR__TXN_OFFSETS: the offsets of a group */
} weir__txn_part;

/* A transactional id. Its producer id changes when its epochs are exhausted. */
typedef struct weir__txn {
    weir_slice id; /* owned by the map of transactional ids */
    weir__txn_state state;
    int64_t producer_id;
    int64_t previous_producer_id; /* -1: none */
    int16_t epoch;
    int16_t last_epoch;        /* whose producer may have the present one (KIP-360); -1: none */
    int32_t coordinator_epoch; /* how often the coordinator moved */
    int32_t timeout_ms;
    int64_t start_us; /* when the first partition was added; -1: no transaction yet */
    int64_t end_us;   /* when it was decided; markers are written from then on */
    weir__map parts;  /* weir__txn_part, in the order in which they were added */
} weir__txn;

/* They may not call into the coordinator. */
typedef struct weir__txns_ops {
    /* The time from which the marker of this part can be written. INT64_MAX: not before something
     * else changes, for example while the partition has no leader. */
    int64_t (*marker_due_us)(void *user, const weir__txn *txn, const weir__txn_part *part);
    /* Ends the transaction in this part: a commit in PREPARE_COMMIT, an abort in PREPARE_ABORT. */
    void (*write_marker)(void *user, const weir__txn *txn, const weir__txn_part *part);
    void (*event)(void *user, const weir_mock_event *event);
} weir__txns_ops;

typedef struct weir__txns {
    weir__map txns; /* transactional id -> weir__txn */
    const weir__txns_ops *ops;
    void *user;
    int64_t producer_ids; /* assigned so far; the next one */
} weir__txns;

void weir__txns_init(weir__txns *txns, const weir__txns_ops *ops, void *user);
void weir__txns_fini(weir__txns *txns);

weir__txn *weir__txns_find(const weir__txns *txns, weir_slice id);
/* "Empty", "Ongoing", ..., as in DescribeTransactions. */
const char *weir__txn_state_name(weir__txn_state state);
/* Whether the transaction has decided its end and not written all markers. */
static inline bool weir__txn_is_ending(const weir__txn *txn)
{
    return txn->state == WEIR__TXN_PREPARE_COMMIT || txn->state == WEIR__TXN_PREPARE_ABORT;
}

typedef struct weir__init_producer {
    weir_slice id;       /* null slice: a producer that is idempotent only */
    int32_t timeout_ms;  /* of its transactions */
    int64_t producer_id; /* what the producer has now (KIP-360); -1: nothing */
    int16_t epoch;
} weir__init_producer;

/* The producer as a request names it. */
typedef struct weir__producer {
    weir_slice id; /* transactional id */
    int64_t producer_id;
    int16_t epoch;
} weir__producer;

/* These give Kafka's error codes (rd_kafka_resp_err_t), in the newest versions of the requests. */

/* Sets *out to the producer id and epoch from now on, or to -1, -1. An open transaction of the id
 * is aborted, and CONCURRENT_TRANSACTIONS tells the new producer to ask again. */
int16_t weir__txns_init_producer(weir__txns *txns, const weir__init_producer *request,
                                 int64_t now_us, weir__producer *out);
/* Adds all parts or none. */
int16_t weir__txns_add(weir__txns *txns, const weir__producer *producer,
                       const weir__txn_part *parts, size_t count, int64_t now_us);
/* Whether the producer may write to this part in its open transaction (KIP-890): 0,
 * INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS or INVALID_TXN_STATE. */
int16_t weir__txns_verify(const weir__txns *txns, const weir__producer *producer,
                          const weir__txn_part *part);
int16_t weir__txns_end(weir__txns *txns, const weir__producer *producer, bool commit,
                       int64_t now_us);
/* The coordinator moved: the state is kept, markers carry a new coordinator epoch. */
void weir__txns_moved(weir__txns *txns, weir_slice id);

int64_t weir__txns_deadline_us(const weir__txns *txns); /* INT64_MAX: none */
/* Aborts transactions that are over their timeout, writes the markers that are due. Also to be
 * called when leaders or brokers have changed. */
void weir__txns_expire(weir__txns *txns, int64_t now_us);

#endif
