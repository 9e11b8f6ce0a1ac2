/* SPDX-License-Identifier: Apache-2.0
 *
 * The record cache (KIP-63): one per stream thread, shared by the stores of its tasks. Puts are
 * kept here until commit or eviction, so that several updates of a key become one changelog record
 * and one change downstream. */
#ifndef WEIR_STATE_CACHE_H
#define WEIR_STATE_CACHE_H

#include "state/store.h"

typedef struct weir__cache weir__cache;

/* Topic, partition and offset of the record that last wrote an entry. */
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
    weir_slice old_row; /* row of the store below; null: none, or old_rows is false */
    const weir__origin *origin;
} weir__flushed;

typedef struct weir__cache_client {
    weir__origin (*origin)(void *user); /* of the current record; remembered with each put */
    /* A change is about to be written to the store below: `origin` is the current record until the
     * call with NULL that follows on_flush (a changelog takes its timestamp). Pairs nest. NULL: not
     * called. */
    void (*set_origin)(void *user, const weir__origin *origin);
    /* A change was flushed to the store below. on_flush forwards it; it may get from and put into
     * this and other stores. NULL: not called. */
    weir_err (*on_flush)(void *user, const weir__flushed *flushed, weir_error *error);
    bool old_rows;
    void *user;
} weir__cache_client;

/* `max_bytes` 0: every put is flushed at once (on_flush is called inside put). */
weir_err weir__cache_new(size_t max_bytes, weir__cache **out);
void weir__cache_free(weir__cache *cache); /* after all its stores are closed; NULL allowed */
void weir__cache_resize(weir__cache *cache, size_t max_bytes); /* evicts at the next put */
size_t weir__cache_used(const weir__cache *cache);             /* counted as Kafka does */
size_t weir__cache_max(const weir__cache *cache);

/* Consumes `inner`, also on failure. Changes are flushed in the order of the last put of each key.
 * A put that exceeds the bound evicts the least recently used entries of all stores; before a dirty
 * entry is evicted, all dirty entries of its store are flushed, that entry first. A key that is put
 * and deleted in the cache, and was never in the store below, is not flushed. The value of get is
 * valid until the next call on the store or the next put on another store of the cache. Entries
 * still dirty at close are lost. */
weir_err weir__cache_wrap(weir__cache *cache, weir__kv *inner, const weir__cache_client *client,
                          weir__kv **out, weir_error *error);

#endif
