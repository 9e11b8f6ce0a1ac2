/* SPDX-License-Identifier: Apache-2.0
 *
 * Key-value store in memory: a tree of rows, for iterators, which are also found by their hashes.
 * An open iterator is a snapshot: while an iterator is open, a put replaces the row by a new one
 * and keeps the old one behind it:
 *
 *     tree -> row born 3 (deleted) -> row born 2 -> row born 0        iterators: 1, 3
 *
 * Iterator n sees the first row of a chain born before n. Old rows are freed when the last iterator
 * closes; without iterators puts write in place. */
#include <stdlib.h>

#include "core/error.h"
#include "core/map.h"
#include "state/store.h"
#include "state/tree.h"

#define ROW_ROUND ((size_t)16) /* values may grow a little in place */
#define FIRST_BUCKETS ((size_t)16)

typedef struct row {
    weir__tree_item item;
    struct row *next_in_bucket;
    uint64_t hash;
    struct row *older;     /* only for iterators that were open when it was set */
    struct row *next_dead; /* replaced rows, kept for iterators */
    uint64_t born;         /* number of iterators opened before */
    bool deleted;
    size_t value_len;
    size_t capacity;
    uint8_t bytes[]; /* key, value */
} row;

typedef struct memory {
    weir__kv base;
    weir__tree rows;
    row **buckets;       /* the rows of the tree by hash */
    size_t bucket_count; /* a power of two, or 0 */
    int64_t offset;
    uint64_t opened; /* iterators opened so far */
    size_t open;     /* iterators open now */
    row *dead;
    row *recent; /* found last: a put usually follows a get of its key; NULL: none */
} memory;

typedef struct memory_iter {
    weir__kv_iter base;
    memory *store;
    uint64_t number;
    bool reverse;
    bool started;
    bool done;
    uint64_t changes; /* of the tree, when `cursor` was set */
    weir__tree_cursor cursor;
    weir_slice last;  /* key of the last row visited; rows are kept while iterators are open */
    weir_slice from;  /* start of the iteration; null: open */
    weir_slice until; /* end of the iteration; null: open */
    uint8_t bounds[];
} memory_iter;

static uint8_t *value_of(row *at)
{
    return at->bytes + at->item.key.len;
}

static row *row_new(const memory *store, weir_slice key, uint64_t hash, weir_slice value)
{
    size_t capacity = (value.len + ROW_ROUND - 1) / ROW_ROUND * ROW_ROUND;
    row *made = malloc(sizeof *made + key.len + capacity);
    if (made == NULL) {
        return NULL;
    }
    made->item.key = (weir_slice){made->bytes, key.len};
    made->hash = hash;
    made->older = NULL;
    made->next_dead = NULL;
    made->born = store->opened;
    made->deleted = value.data == NULL;
    made->value_len = value.len;
    made->capacity = capacity;
    memcpy(made->bytes, key.data, key.len);
    if (value.len > 0) {
        memcpy(value_of(made), value.data, value.len);
    }
    return made;
}

static void row_free(weir__tree_item *item)
{
    free(item);
}

/* ---- Hashes ------------------------------------------------------------------------------- */

/* The place of the pointer to the row, or of the NULL at the end of its bucket. */
static row **slot_of(const memory *store, weir_slice key, uint64_t hash)
{
    row **slot = &store->buckets[hash & (store->bucket_count - 1)];
    while (*slot != NULL && ((*slot)->hash != hash || !weir_slice_equal((*slot)->item.key, key))) {
        slot = &(*slot)->next_in_bucket;
    }
    return slot;
}

/* Twice as many buckets. */
static weir_err grow(memory *store)
{
    size_t count = store->bucket_count > 0 ? 2 * store->bucket_count : FIRST_BUCKETS;
    row **buckets = calloc(count, sizeof *buckets);
    if (buckets == NULL) {
        return WEIR_ENOMEM;
    }
    for (size_t i = 0; i < store->bucket_count; i++) {
        row *next;
        for (row *at = store->buckets[i]; at != NULL; at = next) {
            next = at->next_in_bucket;
            at->next_in_bucket = buckets[at->hash & (count - 1)];
            buckets[at->hash & (count - 1)] = at;
        }
    }
    free(store->buckets);
    store->buckets = buckets;
    store->bucket_count = count;
    return WEIR_OK;
}

/* Takes the row out of the tree and frees it. */
static void remove_row(memory *store, row *at)
{
    *slot_of(store, at->item.key, at->hash) = at->next_in_bucket;
    (void)weir__tree_remove(&store->rows, at->item.key);
    if (store->recent == at) {
        store->recent = NULL;
    }
    free(at);
}

/* ---- Get, put ----------------------------------------------------------------------------- */

static row *find(memory *store, weir_slice key)
{
    if (store->recent == NULL || !weir_slice_equal(store->recent->item.key, key)) {
        store->recent =
            store->bucket_count > 0 ? *slot_of(store, key, weir__hash_in_memory(key)) : NULL;
    }
    return store->recent;
}

static weir_err memory_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    (void)error;
    memory *store = (memory *)kv;
    row *found = find(store, key);
    *value = found != NULL && !found->deleted ? (weir_slice){value_of(found), found->value_len}
                                              : (weir_slice){0};
    return WEIR_OK;
}

/* True if an open iterator may see the row. */
static bool is_watched(const memory *store, const row *at)
{
    return store->open > 0 && at->born < store->opened;
}

static weir_err replace(memory *store, row *old, weir_slice value)
{
    row *made = row_new(store, old->item.key, old->hash, value);
    if (made == NULL) {
        return WEIR_ENOMEM;
    }
    weir__tree_replace(&store->rows, &made->item);
    made->next_in_bucket = old->next_in_bucket;
    *slot_of(store, old->item.key, old->hash) = made;
    store->recent = NULL;
    if (is_watched(store, old)) {
        made->older = old;
        old->next_dead = store->dead;
        store->dead = old;
    } else {
        made->older = store->open > 0 ? old->older : NULL;
        free(old);
    }
    return WEIR_OK;
}

static weir_err delete_row(memory *store, row *old)
{
    if (is_watched(store, old)) {
        return replace(store, old, (weir_slice){0});
    }
    if (store->open > 0 && old->older != NULL) {
        old->deleted = true; /* iterators still see the rows behind it */
        return WEIR_OK;
    }
    remove_row(store, old);
    return WEIR_OK;
}

static weir_err insert(memory *store, weir_slice key, weir_slice value)
{
    if (store->rows.count >= store->bucket_count && grow(store) != WEIR_OK) {
        return WEIR_ENOMEM;
    }
    row *made = row_new(store, key, weir__hash_in_memory(key), value);
    if (made == NULL || weir__tree_insert(&store->rows, &made->item) != WEIR_OK) {
        free(made);
        return WEIR_ENOMEM;
    }
    row **slot = &store->buckets[made->hash & (store->bucket_count - 1)];
    made->next_in_bucket = *slot;
    *slot = made;
    return WEIR_OK;
}

static weir_err put_row(memory *store, weir_slice key, weir_slice value)
{
    row *old = find(store, key);
    if (value.data == NULL) {
        return old != NULL && !old->deleted ? delete_row(store, old) : WEIR_OK;
    }
    if (old == NULL) {
        return insert(store, key, value);
    }
    if (is_watched(store, old) || value.len > old->capacity) {
        return replace(store, old, value);
    }
    memcpy(value_of(old), value.data, value.len);
    old->value_len = value.len;
    old->deleted = false;
    return WEIR_OK;
}

static weir_err memory_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    if (put_row((memory *)kv, key, value) != WEIR_OK) {
        return weir__error_set(error, WEIR_ENOMEM, "memory store: no memory for a row of %zu bytes",
                               key.len + value.len);
    }
    return WEIR_OK;
}

/* A row that open iterators may see leaves a deleted row of its key in the tree. */
static weir_err memory_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    memory *store = (memory *)kv;
    weir__tree_item *item;
    bool after = false;
    while ((item = weir__tree_at(weir__tree_seek(&store->rows, from, after, false))) != NULL &&
           weir__key_compare(item->key, to) < 0) {
        row *at = (row *)item;
        bool stays = at->deleted || is_watched(store, at) || (store->open > 0 && at->older != NULL);
        if (!at->deleted && delete_row(store, at) != WEIR_OK) {
            return weir__error_set(error, WEIR_ENOMEM, "memory store: no memory to drop rows");
        }
        if (stays) {
            from = at->item.key; /* kept as long as iterators are open */
            after = true;
        }
    }
    return WEIR_OK;
}

static weir_err memory_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                               weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        weir_err err = memory_put(kv, rows[i].key, rows[i].value, error);
        if (err != WEIR_OK) {
            return err;
        }
    }
    ((memory *)kv)->offset = offset;
    return WEIR_OK;
}

static int64_t memory_offset(weir__kv *kv)
{
    return ((memory *)kv)->offset;
}

static weir_err memory_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    memory *store = (memory *)kv;
    (void)now_ms;
    (void)error;
    store->offset = offset != WEIR__NO_OFFSET ? offset : store->offset;
    return WEIR_OK;
}

static void remove_rows(memory *store)
{
    weir_assert(store->open == 0);
    weir__tree_fini(&store->rows, row_free);
    store->rows = (weir__tree){0};
    free(store->buckets);
    store->buckets = NULL;
    store->bucket_count = 0;
    store->recent = NULL;
}

static void memory_close(weir__kv *kv)
{
    remove_rows((memory *)kv);
    free(kv);
}

/* ---- Iterators ---------------------------------------------------------------------------- */

/* The first row of the chain that the iterator may see; NULL: none, or it was deleted then. */
static row *seen_by(const memory_iter *iter, row *at)
{
    while (at != NULL && at->born >= iter->number) {
        at = at->older;
    }
    return at != NULL && !at->deleted ? at : NULL;
}

static bool is_past_end(const memory_iter *iter, weir_slice key)
{
    if (iter->until.data == NULL) {
        return false;
    }
    int order = weir__key_compare(key, iter->until);
    return iter->reverse ? order < 0 : order > 0;
}

/* Moves the cursor behind the last row visited. */
static void advance(memory_iter *iter)
{
    const weir__tree *rows = &iter->store->rows;
    if (!iter->started) {
        iter->cursor = weir__tree_seek(rows, iter->from, false, iter->reverse);
    } else if (iter->changes != rows->changes) {
        iter->cursor = weir__tree_seek(rows, iter->last, true, iter->reverse);
    } else {
        weir__tree_step(&iter->cursor, iter->reverse);
    }
    iter->started = true;
    iter->changes = rows->changes;
}

static bool memory_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    memory_iter *iter = (memory_iter *)base;
    if (iter->done) {
        return false;
    }
    advance(iter);
    weir__tree_item *item;
    while ((item = weir__tree_at(iter->cursor)) != NULL && !is_past_end(iter, item->key)) {
        row *seen = seen_by(iter, (row *)item);
        if (seen != NULL) {
            iter->last = seen->item.key;
            *key = seen->item.key;
            *value = (weir_slice){value_of(seen), seen->value_len};
            return true;
        }
        weir__tree_step(&iter->cursor, iter->reverse);
    }
    iter->done = true;
    return false;
}

/* Frees the rows kept for iterators, when the last iterator is closed. A kept deletion has a dead
 * row of the same key behind it. */
static void free_dead_rows(memory *store)
{
    while (store->dead != NULL) {
        row *old = store->dead;
        store->dead = old->next_dead;
        row *now = *slot_of(store, old->item.key, old->hash);
        if (now != NULL && now->deleted) {
            remove_row(store, now);
        }
        free(old);
    }
}

static weir_err memory_iter_close(weir__kv_iter *base)
{
    memory_iter *iter = (memory_iter *)base;
    memory *store = iter->store;
    if (--store->open == 0) {
        free_dead_rows(store);
    }
    free(iter);
    return WEIR_OK;
}

static void memory_seek(weir__kv_iter *base, weir_slice key)
{
    memory_iter *iter = (memory_iter *)base;
    iter->from = key;
    iter->started = false;
    iter->done = false;
}

static const weir__kv_iter_ops memory_iter_ops = {memory_next, memory_seek, memory_iter_close};

static weir_slice keep(uint8_t **at, weir_slice bytes)
{
    if (bytes.data == NULL) {
        return bytes;
    }
    weir_slice kept = {memcpy(*at, bytes.data, bytes.len), bytes.len};
    *at += bytes.len;
    return kept;
}

static weir_err memory_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                             weir__kv_iter **out, weir_error *error)
{
    memory *store = (memory *)kv;
    memory_iter *iter = malloc(sizeof *iter + from.len + to.len + 1);
    if (iter == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "memory store: no memory for an iterator");
    }
    *iter = (memory_iter){
        .base = {&memory_iter_ops}, .store = store, .number = ++store->opened, .reverse = reverse};
    uint8_t *at = iter->bounds;
    iter->from = keep(&at, reverse ? to : from);
    iter->until = keep(&at, reverse ? from : to);
    store->open++;
    *out = &iter->base;
    return WEIR_OK;
}

static const weir__kv_ops memory_ops = {
    .name = "memory",
    .get = memory_get,
    .put = memory_put,
    .range = memory_range,
    .drop_range = memory_drop_range,
    .restore = memory_restore,
    .commit = memory_commit,
    .offset = memory_offset,
    .close = memory_close,
};

weir_err weir__memory_open(weir__kv **out, weir_error *error)
{
    memory *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "memory store: no memory to open it");
    }
    store->base.ops = &memory_ops;
    store->offset = WEIR__NO_OFFSET;
    *out = &store->base;
    return WEIR_OK;
}

void weir__memory_clear(weir__kv *kv)
{
    weir_assert(kv->ops == &memory_ops);
    remove_rows((memory *)kv);
}
