/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing record batches. A record is a length, attributes, the deltas of timestamp and offset,
 * key, value and headers; all numbers are varints. */
#include "records.h"
#include "wire.h"

#define MAGIC 2
#define LENGTH_AT 8
#define CRC_AT 17
#define ATTRIBUTES_AT 21
#define LAST_OFFSET_DELTA_AT 23
#define FIRST_TIMESTAMP_AT 27
#define MAX_TIMESTAMP_AT 35
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

/* CRC-32C (Castagnoli), four bits at a time. */
static uint32_t crc32c(const uint8_t *bytes, size_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

void weir__batch_seal(uint8_t *batch, size_t len)
{
    weir__store_u32(batch + CRC_AT, crc32c(batch + ATTRIBUTES_AT, len - ATTRIBUTES_AT));
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
    size_t len = writer->out->len - writer->begin;
    weir__store_u64(at, (uint64_t)writer->base);
    weir__store_u32(at + LENGTH_AT, (uint32_t)(len - LENGTH_AT - sizeof(int32_t)));
    at[LENGTH_AT + 2 * sizeof(int32_t)] = MAGIC;
    weir__store_u32(at + LAST_OFFSET_DELTA_AT, (uint32_t)(writer->last - writer->base));
    weir__store_u64(at + FIRST_TIMESTAMP_AT, (uint64_t)writer->first_timestamp_ms);
    weir__store_u64(at + MAX_TIMESTAMP_AT, (uint64_t)writer->max_timestamp_ms);
    /* Producer id, epoch and sequence: -1, none. */
    for (size_t i = MAX_TIMESTAMP_AT + sizeof(int64_t); i < COUNT_AT; i++) {
        at[i] = 0xff;
    }
    weir__store_u32(at + COUNT_AT, (uint32_t)writer->count);
    weir__batch_seal(at, len);
}
