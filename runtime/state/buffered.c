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
#include "state/store.h"
#include "state/tree.h"

#define BYTES_MAX ((size_t)4 << 20)
#define ROW_BYTES ((size_t)96) /* estimated memory of a row besides key and value */

#define FIRST_ROWS ((size_t)64)

/* The first byte of a row of the buffer; its value follows. */
enum { DELETED, HELD };

typedef struct buffered {
    weir__kv base;
    weir__kv *rows; /* in memory */
    size_t count;
    size_t bytes;
    size_t open_iters; /* over the rows */
    weir_buf row;      /* scratch of a put */
    bool has_offset;   /* `offset` is not in the database yet: it covers rows of the buffer */
    int64_t offset;
    bool has_as_of;
    int64_t as_of_ms;
} buffered;

static weir_slice value_of(weir_slice row)
{
    const uint8_t *bytes = row.data;
    return bytes[0] == DELETED ? (weir_slice){0} : (weir_slice){bytes + 1, row.len - 1};
}

/* ---- Writing out -------------------------------------------------------------------------- */

/* Empties the buffer. Iterators that are open still see its rows. */
static weir_err empty(buffered *store, weir_error *error)
{
    weir_err err = WEIR_OK;
    if (store->open_iters == 0) {
        weir__kv *fresh = NULL;
        err = weir__memory_open(&fresh, error);
        if (err != WEIR_OK) {
            return err;
        }
        weir__kv_close(store->rows);
        store->rows = fresh;
    } else {
        weir__kv_iter *iter = NULL;
        weir_slice none = {0};
        weir_slice key;
        weir_slice row;
        err = weir__kv_range(store->rows, none, none, false, &iter, error);
        while (err == WEIR_OK && iter->ops->next(iter, &key, &row)) {
            err = weir__kv_put(store->rows, key, none, error);
        }
        if (iter != NULL) {
            (void)iter->ops->close(iter);
        }
    }
    if (err == WEIR_OK) {
        store->count = 0;
        store->bytes = 0;
    }
    return err;
}

typedef struct row_list {
    weir__row *rows; /* in order; valid until the iterator is closed */
    size_t count;
    size_t capacity;
} row_list;

static weir_err add_row(row_list *list, weir_slice key, weir_slice row)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity != 0 ? 2 * list->capacity : FIRST_ROWS;
        weir__row *rows = realloc(list->rows, capacity * sizeof *rows);
        if (rows == NULL) {
            return WEIR_ENOMEM;
        }
        list->rows = rows;
        list->capacity = capacity;
    }
    list->rows[list->count++] = (weir__row){key, value_of(row)};
    return WEIR_OK;
}

/* Rows and offset in one write; rows alone before there is an offset. */
static weir_err write_list(buffered *store, const row_list *list, weir_error *error)
{
    if (store->has_offset) {
        return weir__kv_restore(store->base.inner, list->rows, list->count, store->offset, error);
    }
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < list->count && err == WEIR_OK; i++) {
        err = weir__kv_put(store->base.inner, list->rows[i].key, list->rows[i].value, error);
    }
    return err;
}

static weir_err write_rows(buffered *store, weir_error *error)
{
    row_list list = {0};
    weir_slice none = {0};
    weir_slice key;
    weir_slice row;
    weir__kv_iter *iter = NULL;
    weir_err err = weir__kv_range(store->rows, none, none, false, &iter, error);
    if (err != WEIR_OK) {
        return err;
    }
    while (err == WEIR_OK && iter->ops->next(iter, &key, &row)) {
        err = add_row(&list, key, row);
    }
    err = err == WEIR_OK ? write_list(store, &list, error)
                         : weir__error_set(error, err, "no memory to write %zu rows", store->count);
    (void)iter->ops->close(iter);
    free(list.rows);
    return err;
}

/* After a failure all rows are kept: writing a row twice is harmless. Rows may be newer than the
 * offset, never older. */
static weir_err write_out(buffered *store, weir_error *error)
{
    weir_err err = WEIR_OK;
    if (store->count > 0 || store->has_offset) {
        err = write_rows(store, error);
    }
    if (err == WEIR_OK && store->has_as_of) {
        err = weir__kv_set_as_of(store->base.inner, store->as_of_ms, error);
    }
    if (err == WEIR_OK) {
        store->has_offset = false;
        store->has_as_of = false;
        err = store->count > 0 ? empty(store, error) : WEIR_OK;
    }
    return err;
}

/* ---- Get, put ----------------------------------------------------------------------------- */

static weir_err buffered_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    weir_slice row = {0};
    weir_err err = weir__kv_get(((buffered *)kv)->rows, key, &row, error);
    if (err == WEIR_OK && row.data != NULL) {
        *value = value_of(row);
        return WEIR_OK;
    }
    return err == WEIR_OK ? weir__kv_get(kv->inner, key, value, error) : err;
}

static weir_err buffered_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    buffered *store = (buffered *)kv;
    weir_slice old = {0};
    weir__buf_reset(&store->row);
    weir__buf_put_u8(&store->row, value.data != NULL ? HELD : DELETED);
    if (value.len > 0) {
        (void)weir_put(&store->row, value.data, value.len);
    }
    weir_err err = store->row.err;
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "no memory for a row of %zu bytes", key.len + value.len);
    }
    err = weir__kv_get(store->rows, key, &old, error);
    size_t freed = old.data != NULL ? old.len : 0;
    if (err == WEIR_OK) {
        err = weir__kv_put(store->rows, key, weir__buf_slice(&store->row), error);
    }
    if (err != WEIR_OK) {
        return err;
    }
    store->bytes += store->row.len - freed;
    if (freed == 0) {
        store->bytes += key.len + ROW_BYTES;
        store->count++;
    }
    return store->bytes > BYTES_MAX ? write_out(store, error) : WEIR_OK;
}

/* ---- Ranges ------------------------------------------------------------------------------- */

/* A merge of the rows of the buffer with those of the database. */
typedef struct merged {
    weir__kv_iter base;
    buffered *store;
    weir__kv_iter *over;
    weir__kv_iter *under;
    weir__row next_over;  /* key null: not read */
    weir__row next_under; /* the same */
    bool over_ended;
    bool under_ended;
    bool reverse;
} merged;

static void read_both(merged *m)
{
    if (m->next_over.key.data == NULL && !m->over_ended) {
        m->over_ended = !m->over->ops->next(m->over, &m->next_over.key, &m->next_over.value);
    }
    if (m->next_under.key.data == NULL && !m->under_ended) {
        m->under_ended = !m->under->ops->next(m->under, &m->next_under.key, &m->next_under.value);
    }
}

/* < 0: the next row is the buffer's, > 0: the database's, 0: both have it. */
static int order_of(const merged *m)
{
    if (m->over_ended || m->under_ended) {
        return m->over_ended ? 1 : -1;
    }
    int order = weir__key_compare(m->next_over.key, m->next_under.key);
    return m->reverse ? -order : order;
}

static bool merged_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    merged *m = (merged *)base;
    for (;;) {
        read_both(m);
        if (m->over_ended && m->under_ended) {
            return false;
        }
        int order = order_of(m);
        *key = order <= 0 ? m->next_over.key : m->next_under.key;
        *value = order <= 0 ? value_of(m->next_over.value) : m->next_under.value;
        if (order <= 0) {
            m->next_over.key.data = NULL;
        }
        if (order >= 0) {
            m->next_under.key.data = NULL;
        }
        if (value->data != NULL) {
            return true;
        }
    }
}

static void merged_seek(weir__kv_iter *base, weir_slice key)
{
    merged *m = (merged *)base;
    m->next_over.key.data = NULL;
    m->next_under.key.data = NULL;
    m->over_ended = false;
    m->under_ended = false;
    m->over->ops->seek(m->over, key);
    m->under->ops->seek(m->under, key);
}

static weir_err merged_close(weir__kv_iter *base)
{
    merged *m = (merged *)base;
    (void)m->over->ops->close(m->over);
    weir_err err = m->under->ops->close(m->under);
    m->store->open_iters--;
    free(m);
    return err;
}

static const weir__kv_iter_ops merged_ops = {merged_next, merged_seek, merged_close};

static weir_err buffered_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                               weir__kv_iter **out, weir_error *error)
{
    buffered *store = (buffered *)kv;
    if (store->count == 0) {
        return weir__kv_range(kv->inner, from, to, reverse, out, error);
    }
    merged *m = malloc(sizeof *m);
    if (m == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
    }
    *m = (merged){.base = {&merged_ops}, .store = store, .reverse = reverse};
    weir_err err = weir__kv_range(store->rows, from, to, reverse, &m->over, error);
    if (err == WEIR_OK) {
        err = weir__kv_range(kv->inner, from, to, reverse, &m->under, error);
        if (err != WEIR_OK) {
            (void)m->over->ops->close(m->over);
        }
    }
    if (err != WEIR_OK) {
        free(m);
        return err;
    }
    store->open_iters++;
    *out = &m->base;
    return WEIR_OK;
}

/* Removes the rows of the range from the buffer, and drops it below. */
static weir_err buffered_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    buffered *store = (buffered *)kv;
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir_err err = weir__kv_range(store->rows, from, to, false, &iter, error);
    while (err == WEIR_OK && iter->ops->next(iter, &key, &row) && weir__key_compare(key, to) < 0) {
        store->bytes -= key.len + row.len + ROW_BYTES;
        store->count--;
    }
    if (iter != NULL) {
        (void)iter->ops->close(iter);
    }
    err = err == WEIR_OK ? weir__kv_drop_range(store->rows, from, to, error) : err;
    return err == WEIR_OK ? weir__kv_drop_range(kv->inner, from, to, error) : err;
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
    buffered *store = (buffered *)kv;
    store->has_offset = false;
    store->has_as_of = false;
    (void)empty(store, NULL); /* without memory the rows are written */
}

static void buffered_close(weir__kv *kv)
{
    buffered *store = (buffered *)kv;
    weir_assert(store->open_iters == 0);
    write_out(store, NULL); /* after a failure the offset does not cover the rows */
    weir__kv_close(store->rows);
    weir__buf_fini(&store->row);
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
    if (store == NULL || weir__memory_open(&store->rows, error) != WEIR_OK) {
        free(store);
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a store");
    }
    store->base.ops = &buffered_ops;
    store->base.inner = inner;
    *out = &store->base;
    return WEIR_OK;
}
