/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of the record cache and their lists. */
#include <stdlib.h>

#include "state/cache_parts.h"

/* The size as Kafka counts it: three references of a list node; of a record a flag, timestamp,
 * offset and partition; then key, value, topic and headers. */
#define NODE_BYTES ((size_t)(8 + 8 + 8))
#define RECORD_BYTES ((size_t)(1 + 8 + 8 + 4))
#define VALUE_ROUND ((size_t)16) /* values may grow a little in place */

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
    free(at->bytes);
    free(at);
}

void weir__cached_drop(weir__entry *at)
{
    weir__cached *store = at->store;
    weir__cached_mark_clean(at);
    unlink_use(store->cache, at);
    store->cache->used -= at->size;
    if (store->recent == at) {
        store->recent = NULL;
    }
    weir__tree_remove(&store->entries, at->item.key);
    entry_free(&at->item);
}

weir__entry *weir__cached_find(weir__cached *store, weir_slice key)
{
    if (store->recent == NULL || !weir_slice_equal(store->recent->item.key, key)) {
        store->recent = (weir__entry *)weir__tree_find(&store->entries, key);
    }
    return store->recent;
}

weir__entry *weir__cached_add(weir__cached *store, weir_slice key)
{
    weir__entry *at = calloc(1, sizeof *at + key.len);
    if (at == NULL) {
        return NULL;
    }
    memcpy(at->key, key.data, key.len);
    at->item.key = (weir_slice){at->key, key.len};
    at->store = store;
    if (weir__tree_insert(&store->entries, &at->item) != WEIR_OK) {
        free(at);
        return NULL;
    }
    link_newest(store->cache, at);
    store->recent = at;
    return at;
}

size_t weir__cached_size(weir_slice key, weir_slice value, const weir__origin *origin)
{
    return NODE_BYTES + RECORD_BYTES + key.len + value.len + origin->headers.len +
           (origin->topic != NULL ? strlen(origin->topic) : 0);
}

weir_err weir__cached_fill(weir__entry *at, weir_slice value, const weir__origin *origin)
{
    size_t needed = value.len + origin->headers.len;
    if (needed > at->capacity || at->bytes == NULL) {
        size_t capacity = (needed + VALUE_ROUND) / VALUE_ROUND * VALUE_ROUND;
        uint8_t *bytes = malloc(capacity);
        if (bytes == NULL) {
            return WEIR_ENOMEM;
        }
        free(at->bytes);
        at->bytes = bytes;
        at->capacity = capacity;
    }
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
    return WEIR_OK;
}

void weir__cached_forget(weir__tree_item *item)
{
    weir__entry *at = (weir__entry *)item;
    unlink_use(at->store->cache, at);
    at->store->cache->used -= at->size;
    entry_free(item);
}
