/* SPDX-License-Identifier: Apache-2.0
 *
 * Iterators of typed stores, and what happens to those that callbacks leave open. */
#include "process/typed_iter.h"

#include <stdlib.h>

#include "core/error.h"
#include "state/versioned.h"

/* The number of iterators that stay in memory after Weir has closed them: a processor that uses one
 * later gets an error. If there are more, the oldest one becomes the next iterator that is opened.
 * So its address may be known to two callbacks, and its memory is not freed before the task ends.
 */
#define LEFT_ITERS_MAX 64

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
    weir__typed_lock(iter->kv);
    weir_err err = iter->inner->ops->close(iter->inner);
    weir__typed_unlock(iter->kv);
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

/* A new iterator, or the oldest that was left open. */
static weir_kv_iter *find_iter(weir_ctx *ctx)
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

/* NULL: out of memory. */
static weir_kv_iter *new_iter(const weir_kv *kv)
{
    weir_kv_iter *iter = find_iter(kv->ctx);
    if (iter != NULL) {
        iter->kv = kv;
        iter->latest_start_ms = INT64_MAX;
    }
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

void weir__iters_close_newer(weir_ctx *ctx, uint64_t mark, const weir__node *node)
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

/* Adds the iterator to those that are open, or releases it after a failure. */
static weir_err started(weir_kv_iter *iter, weir_err err, weir_kv_iter **out)
{
    weir_ctx *ctx = iter->kv->ctx;
    if (err != WEIR_OK) {
        release_iter(ctx, iter);
        return err;
    }
    iter->number = ++ctx->iters_opened;
    add_to(&ctx->open_iters, iter);
    *out = iter;
    return WEIR_OK;
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
    weir_kv_iter *iter = new_iter(kv);
    if (iter == NULL) {
        return weir__ctx_out_of_memory(kv->ctx);
    }
    weir__typed_lock(kv);
    err = weir__kv_range(kv->layers.top, low, high, reverse, &iter->inner, &kv->ctx->error);
    weir__typed_unlock(kv);
    return started(iter, err, out);
}

static weir_err scan(const weir_kv *kv, const weir__segments_range *range,
                     weir_err (*of)(weir__kv *layers, const weir__retention *retention,
                                    const weir__segments_range *range, weir__kv_iter **out,
                                    weir_error *error),
                     weir__kv *layers, weir_kv_iter **out)
{
    weir_kv_iter *iter = new_iter(kv);
    if (iter == NULL) {
        return weir__ctx_out_of_memory(kv->ctx);
    }
    weir__typed_lock(kv);
    weir_err err = of(layers, &kv->layers.retention, range, &iter->inner, &kv->ctx->error);
    weir__typed_unlock(kv);
    return started(iter, err, out);
}

weir_err weir__iter_scan(const weir_kv *kv, const weir__segments_range *range, weir_kv_iter **out)
{
    return scan(kv, range, weir__segments_scan, kv->layers.top, out);
}

weir_err weir__iter_scan_kept(const weir_kv *kv, const weir__segments_range *range,
                              weir_kv_iter **out)
{
    weir_assert(kv->layers.top == kv->layers.below);
    return scan(kv, range, weir__segments_scan_kept, kv->layers.base, out);
}

weir_err weir__iter_history(const weir_kv *kv, const weir__segments_range *range,
                            weir_kv_iter **out)
{
    weir_kv_iter *iter = new_iter(kv);
    if (iter == NULL) {
        return weir__ctx_out_of_memory(kv->ctx);
    }
    weir__typed_lock(kv);
    weir_err err =
        weir__versioned_history(kv->layers.base, range->key, range->from_ms, range->to_ms,
                                range->reverse, &iter->inner, &kv->ctx->error);
    weir__typed_unlock(kv);
    return started(iter, err, out);
}

static weir_err copy_next(weir_kv_iter *iter, bool *found, weir_slice *key, weir_slice *row)
{
    weir_slice at;
    weir_slice bytes;
    weir__typed_lock(iter->kv);
    *found = iter->inner->ops->next(iter->inner, &at, &bytes);
    weir_err err = WEIR_OK;
    if (*found && (weir__arena_copy(&iter->arena, at, key) != WEIR_OK ||
                   weir__arena_copy(&iter->arena, bytes, row) != WEIR_OK)) {
        err = weir__ctx_out_of_memory(iter->kv->ctx);
    }
    weir__typed_unlock(iter->kv);
    return err;
}

bool weir__iter_next(weir_kv_iter *iter, weir_slice *key, weir_slice *row)
{
    bool found = false;
    if (iter == NULL) {
        return false;
    }
    if (iter->inner == NULL) {
        iter->err = was_closed(iter->kv);
        return false;
    }
    weir__arena_reset(&iter->arena);
    iter->err = copy_next(iter, &found, key, row);
    return found && iter->err == WEIR_OK;
}

bool weir__iter_decode(weir_kv_iter *iter, weir_slice key, weir_slice row, const void **key_out,
                       const void **value, int64_t *timestamp_ms)
{
    weir_ctx *ctx = iter->kv->ctx;
    weir__arena *before = ctx->arena;
    ctx->arena = &iter->arena;
    iter->err = weir__decode(ctx, iter->kv->spec->key, key, key_out);
    ctx->arena = before;
    if (iter->err == WEIR_OK) {
        iter->err = weir__typed_decode_row(iter->kv, &iter->arena, row, value, timestamp_ms);
    }
    return iter->err == WEIR_OK;
}

bool weir_kv_next(weir_kv_iter *iter, const void **key, const void **value, int64_t *timestamp_ms)
{
    weir_slice at = {0};
    weir_slice row;
    const void *unwanted;
    return weir__iter_next(iter, &at, &row) &&
           weir__iter_decode(iter, at, row, key != NULL ? key : &unwanted,
                             value != NULL ? value : &unwanted, timestamp_ms);
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
