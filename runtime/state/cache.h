/* SPDX-License-Identifier: Apache-2.0
 *
 * The record cache (KIP-63): one a stream thread, shared by the stores of its tasks. Puts stay
 * here until commit or eviction, so that several updates of a key become one changelog record and
 * one change downstream. */
#ifndef WEIR_STATE_CACHE_H
#define WEIR_STATE_CACHE_H

#include "state/store.h"

typedef struct weir__cache weir__cache;

/* Where the record that last wrote an entry came from. */
typedef struct weir__origin {
    const char *topic; /* outlives the store */
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    weir_slice headers; /* an encoding of the client's choice; the cache copies it */
} weir__origin;

typedef struct weir__flushed {
    weir_slice key;
    weir_slice new_row; /* null: deleted */
    weir_slice old_row; /* what the store below had; null: none, or old rows not wanted */
    const weir__origin *origin;
} weir__flushed;

typedef struct weir__cache_client {
    weir__origin (*origin)(void *user); /* of the current record; remembered with each put */
    /* A change is about to be written below: `origin` is the current record until the call with
     * NULL that follows on_flush (a changelog takes its timestamp). Pairs nest. NULL: no one cares.
     */
    void (*set_origin)(void *user, const weir__origin *origin);
    /* A change leaves the cache; it was just written below. Forward it: that may get from and put
     * into this and other stores. NULL: no one listens. */
    weir_err (*on_flush)(void *user, const weir__flushed *flushed, weir_error *error);
    bool old_rows;
    void *user;
} weir__cache_client;

/* `max_bytes` 0: every put goes through at once (on_flush is called inside put). */
weir_err weir__cache_new(size_t max_bytes, weir__cache **out);
void weir__cache_free(weir__cache *cache); /* after all its stores are closed; NULL allowed */
void weir__cache_resize(weir__cache *cache, size_t max_bytes); /* evicts at the next put */
size_t weir__cache_used(const weir__cache *cache);             /* counted as Kafka does */
size_t weir__cache_max(const weir__cache *cache);

/* Consumes `inner`, also on failure. Flushing goes in the order of the last put of each key; so
 * does eviction: a put that exceeds the bound drops the least recently used entries of all stores;
 * a dirty one first flushes all dirty entries of its store, itself before the others. A key that
 * is put and deleted in the cache, and was never below, leaves no trace.
 * What get gave is valid until the next call on the store or the next put on another store of the
 * cache. What is still dirty at close is lost. */
weir_err weir__cache_wrap(weir__cache *cache, weir__kv *inner, const weir__cache_client *client,
                          weir__kv **out, weir_error *error);

#endif
