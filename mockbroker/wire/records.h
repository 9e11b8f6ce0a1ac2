/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing Kafka's record batches (magic 2). */
#ifndef WEIR_MOCKBROKER_RECORDS_H
#define WEIR_MOCKBROKER_RECORDS_H

#include <weir/mockbroker.h>

#include "core/buf.h"

/* A batch up to its records:
 *    0 base offset i64     16 magic i8                27 first timestamp i64   51 epoch i16
 *    8 batch length i32    17 crc u32                 35 max timestamp i64     53 sequence i32
 *   12 leader epoch i32    21 attributes i16          43 producer id i64       57 count i32
 *                          23 last offset delta i32                                          */
#define WEIR__BATCH_HEADER_BYTES ((size_t)61)
#define WEIR__BATCH_COMPRESSION 0x07
#define WEIR__BATCH_LOG_APPEND_TIME 0x08
#define WEIR__BATCH_TRANSACTIONAL 0x10
#define WEIR__BATCH_CONTROL 0x20

typedef struct weir__batch_header {
    int64_t base_offset;
    size_t bytes; /* of the whole batch */
    uint32_t crc; /* as stored in the batch: over all from the attributes on */
    int16_t attributes;
    int32_t last_offset_delta;
    int64_t first_timestamp_ms;
    int64_t max_timestamp_ms;
    int64_t producer_id; /* -1: not idempotent */
    int16_t producer_epoch;
    int32_t sequence;
    int32_t count;
} weir__batch_header;

/* How many bytes the batch at the beginning of `bytes` says that it has; 0: the length is cut. */
size_t weir__batch_length(weir_slice bytes);
/* The batch at the beginning of `bytes`. WEIR_EUNSUPPORTED: an older format; WEIR_ECORRUPT: cut, or
 * numbers that do not agree. Compaction leaves fewer records in a batch than offsets, or none. */
weir_err weir__batch_read(weir_slice bytes, weir__batch_header *header);

/* A batch being written at the end of `out`, uncompressed, of no producer. */
typedef struct weir__batch_writer {
    weir_buf *out;
    size_t begin;
    int64_t base;
    int64_t last;
    int64_t max_timestamp_ms;
    int64_t first_timestamp_ms;
    int32_t count;
} weir__batch_writer;

/* For offsets from `base` to `last`. A failure stays in out->err. */
void weir__batch_begin(weir__batch_writer *writer, weir_buf *out, int64_t base, int64_t last);
/* In order of offset. */
void weir__batch_add(weir__batch_writer *writer, const weir_mock_record *record);
void weir__batch_end(weir__batch_writer *writer);
/* Writes the checksum of one whole batch. */
void weir__batch_seal(uint8_t *batch, size_t len);
/* Whether the checksum of one whole batch is right. */
bool weir__batch_is_sealed(weir_slice batch);

/* What a broker writes into a batch; the checksum does not cover it. */
void weir__batch_place(uint8_t *batch, int64_t base, int32_t leader_epoch);
/* Sets the greatest timestamp and whether it is the one of all records (LogAppendTime). */
void weir__batch_set_max_timestamp(uint8_t *batch, size_t len, int64_t max_timestamp_ms,
                                   bool append_time);
/* Appends a batch like `batch` to `out`, uncompressed, with only the given records: `count` of
 * them, as weir__batch_each gave their bytes. */
void weir__batch_keep(weir_buf *out, weir_slice batch, weir_slice records, int32_t count,
                      int64_t max_timestamp_ms);

/* A batch that ends a transaction. */
typedef struct weir__batch_control_spec {
    int64_t base;
    int32_t leader_epoch;
    int64_t timestamp_ms;
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t coordinator_epoch;
    bool commit; /* false: abort */
} weir__batch_control_spec;

/* A failure stays in out->err. */
void weir__batch_control(weir_buf *out, const weir__batch_control_spec *spec);

/* Calls fn for the records of a batch from offset `from` on; topic and partition are those of `at`.
 * A code of fn other than WEIR_OK ends it. Compressed records are decompressed: WEIR_ECORRUPT,
 * WEIR_EUNSUPPORTED, WEIR_ELIMIT, WEIR_ENOMEM. */
weir_err weir__batch_records(weir_slice batch, const weir_mock_record *at, int64_t from,
                             weir_err (*fn)(const weir_mock_record *record, void *user),
                             void *user);
/* The same for all records, with the bytes of each. */
weir_err weir__batch_each(weir_slice batch, const weir_mock_record *at,
                          weir_err (*fn)(const weir_mock_record *record, weir_slice bytes,
                                         void *user),
                          void *user);

#endif
