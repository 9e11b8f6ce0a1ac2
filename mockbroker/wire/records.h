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

/* Calls fn for the records of an uncompressed batch from offset `from` on; topic and partition are
 * those of `at`. A code of fn other than WEIR_OK ends it. */
weir_err weir__batch_records(weir_slice batch, const weir_mock_record *at, int64_t from,
                             weir_err (*fn)(const weir_mock_record *record, void *user),
                             void *user);

#endif
