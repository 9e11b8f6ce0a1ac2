/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing record batches. A record is a length, attributes, the deltas of timestamp and offset,
 * key, value and headers; all numbers are varints. */
#include "crc32c.h"
#include "records.h"
#include "wire.h"

#define MAGIC 2
#define LENGTH_AT 8
#define LEADER_EPOCH_AT 12
#define MAGIC_AT 16
#define CRC_AT 17
#define ATTRIBUTES_AT 21
#define LAST_OFFSET_DELTA_AT 23
#define FIRST_TIMESTAMP_AT 27
#define MAX_TIMESTAMP_AT 35
#define PRODUCER_ID_AT 43
#define PRODUCER_EPOCH_AT 51
#define COUNT_AT 57

static void put_varint(weir_buf *out, int64_t value)
{
    weir__put_uvarint(out, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

static void put_varint_blob(weir_buf *out, weir_slice bytes)
{
    put_varint(out, bytes.data != NULL ? (int64_t)bytes.len : -1);
    weir_put(out, bytes.data, bytes.len);
}

void weir__batch_seal(uint8_t *batch, size_t len)
{
    weir__store_u32(batch + CRC_AT, weir__crc32c(batch + ATTRIBUTES_AT, len - ATTRIBUTES_AT));
}

bool weir__batch_is_sealed(weir_slice batch)
{
    const uint8_t *at = batch.data;
    return weir__load_u32(at + CRC_AT) ==
           weir__crc32c(at + ATTRIBUTES_AT, batch.len - ATTRIBUTES_AT);
}

void weir__batch_place(uint8_t *batch, int64_t base, int32_t leader_epoch)
{
    weir__store_u64(batch, (uint64_t)base);
    weir__store_u32(batch + LEADER_EPOCH_AT, (uint32_t)leader_epoch);
}

void weir__batch_set_max_timestamp(uint8_t *batch, size_t len, int64_t max_timestamp_ms,
                                   bool append_time)
{
    uint16_t before = weir__load_u16(batch + ATTRIBUTES_AT);
    uint16_t attributes = (uint16_t)(append_time ? before | WEIR__BATCH_LOG_APPEND_TIME
                                                 : before & ~WEIR__BATCH_LOG_APPEND_TIME);
    if (attributes != before ||
        weir__load_u64(batch + MAX_TIMESTAMP_AT) != (uint64_t)max_timestamp_ms) {
        weir__store_u16(batch + ATTRIBUTES_AT, attributes);
        weir__store_u64(batch + MAX_TIMESTAMP_AT, (uint64_t)max_timestamp_ms);
        weir__batch_seal(batch, len);
    }
}

/* Completes the header of a batch whose records end at the end of `out`. */
static void finish(weir_buf *out, size_t begin, int32_t count, int64_t max_timestamp_ms)
{
    if (out->err != WEIR_OK) {
        return;
    }
    uint8_t *at = out->data + begin;
    size_t len = out->len - begin;
    weir__store_u32(at + LENGTH_AT, (uint32_t)(len - LENGTH_AT - sizeof(int32_t)));
    weir__store_u64(at + MAX_TIMESTAMP_AT, (uint64_t)max_timestamp_ms);
    weir__store_u32(at + COUNT_AT, (uint32_t)count);
    weir__batch_seal(at, len);
}

void weir__batch_keep(weir_buf *out, weir_slice batch, weir_slice records, int32_t count,
                      int64_t max_timestamp_ms)
{
    size_t begin = out->len;
    weir_put(out, batch.data, WEIR__BATCH_HEADER_BYTES);
    weir_put(out, records.data, records.len);
    if (out->err == WEIR_OK) {
        uint8_t *attributes = out->data + begin + ATTRIBUTES_AT;
        weir__store_u16(attributes,
                        (uint16_t)(weir__load_u16(attributes) & ~WEIR__BATCH_COMPRESSION));
    }
    finish(out, begin, count, max_timestamp_ms);
}

/* The key holds a version and the type, the value a version and the coordinator's epoch
 * (ControlRecordType, EndTxnMarker). */
void weir__batch_control(weir_buf *out, const weir__batch_control_spec *spec)
{
    uint8_t key[4] = {0, 0, 0, spec->commit ? 1 : 0};
    uint8_t value[6] = {0};
    size_t begin = out->len;
    weir__batch_writer writer;
    weir__store_u32(value + 2, (uint32_t)spec->coordinator_epoch);
    weir__batch_begin(&writer, out, spec->base, spec->base);
    weir__batch_add(&writer, &(weir_mock_record){.offset = spec->base,
                                                 .timestamp_ms = spec->timestamp_ms,
                                                 .key = {key, sizeof key},
                                                 .value = {value, sizeof value}});
    weir__batch_end(&writer);
    if (out->err == WEIR_OK) {
        uint8_t *at = out->data + begin;
        weir__store_u32(at + LEADER_EPOCH_AT, (uint32_t)spec->leader_epoch);
        weir__store_u16(at + ATTRIBUTES_AT, WEIR__BATCH_TRANSACTIONAL | WEIR__BATCH_CONTROL);
        weir__store_u64(at + PRODUCER_ID_AT, (uint64_t)spec->producer_id);
        weir__store_u16(at + PRODUCER_EPOCH_AT, (uint16_t)spec->producer_epoch);
        weir__batch_seal(at, out->len - begin);
    }
}

void weir__batch_begin(weir__batch_writer *writer, weir_buf *out, int64_t base, int64_t last)
{
    *writer = (weir__batch_writer){
        .out = out, .begin = out->len, .base = base, .last = last, .max_timestamp_ms = -1};
    static const uint8_t blank[WEIR__BATCH_HEADER_BYTES];
    weir_put(out, blank, sizeof blank);
}

void weir__batch_add(weir__batch_writer *writer, const weir_mock_record *record)
{
    if (writer->count++ == 0) {
        writer->first_timestamp_ms = record->timestamp_ms;
        writer->max_timestamp_ms = record->timestamp_ms;
    }
    if (record->timestamp_ms > writer->max_timestamp_ms) {
        writer->max_timestamp_ms = record->timestamp_ms;
    }
    weir_buf body = {0};
    weir__buf_put_u8(&body, 0); /* attributes: none are defined */
    put_varint(&body,
               (int64_t)((uint64_t)record->timestamp_ms - (uint64_t)writer->first_timestamp_ms));
    put_varint(&body, record->offset - writer->base);
    put_varint_blob(&body, record->key);
    put_varint_blob(&body, record->value);
    put_varint(&body, (int64_t)record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        put_varint_blob(&body, weir_slice_of(record->headers[i].name));
        put_varint_blob(&body, record->headers[i].value);
    }
    if (body.err != WEIR_OK) {
        writer->out->err = body.err;
    } else {
        put_varint_blob(writer->out, weir__buf_slice(&body));
    }
    weir__buf_fini(&body);
}

void weir__batch_end(weir__batch_writer *writer)
{
    if (writer->out->err != WEIR_OK) {
        return;
    }
    uint8_t *at = writer->out->data + writer->begin;
    weir__store_u64(at, (uint64_t)writer->base);
    at[MAGIC_AT] = MAGIC;
    weir__store_u32(at + LAST_OFFSET_DELTA_AT, (uint32_t)(writer->last - writer->base));
    weir__store_u64(at + FIRST_TIMESTAMP_AT, (uint64_t)writer->first_timestamp_ms);
    /* Producer id, epoch and sequence: -1, none. */
    for (size_t i = PRODUCER_ID_AT; i < COUNT_AT; i++) {
        at[i] = 0xff;
    }
    finish(writer->out, writer->begin, writer->count, writer->max_timestamp_ms);
}
