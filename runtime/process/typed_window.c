/* SPDX-License-Identifier: Apache-2.0
 *
 * Window stores with types. The bytes of a row's key are its segment, the key, the window's start
 * and a sequence number (state/keys.h). */
#include "core/error.h"
#include "process/typed_iter.h"
#include "state/keys.h"

#define SEQUENCE_MAX INT32_MAX

static const weir_kv *rows_of(const weir_window *store)
{
    return (const weir_kv *)store;
}

static weir_err null_argument(const weir_window *store, const char *function, const char *argument)
{
    return weir__ctx_null(store != NULL ? rows_of(store)->ctx : NULL, function, argument);
}

/* The bytes of a row's key: valid until the next call on the store. */
static weir_err encode_key(const weir_kv *kv, const void *key, int64_t start_ms, int32_t sequence,
                           weir_slice *out)
{
    weir_buf *buf = &kv->scratch->key;
    weir__buf_reset(buf);
    weir__segment_begin(&kv->layers.retention, start_ms, buf);
    weir_err err = weir__encode(kv->ctx, kv->spec->key, key, buf);
    weir__buf_put_i64(buf, start_ms);
    if (err == WEIR_OK && weir__buf_put_i32(buf, sequence) != WEIR_OK) {
        err = weir__ctx_out_of_memory(kv->ctx);
    }
    if (err == WEIR_OK) {
        *out = weir__buf_slice(buf);
    }
    return err;
}

static weir_err check_row(const weir_kv *kv, const void *key, int64_t start_ms)
{
    if (weir__is_null(kv->spec->key, key)) {
        return weir_fail(kv->ctx, WEIR_EINVAL, "store '%s' has no null keys", kv->spec->name);
    }
    if (start_ms < 0) {
        return weir_fail(kv->ctx, WEIR_EINVAL, "store '%s': a window with the negative start %lld",
                         kv->spec->name, (long long)start_ms);
    }
    return WEIR_OK;
}

/* Continues behind the rows on disk and in the changelog: the same number for the same key and
 * start would replace a row. */
static int32_t next_sequence(weir_kv *kv)
{
    if (!kv->spec->duplicates) {
        return 0;
    }
    if (!kv->numbered) {
        kv->sequence = weir__segments_last_number(kv->layers.base);
        kv->numbered = true;
    }
    kv->sequence = kv->sequence < SEQUENCE_MAX ? kv->sequence + 1 : 0;
    return kv->sequence;
}

weir_err weir_window_put(weir_window *store, const void *key, const void *value, int64_t start_ms,
                         int64_t timestamp_ms)
{
    if (store == NULL) {
        return null_argument(store, __func__, "store");
    }
    weir_kv *kv = (weir_kv *)store;
    weir_slice bytes;
    weir_slice row = {0};
    weir_err err = check_row(kv, key, start_ms);
    bool deletes = weir__is_null(kv->spec->value, value);
    if (err == WEIR_OK && !deletes && kv->spec->kind->timestamped && timestamp_ms < 0) {
        err = weir_fail(kv->ctx, WEIR_EINVAL, "store '%s': a row with the negative timestamp %lld",
                        kv->spec->name, (long long)timestamp_ms);
    }
    if (err == WEIR_OK) {
        err = encode_key(kv, key, start_ms, next_sequence(kv), &bytes);
    }
    if (err == WEIR_OK && !deletes) {
        err = weir__typed_encode_row(kv, value, timestamp_ms, &row);
    }
    return err == WEIR_OK ? weir__typed_put_row(kv, bytes, row) : err;
}

weir_err weir_window_get(const weir_window *store, const void *key, int64_t start_ms,
                         const void **value, int64_t *timestamp_ms)
{
    if (store == NULL || value == NULL) {
        return null_argument(store, __func__, store == NULL ? "store" : "value");
    }
    const weir_kv *kv = rows_of(store);
    weir_slice bytes;
    weir_err err = check_row(kv, key, start_ms);
    if (err == WEIR_OK && kv->spec->duplicates) {
        err = weir_fail(kv->ctx, WEIR_EINVAL,
                        "store '%s' retains duplicates: read it with weir_window_fetch",
                        kv->spec->name);
    }
    weir__arena_reset(&kv->scratch->arena);
    if (err == WEIR_OK) {
        err = encode_key(kv, key, start_ms, 0, &bytes);
    }
    return err == WEIR_OK ? weir__typed_find(kv, bytes, value, timestamp_ms) : err;
}

weir_err weir__window_load(const weir_kv *kv, const void *key, int64_t start_ms, const void **value,
                           int64_t *timestamp_ms)
{
    weir_slice bytes;
    weir_slice row;
    weir_err err = encode_key(kv, key, start_ms, 0, &bytes);
    if (err == WEIR_OK) {
        err = weir__typed_get_row(kv, bytes, &row);
    }
    return err == WEIR_OK ? weir__typed_keep_row(kv, row, value, timestamp_ms) : err;
}

static weir_err fetch(const weir_kv *kv, weir__segments_range *range, weir_window_iter **out)
{
    weir_kv_iter *iter = NULL;
    range->suffix = kv->spec->kind->suffix;
    weir_err err = weir__iter_scan(kv, range, &iter);
    if (err == WEIR_OK) {
        *out = (weir_window_iter *)iter;
    }
    return err;
}

weir_err weir_window_fetch(const weir_window *store, const void *key, int64_t from_ms,
                           int64_t to_ms, bool reverse, weir_window_iter **out)
{
    if (store == NULL || out == NULL) {
        return null_argument(store, __func__, store == NULL ? "store" : "out");
    }
    const weir_kv *kv = rows_of(store);
    weir__segments_range range = {.from_ms = from_ms, .to_ms = to_ms, .reverse = reverse};
    weir_err err = check_row(kv, key, 0);
    if (err == WEIR_OK) {
        err = weir__typed_key(kv, key, &range.key);
    }
    return err == WEIR_OK ? fetch(kv, &range, out) : err;
}

weir_err weir_window_fetch_all(const weir_window *store, int64_t from_ms, int64_t to_ms,
                               bool reverse, weir_window_iter **out)
{
    if (store == NULL || out == NULL) {
        return null_argument(store, __func__, store == NULL ? "store" : "out");
    }
    weir__segments_range range = {.from_ms = from_ms, .to_ms = to_ms, .reverse = reverse};
    return fetch(rows_of(store), &range, out);
}

bool weir_window_next(weir_window_iter *iter, weir_window_row *row)
{
    weir_kv_iter *rows = (weir_kv_iter *)iter;
    weir_slice bytes;
    weir_slice value;
    weir__window_key at;
    weir_window_row read = {.timestamp_ms = -1};
    if (!weir__iter_next(rows, &bytes, &value)) {
        return false;
    }
    if (!weir__window_store_key_read(bytes, &at)) {
        rows->err = weir_fail(rows->kv->ctx, WEIR_ECORRUPT, "store '%s': a key of %zu bytes",
                              rows->kv->spec->name, bytes.len);
        return false;
    }
    read.start_ms = at.start_ms;
    if (!weir__iter_decode(rows, at.key, value, &read.key, &read.value, &read.timestamp_ms)) {
        return false;
    }
    if (row != NULL) {
        *row = read;
    }
    return true;
}

weir_err weir_window_iter_close(weir_window_iter *iter)
{
    return weir_kv_iter_close((weir_kv_iter *)iter);
}
