/* SPDX-License-Identifier: Apache-2.0
 *
 * Partition logs written and read as text: "a=1@100 b@200" are two records, the second one a
 * tombstone (null value); "=1" has no key. Read back each has its offset before it, and a control
 * batch is "commit:7" or "abort:7", by its producer. */
#ifndef WEIR_TESTS_LOG_KIT_H
#define WEIR_TESTS_LOG_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "log/partition_log.h"
#include "wire/compression.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define TEXT_MAX 1024

/* Kafka's defaults, with both policies. */
static const weir__log_config kit_config = {.deletes = true,
                                            .retention_ms = 7 * DAY_MS,
                                            .retention_bytes = -1,
                                            .segment_bytes = 1 << 30,
                                            .segment_ms = 7 * DAY_MS,
                                            .max_message_bytes = 1 << 20,
                                            .delete_retention_ms = DAY_MS,
                                            .min_cleanable_dirty_ratio = 0.5};

typedef struct kit {
    weir__log log;
    weir__log_budget budget;
    int64_t now_ms;
    char text[TEXT_MAX];
} kit;

static inline void kit_open(kit *k, const weir__log_config *config)
{
    *k = (kit){.budget = {.max = (size_t)1 << 20}, .now_ms = 1000};
    weir__log_init(&k->log, config, &k->budget);
    assert_int_equal(weir__log_lead(&k->log, 0), WEIR_OK);
}

/* All bytes are given back. */
static inline void kit_close(kit *k)
{
    weir__log_fini(&k->log);
    assert_int_equal(k->budget.used, 0);
}

/* Who sends a batch, and how. Zeros: no producer, as it is. */
typedef struct how {
    int64_t producer; /* 0: none */
    int16_t epoch;
    int32_t sequence;
    bool transactional;
    int codec;
    int64_t base; /* as the client writes it */
} how;

static inline size_t kit_compress(int codec, weir_slice from, char *to, size_t room)
{
    size_t len = room;
    switch (codec) {
    case WEIR__CODEC_GZIP: {
        z_stream stream = {.next_in = (Bytef *)(uintptr_t)from.data,
                           .avail_in = (uInt)from.len,
                           .next_out = (Bytef *)to,
                           .avail_out = (uInt)room};
        assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
                         Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        len = room - stream.avail_out;
        deflateEnd(&stream);
        return len;
    }
    case WEIR__CODEC_SNAPPY:
        assert_int_equal(snappy_compress(from.data, from.len, to, &len), SNAPPY_OK);
        return len;
    case WEIR__CODEC_LZ4:
        return LZ4F_compressFrame(to, room, from.data, from.len, NULL);
    default:
        return ZSTD_compress(to, room, from.data, from.len, 3);
    }
}

/* "key=value@timestamp"; all parts may be missing. */
static inline weir_mock_record kit_record(char *word)
{
    weir_mock_record record = {0};
    char *at = strchr(word, '@');
    if (at != NULL) {
        *at = '\0';
        record.timestamp_ms = strtoll(at + 1, NULL, 10);
    }
    char *equals = strchr(word, '=');
    if (equals != NULL) {
        *equals = '\0';
        record.value = weir_slice_of(equals + 1);
    }
    if (*word != '\0') {
        record.key = weir_slice_of(word);
    }
    return record;
}

static inline void kit_write(weir_buf *out, const how *sender, const char *records)
{
    char copy[TEXT_MAX];
    char *rest = copy;
    weir__batch_writer writer;
    int count = 0;
    snprintf(copy, sizeof copy, "%s", records);
    for (const char *at = records; at != NULL; at = strchr(at + 1, ' ')) {
        count++;
    }
    weir__batch_begin(&writer, out, sender->base, sender->base + count - 1);
    for (int i = 0; i < count; i++) {
        char *word = rest;
        char *space = strchr(word, ' ');
        if (space != NULL) {
            *space = '\0';
            rest = space + 1;
        }
        weir_mock_record record = kit_record(word);
        record.offset = sender->base + i;
        weir__batch_add(&writer, &record);
    }
    weir__batch_end(&writer);
    if (sender->codec != 0) {
        char small[TEXT_MAX];
        weir_slice plain = {out->data + WEIR__BATCH_HEADER_BYTES,
                            out->len - WEIR__BATCH_HEADER_BYTES};
        size_t len = kit_compress(sender->codec, plain, small, sizeof small);
        out->len = WEIR__BATCH_HEADER_BYTES;
        weir_put(out, small, len);
        weir__store_u32(out->data + 8, (uint32_t)(out->len - 12));
    }
    weir__store_u16(
        out->data + 21,
        (uint16_t)(sender->codec | (sender->transactional ? WEIR__BATCH_TRANSACTIONAL : 0)));
    if (sender->producer != 0) {
        weir__store_u64(out->data + 43, (uint64_t)sender->producer);
        weir__store_u16(out->data + 51, (uint16_t)sender->epoch);
        weir__store_u32(out->data + 53, (uint32_t)sender->sequence);
    }
    weir__batch_seal(out->data, out->len);
}

/* Returns Kafka's code; *out as weir__log_append. */
static inline int16_t kit_append(kit *k, const how *sender, const char *records,
                                 weir__appended *out)
{
    weir_buf bytes = {0};
    kit_write(&bytes, sender, records);
    int16_t code = weir__log_append(&k->log, weir__buf_slice(&bytes), k->now_ms, out);
    weir__buf_fini(&bytes);
    return code;
}

/* Appends a batch of no producer; returns its offset. */
static inline int64_t kit_put(kit *k, const char *records)
{
    weir__appended appended;
    assert_int_equal(kit_append(k, &(how){0}, records, &appended), 0);
    return appended.base;
}

/* Appends a transactional batch; returns its offset. */
static inline int64_t kit_put_txn(kit *k, int64_t producer, int32_t sequence, const char *records)
{
    weir__appended appended;
    const how sender = {.producer = producer, .sequence = sequence, .transactional = true};
    assert_int_equal(kit_append(k, &sender, records, &appended), 0);
    return appended.base;
}

/* Ends a transaction; returns the marker's offset. */
static inline int64_t kit_end(kit *k, int64_t producer, bool commit)
{
    int64_t offset = -1;
    const weir__marker marker = {.producer_id = producer, .commit = commit};
    assert_int_equal(weir__log_append_marker(&k->log, &marker, k->now_ms, &offset), 0);
    return offset;
}

static inline weir_err kit_print(const weir_mock_record *record, void *user)
{
    weir_buf *text = user;
    weir__buf_printf(text, "%s%lld:%.*s", text->len > 0 ? " " : "", (long long)record->offset,
                     (int)record->key.len,
                     record->key.data != NULL ? (char *)record->key.data : "");
    if (record->value.data != NULL) {
        weir__buf_printf(text, "=%.*s", (int)record->value.len, (const char *)record->value.data);
    }
    return WEIR_OK;
}

/* The text of the batches in `bytes`; those without a record are not there. */
static inline const char *kit_text_of(kit *k, weir_slice bytes)
{
    weir_buf text = {0};
    while (bytes.len > 0) {
        weir__batch_header batch;
        assert_int_equal(weir__batch_read(bytes, &batch), WEIR_OK);
        weir_slice one = {bytes.data, batch.bytes};
        assert_true(weir__batch_is_sealed(one));
        if (batch.attributes & WEIR__BATCH_CONTROL) {
            const uint8_t *record = (const uint8_t *)bytes.data + WEIR__BATCH_HEADER_BYTES;
            if (batch.count > 0) { /* the type is behind five bytes of one and a version */
                weir__buf_printf(&text, "%s%lld:%s:%lld", text.len > 0 ? " " : "",
                                 (long long)batch.base_offset, record[8] ? "commit" : "abort",
                                 (long long)batch.producer_id);
            }
        } else {
            assert_int_equal(
                weir__batch_records(one, &(weir_mock_record){0}, INT64_MIN, kit_print, &text),
                WEIR_OK);
        }
        bytes = (weir_slice){(const uint8_t *)bytes.data + batch.bytes, bytes.len - batch.bytes};
    }
    snprintf(k->text, sizeof k->text, "%s", weir__buf_text(&text));
    weir__buf_fini(&text);
    return k->text;
}

/* The text of a read of at most `bytes_max`, one batch at least. */
static inline const char *kit_read_some(kit *k, int64_t from, int64_t upto, size_t bytes_max)
{
    weir_buf bytes = {0};
    weir__log_read(&k->log, from, weir__log_span(&k->log, from, upto, bytes_max, true), &bytes);
    const char *text = kit_text_of(k, weir__buf_slice(&bytes));
    weir__buf_fini(&bytes);
    return text;
}

/* The text of all from the log start offset on. */
static inline const char *kit_read(kit *k)
{
    return kit_read_some(k, k->log.start, k->log.end, SIZE_MAX);
}

#endif
