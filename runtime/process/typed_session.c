/* SPDX-License-Identifier: Apache-2.0
 *
 * Session stores with types. The bytes of a row's key are its segment, the key, the session's end
 * and its start (state/keys.h). */
#include "core/error.h"
#include "process/typed_iter.h"
#include "state/keys.h"
#include "state/segments.h"

static const weir_kv *rows_of(const weir_session *store)
{
    return (const weir_kv *)store;
}

static weir_err null_argument(const weir_session *store, const char *function, const char *argument)
{
    return weir__ctx_null(store != NULL ? rows_of(store)->ctx : NULL, function, argument);
}

static weir_err check_row(const weir_kv *kv, const void *key, int64_t start_ms, int64_t end_ms)
{
    if (weir__is_null(kv->spec->key, key)) {
        return weir_fail(kv->ctx, WEIR_EINVAL, "store '%s' has no null keys", kv->spec->name);
    }
    if (start_ms < 0 || start_ms > end_ms) {
        return weir_fail(kv->ctx, WEIR_EINVAL,
                         "store '%s': a session from %lld to %lld: 0 <= start <= end is wanted",
                         kv->spec->name, (long long)start_ms, (long long)end_ms);
    }
    return WEIR_OK;
}

/* The bytes of a row's key: valid until the next call on the store. */
static weir_err encode_key(const weir_kv *kv, const void *key, int64_t start_ms, int64_t end_ms,
                           weir_slice *out)
{
    weir_buf *buf = &kv->scratch->key;
    weir_err err = check_row(kv, key, start_ms, end_ms);
    if (err != WEIR_OK) {
        return err;
    }
    weir__buf_reset(buf);
    weir__segment_begin(&kv->layers.retention, end_ms, buf);
    err = weir__encode(kv->ctx, kv->spec->key, key, buf);
    weir__buf_put_i64(buf, end_ms);
    if (err == WEIR_OK && weir__buf_put_i64(buf, start_ms) != WEIR_OK) {
        err = weir__ctx_out_of_memory(kv->ctx);
    }
    if (err == WEIR_OK) {
        *out = weir__buf_slice(buf);
    }
    return err;
}

weir_err weir_session_put(weir_session *store, const void *key, const void *value, int64_t start_ms,
                          int64_t end_ms)
{
    if (store == NULL) {
        return null_argument(store, __func__, "store");
    }
    weir_kv *kv = (weir_kv *)store;
    weir_slice bytes;
    weir_slice row = {0};
    weir_err err = encode_key(kv, key, start_ms, end_ms, &bytes);
    bool deletes = weir__is_null(kv->spec->value, value);
    if (err == WEIR_OK && !deletes) {
        err = weir__typed_encode_row(kv, value, 0, &row);
    } else if (err == WEIR_OK && kv->layers.top == kv->layers.below) {
        err = weir__segments_note(kv->layers.base, end_ms, &kv->ctx->error);
    }
    return err == WEIR_OK ? weir__typed_put_row(kv, bytes, row) : err;
}

weir_err weir_session_remove(weir_session *store, const void *key, int64_t start_ms, int64_t end_ms)
{
    if (store == NULL) {
        return null_argument(store, __func__, "store");
    }
    weir_kv *kv = (weir_kv *)store;
    weir_slice bytes;
    weir_err err = encode_key(kv, key, start_ms, end_ms, &bytes);
    return err == WEIR_OK ? weir__typed_put_row(kv, bytes, (weir_slice){0}) : err;
}

weir_err weir_session_get(const weir_session *store, const void *key, int64_t start_ms,
                          int64_t end_ms, const void **value)
{
    if (store == NULL || value == NULL) {
        return null_argument(store, __func__, store == NULL ? "store" : "value");
    }
    const weir_kv *kv = rows_of(store);
    weir_slice bytes;
    weir__arena_reset(&kv->scratch->arena);
    weir_err err = encode_key(kv, key, start_ms, end_ms, &bytes);
    return err == WEIR_OK ? weir__typed_find(kv, bytes, value, NULL) : err;
}

weir_err weir__session_load(const weir_kv *kv, const void *key, int64_t start_ms, int64_t end_ms,
                            const void **value)
{
    weir_slice bytes;
    weir_slice row;
    weir_err err = encode_key(kv, key, start_ms, end_ms, &bytes);
    if (err == WEIR_OK) {
        err = weir__typed_get_row(kv, bytes, &row);
    }
    return err == WEIR_OK ? weir__typed_keep_row(kv, row, value, NULL) : err;
}

weir_err weir_session_find(const weir_session *store, const void *key, int64_t earliest_end_ms,
                           int64_t latest_start_ms, bool reverse, weir_session_iter **out)
{
    if (store == NULL || out == NULL) {
        return null_argument(store, __func__, store == NULL ? "store" : "out");
    }
    const weir_kv *kv = rows_of(store);
    weir_kv_iter *iter = NULL;
    weir__segments_range range = {.suffix = kv->spec->kind->suffix,
                                  .from_ms = earliest_end_ms,
                                  .to_ms = INT64_MAX,
                                  .reverse = reverse};
    weir_err err = WEIR_OK;
    if (!weir__is_null(kv->spec->key, key)) {
        err = weir__typed_key(kv, key, &range.key);
    }
    if (err == WEIR_OK) {
        err = weir__iter_scan(kv, &range, &iter);
    }
    if (err == WEIR_OK) {
        iter->latest_start_ms = latest_start_ms;
        *out = (weir_session_iter *)iter;
    }
    return err;
}

weir_err weir__session_scan(const weir_kv *kv, int64_t from_end_ms, int64_t to_end_ms,
                            weir_kv_iter **out)
{
    weir__segments_range range = {
        .suffix = kv->spec->kind->suffix, .from_ms = from_end_ms, .to_ms = to_end_ms};
    return weir__iter_scan_kept(kv, &range, out);
}

static bool next_row(weir_kv_iter *rows, weir_slice *key, weir_slice *row, weir__session_key *at)
{
    do {
        if (!weir__iter_next(rows, key, row)) {
            return false;
        }
        if (!weir__session_store_key_read(*key, at)) {
            rows->err = weir_fail(rows->kv->ctx, WEIR_ECORRUPT, "store '%s': a key of %zu bytes",
                                  rows->kv->spec->name, key->len);
            return false;
        }
    } while (at->start_ms > rows->latest_start_ms);
    return true;
}

bool weir__session_iter_next(weir_session_iter *iter, weir_slice *row, weir__session_key *at)
{
    weir_slice key;
    return next_row((weir_kv_iter *)iter, &key, row, at);
}

bool weir_session_next(weir_session_iter *iter, weir_session_row *row)
{
    weir_kv_iter *rows = (weir_kv_iter *)iter;
    weir_slice bytes;
    weir_slice value;
    weir__session_key at;
    weir_session_row read;
    if (iter == NULL || !next_row(rows, &bytes, &value, &at)) {
        return false;
    }
    read.start_ms = at.start_ms;
    read.end_ms = at.end_ms;
    if (!weir__iter_decode(rows, at.key, value, &read.key, &read.value, NULL)) {
        return false;
    }
    if (row != NULL) {
        *row = read;
    }
    return true;
}

weir_err weir_session_iter_close(weir_session_iter *iter)
{
    return weir_kv_iter_close((weir_kv_iter *)iter);
}
