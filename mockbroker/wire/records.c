/* SPDX-License-Identifier: Apache-2.0
 *
 * Record batches: the header that the front checks, and the records that readers of a topic get. */
#include "records.h"

#include "compression.h"
#include "core/arena.h"
#include "core/saturate.h"
#include "wire.h"

#define BATCH_LENGTH_END 12
#define MAGIC 2
#define HEADERS_MAX 65536

size_t weir__batch_length(weir_slice bytes)
{
    if (bytes.len < BATCH_LENGTH_END) {
        return 0;
    }
    const uint8_t *end = (const uint8_t *)bytes.data + BATCH_LENGTH_END;
    return BATCH_LENGTH_END + (size_t)weir__load_u32(end - sizeof(uint32_t));
}

weir_err weir__batch_read(weir_slice bytes, weir__batch_header *header)
{
    weir__reader in = weir__reader_of(bytes);
    weir__batch_header batch;
    batch.base_offset = weir__read_i64(&in);
    int32_t length = weir__read_i32(&in);
    weir__read_i32(&in); /* leader epoch */
    uint8_t magic = weir__read_u8(&in);
    batch.crc = (uint32_t)weir__read_i32(&in);
    batch.attributes = weir__read_i16(&in);
    batch.last_offset_delta = weir__read_i32(&in);
    batch.first_timestamp_ms = weir__read_i64(&in);
    batch.max_timestamp_ms = weir__read_i64(&in);
    batch.producer_id = weir__read_i64(&in);
    batch.producer_epoch = weir__read_i16(&in);
    batch.sequence = weir__read_i32(&in);
    batch.count = weir__read_i32(&in);
    if (!in.failed && magic != MAGIC) {
        return WEIR_EUNSUPPORTED;
    }
    batch.bytes = (size_t)(length > 0 ? length : 0) + BATCH_LENGTH_END;
    if (in.failed || batch.bytes < WEIR__BATCH_HEADER_BYTES || batch.bytes > bytes.len ||
        batch.count < 0 || (int64_t)batch.count > (int64_t)batch.last_offset_delta + 1) {
        return WEIR_ECORRUPT;
    }
    *header = batch;
    return WEIR_OK;
}

/* varint length, then bytes; -1: null */
static weir_slice read_varint_blob(weir__reader *in)
{
    int64_t len = weir__read_varint(in);
    if (len < 0 || in->failed) {
        return (weir_slice){0};
    }
    return weir__read_bytes(in, (size_t)len);
}

static weir_err read_headers(weir__reader *in, weir__arena *memory, weir_mock_record *record)
{
    int64_t count = weir__read_varint(in);
    if (count < 0 || count > HEADERS_MAX || in->failed) {
        return WEIR_ECORRUPT;
    }
    weir_mock_header *headers = weir__arena_alloc(memory, (size_t)count * sizeof *headers + 1);
    if (headers == NULL) {
        return WEIR_ENOMEM;
    }
    for (int64_t i = 0; i < count; i++) {
        weir_slice name = read_varint_blob(in);
        char *text = weir__arena_alloc(memory, name.len + 1);
        if (text == NULL) {
            return WEIR_ENOMEM;
        }
        if (name.len > 0) {
            memcpy(text, name.data, name.len);
        }
        headers[i] = (weir_mock_header){.name = text, .value = read_varint_blob(in)};
    }
    record->headers = headers;
    record->header_count = (size_t)count;
    return WEIR_OK;
}

/* length, attributes, timestamp delta, offset delta, key, value, headers; the length counts what is
 * behind it */
static weir_err read_record(weir__reader *in, const weir__batch_header *batch, weir__arena *memory,
                            weir_mock_record *record)
{
    int64_t length = weir__read_varint(in);
    size_t left = weir__reader_left(in);
    weir__read_u8(in); /* attributes: none are defined */
    int64_t timestamp_delta = weir__read_varint(in);
    record->timestamp_ms = batch->attributes & WEIR__BATCH_LOG_APPEND_TIME
                               ? batch->max_timestamp_ms
                               : weir__add_wrap(batch->first_timestamp_ms, timestamp_delta);
    record->offset = weir__add_sat(batch->base_offset, weir__read_varint(in));
    record->key = read_varint_blob(in);
    record->value = read_varint_blob(in);
    weir_err err = read_headers(in, memory, record);
    if (err != WEIR_OK) {
        return err;
    }
    return in->failed || (int64_t)(left - weir__reader_left(in)) != length ? WEIR_ECORRUPT
                                                                           : WEIR_OK;
}

typedef weir_err (*raw_fn)(const weir_mock_record *record, weir_slice bytes, void *user);

static weir_err each_record(weir_slice records, const weir__batch_header *batch,
                            const weir_mock_record *at, raw_fn fn, void *user)
{
    weir__reader in = weir__reader_of(records);
    weir__arena memory = {0};
    weir_err err = WEIR_OK;
    for (int32_t i = 0; err == WEIR_OK && i < batch->count; i++) {
        weir_mock_record record = *at;
        const uint8_t *begin = in.at;
        err = read_record(&in, batch, &memory, &record);
        if (err == WEIR_OK) {
            err = fn(&record, (weir_slice){begin, (size_t)(in.at - begin)}, user);
        }
        weir__arena_reset(&memory);
    }
    weir__arena_fini(&memory);
    return err == WEIR_OK && weir__reader_left(&in) > 0 ? WEIR_ECORRUPT : err;
}

weir_err weir__batch_each(weir_slice bytes, const weir_mock_record *at, raw_fn fn, void *user)
{
    weir__batch_header batch;
    weir_err err = weir__batch_read(bytes, &batch);
    if (err != WEIR_OK) {
        return err;
    }
    weir_slice records = {(const uint8_t *)bytes.data + WEIR__BATCH_HEADER_BYTES,
                          batch.bytes - WEIR__BATCH_HEADER_BYTES};
    int codec = batch.attributes & WEIR__BATCH_COMPRESSION;
    if (codec == WEIR__CODEC_NONE || batch.count == 0) {
        return each_record(records, &batch, at, fn, user);
    }
    weir_buf plain = {0};
    err = weir__decompress(codec, records, &plain);
    if (err == WEIR_OK) {
        err = each_record(weir__buf_slice(&plain), &batch, at, fn, user);
    }
    weir__buf_fini(&plain);
    return err;
}

typedef struct from_offset {
    int64_t from;
    weir_err (*fn)(const weir_mock_record *record, void *user);
    void *user;
} from_offset;

static weir_err tell_from(const weir_mock_record *record, weir_slice bytes, void *user)
{
    (void)bytes;
    const from_offset *to = user;
    return record->offset >= to->from ? to->fn(record, to->user) : WEIR_OK;
}

weir_err weir__batch_records(weir_slice bytes, const weir_mock_record *at, int64_t from,
                             weir_err (*fn)(const weir_mock_record *record, void *user), void *user)
{
    from_offset to = {from, fn, user};
    return weir__batch_each(bytes, at, tell_from, &to);
}
