/* SPDX-License-Identifier: Apache-2.0 */
#include "batches.h"

#include <stdlib.h>

#define HEADER_BYTES 61
#define CRC_BEGIN 21 /* the attributes */

/* CRC-32C (Castagnoli), bit by bit. */
static uint32_t crc32c(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
        }
    }
    return ~crc;
}

static void put_varint(weir_buf *out, int64_t value)
{
    weir__put_uvarint(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void put_varint_bytes(weir_buf *out, const char *text, size_t padding)
{
    if (text == NULL) {
        put_varint(out, -1);
        return;
    }
    put_varint(out, (int64_t)(strlen(text) + padding));
    weir__buf_put_text(out, text);
    for (size_t i = 0; i < padding; i++) {
        weir__buf_put_u8(out, '.');
    }
}

int batch_count(const batch *b)
{
    int count = 0;
    while (count < RECORDS_MAX && b->values[count] != NULL) {
        count++;
    }
    return count;
}

static void put_record(const batch *b, int i, weir_buf *body, weir_buf *out)
{
    weir__buf_reset(body);
    weir__buf_put_u8(body, 0); /* attributes */
    put_varint(body, b->times_ms[i] - b->times_ms[0]);
    put_varint(body, i);
    put_varint_bytes(body, b->keys[i], 0);
    put_varint_bytes(body, b->values[i], i == 0 ? b->padding : 0);
    put_varint(body, 0); /* headers */
    put_varint(out, (int64_t)body->len);
    weir_slice bytes = weir__buf_slice(body);
    weir_put(out, bytes.data, bytes.len);
}

void put_batch(run *r, weir_buf *out, const batch *b)
{
    int count = batch_count(b);
    int64_t latest = b->times_ms[0];
    for (int i = 1; i < count; i++) {
        latest = b->times_ms[i] > latest ? b->times_ms[i] : latest;
    }
    producer by = b->by != NULL ? *b->by : NO_PRODUCER;
    size_t begin = out->len;
    weir__buf_put_i64(out, b->base_offset);
    weir__buf_put_i32(out, 0); /* length */
    weir__buf_put_i32(out, -1);
    weir__buf_put_u8(out, (uint8_t)(2 + b->magic));
    weir__buf_put_i32(out, 0); /* checksum */
    weir__buf_put_i16(out,
                      (int16_t)(b->attributes | (b->transactional ? ATTRIBUTE_TRANSACTIONAL : 0) |
                                (b->control ? ATTRIBUTE_CONTROL : 0)));
    weir__buf_put_i32(out, count - 1 + b->last_delta_more);
    weir__buf_put_i64(out, r->origin_ms + b->times_ms[0]);
    weir__buf_put_i64(out, r->origin_ms + latest);
    weir__buf_put_i64(out, by.id);
    weir__buf_put_i16(out, by.epoch);
    weir__buf_put_i32(out, b->by != NULL ? b->sequence : -1);
    weir__buf_put_i32(out, count + b->count_more);
    weir_buf body = {0};
    for (int i = 0; i < count; i++) {
        put_record(b, i, &body, out);
    }
    weir__buf_fini(&body);
    if (out->err == WEIR_OK) {
        size_t len = out->len - begin;
        weir__store_u32(out->data + begin + 8, (uint32_t)(len - 12));
        uint32_t crc = crc32c(out->data + begin + CRC_BEGIN, len - CRC_BEGIN);
        weir__store_u32(out->data + begin + 17, crc ^ b->crc_flip);
    }
}

/* ---- Reading ---- */

typedef struct head {
    int64_t base;
    int16_t attributes;
    int32_t last_delta;
    int64_t first_time_ms;
    int64_t max_time_ms;
    int64_t producer_id;
    int16_t epoch;
    int32_t sequence;
    int32_t count;
} head;

static weir_slice read_varint_bytes(weir__reader *in)
{
    int64_t len = weir__read_varint(in);
    return len < 0 ? (weir_slice){0} : weir__read_bytes(in, (size_t)len);
}

/* Text of long values is cut: scenarios pad with dots. */
static void see_value(run *r, weir_slice value)
{
    const char *dots = value.data != NULL ? memchr(value.data, '.', value.len) : NULL;
    if (dots != NULL) {
        size_t padding = value.len - (size_t)(dots - (const char *)value.data);
        value.len -= padding;
        see_slice(r, value);
        see(r, "+%zu", padding);
    } else {
        see_slice(r, value);
    }
}

static void see_time(run *r, const head *h, int64_t time_ms)
{
    bool append = (h->attributes & ATTRIBUTE_LOG_APPEND_TIME) != 0;
    see(r, "%s%s", append ? "@append time " : "@",
        relative_time(r, append ? h->max_time_ms : time_ms));
}

static void see_control(run *r, weir_slice key, weir_slice value)
{
    weir__reader k = weir__reader_of(key);
    weir__reader v = weir__reader_of(value);
    int16_t key_version = weir__read_i16(&k);
    int16_t type = weir__read_i16(&k);
    int16_t value_version = weir__read_i16(&v);
    int32_t coordinator_epoch = weir__read_i32(&v);
    see(r, " %s(key v%d, value v%d, coordinator epoch %d, %zu bytes left)",
        type == 0   ? "ABORT"
        : type == 1 ? "COMMIT"
                    : "?",
        key_version, value_version, coordinator_epoch, weir__reader_left(&v));
}

static void see_record(run *r, const head *h, weir__reader *in)
{
    weir__read_varint(in); /* length */
    weir__read_u8(in);
    int64_t time_delta = weir__read_varint(in);
    int64_t offset_delta = weir__read_varint(in);
    weir_slice key = read_varint_bytes(in);
    weir_slice value = read_varint_bytes(in);
    int64_t headers = weir__read_varint(in);
    if ((h->attributes & ATTRIBUTE_CONTROL) != 0) {
        see_control(r, key, value);
        return;
    }
    see(r, " %lld:", (long long)(h->base + offset_delta));
    see_slice(r, key);
    see(r, "=");
    see_value(r, value);
    see_time(r, h, h->first_time_ms + time_delta);
    for (int64_t i = 0; i < headers && !in->failed; i++) {
        see(r, " [");
        see_slice(r, read_varint_bytes(in));
        see(r, ":");
        see_slice(r, read_varint_bytes(in));
        see(r, "]");
    }
}

static const char *compression(int16_t attributes)
{
    static const char *const names[] = {"", " gzip", " snappy", " lz4", " zstd"};
    int kind = attributes & 7;
    return kind < 5 ? names[kind] : " unknown compression";
}

static head read_head(weir__reader *in, uint32_t *crc)
{
    head h = {0};
    *crc = (uint32_t)weir__read_i32(in);
    h.attributes = weir__read_i16(in);
    h.last_delta = weir__read_i32(in);
    h.first_time_ms = weir__read_i64(in);
    h.max_time_ms = weir__read_i64(in);
    h.producer_id = weir__read_i64(in);
    h.epoch = weir__read_i16(in);
    h.sequence = weir__read_i32(in);
    h.count = weir__read_i32(in);
    return h;
}

static void see_head(run *r, const head *h)
{
    see(r, "  batch %lld..%lld%s", (long long)h->base, (long long)(h->base + h->last_delta),
        compression(h->attributes));
    if (h->producer_id != -1) {
        see(r, " by %s epoch %d sequence %d", name_of_number(r, 'P', h->producer_id), h->epoch,
            h->sequence);
    }
    see(r, "%s%s:", (h->attributes & ATTRIBUTE_TRANSACTIONAL) != 0 ? " transactional" : "",
        (h->attributes & ATTRIBUTE_CONTROL) != 0 ? " control" : "");
}

void see_batches(run *r, weir_slice bytes)
{
    const uint8_t *at = bytes.data;
    size_t left = bytes.data != NULL ? bytes.len : 0;
    while (left > HEADER_BYTES) {
        size_t len = (size_t)weir__load_u32(at + 8) + 12;
        if (len < HEADER_BYTES || len > left) {
            return; /* the part of a batch up to the limit of bytes: clients drop it */
        }
        weir__reader in = weir__reader_of((weir_slice){at + 17, len - 17});
        uint32_t crc;
        head h = read_head(&in, &crc);
        h.base = (int64_t)weir__load_u64(at);
        see_head(r, &h);
        if (crc != crc32c(at + CRC_BEGIN, len - CRC_BEGIN)) {
            see(r, " wrong checksum");
        }
        for (int32_t i = 0; (h.attributes & 7) == 0 && i < h.count && !in.failed; i++) {
            see_record(r, &h, &in);
        }
        see(r, "%s\n", (h.attributes & 7) != 0 ? " compressed" : "");
        at += len;
        left -= len;
    }
}
