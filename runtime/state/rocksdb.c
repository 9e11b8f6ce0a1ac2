/* SPDX-License-Identifier: Apache-2.0
 *
 * Key-value store in RocksDB, with the layout of Kafka Streams 4.3:
 *
 *     default                  rows of plain stores
 *     keyValueWithTimestamp    rows of timestamped stores
 *     offsets                  "<changelog>-<partition>" -> offset, "status" -> 0 closed, 1 open,
 *                              and Weir's "as of" -> ms since the epoch
 *
 * Numbers have 8 bytes, big-endian. There is no write-ahead log; the families are flushed together,
 * so that rows on disk are never older than the offset on disk. Lost rows are restored. */
#include <stdlib.h>

#include "core/error.h"
#include "state/damage.h"
#include "state/files.h"
#include "state/rocksdb_options.h"

#define FAMILIES_MAX 3

#define STATUS_KEY "status"
#define AS_OF_KEY "as of"
#define STATUS_CLOSED 0u
#define STATUS_OPEN 1u

typedef struct rocks {
    weir__kv base;
    char *directory;
    char *offset_key;
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_readoptions_t *reads;
    rocksdb_writeoptions_t *writes;
    rocksdb_column_family_handle_t *families[FAMILIES_MAX];
    int family_count;
    rocksdb_column_family_handle_t *rows;
    rocksdb_column_family_handle_t *offsets;
    rocksdb_pinnableslice_t *got; /* value of the last get */
    int64_t offset;
    bool was_left_open;
    bool is_open; /* the status on disk is "open"; close writes "closed" */
    bool ahead;   /* rows were written that the offset does not cover: the status stays "open" */
    size_t open_iters;
} rocks;

typedef struct rocks_iter {
    weir__kv_iter base;
    rocks *store;
    rocksdb_iterator_t *it;
    rocksdb_readoptions_t *reads; /* points to `bounds` */
    bool reverse;
    bool started;
    bool placed; /* by a seek: at the row that next returns */
    char bounds[];
} rocks_iter;

#define DEFAULT_FAMILY "default" /* always there */

/* ---- Errors ------------------------------------------------------------------------------- */

/* WEIR_OK when `text` is NULL; frees it. */
static weir_err check(rocks *store, char *text, const char *what, weir_error *error)
{
    if (text == NULL) {
        return WEIR_OK;
    }
    weir_err err = weir__error_set(error, weir__rocksdb_code(text), "RocksDB cannot %s in '%s': %s",
                                   what, store->directory, text);
    store->base.damaged = store->base.damaged || err == WEIR_ECORRUPT;
    rocksdb_free(text);
    return err;
}

/* ---- Get, put ----------------------------------------------------------------------------- */

static void drop_got(rocks *store)
{
    if (store->got != NULL) {
        rocksdb_pinnableslice_destroy(store->got);
        store->got = NULL;
    }
}

static weir_err get_from(rocks *store, rocksdb_column_family_handle_t *family, weir_slice key,
                         weir_slice *value, weir_error *error)
{
    char *text = NULL;
    drop_got(store);
    rocksdb_pinnableslice_t *got =
        rocksdb_get_pinned_cf(store->db, store->reads, family, key.data, key.len, &text);
    if (text != NULL) {
        return check(store, text, "read", error);
    }
    *value = (weir_slice){0};
    if (got != NULL) {
        store->got = got;
        value->data = rocksdb_pinnableslice_value(got, &value->len);
        if (value->len == 0) {
            value->data = "";
        }
    }
    return WEIR_OK;
}

static weir_err rocks_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    rocks *store = (rocks *)kv;
    return get_from(store, store->rows, key, value, error);
}

static weir_err rocks_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    rocks *store = (rocks *)kv;
    char *text = NULL;
    drop_got(store);
    store->ahead = true;
    if (value.data == NULL) {
        rocksdb_delete_cf(store->db, store->writes, store->rows, key.data, key.len, &text);
    } else {
        rocksdb_put_cf(store->db, store->writes, store->rows, key.data, key.len, value.data,
                       value.len, &text);
    }
    return check(store, text, "write", error);
}

static weir_err rocks_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    rocks *store = (rocks *)kv;
    char *text = NULL;
    drop_got(store);
    store->ahead = true;
    rocksdb_delete_range_cf(store->db, store->writes, store->rows, from.data, from.len, to.data,
                            to.len, &text);
    return check(store, text, "drop rows", error);
}

/* ---- Writes of several rows --------------------------------------------------------------- */

static void add_number(const rocks *store, rocksdb_writebatch_t *batch, const char *key,
                       uint64_t number)
{
    char encoded[sizeof number];
    weir__store_u64(encoded, number);
    rocksdb_writebatch_put_cf(batch, store->offsets, key, strlen(key), encoded, sizeof encoded);
}

static rocksdb_writebatch_t *batch_of(const rocks *store, const weir__write *write)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    for (size_t i = 0; i < write->dropped_count; i++) {
        weir_slice from = write->dropped[i].from;
        weir_slice to = write->dropped[i].to;
        rocksdb_writebatch_delete_range_cf(batch, store->rows, from.data, from.len, to.data,
                                           to.len);
    }
    for (size_t i = 0; i < write->count; i++) {
        const weir__row *row = &write->rows[i];
        if (row->value.data == NULL) {
            rocksdb_writebatch_delete_cf(batch, store->rows, row->key.data, row->key.len);
        } else {
            rocksdb_writebatch_put_cf(batch, store->rows, row->key.data, row->key.len,
                                      row->value.data, row->value.len);
        }
    }
    if (write->offset != WEIR__NO_OFFSET) {
        add_number(store, batch, store->offset_key, (uint64_t)write->offset);
    }
    if (write->as_of_ms != WEIR__TIME_UNKNOWN) {
        add_number(store, batch, AS_OF_KEY, (uint64_t)write->as_of_ms);
    }
    return batch;
}

static weir_err rocks_write(weir__kv *kv, const weir__write *write, weir_error *error)
{
    rocks *store = (rocks *)kv;
    char *text = NULL;
    drop_got(store);
    rocksdb_writebatch_t *batch = batch_of(store, write);
    rocksdb_write(store->db, store->writes, batch, &text);
    rocksdb_writebatch_destroy(batch);
    weir_err err = check(store, text, "write rows", error);
    if (err == WEIR_OK && write->offset != WEIR__NO_OFFSET) {
        store->offset = write->offset;
        store->ahead = write->ahead;
    } else {
        store->ahead = store->ahead || write->ahead || err != WEIR_OK;
    }
    return err;
}

static weir_err rocks_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                              weir_error *error)
{
    weir__write write = {.rows = rows,
                         .count = count,
                         .offset = offset,
                         .as_of_ms = WEIR__TIME_UNKNOWN,
                         .ahead = ((const rocks *)kv)->ahead};
    return rocks_write(kv, &write, error);
}

static weir_err rocks_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    weir__write write = {.offset = offset, .as_of_ms = now_ms};
    return rocks_write(kv, &write, error);
}

/* ---- Offsets, status ---------------------------------------------------------------------- */

static weir_err put_number(rocks *store, const char *key, uint64_t number, weir_error *error)
{
    char *text = NULL;
    char encoded[sizeof number];
    weir__store_u64(encoded, number);
    rocksdb_put_cf(store->db, store->writes, store->offsets, key, strlen(key), encoded,
                   sizeof encoded, &text);
    return check(store, text, "write an offset", error);
}

static weir_err get_number(rocks *store, const char *key, uint64_t fallback, uint64_t *out,
                           weir_error *error)
{
    weir_slice value;
    weir_err err = get_from(store, store->offsets, weir_slice_of(key), &value, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (value.data != NULL && value.len != sizeof *out) {
        return weir__error_set(error, WEIR_ECORRUPT, "'%s' in '%s' has %zu bytes instead of 8", key,
                               store->directory, value.len);
    }
    *out = value.data != NULL ? weir__load_u64(value.data) : fallback;
    drop_got(store);
    return WEIR_OK;
}

static int64_t rocks_offset(weir__kv *kv)
{
    return ((rocks *)kv)->offset;
}

static int64_t rocks_as_of_ms(weir__kv *kv)
{
    uint64_t ms = 0;
    weir_err err = get_number((rocks *)kv, AS_OF_KEY, (uint64_t)WEIR__TIME_UNKNOWN, &ms, NULL);
    return err == WEIR_OK ? (int64_t)ms : WEIR__TIME_UNKNOWN;
}

static bool rocks_was_left_open(weir__kv *kv)
{
    return ((const rocks *)kv)->was_left_open;
}

/* ---- Iterators ---------------------------------------------------------------------------- */

static bool rocks_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    rocks_iter *iter = (rocks_iter *)base;
    if (iter->placed) {
        iter->placed = false;
    } else if (!iter->started) {
        (iter->reverse ? rocksdb_iter_seek_to_last : rocksdb_iter_seek_to_first)(iter->it);
    } else if (rocksdb_iter_valid(iter->it)) {
        (iter->reverse ? rocksdb_iter_prev : rocksdb_iter_next)(iter->it);
    }
    iter->started = true;
    if (!rocksdb_iter_valid(iter->it)) {
        return false;
    }
    key->data = rocksdb_iter_key(iter->it, &key->len);
    value->data = rocksdb_iter_value(iter->it, &value->len);
    if (value->len == 0) {
        value->data = "";
    }
    return true;
}

static void rocks_seek(weir__kv_iter *base, weir_slice key)
{
    rocks_iter *iter = (rocks_iter *)base;
    (iter->reverse ? rocksdb_iter_seek_for_prev : rocksdb_iter_seek)(iter->it, key.data, key.len);
    iter->placed = true;
}

static weir_err rocks_iter_close(weir__kv_iter *base)
{
    rocks_iter *iter = (rocks_iter *)base;
    char *text = NULL;
    rocksdb_iter_get_error(iter->it, &text);
    weir_err err = check(iter->store, text, "read", NULL);
    rocksdb_iter_destroy(iter->it);
    rocksdb_readoptions_destroy(iter->reads);
    iter->store->open_iters--;
    free(iter);
    return err;
}

static const weir__kv_iter_ops rocks_iter_ops = {rocks_next, rocks_seek, rocks_iter_close};

/* RocksDB's upper bound is exclusive: the smallest key after `to` is `to` and a zero. */
static weir_err rocks_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                            weir__kv_iter **out, weir_error *error)
{
    rocks *store = (rocks *)kv;
    drop_got(store);
    rocks_iter *iter = malloc(sizeof *iter + from.len + to.len + 1);
    if (iter == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
    }
    *iter = (rocks_iter){.base = {&rocks_iter_ops}, .store = store, .reverse = reverse};
    iter->reads = rocksdb_readoptions_create();
    if (from.data != NULL) {
        memcpy(iter->bounds, from.data, from.len);
        rocksdb_readoptions_set_iterate_lower_bound(iter->reads, iter->bounds, from.len);
    }
    if (to.data != NULL) {
        char *bound = iter->bounds + from.len;
        memcpy(bound, to.data, to.len);
        bound[to.len] = '\0';
        rocksdb_readoptions_set_iterate_upper_bound(iter->reads, bound, to.len + 1);
    }
    iter->it = rocksdb_create_iterator_cf(store->db, iter->reads, store->rows);
    store->open_iters++;
    *out = &iter->base;
    return WEIR_OK;
}

/* ---- Open, close -------------------------------------------------------------------------- */

static void rocks_close(weir__kv *kv)
{
    rocks *store = (rocks *)kv;
    weir_assert(store->open_iters == 0);
    drop_got(store);
    if (store->db != NULL) {
        if (store->is_open && !store->ahead) {
            put_number(store, STATUS_KEY, STATUS_CLOSED, NULL);
        }
        for (int i = 0; i < store->family_count; i++) {
            rocksdb_column_family_handle_destroy(store->families[i]);
        }
        rocksdb_close(store->db);
    }
    if (store->options != NULL) {
        rocksdb_options_destroy(store->options);
        rocksdb_readoptions_destroy(store->reads);
        rocksdb_writeoptions_destroy(store->writes);
    }
    free(store->offset_key);
    free(store->directory);
    free(store);
}

static const weir__kv_ops rocks_ops = {
    .name = "rocksdb",
    .get = rocks_get,
    .put = rocks_put,
    .range = rocks_range,
    .drop_range = rocks_drop_range,
    .restore = rocks_restore,
    .write = rocks_write,
    .commit = rocks_commit,
    .offset = rocks_offset,
    .as_of_ms = rocks_as_of_ms,
    .was_left_open = rocks_was_left_open,
    .close = rocks_close,
};

/* Checks that an existing database has the column families that the store would have made. Only a
 * database whose creation was interrupted may lack some: "offsets" is made last. */
static weir_err check_families(rocks *store, const char *const *wanted, size_t wanted_count,
                               weir_error *error)
{
    char *text = NULL;
    size_t count = 0;
    char **found = rocksdb_list_column_families(store->options, store->directory, &count, &text);
    weir_err err = check(store, text, "list column families", error);
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        if (!weir__has_name(wanted, wanted_count, found[i])) {
            err = weir__error_set(error, WEIR_ECORRUPT,
                                  "'%s' holds a store of another kind: column family '%s'",
                                  store->directory, found[i]);
        }
    }
    if (err == WEIR_OK && count < wanted_count &&
        weir__has_name((const char *const *)found, count, wanted[wanted_count - 1])) {
        err = weir__error_set(error, WEIR_ECORRUPT, "'%s' holds a store of another kind: no '%s'",
                              store->directory, wanted[1]);
    }
    if (found != NULL) { /* also after a failure */
        rocksdb_list_column_families_destroy(found, count);
    }
    return err;
}

/* Whenever a database is opened or a family is added, RocksDB writes the options of all families, a
 * third of a millisecond each. A new database is therefore opened while it has one family. */
static weir_err open_database(rocks *store, const char *family, weir_error *error)
{
    bool plain = strcmp(family, DEFAULT_FAMILY) == 0;
    const char *const names[FAMILIES_MAX] = {DEFAULT_FAMILY, plain ? "offsets" : family, "offsets"};
    int count = plain ? 2 : 3;
    bool exists = weir__has_file(store->directory, "CURRENT"); /* names the newest manifest */
    weir_err err = exists ? check_families(store, names, (size_t)count, error) : WEIR_OK;
    if (err != WEIR_OK) {
        return err;
    }
    const rocksdb_options_t *all[] = {store->options, store->options, store->options};
    char *text = NULL;
    int opened = exists ? count : 1;
    store->db = rocksdb_open_column_families(store->options, store->directory, opened, names, all,
                                             store->families, &text);
    store->family_count = opened;
    for (int i = opened; i < count && text == NULL; i++) {
        store->families[i] =
            rocksdb_create_column_family(store->db, store->options, names[i], &text);
        store->family_count += text == NULL ? 1 : 0;
    }
    store->rows = store->families[plain ? 0 : 1];
    store->offsets = store->families[count - 1];
    return check(store, text, "open the database", error);
}

/* Checks that the offsets belong to this changelog. A store without an offset for it may be new or
 * a copy of another store, whose rows must not be taken for those of this changelog. */
static weir_err check_owner(const rocks *store, weir_error *error)
{
    weir_err err = WEIR_OK;
    rocksdb_iterator_t *it = rocksdb_create_iterator_cf(store->db, store->reads, store->offsets);
    rocksdb_iter_seek_to_first(it);
    for (; rocksdb_iter_valid(it) && err == WEIR_OK; rocksdb_iter_next(it)) {
        weir_slice key;
        key.data = rocksdb_iter_key(it, &key.len);
        if (memchr(key.data, '-', key.len) != NULL) {
            err = weir__error_set(error, WEIR_ECORRUPT, "'%s' belongs to %.*s, not to %s",
                                  store->directory, (int)key.len, (const char *)key.data,
                                  store->offset_key);
        }
    }
    rocksdb_iter_destroy(it);
    return err;
}

static weir_err read_state(rocks *store, bool whole_commits, weir_error *error)
{
    uint64_t status;
    uint64_t offset;
    weir_err err = get_number(store, STATUS_KEY, STATUS_CLOSED, &status, error);
    if (err == WEIR_OK) {
        err = get_number(store, store->offset_key, (uint64_t)WEIR__NO_OFFSET, &offset, error);
    }
    if (err == WEIR_OK && (int64_t)offset == WEIR__NO_OFFSET) {
        err = check_owner(store, error);
    }
    if (err == WEIR_OK && !whole_commits) {
        err = put_number(store, STATUS_KEY, STATUS_OPEN, error);
    }
    if (err == WEIR_OK) {
        store->was_left_open = status != STATUS_CLOSED;
        store->ahead = store->was_left_open;
        store->offset = (int64_t)offset;
        store->is_open = !whole_commits;
    }
    return err;
}

weir_err weir__rocksdb_open(const char *directory, const weir__rocksdb_opts *opts, weir__kv **out,
                            weir_error *error)
{
    weir_err err = weir__make_directories(directory, error);
    if (err != WEIR_OK) {
        return err;
    }
    rocks *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory to open '%s'", directory);
    }
    store->base.ops = &rocks_ops;
    store->directory = strdup(directory);
    store->offset_key = strdup(opts->offset_key);
    if (store->directory == NULL || store->offset_key == NULL) {
        err = weir__error_set(error, WEIR_ENOMEM, "no memory to open '%s'", directory);
        goto done;
    }
    store->options = weir__rocksdb_options(opts);
    store->reads = rocksdb_readoptions_create();
    store->writes = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(store->writes, 1);
    err = open_database(store, opts->family, error);
    err = err == WEIR_OK ? read_state(store, opts->whole_commits, error) : err;

done:
    if (err != WEIR_OK) {
        rocks_close(&store->base);
        return err;
    }
    *out = &store->base;
    return WEIR_OK;
}
