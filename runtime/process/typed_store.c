/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed stores: encoding and decoding between processors and byte stores. */
#include "process/typed_store.h"

#include <stdlib.h>

#include "core/error.h"

static void lock(const weir_kv *kv)
{
    if (kv->lock != NULL) {
        pthread_mutex_lock(kv->lock);
    }
}

static void unlock(const weir_kv *kv)
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
        return weir__kv_get(kv->layers.top, key, row, &kv->ctx->error);
    }
    /* Another thread may use the store as soon as the lock is released: keep a copy. */
    weir_slice found;
    lock(kv);
    weir_err err = weir__kv_get(kv->layers.top, key, &found, &kv->ctx->error);
    weir__buf_reset(&kv->scratch->row);
    if (err == WEIR_OK && found.data != NULL) {
        err = weir_put(&kv->scratch->row, found.data, found.len);
    }
    unlock(kv);
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
    lock(kv);
    weir_err err = weir__kv_put(kv->layers.top, key, row, &kv->ctx->error);
    unlock(kv);
    return err;
}

/* Decodes into `arena`; the row's bytes live as long. */
static weir_err decode_row(const weir_kv *kv, weir__arena *arena, weir_slice row,
                           const void **value, int64_t *timestamp_ms)
{
    if (row.data == NULL) {
        *value = NULL;
        return WEIR_OK;
    }
    if (row.len < WEIR__TIMESTAMP_SIZE) {
        return weir_fail(kv->ctx, WEIR_ECORRUPT, "store '%s': a row of %zu bytes", kv->spec->name,
                         row.len);
    }
    weir__arena *before = kv->ctx->arena;
    kv->ctx->arena = arena;
    weir_slice bytes = {(const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE,
                        row.len - WEIR__TIMESTAMP_SIZE};
    weir_err err = weir__decode(kv->ctx, kv->spec->value, bytes, value);
    kv->ctx->arena = before;
    if (err == WEIR_OK && timestamp_ms != NULL) {
        *timestamp_ms = (int64_t)weir__load_u64(row.data);
    }
    return err;
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
    weir_slice row;
    weir_err err = weir__typed_key(kv, key, &bytes);
    if (err == WEIR_OK) {
        err = weir__typed_get_row(kv, bytes, &row);
    }
    /* A put into another store of the cache may drop the row: keep a copy. */
    if (err == WEIR_OK && kv->layers.top != kv->layers.below &&
        weir__arena_copy(&kv->scratch->arena, row, &row) != WEIR_OK) {
        err = weir__ctx_out_of_memory(kv->ctx);
    }
    return err == WEIR_OK ? decode_row(kv, &kv->scratch->arena, row, value, timestamp_ms) : err;
}

weir_err weir__typed_keep_row(const weir_kv *kv, weir_slice row, const void **value,
                              int64_t *timestamp_ms)
{
    weir_slice kept;
    if (weir__arena_copy(kv->ctx->arena, row, &kept) != WEIR_OK) {
        return weir__ctx_out_of_memory(kv->ctx);
    }
    return decode_row(kv, kv->ctx->arena, kept, value, timestamp_ms);
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
    weir_err err = weir__typed_key(kv, key, &bytes);
    weir__buf_reset(&kv->scratch->row);
    if (err == WEIR_OK) {
        weir__buf_put_i64(&kv->scratch->row, timestamp_ms);
        err = weir__encode(kv->ctx, kv->spec->value, value, &kv->scratch->row);
    }
    return err == WEIR_OK ? weir__typed_put_row(kv, bytes, weir__buf_slice(&kv->scratch->row))
                          : err;
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

/* ---- Scans -------------------------------------------------------------------------------- */

/* The number of iterators that stay in memory after Weir has closed them: a processor that uses one
 * later gets an error. If there are more, the oldest one becomes the next iterator that is opened.
 * So its address may be known to two callbacks, and its memory is not freed before the task ends.
 */
#define LEFT_ITERS_MAX 64

struct weir_kv_iter {
    const weir_kv *kv;
    weir__kv_iter *inner;       /* NULL: closed by Weir, the callback left it open */
    uint64_t number;            /* iterators of the task opened by then, this one included */
    struct weir_kv_iter *newer; /* in its list of the context */
    struct weir_kv_iter *older;
    weir__arena arena; /* the current key and value */
    weir_err err;
    bool was_left; /* once: by a callback that may still have its address */
};

static void add_to(weir_kv_iter **list, weir_kv_iter *iter)
{
    iter->newer = NULL;
    iter->older = *list;
    if (*list != NULL) {
        (*list)->newer = iter;
    }
    *list = iter;
}

static void remove_from(weir_kv_iter **list, weir_kv_iter *iter)
{
    if (iter->newer != NULL) {
        iter->newer->older = iter->older;
    } else {
        *list = iter->older;
    }
    if (iter->older != NULL) {
        iter->older->newer = iter->newer;
    }
}

static weir_err close_inner(weir_kv_iter *iter)
{
    lock(iter->kv);
    weir_err err = iter->inner->ops->close(iter->inner);
    unlock(iter->kv);
    iter->inner = NULL;
    weir__arena_fini(&iter->arena);
    remove_from(&iter->kv->ctx->open_iters, iter);
    return err;
}

static void keep_left(weir_ctx *ctx, weir_kv_iter *iter)
{
    iter->was_left = true;
    add_to(&ctx->left_iters, iter);
    if (ctx->oldest_left_iter == NULL) {
        ctx->oldest_left_iter = iter;
    }
    ctx->left_iter_count++;
}

/* A new iterator, or the oldest that was left open. NULL: out of memory. */
static weir_kv_iter *new_iter(weir_ctx *ctx)
{
    if (ctx->left_iter_count < LEFT_ITERS_MAX) {
        return calloc(1, sizeof(weir_kv_iter));
    }
    weir_kv_iter *iter = ctx->oldest_left_iter;
    ctx->oldest_left_iter = iter->newer;
    remove_from(&ctx->left_iters, iter);
    ctx->left_iter_count--;
    *iter = (weir_kv_iter){.was_left = true};
    return iter;
}

/* After it was closed, or could not be opened. */
static void release_iter(weir_ctx *ctx, weir_kv_iter *iter)
{
    if (iter->was_left) {
        keep_left(ctx, iter);
    } else {
        free(iter);
    }
}

void weir__iters_close_since(weir_ctx *ctx, uint64_t mark, const weir__node *node)
{
    const weir__graph_host *host = &ctx->graph->host;
    while (ctx->open_iters != NULL && ctx->open_iters->number > mark) {
        weir_kv_iter *iter = ctx->open_iters;
        close_inner(iter); /* the callback did not check how its scan ended */
        if (host->left_open != NULL) {
            host->left_open(host->user, node, iter->kv->spec);
        }
        keep_left(ctx, iter);
    }
}

void weir__iters_fini(weir_ctx *ctx)
{
    weir_assert(ctx->open_iters == NULL);
    while (ctx->left_iters != NULL) {
        weir_kv_iter *iter = ctx->left_iters;
        remove_from(&ctx->left_iters, iter);
        free(iter);
    }
}

static weir_err was_closed(const weir_kv *kv)
{
    return weir_fail(kv->ctx, WEIR_ESTATE,
                     "store '%s': the iterator was closed when the callback that opened it "
                     "returned",
                     kv->spec->name);
}

static weir_err bound(const weir_kv *kv, const void *key, weir_buf *buf, weir_slice *out)
{
    *out = (weir_slice){0};
    if (key == NULL) {
        return WEIR_OK;
    }
    weir__buf_reset(buf);
    weir_err err = weir__encode(kv->ctx, kv->spec->key, key, buf);
    if (err == WEIR_OK) {
        *out = weir__buf_slice(buf);
    }
    return err;
}

weir_err weir_kv_range(const weir_kv *kv, const void *from, const void *to, bool reverse,
                       weir_kv_iter **out)
{
    if (kv == NULL || out == NULL) {
        return weir__ctx_null(kv != NULL ? kv->ctx : NULL, __func__, "out");
    }
    weir_slice low;
    weir_slice high;
    weir_err err = bound(kv, from, &kv->scratch->key, &low);
    if (err == WEIR_OK) {
        err = bound(kv, to, &kv->scratch->row, &high);
    }
    if (err != WEIR_OK) {
        return err;
    }
    weir_kv_iter *iter = new_iter(kv->ctx);
    if (iter == NULL) {
        return weir__ctx_out_of_memory(kv->ctx);
    }
    iter->kv = kv;
    lock(kv);
    err = weir__kv_range(kv->layers.top, low, high, reverse, &iter->inner, &kv->ctx->error);
    unlock(kv);
    if (err != WEIR_OK) {
        release_iter(kv->ctx, iter);
        return err;
    }
    iter->number = ++kv->ctx->iters_opened;
    add_to(&kv->ctx->open_iters, iter);
    *out = iter;
    return WEIR_OK;
}

static weir_err copy_next(weir_kv_iter *iter, bool *found, weir_slice *key, weir_slice *row)
{
    weir_slice at;
    weir_slice bytes;
    lock(iter->kv);
    *found = iter->inner->ops->next(iter->inner, &at, &bytes);
    weir_err err = WEIR_OK;
    if (*found && (weir__arena_copy(&iter->arena, at, key) != WEIR_OK ||
                   weir__arena_copy(&iter->arena, bytes, row) != WEIR_OK)) {
        err = weir__ctx_out_of_memory(iter->kv->ctx);
    }
    unlock(iter->kv);
    return err;
}

bool weir_kv_next(weir_kv_iter *iter, const void **key, const void **value, int64_t *timestamp_ms)
{
    bool found = false;
    weir_slice at;
    weir_slice row;
    const void *unwanted;
    if (iter == NULL) {
        return false;
    }
    key = key != NULL ? key : &unwanted;
    value = value != NULL ? value : &unwanted;
    if (iter->inner == NULL) {
        iter->err = was_closed(iter->kv);
        return false;
    }
    weir__arena_reset(&iter->arena);
    iter->err = copy_next(iter, &found, &at, &row);
    if (iter->err == WEIR_OK && found) {
        weir_ctx *ctx = iter->kv->ctx;
        weir__arena *before = ctx->arena;
        ctx->arena = &iter->arena;
        iter->err = weir__decode(ctx, iter->kv->spec->key, at, key);
        ctx->arena = before;
    }
    if (iter->err == WEIR_OK && found) {
        iter->err = decode_row(iter->kv, &iter->arena, row, value, timestamp_ms);
    }
    return found && iter->err == WEIR_OK;
}

weir_err weir_kv_iter_close(weir_kv_iter *iter)
{
    if (iter == NULL) {
        return WEIR_OK;
    }
    const weir_kv *kv = iter->kv;
    if (iter->inner == NULL) {
        return was_closed(kv);
    }
    weir_err err = close_inner(iter);
    if (iter->err != WEIR_OK) {
        err = iter->err;
    } else if (err != WEIR_OK) {
        weir_fail(kv->ctx, err, "store '%s': the scan broke off", kv->spec->name);
    }
    release_iter(kv->ctx, iter);
    return err;
}

weir_err weir__graph_store_scan(weir__graph *graph, int store, weir_slice from, weir_slice to,
                                weir_err (*fn)(weir_slice key, weir_slice row, void *user),
                                void *user, weir_error *error)
{
    const weir_kv *kv = graph->stores[store];
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir_assert(kv != NULL);
    lock(kv);
    weir_err err = weir__kv_range(kv->layers.top, from, to, false, &iter, error);
    if (err == WEIR_OK) {
        while (err == WEIR_OK && iter->ops->next(iter, &key, &row)) {
            err = fn(key, row, user);
        }
        weir_err end = iter->ops->close(iter);
        err = err != WEIR_OK ? err : end;
    }
    unlock(kv);
    return err;
}
