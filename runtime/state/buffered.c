/* SPDX-License-Identifier: Apache-2.0
 *
 * A write buffer above a database. Changed rows and the offset that covers them stay in memory,
 * over any number of commits, until the buffer is full or the store is closed; then they are
 * written at once. The database below has no write-ahead log, so a crash loses its latest rows in
 * any case: the buffer adds at most BYTES_MAX to them, and what is on disk stays as old as its
 * offset says.
 *
 * A row that changes often is written once, and a get of it does not reach the database. Only for
 * stores without a cache above, which has the same effect. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "state/overlay.h"
#include "state/store.h"
#include "state/tree.h"

#define BYTES_MAX ((size_t)4 << 20)
#define ROW_BYTES ((size_t)96) /* estimated memory of a row besides key and value */
#define VALUE_ROUND ((size_t)16)
#define RANGE_ROWS_MAX 1000 /* a range with more of them writes the buffer out first */

typedef struct held {
    weir__tree_item item;
    bool deleted;
    size_t len; /* of the value */
    size_t capacity;
    uint8_t bytes[]; /* key, value */
} held;

typedef struct buffered {
    weir__kv base;
    weir__tree rows;
    size_t bytes;
    held *recent;    /* found last: a put usually follows a get of its key; NULL: none */
    bool has_offset; /* `offset` is not in the database yet: it covers rows of the buffer */
    int64_t offset;
    bool has_as_of;
    int64_t as_of_ms;
} buffered;

static uint8_t *bytes_of(held *row)
{
    return row->bytes + row->item.key.len;
}

static weir_slice value_of(held *row)
{
    return row->deleted ? (weir_slice){0} : (weir_slice){bytes_of(row), row->len};
}

static held *find(buffered *store, weir_slice key)
{
    if (store->recent == NULL || !weir_slice_equal(store->recent->item.key, key)) {
        store->recent = (held *)weir__tree_find(&store->rows, key);
    }
    return store->recent;
}

/* ---- Writing out -------------------------------------------------------------------------- */

static void free_row(weir__tree_item *item)
{
    free(item);
}

static void forget(buffered *store)
{
    weir__tree_fini(&store->rows, free_row);
    store->rows = (weir__tree){0};
    store->bytes = 0;
    store->recent = NULL;
    store->has_offset = false;
    store->has_as_of = false;
}

/* Rows and offset in one write. */
static weir_err write_batch(buffered *store, weir_error *error)
{
    weir__row *rows = malloc((store->rows.count + 1) * sizeof *rows);
    if (rows == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory to write %zu rows",
                               store->rows.count);
    }
    size_t count = 0;
    weir__tree_cursor cursor = weir__tree_seek(&store->rows, (weir_slice){0}, false, false);
    for (weir__tree_item *item; (item = weir__tree_at(cursor)) != NULL;) {
        rows[count++] = (weir__row){item->key, value_of((held *)item)};
        weir__tree_step(&cursor, false);
    }
    weir_err err = weir__kv_restore(store->base.inner, rows, count, store->offset, error);
    free(rows);
    return err;
}

static weir_err write_rows(buffered *store, weir_error *error)
{
    weir_err err = WEIR_OK;
    weir__tree_cursor cursor = weir__tree_seek(&store->rows, (weir_slice){0}, false, false);
    for (weir__tree_item *item; err == WEIR_OK && (item = weir__tree_at(cursor)) != NULL;) {
        err = weir__kv_put(store->base.inner, item->key, value_of((held *)item), error);
        weir__tree_step(&cursor, false);
    }
    return err;
}

/* After a failure all rows are kept: writing a row twice is harmless. Rows may be newer than the
 * offset, never older. */
static weir_err write_out(buffered *store, weir_error *error)
{
    weir_err err = store->has_offset ? write_batch(store, error) : write_rows(store, error);
    if (err == WEIR_OK && store->has_as_of) {
        err = weir__kv_set_as_of(store->base.inner, store->as_of_ms, error);
    }
    if (err == WEIR_OK) {
        forget(store);
    }
    return err;
}

/* ---- Get, put ----------------------------------------------------------------------------- */

static weir_err buffered_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    held *row = find((buffered *)kv, key);
    if (row != NULL) {
        *value = value_of(row);
        return WEIR_OK;
    }
    return weir__kv_get(kv->inner, key, value, error);
}

/* The row of the key, with room for a value of `len` bytes. NULL: out of memory. */
static held *make_room(buffered *store, weir_slice key, size_t len)
{
    held *old = find(store, key);
    if (old != NULL && old->capacity >= len) {
        return old;
    }
    size_t capacity = (len + VALUE_ROUND - 1) / VALUE_ROUND * VALUE_ROUND;
    held *row = malloc(sizeof *row + key.len + capacity);
    if (row == NULL) {
        return NULL;
    }
    row->item.key = (weir_slice){memcpy(row->bytes, key.data, key.len), key.len};
    row->capacity = capacity;
    if (old != NULL) {
        weir__tree_replace(&store->rows, &row->item);
        store->bytes += capacity - old->capacity;
        free(old);
    } else if (weir__tree_insert(&store->rows, &row->item) == WEIR_OK) {
        store->bytes += key.len + capacity + ROW_BYTES;
    } else {
        free(row);
        return NULL;
    }
    store->recent = row;
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
        memcpy(bytes_of(row), value.data, value.len);
    }
    return store->bytes > BYTES_MAX ? write_out(store, error) : WEIR_OK;
}

/* ---- Ranges ------------------------------------------------------------------------------- */

static bool is_past_end(weir_slice key, weir_slice end, bool reverse)
{
    if (end.data == NULL) {
        return false;
    }
    int order = weir__key_compare(key, end);
    return reverse ? order < 0 : order > 0;
}

/* The rows of a range; *out NULL: there are none. WEIR_ELIMIT: there are too many. */
static weir_err collect(const buffered *store, weir_slice from, weir_slice to, bool reverse,
                        weir__overlay **out)
{
    weir__overlay *overlay = NULL;
    weir_err err = WEIR_OK;
    size_t count = 0;
    weir__tree_cursor cursor = weir__tree_seek(&store->rows, reverse ? to : from, false, reverse);
    weir__tree_item *item;
    while (err == WEIR_OK && (item = weir__tree_at(cursor)) != NULL &&
           !is_past_end(item->key, reverse ? from : to, reverse)) {
        if (overlay == NULL) {
            err = weir__overlay_new(reverse, &overlay);
        }
        if (err == WEIR_OK) {
            err = count++ < RANGE_ROWS_MAX
                      ? weir__overlay_add(overlay, item->key, value_of((held *)item))
                      : WEIR_ELIMIT;
        }
        weir__tree_step(&cursor, reverse);
    }
    if (err != WEIR_OK) {
        weir__overlay_free(overlay);
        return err;
    }
    *out = overlay;
    return WEIR_OK;
}

static weir_err buffered_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                               weir__kv_iter **out, weir_error *error)
{
    weir__overlay *overlay = NULL;
    weir__kv_iter *below = NULL;
    weir_err err = collect((buffered *)kv, from, to, reverse, &overlay);
    if (err == WEIR_ELIMIT) {
        err = write_out((buffered *)kv, error);
    } else if (err != WEIR_OK) {
        weir__error_set(error, err, "no memory to read a range");
    }
    err = err == WEIR_OK ? weir__kv_range(kv->inner, from, to, reverse, &below, error) : err;
    if (err != WEIR_OK) {
        weir__overlay_free(overlay);
        return err;
    }
    *out = overlay != NULL ? weir__overlay_start(overlay, below) : below;
    return WEIR_OK;
}

static weir_err buffered_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    buffered *store = (buffered *)kv;
    weir__tree_item *item;
    while ((item = weir__tree_at(weir__tree_seek(&store->rows, from, false, false))) != NULL &&
           weir__key_compare(item->key, to) < 0) {
        held *row = (held *)weir__tree_remove(&store->rows, item->key);
        store->bytes -= row->item.key.len + row->capacity + ROW_BYTES;
        free(row);
    }
    store->recent = NULL;
    return weir__kv_drop_range(kv->inner, from, to, error);
}

/* ---- Restore, offsets --------------------------------------------------------------------- */

static weir_err buffered_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                                 weir_error *error)
{
    weir_err err = write_out((buffered *)kv, error);
    return err == WEIR_OK ? weir__kv_restore(kv->inner, rows, count, offset, error) : err;
}

static int64_t buffered_offset(weir__kv *kv)
{
    const buffered *store = (const buffered *)kv;
    return store->has_offset ? store->offset : weir__kv_offset(kv->inner);
}

/* Written with the rows, so that it is never ahead of them. */
static weir_err buffered_set_offset(weir__kv *kv, int64_t offset, weir_error *error)
{
    buffered *store = (buffered *)kv;
    (void)error;
    store->offset = offset;
    store->has_offset = true;
    return WEIR_OK;
}

static int64_t buffered_as_of_ms(weir__kv *kv)
{
    const buffered *store = (const buffered *)kv;
    return store->has_as_of ? store->as_of_ms : weir__kv_as_of_ms(kv->inner);
}

/* The same. */
static weir_err buffered_set_as_of(weir__kv *kv, int64_t now_ms, weir_error *error)
{
    buffered *store = (buffered *)kv;
    (void)error;
    store->as_of_ms = now_ms;
    store->has_as_of = true;
    return WEIR_OK;
}

static void buffered_discard(weir__kv *kv)
{
    forget((buffered *)kv);
}

static void buffered_close(weir__kv *kv)
{
    buffered *store = (buffered *)kv;
    write_out(store, NULL); /* after a failure the offset does not cover the rows */
    forget(store);
    free(store);
}

static const weir__kv_ops buffered_ops = {
    .name = "buffered",
    .get = buffered_get,
    .put = buffered_put,
    .range = buffered_range,
    .drop_range = buffered_drop_range,
    .restore = buffered_restore,
    .offset = buffered_offset,
    .set_offset = buffered_set_offset,
    .as_of_ms = buffered_as_of_ms,
    .set_as_of = buffered_set_as_of,
    .discard = buffered_discard,
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
