/* SPDX-License-Identifier: Apache-2.0
 *
 * Flush and eviction of the record cache. Each flushed change calls on_flush, which may put into
 * any store of the cache, also this one. No pointer is therefore kept across the callback: its
 * arguments are copies, and the next entry is looked up again. Evictions do not nest: the outermost
 * continues until all entries fit. */
#include "core/error.h"
#include "state/cache_parts.h"

/* A copy of a change that is being flushed, so that a callback cannot move its bytes. */
typedef struct change {
    weir_slice key;
    weir_slice value;
    weir_slice old;
    weir__origin origin;
} change;

static weir_slice copy_behind(weir_buf *into, weir_slice bytes)
{
    if (bytes.data == NULL) {
        return bytes;
    }
    weir_slice copy = {into->data + into->len, bytes.len};
    weir_put(into, bytes.data, bytes.len);
    return copy;
}

static weir_err copy_change(weir_buf *into, const change *from, change *out)
{
    weir__buf_reset(into);
    weir_err err = weir__buf_reserve(into, from->key.len + from->value.len + from->old.len +
                                               from->origin.headers.len + 1);
    if (err != WEIR_OK) {
        return err;
    }
    out->origin = from->origin; /* the space is reserved: nothing moves from here on */
    out->key = copy_behind(into, from->key);
    out->value = copy_behind(into, from->value);
    out->old = copy_behind(into, from->old);
    out->origin.headers = copy_behind(into, from->origin.headers);
    return WEIR_OK;
}

/* Called when the entry's change is written to the store below. The entry of a deletion is then
 * dropped. */
static void settle(weir__entry *at)
{
    if (at->value.data == NULL) {
        weir__cached_drop(at);
    } else {
        weir__cached_mark_clean(at);
    }
}

/* `at` (NULL: the change is not of an entry) is settled before on_flush is called. */
static weir_err write_below(weir__cached *store, const change *copy, weir__entry *at,
                            weir_error *error)
{
    const weir__cache_client *client = &store->client;
    if (client->set_origin != NULL) {
        client->set_origin(client->user, &copy->origin);
    }
    weir_err err = weir__kv_put(store->base.inner, copy->key, copy->value, error);
    if (err == WEIR_OK && at != NULL) {
        settle(at);
    }
    if (err == WEIR_OK && client->on_flush != NULL) {
        weir__flushed flushed = {.key = copy->key,
                                 .new_row = copy->value,
                                 .old_row = client->old_rows ? copy->old : (weir_slice){0},
                                 .origin = &copy->origin};
        err = client->on_flush(client->user, &flushed, error);
    }
    if (client->set_origin != NULL) {
        client->set_origin(client->user, NULL);
    }
    return err;
}

static weir_err send_down(weir__cached *store, change from, weir__entry *at, weir_buf *scratch,
                          weir_error *error)
{
    bool deletes = from.value.data == NULL;
    if (store->client.on_flush != NULL && (store->client.old_rows || deletes)) {
        weir_err err = weir__kv_get(store->base.inner, from.key, &from.old, error);
        if (err != WEIR_OK) {
            return err;
        }
        if (deletes && from.old.data == NULL) {
            if (at != NULL) {
                settle(at);
            }
            return WEIR_OK;
        }
    }
    change copy;
    if (copy_change(scratch, &from, &copy) != WEIR_OK) {
        return weir__error_set(error, WEIR_ENOMEM, "cache: no memory to flush a row");
    }
    return write_below(store, &copy, at, error);
}

static weir_buf take_scratch(weir__cache *cache)
{
    weir_buf taken = cache->scratch;
    cache->scratch = (weir_buf){0};
    return taken;
}

static void give_scratch(weir__cache *cache, weir_buf scratch)
{
    weir__buf_fini(&cache->scratch);
    cache->scratch = scratch;
}

/* Flushes the entries that are dirty now, but not those that callbacks make dirty meanwhile. */
weir_err weir__cached_flush_round(weir__cached *store, weir_error *error)
{
    weir_buf scratch = take_scratch(store->cache);
    weir_err err = WEIR_OK;
    uint64_t until = store->cache->puts;
    while (err == WEIR_OK && store->first_dirty != NULL && store->first_dirty->dirtied <= until) {
        weir__entry *at = store->first_dirty;
        change from = {.key = at->item.key, .value = at->value, .origin = at->origin};
        err = send_down(store, from, at, &scratch, error);
    }
    give_scratch(store->cache, scratch);
    return err;
}

/* Flushes each store at most once, so that a store whose flush makes it dirty again cannot cause an
 * endless loop. An excess that is left is evicted at the next put. */
weir_err weir__cache_evict(weir__cache *cache, weir_error *error)
{
    if (cache->evicting) {
        return WEIR_OK;
    }
    weir_err err = WEIR_OK;
    uint64_t number = ++cache->evictions;
    cache->evicting = true;
    while (err == WEIR_OK && cache->used > cache->max_bytes && cache->oldest != NULL) {
        weir__entry *at = cache->oldest;
        weir__cached *store = at->store;
        if (at->dirtied == 0) {
            weir__cached_drop(at);
        } else if (store->evicted_in != number) {
            store->evicted_in = number;
            weir__cached_put_first(at);
            err = weir__cached_flush_round(store, error);
        } else {
            break;
        }
    }
    cache->evicting = false;
    return err;
}

/* Flushes a put at once, without keeping it. */
weir_err weir__cached_send_through(weir__cached *store, weir_slice key, weir_slice value,
                                   const weir__origin *origin, weir_error *error)
{
    weir_buf scratch = take_scratch(store->cache);
    change from = {.key = key, .value = value, .origin = *origin};
    weir_err err = send_down(store, from, NULL, &scratch, error);
    give_scratch(store->cache, scratch);
    return err;
}
