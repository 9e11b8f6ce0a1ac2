/* SPDX-License-Identifier: Apache-2.0
 *
 * The log of one partition: batches in segments, offsets, transactions, leader epochs, retention
 * and compaction. A pure state machine: bytes and times in, answers out; no locks, no clock. Times
 * are wall clock ms, given by the caller and never decreasing. Codes of int16_t are Kafka's, 0: no
 * error. */
#ifndef WEIR_MOCKBROKER_PARTITION_LOG_H
#define WEIR_MOCKBROKER_PARTITION_LOG_H

#include "core/buf.h"
#include "leader_epochs.h"
#include "producer_state.h"
#include "wire/records.h"

/* How many bytes all logs of a cluster hold, in one place. */
typedef struct weir__log_budget {
    size_t used;
    size_t max;
} weir__log_budget;

/* The settings of the topic, by Kafka's names. */
typedef struct weir__log_config {
    bool append_time; /* message.timestamp.type=LogAppendTime */
    bool deletes;     /* cleanup.policy */
    bool compacts;
    int64_t retention_ms;    /* -1: without limit */
    int64_t retention_bytes; /* -1: without limit */
    int64_t segment_bytes;
    int64_t segment_ms;
    int64_t max_message_bytes;
    int64_t delete_retention_ms;
    int64_t min_compaction_lag_ms;
    double min_cleanable_dirty_ratio;
} weir__log_config;

/* A batch of the log. */
typedef struct weir__log_batch {
    int64_t base;
    int64_t last; /* offset */
    int64_t max_timestamp_ms;
    int64_t greatest_ms; /* timestamp of this batch or one before it */
    int64_t appended_ms;
    uint64_t position; /* bytes of the batches before it */
    uint8_t *data;
    size_t bytes;
} weir__log_batch;

/* Batches that retention deletes together; the last segment is the active one. */
typedef struct weir__segment {
    int64_t base;
    size_t bytes;
    int64_t first_timestamp_ms; /* the max timestamp of its first batch */
    int64_t max_timestamp_ms;
} weir__segment;

/* A transaction that was aborted, by Kafka's names (AbortedTxn). */
typedef struct weir__aborted {
    int64_t producer_id;
    int64_t first_offset;
    int64_t last_offset;        /* its marker's */
    int64_t last_stable_offset; /* after its end */
} weir__aborted;

typedef struct weir__open_transaction {
    int64_t producer_id;
    int16_t epoch;
    int64_t first_offset;
    int64_t began_ms;
} weir__open_transaction;

typedef struct weir__log {
    weir__log_budget *budget; /* shared with other logs */
    weir__log_config config;
    int64_t start;     /* log start offset */
    int64_t end;       /* the next offset; all is replicated at once, so it is the high watermark */
    uint64_t position; /* of the next batch */
    weir__log_batch *batches; /* by offset, from `oldest` */
    size_t oldest;
    size_t batch_count;
    size_t batch_capacity;
    weir__segment *segments; /* one at least once something was appended */
    size_t segment_count;
    size_t segment_capacity;
    weir__aborted *aborted; /* by last offset */
    size_t aborted_count;
    size_t aborted_capacity;
    weir__log_producers producers;
    weir__leader_epochs epochs;
    int32_t leader_epoch; /* of appended batches */
    int64_t cleaned;      /* the offset up to which it is compacted */
} weir__log;

/* `config` is copied; `budget` is borrowed. */
void weir__log_init(weir__log *log, const weir__log_config *config, weir__log_budget *budget);
void weir__log_fini(weir__log *log);

/* ---- Appending ---- */

typedef struct weir__appended {
    int64_t base;           /* offset of its first record */
    int64_t append_time_ms; /* LogAppendTime; -1: the topic has CreateTime. Of a duplicate: the
                               greatest timestamp of the batch, as in Kafka */
    bool duplicate;         /* it had been appended before, at `base` */
} weir__appended;

/* Appends one batch as a producer sends it; the bytes are copied. Errors: CORRUPT_MESSAGE,
 * INVALID_RECORD, UNSUPPORTED_FOR_MESSAGE_FORMAT, UNSUPPORTED_COMPRESSION_TYPE, MSG_SIZE_TOO_LARGE,
 * RECORD_LIST_TOO_LARGE, those of the producer's state, POLICY_VIOLATION (the budget is used up),
 * UNKNOWN (out of memory). *out is set on 0. */
int16_t weir__log_append(weir__log *log, weir_slice batch, int64_t now_ms, weir__appended *out);
/* Appends the control batch that ends a transaction; it takes one offset, *offset (NULL allowed).
 * Lower epochs of the producer are fenced from then on. The budget does not limit it. Errors:
 * INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED, UNKNOWN (out of memory). */
int16_t weir__log_append_marker(weir__log *log, const weir__marker *marker, int64_t now_ms,
                                int64_t *offset);
/* A leader begins: batches are appended with its epoch. Lower epochs are ignored. WEIR_ENOMEM. */
weir_err weir__log_lead(weir__log *log, int32_t epoch);

/* ---- Reading ---- */

/* All records below are committed or aborted (last stable offset). */
int64_t weir__log_last_stable(const weir__log *log);
/* Where a read ends: it takes the whole batches from the one that holds `offset`, or the next one,
 * that are below `upto` and fit in `bytes_max`; with `one_at_least` the first one even if it does
 * not fit. `offset`: it takes none. */
int64_t weir__log_span(const weir__log *log, int64_t offset, int64_t upto, size_t bytes_max,
                       bool one_at_least);
/* Appends the batches from the one that holds `offset`, or the next one, to `out`, those that begin
 * below `upto`. A failure stays in out->err. */
void weir__log_read(const weir__log *log, int64_t offset, int64_t upto, weir_buf *out);
/* Bytes of the batches that a read from `offset` up to `upto` gives. */
size_t weir__log_bytes(const weir__log *log, int64_t offset, int64_t upto);
/* Calls fn for the aborted transactions that have records in [from, upto). */
void weir__log_aborted(const weir__log *log, int64_t from, int64_t upto,
                       void (*fn)(const weir__aborted *aborted, void *user), void *user);
/* Copies up to `max` open transactions to `out`, by first offset. Returns how many there are. */
size_t weir__log_open_transactions(const weir__log *log, weir__open_transaction *out, size_t max);
/* Whether the batch at that offset belongs to an aborted transaction. */
bool weir__log_is_aborted(const weir__log *log, int64_t producer_id, int64_t offset);
/* Of the batch that holds `offset`; the present one at the end. */
int32_t weir__log_epoch_at(const weir__log *log, int64_t offset);

/* ---- time_index.c ---- */

typedef struct weir__log_time {
    int64_t offset; /* -1: none */
    int64_t timestamp_ms;
    int32_t leader_epoch;
} weir__log_time;

/* The first record from the log start offset on whose timestamp is time_ms or later. Looks into
 * compressed batches. WEIR_ECORRUPT, WEIR_ENOMEM. */
weir_err weir__log_find_time(const weir__log *log, int64_t time_ms, weir__log_time *out);
/* The first record that has the greatest timestamp of the log (KIP-734). */
weir_err weir__log_find_max_time(const weir__log *log, weir__log_time *out);

/* ---- retention.c ---- */

/* Deletes the records below `before`; -1: all. OFFSET_OUT_OF_RANGE. Does not look at the policy. */
int16_t weir__log_trim(weir__log *log, int64_t before);
/* Deletes the segments that are over retention.ms or retention.bytes, if the policy has "delete",
 * and forgets producers that were silent for a day. The active segment is deleted like the others.
 * True: the log start offset has moved. */
bool weir__log_retain(weir__log *log, int64_t now_ms);
/* When it may have something to delete; INT64_MAX: not before the next append. */
int64_t weir__log_retention_due_ms(const weir__log *log, int64_t now_ms);
/* The same for the log cleaner (weir__log_cleanable). */
int64_t weir__log_cleaning_due_ms(const weir__log *log, int64_t now_ms);

/* ---- compaction.c ---- */

/* Compacts the records below `upto` and below the last stable offset: the last record of each key
 * stays; records without a key and of aborted transactions are removed. Tombstones, and markers of
 * transactions without records, are removed delete.retention.ms after they were appended (KIP-534
 * counts from the first compaction). Offsets do not change; the last batch stays, empty if it must.
 * *changed (NULL allowed): something was removed. WEIR_ECORRUPT, WEIR_ENOMEM: the log is as before.
 */
weir_err weir__log_compact(weir__log *log, int64_t upto, int64_t now_ms, bool *changed);
/* The offset up to which Kafka's log cleaner would compact now, by min.cleanable.dirty.ratio and
 * min.compaction.lag.ms, never the active segment; -1: nothing to do. */
int64_t weir__log_cleanable(const weir__log *log, int64_t now_ms);

/* ---- For the files of this folder ---- */

/* The index, counted from the oldest, of the first batch that ends at `offset` or later. */
size_t weir__log_find(const weir__log *log, int64_t offset);
static inline weir__log_batch *weir__log_at(const weir__log *log, size_t index)
{
    return &log->batches[log->oldest + index];
}
/* Frees the bytes of a batch. */
void weir__log_batch_drop(weir__log *log, weir__log_batch *batch);

#endif
