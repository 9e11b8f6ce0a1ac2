/* SPDX-License-Identifier: Apache-2.0
 *
 * The record cache as a layer of a store. */
#include "state/cache.h"

#include <stdlib.h>

#include "core/error.h"
#include "state/cache_parts.h"
#include "state/overlay.h"

#define FLUSH_ROUNDS_MAX 100 /* of a store whose own flushes make it dirty again */

weir_err weir__cache_new(size_t max_bytes, weir__cache **out)
{
    weir__cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        return WEIR_ENOMEM;
    }
    cache->max_bytes = max_bytes;
    *out = cache;
    return WEIR_OK;
}

void weir__cache_free(weir__cache *cache)
{
    if (cache != NULL) {
        weir_assert(cache->stores == 0);
        weir__buf_fini(&cache->scratch);
        free(cache);
    }
}

void weir__cache_resize(weir__cache *cache, size_t max_bytes)
{
    cache->max_bytes = max_bytes;
}

size_t weir__cache_used(const weir__cache *cache)
{
    return cache->used;
}

size_t weir__cache_max(const weir__cache *cache)
{
    return cache->max_bytes;
}

/* Caches a row that was read, if evicting clean entries makes room; a get must not call on_flush.
 * NULL: not cached. */
static weir__entry *keep_read(weir__cached *store, weir_slice key, weir_slice value)
{
    static const weir__origin nowhere = {0};
    weir__cache *cache = store->cache;
    size_t size = weir__cached_size(key, value, &nowhere);
    while (cache->used + size > cache->max_bytes && cache->oldest != NULL &&
           cache->oldest->dirtied == 0) {
        weir__cached_drop(cache->oldest);
    }
    if (cache->used + size > cache->max_bytes) {
        return NULL;
    }
    weir__entry *at = weir__cached_add(store, key);
    if (at != NULL && weir__cached_fill(at, value, &nowhere) != WEIR_OK) {
        weir__cached_drop(at);
        return NULL;
    }
    return at;
}

static weir_err cached_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    weir__cached *store = (weir__cached *)kv;
    weir__entry *at = weir__cached_find(store, key);
    if (at != NULL) {
        weir__cached_touch(store->cache, at);
        *value = at->value;
        return WEIR_OK;
    }
    weir_slice below;
    weir_err err = weir__kv_get(kv->inner, key, &below, error);
    if (err != WEIR_OK) {
        return err;
    }
    at = below.data != NULL ? keep_read(store, key, below) : NULL;
    *value = at != NULL ? at->value : below;
    return WEIR_OK;
}

static weir_err cached_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    weir__cached *store = (weir__cached *)kv;
    weir__cache *cache = store->cache;
    weir__origin origin = store->client.origin(store->client.user);
    if (cache->max_bytes == 0 && cache->oldest == NULL) {
        return weir__cached_send_through(store, key, value, &origin, error);
    }
    weir__entry *old = weir__cached_find(store, key);
    weir__entry *at = old != NULL ? old : weir__cached_add(store, key);
    if (at == NULL || weir__cached_fill(at, value, &origin) != WEIR_OK) {
        if (old == NULL && at != NULL) {
            weir__cached_drop(at);
        }
        return weir__error_set(error, WEIR_ENOMEM, "cache: no memory for a row of %zu bytes",
                               key.len + value.len);
    }
    weir__cached_mark_dirty(at);
    weir__cached_touch(cache, at);
    return cache->used > cache->max_bytes ? weir__cache_evict(cache, error) : WEIR_OK;
}

static bool is_past_end(weir_slice key, weir_slice from, weir_slice to, bool reverse)
{
    weir_slice end = reverse ? from : to;
    if (end.data == NULL) {
        return false;
    }
    int order = weir__key_compare(key, end);
    return reverse ? order < 0 : order > 0;
}

/* The dirty rows of a range; *out NULL: there are none. Clean rows are also in the store below. */
static weir_err collect_dirty(weir__cached *store, weir_slice from, weir_slice to, bool reverse,
                              weir__overlay **out)
{
    weir__overlay *overlay = NULL;
    weir_err err = WEIR_OK;
    if (store->first_dirty == NULL) {
        return WEIR_OK;
    }
    weir__tree_cursor cursor =
        weir__tree_seek(&store->entries, reverse ? to : from, false, reverse);
    weir__tree_item *item;
    while (err == WEIR_OK && (item = weir__tree_at(cursor)) != NULL &&
           !is_past_end(item->key, from, to, reverse)) {
        const weir__entry *at = (const weir__entry *)item;
        if (at->dirtied != 0 && overlay == NULL) {
            err = weir__overlay_new(reverse, &overlay);
        }
        if (at->dirtied != 0 && err == WEIR_OK) {
            err = weir__overlay_add(overlay, item->key, at->value);
        }
        weir__tree_step(&cursor, reverse);
    }
    if (err != WEIR_OK) {
        weir__overlay_free(overlay);
        return err;
    }
    *out = overlay;
    return WEIR_OK;
}

static weir_err cached_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                             weir__kv_iter **out, weir_error *error)
{
    weir__cached *store = (weir__cached *)kv;
    weir__overlay *overlay = NULL;
    weir__kv_iter *below;
    if (collect_dirty(store, from, to, reverse, &overlay) != WEIR_OK) {
        return weir__error_set(error, WEIR_ENOMEM, "cache: no memory to read a range");
    }
    weir_err err = weir__kv_range(kv->inner, from, to, reverse, &below, error);
    if (err != WEIR_OK) {
        weir__overlay_free(overlay);
        return err;
    }
    *out = overlay != NULL ? weir__overlay_start(overlay, below) : below;
    return WEIR_OK;
}

static weir_err cached_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    (void)kv;
    (void)from;
    (void)to;
    return weir__error_set(error, WEIR_ESTATE, "rows are dropped below the cache");
}

static weir_err cached_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                               weir_error *error)
{
    (void)kv;
    (void)rows;
    (void)count;
    (void)offset;
    return weir__error_set(error, WEIR_ESTATE, "rows are restored below the cache");
}

static weir_err cached_flush(weir__kv *kv, weir_error *error)
{
    weir__cached *store = (weir__cached *)kv;
    weir_err err = WEIR_OK;
    for (int round = 0; err == WEIR_OK && store->first_dirty != NULL; round++) {
        if (round == FLUSH_ROUNDS_MAX) {
            return weir__error_set(
                error, WEIR_ELIMIT,
                "cache: a store's changes lead to changes of itself without end");
        }
        err = weir__cached_flush_round(store, error);
    }
    return err == WEIR_OK ? weir__kv_flush(kv->inner, error) : err;
}

static void forget_entries(weir__cached *store)
{
    weir__tree_fini(&store->entries, weir__cached_forget);
    store->entries = (weir__tree){0};
    store->recent = NULL;
    store->first_dirty = NULL;
    store->last_dirty = NULL;
}

/* Clean entries, too: they may have rows that are not committed. */
static weir_err cached_rollback(weir__kv *kv, weir_error *error)
{
    forget_entries((weir__cached *)kv);
    return weir__kv_rollback(kv->inner, error);
}

static void cached_close(weir__kv *kv)
{
    weir__cached *store = (weir__cached *)kv;
    forget_entries(store);
    store->cache->stores--;
    free(store);
}

static const weir__kv_ops cached_ops = {
    .name = "cache",
    .get = cached_get,
    .put = cached_put,
    .range = cached_range,
    .drop_range = cached_drop_range,
    .restore = cached_restore,
    .flush = cached_flush,
    .rollback = cached_rollback,
    .close = cached_close,
};

weir_err weir__cache_wrap(weir__cache *cache, weir__kv *inner, const weir__cache_client *client,
                          weir__kv **out, weir_error *error)
{
    weir__cached *store = calloc(1, sizeof *store);
    if (store == NULL) {
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a cached store");
    }
    store->base.ops = &cached_ops;
    store->base.inner = inner;
    store->cache = cache;
    store->client = *client;
    cache->stores++;
    *out = &store->base;
    return WEIR_OK;
}
