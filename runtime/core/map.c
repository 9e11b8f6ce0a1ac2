/* SPDX-License-Identifier: Apache-2.0
 *
 * Chained hash map; the entries are also a list in order of insertion. */
#include "core/map.h"

#include <stdlib.h>
#include <string.h>

#define MAP_FIRST_BUCKETS ((size_t)16)

/* FNV-1a, finished by a shift and an xor so that the low bits depend on all bytes. */
uint64_t weir__hash(weir_slice bytes)
{
    const uint8_t *at = bytes.data;
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ at[i]) * 1099511628211u;
    }
    return hash ^ (hash >> 32);
}

/* A multiplication carries only upwards: the shift makes the low bits depend on all bytes. */
static uint64_t mixed(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 32);
}

uint64_t weir__hash_in_memory(weir_slice key)
{
    const uint8_t *at = key.data;
    size_t left = key.len;
    uint64_t hash = mixed(0, left);
    uint64_t word = 0;
    for (; left > sizeof word; left -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mixed(hash, word);
    }
    word = 0;
    if (left > 0) {
        memcpy(&word, at, left);
    }
    return mixed(hash, word);
}

void weir__map_fini(weir__map *map, void (*free_value)(void *value))
{
    weir__map_entry *next;
    for (weir__map_entry *entry = map->first; entry != NULL; entry = next) {
        next = entry->next;
        if (free_value != NULL) {
            free_value(entry->value);
        }
        free(entry);
    }
    free(map->buckets);
    *map = (weir__map){0};
}

static weir__map_entry **slot_of(const weir__map *map, weir_slice key, uint64_t hash)
{
    weir__map_entry **slot = &map->buckets[hash & (map->bucket_count - 1)];
    while (*slot != NULL && ((*slot)->hash != hash || !weir_slice_equal((*slot)->key, key))) {
        slot = &(*slot)->next_in_bucket;
    }
    return slot;
}

weir__map_entry *weir__map_find(const weir__map *map, weir_slice key)
{
    return map->bucket_count != 0 ? *slot_of(map, key, weir__hash_in_memory(key)) : NULL;
}

void *weir__map_get(const weir__map *map, weir_slice key)
{
    weir__map_entry *entry = weir__map_find(map, key);
    return entry != NULL ? entry->value : NULL;
}

void *weir__map_get_text(const weir__map *map, const char *key)
{
    return weir__map_get(map, weir_slice_of(key));
}

static weir_err grow(weir__map *map)
{
    size_t count = map->bucket_count != 0 ? map->bucket_count * 2 : MAP_FIRST_BUCKETS;
    weir__map_entry **buckets = calloc(count, sizeof *buckets);
    if (buckets == NULL) {
        return WEIR_ENOMEM;
    }
    for (weir__map_entry *entry = map->first; entry != NULL; entry = entry->next) {
        weir__map_entry **bucket = &buckets[entry->hash & (count - 1)];
        entry->next_in_bucket = *bucket;
        *bucket = entry;
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = count;
    return WEIR_OK;
}

weir_err weir__map_put(weir__map *map, weir_slice key, void *value)
{
    uint64_t hash = weir__hash_in_memory(key);
    if (map->bucket_count != 0) {
        weir__map_entry *old = *slot_of(map, key, hash);
        if (old != NULL) {
            old->value = value;
            return WEIR_OK;
        }
    }
    if (map->count >= map->bucket_count && grow(map) != WEIR_OK) {
        return WEIR_ENOMEM;
    }
    weir__map_entry *entry = malloc(sizeof *entry + key.len + 1);
    if (entry == NULL) {
        return WEIR_ENOMEM;
    }
    char *copy = (char *)(entry + 1);
    memcpy(copy, key.data != NULL ? key.data : "", key.len);
    copy[key.len] = '\0'; /* a text key can be read as a C string */
    weir__map_entry **slot = slot_of(map, key, hash);
    *entry =
        (weir__map_entry){.key = {copy, key.len}, .value = value, .hash = hash, .prev = map->last};
    *slot = entry;
    *(map->last != NULL ? &map->last->next : &map->first) = entry;
    map->last = entry;
    map->count++;
    return WEIR_OK;
}

weir_err weir__map_put_text(weir__map *map, const char *key, void *value)
{
    return weir__map_put(map, weir_slice_of(key), value);
}

void *weir__map_remove(weir__map *map, weir_slice key)
{
    if (map->bucket_count == 0) {
        return NULL;
    }
    weir__map_entry **slot = slot_of(map, key, weir__hash_in_memory(key));
    weir__map_entry *entry = *slot;
    if (entry == NULL) {
        return NULL;
    }
    *slot = entry->next_in_bucket;
    *(entry->prev != NULL ? &entry->prev->next : &map->first) = entry->next;
    *(entry->next != NULL ? &entry->next->prev : &map->last) = entry->prev;
    map->count--;
    void *value = entry->value;
    free(entry);
    return value;
}
