/* SPDX-License-Identifier: Apache-2.0
 *
 * Kafka Streams' layouts of keys. */
#include "state/keys.h"

#define TIME_FIRST 0 /* the first byte of a key in order of time; of the index by key it is 1 */

static void put(weir_buf *out, weir_slice bytes)
{
    (void)weir_put(out, bytes.data, bytes.len);
}

/* Reads `bytes` as a key with `suffix` bytes behind it; the reader is at these. */
static bool split(weir_slice bytes, size_t suffix, weir_slice *key, weir__reader *rest)
{
    if (bytes.data == NULL || bytes.len < suffix) {
        return false;
    }
    *rest = weir__reader_of(bytes);
    *key = weir__read_bytes(rest, bytes.len - suffix);
    return true;
}

void weir__window_topic_key(weir_buf *out, weir_slice key, int64_t start_ms)
{
    put(out, key);
    weir__buf_put_i64(out, start_ms);
}

bool weir__window_topic_key_read(weir_slice bytes, weir__window_key *out)
{
    weir__reader rest;
    weir__window_key read = {.sequence = 0};
    if (!split(bytes, sizeof read.start_ms, &read.key, &rest)) {
        return false;
    }
    read.start_ms = weir__read_i64(&rest);
    *out = read;
    return true;
}

void weir__window_store_key(weir_buf *out, const weir__window_key *key)
{
    put(out, key->key);
    weir__buf_put_i64(out, key->start_ms);
    weir__buf_put_i32(out, key->sequence);
}

bool weir__window_store_key_read(weir_slice bytes, weir__window_key *out)
{
    weir__reader rest;
    weir__window_key read;
    if (!split(bytes, WEIR__WINDOW_SUFFIX, &read.key, &rest)) {
        return false;
    }
    read.start_ms = weir__read_i64(&rest);
    read.sequence = weir__read_i32(&rest);
    *out = read;
    return true;
}

void weir__session_store_key(weir_buf *out, const weir__session_key *key)
{
    put(out, key->key);
    weir__buf_put_i64(out, key->end_ms);
    weir__buf_put_i64(out, key->start_ms);
}

bool weir__session_store_key_read(weir_slice bytes, weir__session_key *out)
{
    weir__reader rest;
    weir__session_key read;
    if (!split(bytes, WEIR__SESSION_SUFFIX, &read.key, &rest)) {
        return false;
    }
    read.end_ms = weir__read_i64(&rest);
    read.start_ms = weir__read_i64(&rest);
    *out = read;
    return true;
}

void weir__shared_join_key(weir_buf *out, const weir__join_key *key)
{
    weir__buf_put_i64(out, key->time_ms);
    weir__buf_put_u8(out, key->left ? 1 : 0);
    put(out, key->key);
}

bool weir__shared_join_key_read(weir_slice bytes, weir__join_key *out)
{
    weir__reader reader = weir__reader_of(bytes);
    int64_t time_ms = weir__read_i64(&reader);
    uint8_t side = weir__read_u8(&reader);
    if (reader.failed || side > 1) {
        return false;
    }
    *out =
        (weir__join_key){time_ms, side == 1, weir__read_bytes(&reader, weir__reader_left(&reader))};
    return true;
}

void weir__grace_buffer_key(weir_buf *out, const weir__buffer_key *key)
{
    weir__buf_put_u8(out, TIME_FIRST);
    weir__buf_put_i64(out, key->time_ms);
    put(out, key->key);
    weir__buf_put_i32(out, key->sequence);
}

bool weir__grace_buffer_key_read(weir_slice bytes, weir__buffer_key *out)
{
    weir__reader reader = weir__reader_of(bytes);
    uint8_t prefix = weir__read_u8(&reader);
    weir__buffer_key read = {.time_ms = weir__read_i64(&reader)};
    if (reader.failed || prefix != TIME_FIRST ||
        weir__reader_left(&reader) < sizeof read.sequence) {
        return false;
    }
    read.key = weir__read_bytes(&reader, weir__reader_left(&reader) - sizeof read.sequence);
    read.sequence = weir__read_i32(&reader);
    *out = read;
    return true;
}

void weir__subscription_prefix(weir_buf *out, weir_slice foreign_key)
{
    weir__buf_put_i32(out, (int32_t)foreign_key.len);
    put(out, foreign_key);
}

void weir__subscription_store_key(weir_buf *out, const weir__subscription_key *key)
{
    weir__subscription_prefix(out, key->foreign_key);
    put(out, key->primary_key);
}

bool weir__subscription_store_key_read(weir_slice bytes, weir__subscription_key *out)
{
    weir__reader reader = weir__reader_of(bytes);
    int32_t len = weir__read_i32(&reader);
    if (reader.failed || len < 0 || (size_t)len > weir__reader_left(&reader)) {
        return false;
    }
    weir_slice foreign_key = weir__read_bytes(&reader, (size_t)len);
    *out = (weir__subscription_key){foreign_key,
                                    weir__read_bytes(&reader, weir__reader_left(&reader))};
    return true;
}
