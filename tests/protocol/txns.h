/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of transactional producers, each observed as one line. */
#ifndef WEIR_TESTS_PROTOCOL_TXNS_H
#define WEIR_TESTS_PROTOCOL_TXNS_H

#include "requests.h"

/* The transactional id in `txn` is the scenario's short name of it. */
#define TXN_TIMEOUT_MS 60000

/* An idempotent producer. */
producer init_idempotent(run *r);
/* A transactional one; the name that the broker knows stays in *name, the caller's. */
producer init_txn(run *r, const char *txn, full_name *name);
/* With the id and epoch that the producer has (KIP-360), and a timeout. */
producer init_again(run *r, const producer *by, int32_t timeout_ms);

typedef struct part {
    const char *topic;
    int32_t partition;
} part;
/* AddPartitionsToTxn; `parts`: up to the first without a topic. */
void add_partitions(run *r, const producer *by, const part *parts);
void add_partition(run *r, const producer *by, const char *topic, int32_t partition);
/* AddOffsetsToTxn. */
void add_offsets(run *r, const producer *by, const char *group);
void end_txn(run *r, const producer *by, bool commit);
/* Waits until the coordinator has completed the transaction. Quiet. */
void complete(run *r, const producer *by);

/* TxnOffsetCommit as a member of a group; generation -1 and "" without membership. */
typedef struct membership {
    int32_t generation;
    const char *member;   /* NULL: "" */
    const char *instance; /* NULL: null */
} membership;
void commit_in_txn(run *r, const producer *by, const char *group, const membership *as,
                   const char *topic, int32_t partition, int64_t offset);

/* OffsetFetch of one partition; `stable`: RequireStable. */
void committed(run *r, const char *group, const char *topic, int32_t partition);
void committed_stable(run *r, const char *group, const char *topic, int32_t partition);

void describe_txn(run *r, const char *txn);
void list_txns(run *r, const char *state);
void describe_producers(run *r, const char *topic, int32_t partition);

#endif
