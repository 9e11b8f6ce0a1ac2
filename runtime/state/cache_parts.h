/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of the record cache. An entry is in three places: the tree of its store (by
 * key), the cache's list (by last use), and, while it is dirty, its store's list (by last put):
 *
 *     newest <-> ... <-> ... <-> oldest      over all stores: what is evicted first
 *     first dirty <-> ... <-> last dirty     of one store: what is flushed first */
#ifndef WEIR_STATE_CACHE_PARTS_H
#define WEIR_STATE_CACHE_PARTS_H

#include "state/cache.h"
#include "state/tree.h"

typedef struct weir__cached weir__cached;

typedef struct weir__entry {
    weir__tree_item item;
    weir__cached *store;
    struct weir__entry *newer;
    struct weir__entry *older;
    struct weir__entry *dirty_prev;
    struct weir__entry *dirty_next;
    uint64_t dirtied; /* number of the put that made it dirty; 0: clean */
    size_t size;      /* as counted */
    weir__origin origin;
    weir_slice value;
    size_t capacity;
    uint8_t *bytes; /* value, headers */
    uint8_t key[];
} weir__entry;

struct weir__cached {
    weir__kv base;
    weir__cache *cache;
    weir__cache_client client;
    weir__tree entries;
    weir__entry *recent; /* found by the last lookup: a put often follows the get of its key */
    weir__entry *first_dirty;
    weir__entry *last_dirty;
    uint64_t evicted_in; /* the last eviction that flushed this store */
};

struct weir__cache {
    size_t max_bytes;
    size_t used;
    size_t stores;
    weir__entry *newest;
    weir__entry *oldest;
    uint64_t puts;
    uint64_t evictions;
    bool evicting;
    weir_buf scratch; /* for copies of changes; a flush takes it */
};

/* ---- cache_entries.c ---------------------------------------------------------------------- */

/* NULL: not in the cache. */
weir__entry *weir__cached_find(weir__cached *store, weir_slice key);
/* A clean entry without a value, the newest; NULL: out of memory. */
weir__entry *weir__cached_add(weir__cached *store, weir_slice key);
/* Copies value and headers into the entry; on failure nothing has changed. */
weir_err weir__cached_fill(weir__entry *at, weir_slice value, const weir__origin *origin);
/* Removes the entry and frees it. */
void weir__cached_drop(weir__entry *at);
/* The same, for entries whose tree is freed as a whole. */
void weir__cached_forget(weir__tree_item *item);
/* The size that an entry counts. */
size_t weir__cached_size(weir_slice key, weir_slice value, const weir__origin *origin);

void weir__cached_touch(weir__cache *cache, weir__entry *at); /* the newest */
void weir__cached_mark_dirty(weir__entry *at);                /* after all others */
void weir__cached_mark_clean(weir__entry *at);
void weir__cached_put_first(weir__entry *at); /* the dirty entry, before all others */

/* ---- cache_flush.c ------------------------------------------------------------------------ */

/* Flushes the entries that are dirty now, but not those that callbacks make dirty meanwhile. */
weir_err weir__cached_flush_round(weir__cached *store, weir_error *error);
/* Writes a change to the store below and forwards it, without keeping it in the cache. */
weir_err weir__cached_send_through(weir__cached *store, weir_slice key, weir_slice value,
                                   const weir__origin *origin, weir_error *error);
/* Drops the oldest entries until the rest fits; does nothing inside an eviction. */
weir_err weir__cache_evict(weir__cache *cache, weir_error *error);

#endif
