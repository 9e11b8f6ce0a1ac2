/* SPDX-License-Identifier: Apache-2.0
 *
 * Lazy creation of a RocksDB store: the first write makes the database. That takes milliseconds,
 * and a task that is revoked again by the next rebalance never writes. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "state/files.h"
#include "state/store.h"

typedef struct lazy {
    weir__kv base; /* its `inner` is NULL as long as the database is not made: it has no rows */
    weir__rocksdb_opts opts;
    char *directory;
    char *offset_key;
} lazy;

static weir_err make(weir__kv *kv, weir_error *error)
{
    const lazy *store = (const lazy *)kv;
    return kv->inner != NULL
               ? WEIR_OK
               : weir__rocksdb_open(store->directory, &store->opts, &kv->inner, error);
}

static weir_err lazy_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    if (kv->inner == NULL) {
        *value = (weir_slice){0};
        return WEIR_OK;
    }
    return weir__kv_get(kv->inner, key, value, error);
}

static weir_err lazy_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    weir_err err = make(kv, error);
    return err == WEIR_OK ? weir__kv_put(kv->inner, key, value, error) : err;
}

static bool no_next(weir__kv_iter *iter, weir_slice *key, weir_slice *value)
{
    (void)iter;
    (void)key;
    (void)value;
    return false;
}

static void no_seek(weir__kv_iter *iter, weir_slice key)
{
    (void)iter;
    (void)key;
}

static weir_err close_empty(weir__kv_iter *iter)
{
    free(iter);
    return WEIR_OK;
}

static const weir__kv_iter_ops empty_iter_ops = {no_next, no_seek, close_empty};

static weir_err lazy_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                           weir__kv_iter **out, weir_error *error)
{
    if (kv->inner != NULL) {
        return weir__kv_range(kv->inner, from, to, reverse, out, error);
    }
    weir__kv_iter *iter = malloc(sizeof *iter);
    if (iter == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
    }
    iter->ops = &empty_iter_ops;
    *out = iter;
    return WEIR_OK;
}

static weir_err lazy_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    return kv->inner != NULL ? weir__kv_drop_range(kv->inner, from, to, error) : WEIR_OK;
}

static weir_err lazy_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                             weir_error *error)
{
    weir_err err = make(kv, error);
    return err == WEIR_OK ? weir__kv_restore(kv->inner, rows, count, offset, error) : err;
}

static int64_t lazy_offset(weir__kv *kv)
{
    return kv->inner != NULL ? weir__kv_offset(kv->inner) : WEIR__NO_OFFSET;
}

/* A database that does not exist has no rows to drop, and no time. */
static weir_err lazy_write(weir__kv *kv, const weir__write *write, weir_error *error)
{
    if (kv->inner == NULL && write->count == 0 && write->offset == WEIR__NO_OFFSET) {
        return WEIR_OK;
    }
    weir_err err = make(kv, error);
    return err == WEIR_OK ? weir__kv_write(kv->inner, write, error) : err;
}

static weir_err lazy_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    weir__write write = {.offset = offset, .as_of_ms = now_ms};
    return lazy_write(kv, &write, error);
}

static int64_t lazy_as_of_ms(weir__kv *kv)
{
    return kv->inner != NULL ? weir__kv_as_of_ms(kv->inner) : WEIR__TIME_UNKNOWN;
}

static void lazy_close(weir__kv *kv)
{
    lazy *store = (lazy *)kv;
    free(store->directory);
    free(store->offset_key);
    free(store);
}

static const weir__kv_ops lazy_ops = {
    .name = "rocksdb",
    .get = lazy_get,
    .put = lazy_put,
    .range = lazy_range,
    .drop_range = lazy_drop_range,
    .restore = lazy_restore,
    .write = lazy_write,
    .commit = lazy_commit,
    .offset = lazy_offset,
    .as_of_ms = lazy_as_of_ms,
    .close = lazy_close,
};

const char *weir__rocksdb_version(void)
{
    return WEIR_ROCKSDB_VERSION; /* version of the headers: the C API does not return the library's
                                  */
}

weir_err weir__rocksdb_open_lazily(const char *directory, const weir__rocksdb_opts *opts,
                                   weir__kv **out, weir_error *error)
{
    /* A directory that is not empty is a database, valid or damaged; opening it shows which. */
    if (!weir__is_empty_directory(directory)) {
        return weir__rocksdb_open(directory, opts, out, error);
    }
    weir_err err = weir__make_directories(directory, error); /* so that an error is reported now */
    if (err != WEIR_OK) {
        return err;
    }
    lazy *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory to open '%s'", directory);
    }
    store->base.ops = &lazy_ops;
    store->opts = *opts;
    store->directory = strdup(directory);
    store->offset_key = strdup(opts->offset_key);
    store->opts.offset_key = store->offset_key;
    if (store->directory == NULL || store->offset_key == NULL) {
        lazy_close(&store->base);
        return weir__error_set(error, WEIR_ENOMEM, "no memory to open '%s'", directory);
    }
    *out = &store->base;
    return WEIR_OK;
}
