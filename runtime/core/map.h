/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash map from bytes to pointers that iterates in order of insertion, so that behaviour does not
 * depend on hashes. */
#ifndef WEIR_CORE_MAP_H
#define WEIR_CORE_MAP_H

#include <weir/weir.h>

typedef struct weir__map_entry {
    weir_slice key; /* owned by the map */
    void *value;    /* the caller's */
    uint64_t hash;
    struct weir__map_entry *next_in_bucket;
    struct weir__map_entry *prev;
    struct weir__map_entry *next; /* by insertion */
} weir__map_entry;

/* Zero-initialised is empty and valid. One thread at a time. */
typedef struct weir__map {
    weir__map_entry **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t count;
    weir__map_entry *first;
    weir__map_entry *last;
} weir__map;

/* Calls free_value (NULL allowed) on each value, in order of insertion. */
void weir__map_fini(weir__map *map, void (*free_value)(void *value));

/* NULL: no such key. The entry is valid until it is removed; ->value may be written. */
weir__map_entry *weir__map_find(const weir__map *map, weir_slice key);
/* The value, or NULL. */
void *weir__map_get(const weir__map *map, weir_slice key);
void *weir__map_get_text(const weir__map *map, const char *key);
/* Copies the key. Replaces the value of an existing key, which keeps its position. */
weir_err weir__map_put(weir__map *map, weir_slice key, void *value);
weir_err weir__map_put_text(weir__map *map, const char *key, void *value);
/* Returns the removed value, or NULL. */
void *weir__map_remove(weir__map *map, weir_slice key);

/* FNV-1a: the same on every machine. */
uint64_t weir__hash(weir_slice bytes);
/* A faster one, for tables in memory. */
uint64_t weir__hash_in_memory(weir_slice key);

#endif
