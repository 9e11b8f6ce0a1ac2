/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of the record cache and the lists that they are in. */
#include <stdlib.h>

#include "state/cache_parts.h"

/* As Kafka counts: three references of a list node; of a record a flag, timestamp, offset and
 * partition; then key, value, topic and headers. */
#define NODE_BYTES ((size_t)(8 + 8 + 8))
#define RECORD_BYTES ((size_t)(1 + 8 + 8 + 4))
#define VALUE_ROUND ((size_t)16) /* values may grow by a little in place */

static void unlink_use(weir__cache *cache, weir__entry *at)
{
    *(at->newer != NULL ? &at->newer->older : &cache->newest) = at->older;
    *(at->older != NULL ? &at->older->newer : &cache->oldest) = at->newer;
}

static void link_newest(weir__cache *cache, weir__entry *at)
{
    at->newer = NULL;
    at->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = at;
    cache->newest = at;
}

void weir__cached_touch(weir__cache *cache, weir__entry *at)
{
    if (cache->newest != at) {
        unlink_use(cache, at);
        link_newest(cache, at);
    }
}

void weir__cached_mark_clean(weir__entry *at)
{
    weir__cached *store = at->store;
    if (at->dirtied != 0) {
        *(at->dirty_prev != NULL ? &at->dirty_prev->dirty_next : &store->first_dirty) =
            at->dirty_next;
        *(at->dirty_next != NULL ? &at->dirty_next->dirty_prev : &store->last_dirty) =
            at->dirty_prev;
        at->dirtied = 0;
    }
}

void weir__cached_mark_dirty(weir__entry *at)
{
    weir__cached *store = at->store;
    weir__cached_mark_clean(at);
    at->dirtied = ++store->cache->puts;
    at->dirty_next = NULL;
    at->dirty_prev = store->last_dirty;
    *(store->last_dirty != NULL ? &store->last_dirty->dirty_next : &store->first_dirty) = at;
    store->last_dirty = at;
}

void weir__cached_put_first(weir__entry *at)
{
    weir__cached *store = at->store;
    uint64_t dirtied = at->dirtied;
    weir__cached_mark_clean(at);
    at->dirtied = dirtied;
    at->dirty_prev = NULL;
    at->dirty_next = store->first_dirty;
    *(store->first_dirty != NULL ? &store->first_dirty->dirty_prev : &store->last_dirty) = at;
    store->first_dirty = at;
}

static void entry_free(weir__tree_item *item)
{
    weir__entry *at = (weir__entry *)item;
    if (at->bytes != at->own + item->key.len) {
        free(at->bytes);
    }
    free(at);
}

void weir__cached_drop(weir__entry *at)
{
    weir__cached *store = at->store;
    weir__cached_mark_clean(at);
    unlink_use(store->cache, at);
    store->cache->used -= at->size;
    weir__tree_remove(&store->entries, at->item.key);
    entry_free(&at->item);
}

weir__entry *weir__cached_find(weir__cached *store, weir_slice key)
{
    return (weir__entry *)weir__tree_find(&store->entries, key);
}

size_t weir__cached_size(weir_slice key, weir_slice value, const weir__origin *origin)
{
    return NODE_BYTES + RECORD_BYTES + key.len + value.len + origin->headers.len +
           (origin->topic != NULL ? strlen(origin->topic) : 0);
}

/* There is room. */
static void set_content(weir__entry *at, weir_slice value, const weir__origin *origin)
{
    at->value = value;
    at->origin = *origin;
    if (value.data != NULL) {
        at->value.data = memcpy(at->bytes, value.data, value.len);
    }
    if (origin->headers.data != NULL) {
        at->origin.headers.data =
            memcpy(at->bytes + value.len, origin->headers.data, origin->headers.len);
    }
    weir__cache *cache = at->store->cache;
    cache->used -= at->size;
    at->size = weir__cached_size(at->item.key, value, origin);
    cache->used += at->size;
}

static size_t round_up(size_t len)
{
    return (len + VALUE_ROUND) / VALUE_ROUND * VALUE_ROUND;
}

weir__entry *weir__cached_add(weir__cached *store, weir_slice key, weir_slice value,
                              const weir__origin *origin)
{
    size_t capacity = round_up(value.len + origin->headers.len);
    weir__entry *at = malloc(sizeof *at + key.len + capacity);
    if (at == NULL) {
        return NULL;
    }
    *at = (weir__entry){.item = {{memcpy(at->own, key.data, key.len), key.len}},
                        .store = store,
                        .capacity = capacity,
                        .bytes = at->own + key.len};
    if (weir__tree_insert(&store->entries, &at->item) != WEIR_OK) {
        free(at);
        return NULL;
    }
    link_newest(store->cache, at);
    set_content(at, value, origin);
    return at;
}

weir_err weir__cached_fill(weir__entry *at, weir_slice value, const weir__origin *origin)
{
    size_t needed = value.len + origin->headers.len;
    if (needed > at->capacity) {
        uint8_t *bytes = malloc(round_up(needed));
        if (bytes == NULL) {
            return WEIR_ENOMEM;
        }
        if (at->bytes != at->own + at->item.key.len) {
            free(at->bytes);
        }
        at->bytes = bytes;
        at->capacity = round_up(needed);
    }
    set_content(at, value, origin);
    return WEIR_OK;
}

void weir__cached_forget(weir__tree_item *item)
{
    weir__entry *at = (weir__entry *)item;
    unlink_use(at->store->cache, at);
    at->store->cache->used -= at->size;
    entry_free(item);
}
