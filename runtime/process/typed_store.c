/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed stores: encoding and decoding between processors and byte stores. */
#include "process/typed_store.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "state/keys.h"
#include "state/versioned.h"

void weir__typed_lock(const weir_kv *kv)
{
    if (kv->lock != NULL) {
        pthread_mutex_lock(kv->lock);
    }
}

void weir__typed_unlock(const weir_kv *kv)
{
    if (kv->lock != NULL) {
        pthread_mutex_unlock(kv->lock);
    }
}

static weir_err no_key(const weir_kv *kv)
{
    return weir_fail(kv->ctx, WEIR_EINVAL, "store '%s' has no null keys", kv->spec->name);
}

weir_err weir__typed_key(const weir_kv *kv, const void *key, weir_slice *out)
{
    weir__buf_reset(&kv->scratch->key);
    weir_err err = weir__encode(kv->ctx, kv->spec->key, key, &kv->scratch->key);
    if (err == WEIR_OK) {
        *out = weir__buf_slice(&kv->scratch->key);
    }
    return err;
}

weir_err weir__typed_get_row(const weir_kv *kv, weir_slice key, weir_slice *row)
{
    if (kv->lock == NULL) {
        weir__kv *layer = kv->reads_flushed ? kv->layers.below : kv->layers.top;
        return weir__kv_get(layer, key, row, &kv->ctx->error);
    }
    /* Another thread may use the store as soon as the lock is released: keep a copy. */
    weir_slice found;
    weir__typed_lock(kv);
    weir_err err = weir__kv_get(kv->layers.top, key, &found, &kv->ctx->error);
    weir__buf_reset(&kv->scratch->row);
    if (err == WEIR_OK && found.data != NULL) {
        err = weir_put(&kv->scratch->row, found.data, found.len);
    }
    weir__typed_unlock(kv);
    if (err == WEIR_OK) {
        *row = found.data != NULL ? weir__buf_slice(&kv->scratch->row) : found;
    }
    return err;
}

weir_err weir__typed_put_row(weir_kv *kv, weir_slice key, weir_slice row)
{
    if (kv->view) {
        return weir_fail(kv->ctx, WEIR_ESTATE, "the global store '%s' is written by its topic only",
                         kv->spec->name);
    }
    weir__typed_lock(kv);
    weir_err err = weir__kv_put(kv->layers.top, key, row, &kv->ctx->error);
    weir__typed_unlock(kv);
    return err;
}

weir_err weir__typed_decode_row(const weir_kv *kv, weir__arena *arena, weir_slice row,
                                const void **value, int64_t *timestamp_ms)
{
    size_t prefix = kv->spec->kind->timestamped ? WEIR__TIMESTAMP_SIZE : 0;
    if (row.data == NULL) {
        *value = NULL;
        return WEIR_OK;
    }
    if (row.len < prefix) {
        return weir_fail(kv->ctx, WEIR_ECORRUPT, "store '%s': a row of %zu bytes", kv->spec->name,
                         row.len);
    }
    weir__arena *before = kv->ctx->arena;
    kv->ctx->arena = arena;
    weir_slice bytes = {(const uint8_t *)row.data + prefix, row.len - prefix};
    weir_err err = weir__decode(kv->ctx, kv->spec->value, bytes, value);
    kv->ctx->arena = before;
    if (err == WEIR_OK && timestamp_ms != NULL) {
        *timestamp_ms = prefix > 0 ? (int64_t)weir__load_u64(row.data) : -1;
    }
    return err;
}

weir_err weir__typed_encode_row(const weir_kv *kv, const void *value, int64_t timestamp_ms,
                                weir_slice *out)
{
    weir_buf *row = &kv->scratch->row;
    weir__buf_reset(row);
    if (kv->spec->kind->timestamped) {
        weir__buf_put_i64(row, timestamp_ms);
    }
    weir_err err = weir__encode(kv->ctx, kv->spec->value, value, row);
    if (err == WEIR_OK) {
        *out = weir__buf_slice(row);
    }
    return err;
}

weir_err weir__typed_find(const weir_kv *kv, weir_slice key, const void **value,
                          int64_t *timestamp_ms)
{
    weir_slice row;
    weir_err err = weir__typed_get_row(kv, key, &row);
    /* A put into another store of the cache may drop the row: keep a copy. */
    if (err == WEIR_OK && kv->layers.top != kv->layers.below &&
        weir__arena_copy(&kv->scratch->arena, row, &row) != WEIR_OK) {
        err = weir__ctx_out_of_memory(kv->ctx);
    }
    return err == WEIR_OK
               ? weir__typed_decode_row(kv, &kv->scratch->arena, row, value, timestamp_ms)
               : err;
}

weir_err weir_kv_get(const weir_kv *kv, const void *key, const void **value, int64_t *timestamp_ms)
{
    if (kv == NULL || value == NULL) {
        return weir__ctx_null(kv != NULL ? kv->ctx : NULL, __func__, "value");
    }
    weir__arena_reset(&kv->scratch->arena);
    if (weir__is_null(kv->spec->key, key)) {
        return no_key(kv);
    }
    weir_slice bytes;
    weir_err err = weir__typed_key(kv, key, &bytes);
    return err == WEIR_OK ? weir__typed_find(kv, bytes, value, timestamp_ms) : err;
}

weir_err weir__typed_keep_row(const weir_kv *kv, weir_slice row, const void **value,
                              int64_t *timestamp_ms)
{
    weir_slice kept;
    if (weir__arena_copy(kv->ctx->arena, row, &kept) != WEIR_OK) {
        return weir__ctx_out_of_memory(kv->ctx);
    }
    return weir__typed_decode_row(kv, kv->ctx->arena, kept, value, timestamp_ms);
}

weir_err weir__typed_load(const weir_kv *kv, const void *key, const void **value,
                          int64_t *timestamp_ms)
{
    weir_slice bytes;
    weir_slice row;
    weir_err err = weir__typed_key(kv, key, &bytes);
    if (err == WEIR_OK) {
        err = weir__typed_get_row(kv, bytes, &row);
    }
    return err == WEIR_OK ? weir__typed_keep_row(kv, row, value, timestamp_ms) : err;
}

weir_err weir__typed_decode_key(const weir_kv *kv, weir_slice bytes, const void **key)
{
    weir__window_key window;
    weir__session_key session;
    weir_windowed read = {0};
    weir_slice inner = bytes;
    weir__store_type type = kv->spec->kind->type;
    if (type == WEIR__TYPE_WINDOW && weir__window_store_key_read(bytes, &window)) {
        inner = window.key;
        read.start_ms = window.start_ms;
        read.end_ms = weir__add_sat(window.start_ms, kv->spec->window_ms);
    } else if (type == WEIR__TYPE_SESSION && weir__session_store_key_read(bytes, &session)) {
        inner = session.key;
        read.start_ms = session.start_ms;
        read.end_ms = session.end_ms;
    } else if (type != WEIR__TYPE_KEY_VALUE) {
        return weir_fail(kv->ctx, WEIR_ECORRUPT, "store '%s': a key of %zu bytes", kv->spec->name,
                         bytes.len);
    }
    weir_err err = weir__decode(kv->ctx, kv->spec->key, inner, &read.key);
    if (err != WEIR_OK || type == WEIR__TYPE_KEY_VALUE) {
        *key = err == WEIR_OK ? read.key : NULL;
        return err;
    }
    weir_windowed *windowed = weir__arena_alloc(kv->ctx->arena, sizeof *windowed);
    if (windowed == NULL) {
        return weir__ctx_out_of_memory(kv->ctx);
    }
    *windowed = read;
    *key = windowed;
    return WEIR_OK;
}

weir_err weir_kv_put(weir_kv *kv, const void *key, const void *value, int64_t timestamp_ms)
{
    if (kv == NULL) {
        return WEIR_EINVAL;
    }
    if (weir__is_null(kv->spec->key, key)) {
        return no_key(kv);
    }
    if (weir__is_null(kv->spec->value, value)) {
        return weir_kv_delete(kv, key);
    }
    if (timestamp_ms < 0) {
        return weir_fail(kv->ctx, WEIR_EINVAL, "store '%s': a row with the negative timestamp %lld",
                         kv->spec->name, (long long)timestamp_ms);
    }
    weir_slice bytes;
    weir_slice row;
    weir_err err = weir__typed_key(kv, key, &bytes);
    if (err == WEIR_OK) {
        err = weir__typed_encode_row(kv, value, timestamp_ms, &row);
    }
    return err == WEIR_OK ? weir__typed_put_row(kv, bytes, row) : err;
}

weir_err weir_kv_delete(weir_kv *kv, const void *key)
{
    if (kv == NULL) {
        return WEIR_EINVAL;
    }
    if (weir__is_null(kv->spec->key, key)) {
        return no_key(kv);
    }
    weir_slice bytes;
    weir_err err = weir__typed_key(kv, key, &bytes);
    return err == WEIR_OK ? weir__typed_put_row(kv, bytes, (weir_slice){0}) : err;
}

weir_err weir__graph_store_put(weir__graph *graph, int store, int64_t time_ms, weir_slice key,
                               weir_slice row, weir_error *error)
{
    const weir_kv *kv = graph->stores[store];
    weir_buf bytes = {0};
    if (kv->spec->kind->suffix != 0) {
        weir__segment_key(&kv->layers.retention, time_ms, key, &bytes);
        if (kv->spec->kind->type == WEIR__TYPE_WINDOW) {
            weir__buf_put_i32(&bytes, 0);
        }
        key = weir__buf_slice(&bytes);
    }
    weir_err err = bytes.err == WEIR_OK ? weir__kv_put(kv->layers.top, key, row, error)
                                        : weir__error_set(error, bytes.err, "no memory for a key");
    weir__buf_fini(&bytes);
    return err;
}

weir_err weir__graph_store_range(weir__graph *graph, int store, const weir__rows_wanted *wanted,
                                 weir__kv_iter **out, weir_error *error)
{
    const weir_kv *kv = graph->stores[store];
    weir_assert(kv != NULL);
    if (wanted->as_of_ms == NULL) {
        return weir__kv_range(kv->layers.top, wanted->from, wanted->to, false, out, error);
    }
    return kv->spec->kind->versions
               ? weir__versioned_range_as_of(kv->layers.base, wanted->from, wanted->to,
                                             *wanted->as_of_ms, out, error)
               : weir__error_set(error, WEIR_EINVAL, "it is not versioned, so it has no history");
}

weir_err weir__graph_store_scan(weir__graph *graph, int store, const weir__rows_wanted *wanted,
                                weir_err (*fn)(weir_slice key, weir_slice row, void *user),
                                void *user, weir_error *error)
{
    const weir_kv *kv = graph->stores[store];
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir_assert(kv != NULL);
    weir__typed_lock(kv);
    weir_err err = weir__graph_store_range(graph, store, wanted, &iter, error);
    if (err == WEIR_OK) {
        while (err == WEIR_OK && iter->ops->next(iter, &key, &row)) {
            err = fn(key, row, user);
        }
        weir_err end = iter->ops->close(iter);
        err = err != WEIR_OK ? err : end;
    }
    weir__typed_unlock(kv);
    return err;
}
