/* SPDX-License-Identifier: Apache-2.0
 *
 * What a partition knows of the producers that wrote to it (KIP-98): epochs, the last batches of
 * each by sequence number, and open transactions. A pure state machine: no locks, no clock. */
#ifndef WEIR_MOCKBROKER_PRODUCER_STATE_H
#define WEIR_MOCKBROKER_PRODUCER_STATE_H

#include "core/map.h"
#include "wire/records.h"

/* As many as a producer may have in flight (ProducerStateEntry.NUM_BATCHES_TO_RETAIN). */
#define WEIR__SENT_BATCHES 5

/* A batch that was appended. */
typedef struct weir__sent_batch {
    int32_t first_sequence;
    int32_t last_sequence;
    int64_t base;         /* offset */
    int64_t timestamp_ms; /* the greatest of its records, or LogAppendTime */
} weir__sent_batch;

typedef struct weir__log_producer {
    int64_t id;
    int16_t epoch;             /* -1: none yet */
    int32_t coordinator_epoch; /* of its last marker; -1: none */
    int64_t last_ms;           /* when it last wrote */
    int batch_count;
    weir__sent_batch batches[WEIR__SENT_BATCHES]; /* oldest first */
    int64_t txn_first;                            /* offset; -1: no open transaction */
    int64_t txn_began_ms;
    struct weir__log_producer *open_prev; /* open transactions, by first offset */
    struct weir__log_producer *open_next;
} weir__log_producer;

/* Zero-initialised is empty. */
typedef struct weir__log_producers {
    weir__map by_id; /* 8 bytes of the id -> weir__log_producer */
    weir__log_producer *open_first;
    weir__log_producer *open_last;
} weir__log_producers;

/* An end of a transaction, as the transaction coordinator writes it. */
typedef struct weir__marker {
    int64_t producer_id;
    int16_t epoch;
    int32_t coordinator_epoch;
    bool commit; /* false: abort */
} weir__marker;

void weir__log_producers_fini(weir__log_producers *producers);
/* NULL: unknown. */
weir__log_producer *weir__log_producer_find(const weir__log_producers *producers, int64_t id);
/* Finds or adds; NULL: out of memory. */
weir__log_producer *weir__log_producer_add(weir__log_producers *producers, int64_t id);

/* Decides about a batch of a producer (ids >= 0), as Kafka's ProducerStateManager does: 0, or
 * Kafka's error code. *sent: NULL, or the batch that it repeats, which is not appended again. A
 * producer that the partition does not know may begin with any sequence number. */
int16_t weir__log_producer_check(const weir__log_producers *producers,
                                 const weir__batch_header *batch, const weir__sent_batch **sent);
/* The batch was appended at `base`; `producer` is of weir__log_producer_add. */
void weir__log_producer_sent(weir__log_producers *producers, weir__log_producer *producer,
                             const weir__batch_header *batch, int64_t base, int64_t timestamp_ms,
                             int64_t now_ms);

/* 0, INVALID_PRODUCER_EPOCH, or TRANSACTION_COORDINATOR_FENCED. */
int16_t weir__log_producer_check_marker(const weir__log_producers *producers,
                                        const weir__marker *marker);
/* Ends the open transaction and fences lower epochs. Returns the first offset of the transaction,
 * -1: none was open in this partition. */
int64_t weir__log_producer_ended(weir__log_producers *producers, weir__log_producer *producer,
                                 const weir__marker *marker, int64_t now_ms);

/* Forgets producers that wrote last at or before `before_ms` and have no open transaction. */
void weir__log_producers_expire(weir__log_producers *producers, int64_t before_ms);

#endif
