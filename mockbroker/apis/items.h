/* SPDX-License-Identifier: Apache-2.0
 *
 * The partitions that a request names, read before any is carried out, and answered in the same
 * order. */
#ifndef WEIR_MOCKBROKER_ITEMS_H
#define WEIR_MOCKBROKER_ITEMS_H

#include "brokers/topics.h"
#include "flexible.h"

/* Partitions in a request; a request with more is malformed. */
#define WEIR__ITEMS_MAX 65536

/* An API's own struct begins with one. The topic borrows the request. */
typedef struct weir__item {
    weir_slice topic;
    int32_t id;
    int16_t error;
} weir__item;

/* Zero-initialised with `size` set is empty. */
typedef struct weir__items {
    void *data;
    size_t size; /* of the API's struct */
    int32_t count;
    int32_t capacity;
    bool is_null; /* the request has no list, which is not the empty list */
} weir__items;

void weir__items_fini(weir__items *items);
static inline void *weir__items_at(const weir__items *items, int32_t index)
{
    return (uint8_t *)items->data + (size_t)index * items->size;
}

/* A new item, the rest of it zeros. NULL: too many, or out of memory. */
void *weir__items_add(weir__items *items, weir_slice topic, int32_t id);
/* Reads [topic, [partition number, what `read` reads]]. `read` NULL: the partitions are plain
 * numbers, not structs. Sets in->failed if that is malformed, too long, or out of memory. */
void weir__items_read(const weir__request *request, weir__reader *in, weir__items *items,
                      void (*read)(const weir__request *request, weir__reader *in, void *item));
/* Writes [topic, [what `put` writes]]; adjacent partitions of a topic are put together. */
void weir__items_put(weir__request *request, const weir__items *items,
                     void (*put)(weir__request *request, const void *item));
/* A `put`: the partition's number and its error. */
void weir__item_put_error(weir__request *request, const void *item);

/* The partition of an item, if the broker of the request serves it; else NULL. Sets item->error:
 * that of a fault, or why it is not served, or 0. `epoch`: of the leader that the client knows, -1:
 * none. */
weir__partition *weir__item_serve(const weir__request *request, weir__item *item, int32_t epoch);

/* The last part of an answer: the items, and tags. Frees them, and the request. */
void weir__items_answer(weir__request *request, weir__items *items,
                        void (*put)(weir__request *request, const void *item));
/* For a request that is not whole: frees the items, and the request. */
void weir__items_malformed(weir__request *request, weir__items *items);

#endif
