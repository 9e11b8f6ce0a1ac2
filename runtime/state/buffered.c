/* SPDX-License-Identifier: Apache-2.0
 *
 * A write buffer above a database: changed rows, dropped ranges, and the offset that covers them
 * stay in memory, and are passed on in one atomic write.
 *
 *     at least once                          put, commit -> buffer                  -> database
 *     exactly once    put -> uncommitted      -> commit   -> buffer of commits      -> database
 *
 * The buffer is written when it is 4 MiB, and when the store is closed. The database has no
 * write-ahead log, so a crash loses its latest rows in any case: the buffer adds at most BYTES_MAX
 * to them, and what is on disk stays as old as its offset says. A row that changes often is written
 * once, and a get of it does not reach the database.
 *
 * Exactly once a second buffer above the first one keeps the changes since the last commit; a
 * rollback, or the close of the store, drops them. The first one then only has the changes of whole
 * commits, and so has the database. */
#include <stdlib.h>

#include "core/error.h"
#include "state/buffered_parts.h"
#include "state/tree.h"

#define BYTES_MAX ((size_t)4 << 20)

#define FIRST_ROWS ((size_t)64)

static void count_bytes(weir__buffered *store, int64_t added)
{
    store->bytes += (size_t)added;
    if (store->uncommitted != NULL) {
        store->uncommitted->bytes += (size_t)added;
    }
}

/* ---- Writing out -------------------------------------------------------------------------- */

/* Deletes the rows one by one: iterators that are open still see them. */
static weir_err delete_rows(weir__buffered *store, weir_error *error)
{
    weir__kv_iter *iter = NULL;
    weir_slice none = {0};
    weir_slice key;
    weir_slice row;
    weir_err err = weir__kv_range(store->rows, none, none, false, &iter, error);
    while (err == WEIR_OK && iter->ops->next(iter, &key, &row)) {
        err = weir__kv_put(store->rows, key, none, error);
    }
    if (iter != NULL) {
        (void)iter->ops->close(iter);
    }
    return err;
}

/* Cannot fail unless iterators are open. */
static weir_err empty(weir__buffered *store, weir_error *error)
{
    if (store->open_iters > 0) {
        weir_err err = delete_rows(store, error);
        if (err != WEIR_OK) {
            return err;
        }
    } else {
        weir__memory_clear(store->rows);
    }
    weir__spans_clear(&store->dropped);
    count_bytes(store, -(int64_t)store->bytes);
    store->count = 0;
    return WEIR_OK;
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
    list->rows[list->count++] = (weir__row){key, weir__buffered_value_of(row)};
    return WEIR_OK;
}

/* All changes, offset and time in one write. */
static weir_err write_changes(const weir__buffered *store, int64_t offset, int64_t as_of_ms,
                              weir_error *error)
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
    if (err != WEIR_OK) {
        weir__error_set(error, err, "no memory to write %zu rows", store->count);
    } else {
        weir__write write = {.dropped = store->dropped.items,
                             .dropped_count = store->dropped.count,
                             .rows = list.rows,
                             .count = list.count,
                             .offset = offset,
                             .as_of_ms = as_of_ms,
                             .ahead = store->changed};
        err = weir__kv_write(store->base.inner, &write, error);
    }
    (void)iter->ops->close(iter);
    free(list.rows);
    return err;
}

/* After a failure all changes are kept: writing a row twice is harmless. */
static weir_err write_out(weir__buffered *store, weir_error *error)
{
    if (store->count == 0 && store->dropped.count == 0 && !store->has_offset && !store->has_as_of) {
        return WEIR_OK;
    }
    weir_err err = write_changes(store, store->has_offset ? store->offset : WEIR__NO_OFFSET,
                                 store->has_as_of ? store->as_of_ms : WEIR__TIME_UNKNOWN, error);
    if (err == WEIR_OK) {
        store->has_offset = false;
        store->has_as_of = false;
        err = empty(store, error);
    }
    return err;
}

/* ---- Get, put ----------------------------------------------------------------------------- */

static weir_err buffered_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    const weir__buffered *store = (const weir__buffered *)kv;
    weir_slice row = {0};
    weir_err err = weir__kv_get(store->rows, key, &row, error);
    if (err == WEIR_OK && row.data != NULL) {
        *value = weir__buffered_value_of(row);
        return WEIR_OK;
    }
    if (err == WEIR_OK && store->dropped.count > 0 &&
        weir__spans_find(store->dropped.items, store->dropped.count, key) != NULL) {
        *value = (weir_slice){0};
        return WEIR_OK;
    }
    return err == WEIR_OK ? weir__kv_get(kv->inner, key, value, error) : err;
}

void weir__buffered_row(weir_buf *out, weir_slice value)
{
    weir__buf_reset(out);
    weir__buf_put_u8(out, value.data != NULL ? WEIR__BUFFERED_HELD : WEIR__BUFFERED_DELETED);
    if (value.len > 0) {
        (void)weir_put(out, value.data, value.len);
    }
}

static weir_err keep_row(weir__buffered *store, weir_slice key, weir_slice value, weir_error *error)
{
    weir_slice old = {0};
    weir__buffered_row(&store->row, value);
    weir_err err = store->row.err;
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "no memory for a row of %zu bytes", key.len + value.len);
    }
    err = weir__kv_get(store->rows, key, &old, error);
    bool is_new = old.data == NULL;
    int64_t freed = is_new ? 0 : (int64_t)old.len;
    if (err == WEIR_OK) {
        err = weir__kv_put(store->rows, key, weir__buf_slice(&store->row), error);
    }
    if (err == WEIR_OK) {
        count_bytes(store, (int64_t)store->row.len - freed +
                               (is_new ? (int64_t)(key.len + WEIR__BUFFERED_ROW_BYTES) : 0));
        store->count += is_new ? 1 : 0;
        store->changed = true;
    }
    return err;
}

static weir_err write_out_if_full(weir__buffered *store, weir_error *error)
{
    return store->bytes > BYTES_MAX ? write_out(store, error) : WEIR_OK;
}

static weir_err buffered_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    weir__buffered *store = (weir__buffered *)kv;
    weir_err err = keep_row(store, key, value, error);
    return err == WEIR_OK ? write_out_if_full(store, error) : err;
}

/* Removes the rows of the range from the buffer, and hides those below. */
static weir_err keep_span(weir__buffered *store, const weir__key_span *span, weir_error *error)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    size_t count = 0;
    int64_t added;
    if (weir__key_compare(span->from, span->to) >= 0) {
        return WEIR_OK;
    }
    weir_err err = weir__kv_range(store->rows, span->from, span->to, false, &iter, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (weir__spans_add(&store->dropped, span, &added) != WEIR_OK) {
        (void)iter->ops->close(iter);
        return weir__error_set(error, WEIR_ENOMEM, "no memory to drop rows");
    }
    while (iter->ops->next(iter, &key, &row) && weir__key_compare(key, span->to) < 0) {
        added -= (int64_t)(key.len + row.len + WEIR__BUFFERED_ROW_BYTES);
        count++;
    }
    (void)iter->ops->close(iter);
    store->changed = true;
    err = weir__kv_drop_range(store->rows, span->from, span->to, error);
    if (err == WEIR_OK) {
        count_bytes(store, added);
        store->count -= count;
    }
    return err;
}

static weir_err buffered_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    weir__buffered *store = (weir__buffered *)kv;
    weir__key_span span = {from, to};
    weir_err err = keep_span(store, &span, error);
    return err == WEIR_OK ? write_out_if_full(store, error) : err;
}

/* ---- Commit, restore ---------------------------------------------------------------------- */

/* It is written with the rows, so that it is never ahead of them. */
static weir_err buffered_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    weir__buffered *store = (weir__buffered *)kv;
    (void)error;
    store->changed = false;
    if (offset != WEIR__NO_OFFSET) {
        store->offset = offset;
        store->has_offset = true;
    }
    if (now_ms != WEIR__TIME_UNKNOWN) {
        store->as_of_ms = now_ms;
        store->has_as_of = true;
    }
    return WEIR_OK;
}

static weir_err keep_changes(weir__buffered *store, const weir__write *write, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < write->dropped_count && err == WEIR_OK; i++) {
        err = keep_span(store, &write->dropped[i], error);
    }
    for (size_t i = 0; i < write->count && err == WEIR_OK; i++) {
        err = keep_row(store, write->rows[i].key, write->rows[i].value, error);
    }
    return err;
}

/* A commit of the buffer above. If it fails half way, the buffer must not be written until it is
 * repeated. */
static weir_err buffered_write(weir__kv *kv, const weir__write *write, weir_error *error)
{
    weir__buffered *store = (weir__buffered *)kv;
    store->half_committed = true;
    weir_err err = keep_changes(store, write, error);
    if (err != WEIR_OK) {
        return err;
    }
    store->half_committed = false;
    (void)buffered_commit(kv, write->offset, write->as_of_ms, NULL);
    store->changed = write->ahead;
    return write_out_if_full(store, error);
}

static bool has_changes(const weir__buffered *store)
{
    return store->count > 0 || store->dropped.count > 0;
}

/* A layer above may have put rows of the restore before: they are written with the others. */
static weir_err buffered_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                                 weir_error *error)
{
    weir__buffered *store = (weir__buffered *)kv;
    if (!has_changes(store) && !store->has_offset) {
        return weir__kv_restore(kv->inner, rows, count, offset, error);
    }
    weir__write write = {
        .rows = rows, .count = count, .offset = offset, .as_of_ms = WEIR__TIME_UNKNOWN};
    return buffered_write(kv, &write, error);
}

static int64_t buffered_offset(weir__kv *kv)
{
    const weir__buffered *store = (const weir__buffered *)kv;
    return store->has_offset ? store->offset : weir__kv_offset(kv->inner);
}

static int64_t buffered_as_of_ms(weir__kv *kv)
{
    const weir__buffered *store = (const weir__buffered *)kv;
    return store->has_as_of ? store->as_of_ms : weir__kv_as_of_ms(kv->inner);
}

/* ---- Life --------------------------------------------------------------------------------- */

static void buffered_discard(weir__kv *kv)
{
    weir__buffered *store = (weir__buffered *)kv;
    store->has_offset = false;
    store->has_as_of = false;
    (void)empty(store, NULL); /* without memory the rows are written */
}

static void free_buffered(weir__buffered *store)
{
    weir_assert(store->open_iters == 0);
    (void)empty(store, NULL); /* cannot fail: no iterator is open */
    weir__kv_close(store->rows);
    weir__buf_fini(&store->row);
    free(store);
}

static void buffered_close(weir__kv *kv)
{
    weir__buffered *store = (weir__buffered *)kv;
    if (!store->half_committed) {
        (void)write_out(store, NULL); /* after a failure the offset does not cover the rows */
    }
    free_buffered(store);
}

static const weir__kv_ops buffered_ops = {
    .name = "buffered",
    .get = buffered_get,
    .put = buffered_put,
    .range = weir__buffered_range,
    .drop_range = buffered_drop_range,
    .restore = buffered_restore,
    .write = buffered_write,
    .commit = buffered_commit,
    .offset = buffered_offset,
    .as_of_ms = buffered_as_of_ms,
    .discard = buffered_discard,
    .close = buffered_close,
};

/* ---- Uncommitted changes ------------------------------------------------------------------ */

static weir_err uncommitted_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    return keep_row((weir__buffered *)kv, key, value, error);
}

static weir_err uncommitted_drop_range(weir__kv *kv, weir_slice from, weir_slice to,
                                       weir_error *error)
{
    weir__key_span span = {from, to};
    return keep_span((weir__buffered *)kv, &span, error);
}

static weir_err uncommitted_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    weir__buffered *store = (weir__buffered *)kv;
    store->changed = false;
    weir_err err = has_changes(store) ? write_changes(store, offset, now_ms, error)
                                      : weir__kv_commit(kv->inner, offset, now_ms, error);
    return err == WEIR_OK ? empty(store, error) : err;
}

static weir_err uncommitted_rollback(weir__kv *kv, weir_error *error)
{
    if (((const weir__buffered *)kv->inner)->half_committed) {
        return weir__error_set(error, WEIR_ESTATE,
                               "a commit has failed half way: it can only be repeated");
    }
    return empty((weir__buffered *)kv, error);
}

static weir_err uncommitted_restore(weir__kv *kv, const weir__row *rows, size_t count,
                                    int64_t offset, weir_error *error)
{
    weir__buffered *store = (weir__buffered *)kv;
    weir_err err = WEIR_OK;
    if (!has_changes(store)) {
        return weir__kv_restore(kv->inner, rows, count, offset, error);
    }
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        err = keep_row(store, rows[i].key, rows[i].value, error);
    }
    return err == WEIR_OK ? uncommitted_commit(kv, offset, WEIR__TIME_UNKNOWN, error) : err;
}

static void uncommitted_discard(weir__kv *kv)
{
    (void)empty((weir__buffered *)kv, NULL); /* it is not written in any case */
}

static void uncommitted_close(weir__kv *kv)
{
    free_buffered((weir__buffered *)kv);
}

static const weir__kv_ops uncommitted_ops = {
    .name = "uncommitted",
    .get = buffered_get,
    .put = uncommitted_put,
    .range = weir__buffered_range,
    .drop_range = uncommitted_drop_range,
    .restore = uncommitted_restore,
    .commit = uncommitted_commit,
    .rollback = uncommitted_rollback,
    .discard = uncommitted_discard,
    .close = uncommitted_close,
};

/* ---- Life --------------------------------------------------------------------------------- */

static weir_err wrap(weir__kv *inner, const weir__kv_ops *ops, weir__uncommitted *uncommitted,
                     weir__kv **out, weir_error *error)
{
    weir__buffered *store = calloc(1, sizeof *store);
    if (store == NULL || weir__memory_open(&store->rows, error) != WEIR_OK) {
        free(store);
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a store");
    }
    store->base.ops = ops;
    store->base.inner = inner;
    store->uncommitted = uncommitted;
    *out = &store->base;
    return WEIR_OK;
}

weir_err weir__buffered_wrap(weir__kv *inner, weir__uncommitted *uncommitted, weir__kv **out,
                             weir_error *error)
{
    weir__kv *made = NULL;
    weir_err err = wrap(inner, &buffered_ops, NULL, &made, error);
    if (err == WEIR_OK && uncommitted != NULL) {
        err = wrap(made, &uncommitted_ops, uncommitted, &made, error);
    }
    if (err == WEIR_OK) {
        *out = made;
    }
    return err;
}
