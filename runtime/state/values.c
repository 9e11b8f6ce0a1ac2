/* SPDX-License-Identifier: Apache-2.0
 *
 * Kafka Streams' layouts of values. */
#include "state/values.h"

#include "core/error.h"

#define SUBSCRIPTION_VERSION 1
#define ANSWER_VERSION 0
#define WITHOUT_HASH 0x80u
#define INSTRUCTION_MAX 3

#define LIST_OF_ANY_LENGTH 1 /* ListSerde's strategy: each item has its length in front */

#define LENGTH_NULL (-1)
#define LENGTH_AS_PRIOR (-2)

static void put(weir_buf *out, weir_slice bytes)
{
    (void)weir_put(out, bytes.data, bytes.len);
}

static weir_slice rest(weir__reader *reader)
{
    return weir__read_bytes(reader, weir__reader_left(reader));
}

static void put_with_length(weir_buf *out, weir_slice bytes)
{
    weir__buf_put_i32(out, bytes.data != NULL ? (int32_t)bytes.len : LENGTH_NULL);
    put(out, bytes);
}

/* False: a length that the bytes do not have. */
static bool read_length(weir__reader *reader, int32_t length, weir_slice *out)
{
    *out = (weir_slice){0};
    if (length == LENGTH_NULL) {
        return !reader->failed;
    }
    if (reader->failed || length < 0 || (size_t)length > weir__reader_left(reader)) {
        return false;
    }
    *out = weir__read_bytes(reader, (size_t)length);
    return true;
}

static bool read_with_length(weir__reader *reader, weir_slice *out)
{
    int32_t length = weir__read_i32(reader);
    return read_length(reader, length, out);
}

/* ---- Foreign-key joins -------------------------------------------------------------------- */

static void put_version(weir_buf *out, uint8_t version, const uint8_t *hash)
{
    weir__buf_put_u8(out, hash != NULL ? version : (uint8_t)(version | WITHOUT_HASH));
}

static void put_hash(weir_buf *out, const uint8_t *hash)
{
    if (hash != NULL) {
        (void)weir_put(out, hash, WEIR__FOREIGN_HASH_SIZE);
    }
}

/* NULL without one. */
static const uint8_t *read_hash(weir__reader *reader, uint8_t version)
{
    return (version & WITHOUT_HASH) == 0 ? weir__read_bytes(reader, WEIR__FOREIGN_HASH_SIZE).data
                                         : NULL;
}

void weir__subscription_put(weir_buf *out, const weir__subscription *subscription)
{
    put_version(out, SUBSCRIPTION_VERSION, subscription->hash);
    weir__buf_put_u8(out, subscription->instruction);
    put_hash(out, subscription->hash);
    put(out, subscription->primary_key);
    weir__buf_put_i32(out, subscription->partition);
}

bool weir__subscription_read(weir_slice bytes, weir__subscription *out)
{
    weir__reader reader = weir__reader_of(bytes);
    uint8_t version = weir__read_u8(&reader);
    weir__subscription read = {.instruction = weir__read_u8(&reader)};
    read.hash = read_hash(&reader, version);
    if (reader.failed || (version & ~WITHOUT_HASH) != SUBSCRIPTION_VERSION ||
        read.instruction > INSTRUCTION_MAX || weir__reader_left(&reader) < sizeof read.partition) {
        return false;
    }
    read.primary_key =
        weir__read_bytes(&reader, weir__reader_left(&reader) - sizeof read.partition);
    read.partition = weir__read_i32(&reader);
    *out = read;
    return true;
}

void weir__subscription_answer_put(weir_buf *out, const weir__subscription_answer *answer)
{
    put_version(out, ANSWER_VERSION, answer->hash);
    put_hash(out, answer->hash);
    put(out, answer->value);
}

bool weir__subscription_answer_read(weir_slice bytes, weir__subscription_answer *out)
{
    weir__reader reader = weir__reader_of(bytes);
    uint8_t version = weir__read_u8(&reader);
    weir__subscription_answer read = {.hash = read_hash(&reader, version)};
    if (reader.failed || (version & ~WITHOUT_HASH) != ANSWER_VERSION) {
        return false;
    }
    if (weir__reader_left(&reader) > 0) {
        read.value = rest(&reader);
    }
    *out = read;
    return true;
}

/* ---- Joins of streams --------------------------------------------------------------------- */

static void put_join_value(weir_buf *out, const weir__join_value *item)
{
    weir__buf_put_i32(out, (int32_t)item->value.len + 1);
    weir__buf_put_u8(out, item->left ? 1 : 0);
    put(out, item->value);
}

void weir__join_values_put(weir_buf *out, const weir__join_value *items, size_t count)
{
    weir__buf_put_u8(out, LIST_OF_ANY_LENGTH);
    weir__buf_put_i32(out, (int32_t)count);
    for (size_t i = 0; i < count; i++) {
        put_join_value(out, &items[i]);
    }
}

bool weir__join_values_add(weir_buf *out, weir_slice list, const weir__join_value *item)
{
    weir__join_values old;
    if (list.data == NULL) {
        weir__join_values_put(out, item, 1);
        return true;
    }
    if (!weir__join_values_open(list, &old)) {
        return false;
    }
    weir__buf_put_u8(out, LIST_OF_ANY_LENGTH);
    weir__buf_put_i32(out, (int32_t)old.left + 1);
    put(out, rest(&old.reader));
    put_join_value(out, item);
    return true;
}

bool weir__join_values_open(weir_slice bytes, weir__join_values *out)
{
    weir__reader reader = weir__reader_of(bytes);
    uint8_t strategy = weir__read_u8(&reader);
    int32_t count = weir__read_i32(&reader);
    /* Each item has a length and a side. */
    if (reader.failed || strategy != LIST_OF_ANY_LENGTH || count < 0 ||
        (size_t)count > weir__reader_left(&reader) / (sizeof(int32_t) + 1)) {
        return false;
    }
    *out = (weir__join_values){reader, (size_t)count};
    return true;
}

bool weir__join_values_next(weir__join_values *values, weir__join_value *out)
{
    weir_slice item;
    if (values->left == 0) {
        return false;
    }
    if (!read_with_length(&values->reader, &item) || item.data == NULL || item.len == 0) {
        values->reader.failed = true;
        return false;
    }
    const uint8_t *side = item.data;
    values->left--;
    *out = (weir__join_value){*side != 0, {side + 1, item.len - 1}};
    return true;
}

/* ---- Buffers ------------------------------------------------------------------------------ */

void weir__buffered_value_put(weir_buf *out, const weir__buffered_value *value)
{
    weir__buf_put_i64(out, value->timestamp_ms);
    weir__buf_put_i64(out, value->offset);
    put_with_length(out, value->topic);
    weir__buf_put_i32(out, value->partition);
    weir__buf_put_i32(out, (int32_t)value->header_count);
    for (size_t i = 0; i < value->header_count; i++) {
        put_with_length(out, weir_slice_of(value->headers[i].name));
        put_with_length(out, value->headers[i].value);
    }
    put_with_length(out, value->prior_value);
    if (value->old_value.data != NULL && weir_slice_equal(value->old_value, value->prior_value)) {
        weir__buf_put_i32(out, LENGTH_AS_PRIOR);
    } else {
        put_with_length(out, value->old_value);
    }
    put_with_length(out, value->new_value);
    weir__buf_put_i64(out, value->place_ms);
}

static weir_err read_headers(weir__reader *reader, weir__arena *arena, weir__buffered_value *out)
{
    int32_t count = weir__read_i32(reader);
    /* Each header has two lengths. */
    if (reader->failed || count < 0 || (size_t)count > weir__reader_left(reader) / 8) {
        return WEIR_ECORRUPT;
    }
    weir_header *headers = weir__arena_alloc(arena, ((size_t)count + 1) * sizeof *headers);
    for (int32_t i = 0; i < count && headers != NULL; i++) {
        weir_slice name;
        if (!read_with_length(reader, &name) || name.data == NULL ||
            !read_with_length(reader, &headers[i].value)) {
            return WEIR_ECORRUPT;
        }
        char *copy = weir__arena_alloc(arena, name.len + 1);
        if (copy == NULL) {
            return WEIR_ENOMEM;
        }
        memcpy(copy, name.data, name.len);
        headers[i].name = copy;
    }
    out->headers = headers;
    out->header_count = (size_t)count;
    return headers != NULL ? WEIR_OK : WEIR_ENOMEM;
}

weir_err weir__buffered_value_read(weir_slice bytes, weir__arena *arena, weir__buffered_value *out)
{
    weir__reader reader = weir__reader_of(bytes);
    weir__buffered_value read = {.timestamp_ms = weir__read_i64(&reader)};
    read.offset = weir__read_i64(&reader);
    if (!read_with_length(&reader, &read.topic) || read.topic.data == NULL) {
        return WEIR_ECORRUPT;
    }
    read.partition = weir__read_i32(&reader);
    weir_err err = read_headers(&reader, arena, &read);
    if (err != WEIR_OK) {
        return err;
    }
    if (!read_with_length(&reader, &read.prior_value)) {
        return WEIR_ECORRUPT;
    }
    int32_t old_length = weir__read_i32(&reader);
    if (old_length == LENGTH_AS_PRIOR) {
        read.old_value = read.prior_value;
    } else if (!read_length(&reader, old_length, &read.old_value)) {
        return WEIR_ECORRUPT;
    }
    if (!read_with_length(&reader, &read.new_value)) {
        return WEIR_ECORRUPT;
    }
    read.place_ms = weir__read_i64(&reader);
    if (reader.failed || weir__reader_left(&reader) != 0) {
        return WEIR_ECORRUPT;
    }
    *out = read;
    return WEIR_OK;
}

bool weir__buffered_value_place(weir_slice bytes, int64_t *place_ms)
{
    if (bytes.len < sizeof *place_ms) {
        return false;
    }
    *place_ms = (int64_t)weir__load_u64((const uint8_t *)bytes.data + bytes.len - sizeof *place_ms);
    return true;
}

size_t weir__buffered_value_size(weir_slice key, weir_slice bytes)
{
    const size_t length = sizeof(int32_t);
    weir__reader reader = weir__reader_of(bytes);
    weir_slice topic;
    weir__read_bytes(&reader, 2 * sizeof(int64_t)); /* timestamp, offset */
    (void)read_with_length(&reader, &topic);
    weir__read_i32(&reader); /* partition */
    int32_t headers = weir__read_i32(&reader);
    weir_assert(!reader.failed && headers >= 0);
    /* Of topic, header list, prior, old and new; two of each header. */
    size_t lengths = (5 + 2 * (size_t)headers) * length;
    weir_assert(bytes.len >= lengths);
    return key.len + bytes.len - lengths;
}
