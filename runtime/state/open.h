/* SPDX-License-Identifier: Apache-2.0
 *
 * The only place that stacks the layers of a store: for tasks, global tables and tests.
 *
 *     cache  ->  changelog  ->  segments | versioned  ->  buffered  ->  RocksDB
 *                                                     ->  undo      ->  memory
 *                           ->  undo  ->  buffer                    ->  memory */
#ifndef WEIR_STATE_OPEN_H
#define WEIR_STATE_OPEN_H

#include "state/cache.h"
#include "state/changelog.h"
#include "state/segments.h"

/* What a store is made of; borrowed for the call. */
typedef struct weir__store_plan {
    const weir__store_kind *kind; /* a constant */
    int64_t retention_ms;         /* of a kind whose rows or versions expire */
    bool time_ordered;            /* such rows are kept in order of time, else of segment and key */
    void (*on_expired)(void *user); /* as in weir__segments_opts */
    void *user;                     /* of on_expired */
    const char *directory;          /* of its database; NULL: in memory, as kinds by place are */
    const char *offset_key;         /* "<changelog topic>-<partition>"; of a database */
    size_t write_buffer_bytes;      /* of a database; 0: Kafka's */
    size_t block_cache_bytes;
    bool buffered; /* a database without a cache above keeps changed rows in memory (buffered.c) */
    /* The store can be rolled back: nothing reaches a database before it is committed. It counts
     * the memory of changes there, and outlives the store. NULL: neither. */
    weir__uncommitted *uncommitted;
    /* WEIR_ECORRUPT if the rows on disk may be newer than their offset (weir__kv_was_left_open). */
    bool exact;
    const weir__changelog_sink *sink; /* gets each change; NULL: changes are not logged */
    weir__cache *cache;               /* NULL: not cached */
    const weir__cache_client *client; /* of the cache */
} weir__store_plan;

/* The layers of an open store. weir__kv_close(top) closes all. */
typedef struct weir__store_layers {
    weir__kv *top;             /* for reads and writes */
    weir__kv *below;           /* below the cache: what is put here is logged, but not forwarded */
    weir__kv *base;            /* below the changelog: for restore, flush and offsets */
    weir__retention retention; /* of a kind whose rows expire */
} weir__store_layers;

/* The first write makes a database that does not exist. WEIR_ECORRUPT names the directory: the
 * caller wipes it and restores. A failure leaves nothing open. */
weir_err weir__store_open(const weir__store_plan *plan, weir__store_layers *out, weir_error *error);

#endif
