/* SPDX-License-Identifier: Apache-2.0
 *
 * Versioned stores with types. What is put is the key with its timestamp behind it
 * (state/versioned.h). */
#include "state/versioned.h"

#include "core/error.h"
#include "process/typed_iter.h"

static const weir_kv *rows_of(const weir_versioned *store)
{
    return (const weir_kv *)store;
}

static weir_err null_argument(const weir_versioned *store, const char *function,
                              const char *argument)
{
    return weir__ctx_null(store != NULL ? rows_of(store)->ctx : NULL, function, argument);
}

static weir_err check_key(const weir_kv *kv, const void *key)
{
    return weir__is_null(kv->spec->key, key)
               ? weir_fail(kv->ctx, WEIR_EINVAL, "store '%s' has no null keys", kv->spec->name)
               : WEIR_OK;
}

/* The layers below do not know the store's name. */
static weir_err name_store(const weir_kv *kv, weir_err err)
{
    weir_error below = kv->ctx->error;
    return err == WEIR_ECORRUPT
               ? weir_fail(kv->ctx, err, "store '%s': %s", kv->spec->name, below.message)
               : err;
}

/* ---- Puts --------------------------------------------------------------------------------- */

static weir_err encode_version(const weir_kv *kv, const void *key, int64_t timestamp_ms,
                               weir_slice *out)
{
    weir_err err = weir__typed_key(kv, key, out);
    if (err == WEIR_OK && weir__buf_put_i64(&kv->scratch->key, timestamp_ms) != WEIR_OK) {
        err = weir__ctx_out_of_memory(kv->ctx);
    }
    *out = weir__buf_slice(&kv->scratch->key);
    return err;
}

static weir_err encode_value(const weir_kv *kv, const void *value, weir_slice *out)
{
    weir__buf_reset(&kv->scratch->row);
    weir_err err = weir__encode(kv->ctx, kv->spec->value, value, &kv->scratch->row);
    *out = weir__buf_slice(&kv->scratch->row);
    return err;
}

static weir_err put(weir_kv *kv, const void *key, const void *value, int64_t timestamp_ms,
                    int64_t *valid_to_ms)
{
    weir_slice version;
    weir_slice bytes = {0};
    weir_err err = check_key(kv, key);
    if (err == WEIR_OK && timestamp_ms < 0) {
        err = weir_fail(kv->ctx, WEIR_EINVAL,
                        "store '%s': a version with the negative timestamp %lld", kv->spec->name,
                        (long long)timestamp_ms);
    }
    if (err == WEIR_OK) {
        err = encode_version(kv, key, timestamp_ms, &version);
    }
    if (err == WEIR_OK && !weir__is_null(kv->spec->value, value)) {
        err = encode_value(kv, value, &bytes);
    }
    if (err == WEIR_OK) {
        err = name_store(kv, weir__typed_put_row(kv, version, bytes));
    }
    if (err == WEIR_OK) {
        *valid_to_ms = weir__versioned_last_end(kv->layers.base);
    }
    return err;
}

weir_err weir_versioned_put(weir_versioned *store, const void *key, const void *value,
                            int64_t timestamp_ms, int64_t *valid_to_ms)
{
    int64_t unwanted;
    return store != NULL ? put((weir_kv *)store, key, value, timestamp_ms,
                               valid_to_ms != NULL ? valid_to_ms : &unwanted)
                         : null_argument(store, __func__, "store");
}

weir_err weir_versioned_delete(weir_versioned *store, const void *key, int64_t timestamp_ms)
{
    int64_t unwanted;
    return store != NULL ? put((weir_kv *)store, key, NULL, timestamp_ms, &unwanted)
                         : null_argument(store, __func__, "store");
}

weir_err weir__typed_put_table(weir_kv *kv, const void *key, const void *value,
                               int64_t timestamp_ms, weir__put_result *out)
{
    int64_t valid_to_ms = WEIR__STILL_VALID;
    weir_err err = kv->spec->kind->versions ? put(kv, key, value, timestamp_ms, &valid_to_ms)
                                            : weir_kv_put(kv, key, value, timestamp_ms);
    if (err == WEIR_OK) {
        *out = valid_to_ms == WEIR__STILL_VALID ? WEIR__PUT_LATEST
               : valid_to_ms == WEIR__NOT_PUT   ? WEIR__PUT_EXPIRED
                                                : WEIR__PUT_OUT_OF_ORDER;
    }
    return err;
}

/* ---- Reads -------------------------------------------------------------------------------- */

/* Another thread may use a global store as soon as the lock is released: keeps a copy. */
static weir_err read_as_of(const weir_kv *kv, weir_slice key, int64_t time_ms, weir__version *out)
{
    weir__version found;
    weir_buf *copy = &kv->scratch->row;
    weir__typed_lock(kv);
    weir_err err = weir__versioned_as_of(kv->layers.base, key, time_ms, &found, &kv->ctx->error);
    if (err == WEIR_OK && kv->lock != NULL && found.value.data != NULL) {
        weir__buf_reset(copy);
        err = weir_put(copy, found.value.data, found.value.len) == WEIR_OK
                  ? WEIR_OK
                  : weir__ctx_out_of_memory(kv->ctx);
        found.value = weir__buf_slice(copy);
    }
    weir__typed_unlock(kv);
    if (err == WEIR_OK) {
        *out = found;
    }
    return err;
}

static weir_err find(const weir_kv *kv, const void *key, int64_t time_ms, weir__version *out)
{
    weir_slice bytes;
    weir_err err = check_key(kv, key);
    if (err == WEIR_OK) {
        err = weir__typed_key(kv, key, &bytes);
    }
    return err == WEIR_OK ? name_store(kv, read_as_of(kv, bytes, time_ms, out)) : err;
}

static weir_err decode(const weir_kv *kv, weir__arena *arena, weir_slice bytes, const void **out)
{
    weir__arena *before = kv->ctx->arena;
    kv->ctx->arena = arena;
    weir_err err = weir__decode(kv->ctx, kv->spec->value, bytes, out);
    kv->ctx->arena = before;
    return err;
}

static weir_err get(const weir_kv *kv, const void *key, int64_t time_ms, weir_versioned_row *out)
{
    weir__version found;
    weir_versioned_row read;
    weir__arena_reset(&kv->scratch->arena);
    weir_err err = find(kv, key, time_ms, &found);
    if (err == WEIR_OK) {
        err = decode(kv, &kv->scratch->arena, found.value, &read.value);
    }
    if (err == WEIR_OK) {
        read.valid_from_ms = found.valid_from_ms;
        read.valid_to_ms = found.valid_to_ms;
        *out = read;
    }
    return err;
}

weir_err weir_versioned_get(const weir_versioned *store, const void *key, weir_versioned_row *out)
{
    return store != NULL && out != NULL
               ? get(rows_of(store), key, WEIR__STILL_VALID, out)
               : null_argument(store, __func__, store == NULL ? "store" : "out");
}

weir_err weir_versioned_get_as_of(const weir_versioned *store, const void *key, int64_t time_ms,
                                  weir_versioned_row *out)
{
    return store != NULL && out != NULL
               ? get(rows_of(store), key, time_ms, out)
               : null_argument(store, __func__, store == NULL ? "store" : "out");
}

weir_err weir__typed_load_as_of(const weir_kv *kv, const void *key, int64_t time_ms,
                                const void **value, int64_t *timestamp_ms)
{
    weir__version found;
    weir_slice kept = {0};
    weir_err err = find(kv, key, time_ms, &found);
    if (err == WEIR_OK && weir__arena_copy(kv->ctx->arena, found.value, &kept) != WEIR_OK) {
        err = weir__ctx_out_of_memory(kv->ctx);
    }
    if (err == WEIR_OK) {
        err = weir__decode(kv->ctx, kv->spec->value, kept, value);
    }
    if (err == WEIR_OK) {
        *timestamp_ms = found.valid_from_ms;
    }
    return err;
}

weir_err weir_versioned_history(const weir_versioned *store, const void *key, int64_t from_ms,
                                int64_t to_ms, bool reverse, weir_versioned_iter **out)
{
    if (store == NULL || out == NULL) {
        return null_argument(store, __func__, store == NULL ? "store" : "out");
    }
    const weir_kv *kv = rows_of(store);
    weir_kv_iter *iter = NULL;
    weir__segments_range range = {.from_ms = from_ms, .to_ms = to_ms, .reverse = reverse};
    weir_err err = check_key(kv, key);
    if (err == WEIR_OK) {
        err = weir__typed_key(kv, key, &range.key);
    }
    if (err == WEIR_OK) {
        err = weir__iter_history(kv, &range, &iter);
    }
    if (err == WEIR_OK) {
        *out = (weir_versioned_iter *)iter;
    }
    return err;
}

bool weir_versioned_next(weir_versioned_iter *iter, weir_versioned_row *row)
{
    weir_kv_iter *rows = (weir_kv_iter *)iter;
    weir_slice interval;
    weir_slice value;
    weir_versioned_row read;
    if (!weir__iter_next(rows, &interval, &value)) {
        return false;
    }
    const uint8_t *times = interval.data;
    read.valid_from_ms = (int64_t)weir__load_u64(times);
    read.valid_to_ms = (int64_t)weir__load_u64(times + sizeof read.valid_from_ms);
    rows->err = decode(rows->kv, &rows->arena, value, &read.value);
    if (rows->err != WEIR_OK) {
        return false;
    }
    if (row != NULL) {
        *row = read;
    }
    return true;
}

weir_err weir_versioned_iter_close(weir_versioned_iter *iter)
{
    return weir_kv_iter_close((weir_kv_iter *)iter);
}
