/* SPDX-License-Identifier: Apache-2.0
 *
 * The layer that rolls a store in memory back. It keeps, of each key that has changed since the
 * last commit, the row of then; reads do not pass through it.
 *
 *     below: a=3 c=1      kept: a=1, b=7, c was not there      rollback: a=1 b=7
 *
 * A rollback puts the kept rows again. What it has put stays kept until all are. */
#include <stdlib.h>

#include "core/error.h"
#include "state/buffered_parts.h"
#include "state/tree.h"

typedef struct undo {
    weir__kv base;
    weir__kv *kept; /* in memory; rows as in buffered_parts.h */
    size_t bytes;
    weir_buf row; /* scratch */
    weir__uncommitted *uncommitted;
} undo;

static void forget(undo *of)
{
    weir__memory_clear(of->kept);
    of->uncommitted->bytes -= of->bytes;
    of->bytes = 0;
}

/* ---- Changes ------------------------------------------------------------------------------ */

/* `row` is the present one; null: there is none. */
static weir_err keep(undo *of, weir_slice key, weir_slice row, weir_error *error)
{
    weir__buffered_row(&of->row, row);
    weir_err err = of->row.err;
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "no memory to keep a row of %zu bytes",
                               key.len + row.len);
    }
    err = weir__kv_put(of->kept, key, weir__buf_slice(&of->row), error);
    if (err == WEIR_OK) {
        size_t bytes = key.len + of->row.len + WEIR__BUFFERED_ROW_BYTES;
        of->bytes += bytes;
        of->uncommitted->bytes += bytes;
    }
    return err;
}

static weir_err is_kept(const undo *of, weir_slice key, bool *out, weir_error *error)
{
    weir_slice row = {0};
    weir_err err = weir__kv_get(of->kept, key, &row, error);
    *out = row.data != NULL;
    return err;
}

/* Keeps the row first: if the put fails, a row that has not changed is kept, which changes nothing.
 */
static weir_err undo_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    undo *of = (undo *)kv;
    bool kept;
    weir_slice row = {0};
    weir_err err = is_kept(of, key, &kept, error);
    if (err == WEIR_OK && !kept) {
        err = weir__kv_get(kv->inner, key, &row, error);
        err = err == WEIR_OK ? keep(of, key, row, error) : err;
    }
    return err == WEIR_OK ? weir__kv_put(kv->inner, key, value, error) : err;
}

static weir_err undo_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    undo *of = (undo *)kv;
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir_err err = weir__kv_range(kv->inner, from, to, false, &iter, error);
    while (err == WEIR_OK && iter->ops->next(iter, &key, &row) && weir__key_compare(key, to) < 0) {
        bool kept;
        err = is_kept(of, key, &kept, error);
        err = err == WEIR_OK && !kept ? keep(of, key, row, error) : err;
    }
    if (iter != NULL) {
        (void)iter->ops->close(iter);
    }
    return err == WEIR_OK ? weir__kv_drop_range(kv->inner, from, to, error) : err;
}

/* ---- Commit, rollback --------------------------------------------------------------------- */

static weir_err undo_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    weir_err err = weir__kv_commit(kv->inner, offset, now_ms, error);
    if (err == WEIR_OK) {
        forget((undo *)kv);
    }
    return err;
}

static weir_err undo_rollback(weir__kv *kv, weir_error *error)
{
    undo *of = (undo *)kv;
    weir__kv_iter *iter = NULL;
    weir_slice none = {0};
    weir_slice key;
    weir_slice row;
    weir_err err = weir__kv_range(of->kept, none, none, false, &iter, error);
    while (err == WEIR_OK && iter->ops->next(iter, &key, &row)) {
        err = weir__kv_put(kv->inner, key, weir__buffered_value_of(row), error);
    }
    if (iter != NULL) {
        (void)iter->ops->close(iter);
    }
    if (err == WEIR_OK) {
        forget(of);
    }
    return err;
}

/* Rows of a changelog are committed. */
static weir_err undo_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                             weir_error *error)
{
    weir_err err = weir__kv_restore(kv->inner, rows, count, offset, error);
    if (err == WEIR_OK) {
        forget((undo *)kv);
    }
    return err;
}

/* ---- Life --------------------------------------------------------------------------------- */

static void undo_close(weir__kv *kv)
{
    undo *of = (undo *)kv;
    forget(of);
    weir__kv_close(of->kept);
    weir__buf_fini(&of->row);
    free(of);
}

static const weir__kv_ops undo_ops = {
    .name = "undo",
    .put = undo_put,
    .drop_range = undo_drop_range,
    .restore = undo_restore,
    .commit = undo_commit,
    .rollback = undo_rollback,
    .close = undo_close,
};

weir_err weir__undo_wrap(weir__kv *inner, weir__uncommitted *uncommitted, weir__kv **out,
                         weir_error *error)
{
    undo *of = calloc(1, sizeof *of);
    if (of == NULL || weir__memory_open(&of->kept, error) != WEIR_OK) {
        free(of);
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a store");
    }
    of->base = (weir__kv){.ops = &undo_ops, .inner = inner};
    of->uncommitted = uncommitted;
    *out = &of->base;
    return WEIR_OK;
}
