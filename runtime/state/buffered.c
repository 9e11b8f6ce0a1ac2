/* SPDX-License-Identifier: Apache-2.0
 *
 * A write buffer above another store: rows are kept in a hash map until a flush, a range, or until
 * the buffer is full. A row that changes often between two commits is written once, and a get of it
 * is a look-up in the map. Only for stores without a cache above, which has the same effect. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/map.h"
#include "state/store.h"

#define BYTES_MAX ((size_t)4 << 20)
#define ROW_BYTES ((size_t)128) /* estimated memory of a row besides key and value */
#define VALUE_ROUND ((size_t)16)

typedef struct held {
    bool deleted;
    size_t len;
    size_t capacity;
    uint8_t bytes[];
} held;

typedef struct buffered {
    weir__kv base;
    weir__map rows;
    size_t bytes;
} buffered;

static weir_slice value_of(const held *row)
{
    return row->deleted ? (weir_slice){0} : (weir_slice){row->bytes, row->len};
}

/* After a failure all rows are kept: writing a row twice is harmless. */
static weir_err write_out(buffered *store, weir_error *error)
{
    for (const weir__map_entry *at = store->rows.first; at != NULL; at = at->next) {
        weir_err err = weir__kv_put(store->base.inner, at->key, value_of(at->value), error);
        if (err != WEIR_OK) {
            return err;
        }
    }
    weir__map_fini(&store->rows, free);
    store->bytes = 0;
    return WEIR_OK;
}

static weir_err buffered_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    buffered *store = (buffered *)kv;
    const held *row = weir__map_get(&store->rows, key);
    if (row != NULL) {
        *value = value_of(row);
        return WEIR_OK;
    }
    return weir__kv_get(kv->inner, key, value, error);
}

/* NULL: out of memory. */
static held *make_room(buffered *store, weir_slice key, size_t len)
{
    weir__map_entry *entry = weir__map_find(&store->rows, key);
    held *old = entry != NULL ? entry->value : NULL;
    if (old != NULL && old->capacity >= len) {
        return old;
    }
    size_t capacity = (len + VALUE_ROUND - 1) / VALUE_ROUND * VALUE_ROUND;
    held *row = malloc(sizeof *row + capacity);
    if (row == NULL || weir__map_put(&store->rows, key, row) != WEIR_OK) {
        free(row);
        return NULL;
    }
    row->capacity = capacity;
    store->bytes += capacity - (old != NULL ? old->capacity : 0);
    store->bytes += old == NULL ? key.len + ROW_BYTES : 0;
    free(old);
    return row;
}

static weir_err buffered_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    buffered *store = (buffered *)kv;
    held *row = make_room(store, key, value.len);
    if (row == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a row of %zu bytes",
                               key.len + value.len);
    }
    row->deleted = value.data == NULL;
    row->len = value.len;
    if (value.len > 0) {
        memcpy(row->bytes, value.data, value.len);
    }
    return store->bytes > BYTES_MAX ? write_out(store, error) : WEIR_OK;
}

static weir_err buffered_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                               weir__kv_iter **out, weir_error *error)
{
    weir_err err = write_out((buffered *)kv, error);
    return err == WEIR_OK ? weir__kv_range(kv->inner, from, to, reverse, out, error) : err;
}

static weir_err buffered_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    weir_err err = write_out((buffered *)kv, error);
    return err == WEIR_OK ? weir__kv_drop_range(kv->inner, from, to, error) : err;
}

static weir_err buffered_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                                 weir_error *error)
{
    weir_err err = write_out((buffered *)kv, error);
    return err == WEIR_OK ? weir__kv_restore(kv->inner, rows, count, offset, error) : err;
}

static weir_err buffered_flush(weir__kv *kv, weir_error *error)
{
    weir_err err = write_out((buffered *)kv, error);
    return err == WEIR_OK ? weir__kv_flush(kv->inner, error) : err;
}

/* The offset must not be ahead of the rows. */
static weir_err buffered_set_offset(weir__kv *kv, int64_t offset, weir_error *error)
{
    weir_err err = write_out((buffered *)kv, error);
    return err == WEIR_OK ? weir__kv_set_offset(kv->inner, offset, error) : err;
}

/* The time must not be ahead of the rows. */
static weir_err buffered_set_as_of(weir__kv *kv, int64_t now_ms, weir_error *error)
{
    weir_err err = write_out((buffered *)kv, error);
    return err == WEIR_OK ? weir__kv_set_as_of(kv->inner, now_ms, error) : err;
}

static void buffered_close(weir__kv *kv)
{
    buffered *store = (buffered *)kv;
    write_out(store, NULL); /* after a failure the offset does not cover the rows */
    weir__map_fini(&store->rows, free);
    free(store);
}

static const weir__kv_ops buffered_ops = {
    .name = "buffered",
    .get = buffered_get,
    .put = buffered_put,
    .range = buffered_range,
    .drop_range = buffered_drop_range,
    .restore = buffered_restore,
    .flush = buffered_flush,
    .set_offset = buffered_set_offset,
    .set_as_of = buffered_set_as_of,
    .close = buffered_close,
};

weir_err weir__buffered_wrap(weir__kv *inner, weir__kv **out, weir_error *error)
{
    buffered *store = calloc(1, sizeof *store);
    if (store == NULL) {
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a store");
    }
    store->base.ops = &buffered_ops;
    store->base.inner = inner;
    *out = &store->base;
    return WEIR_OK;
}
