/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares the stores of a run with those of a case. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weir/windows.h>

#include "replay/compare.h"

/* A row of a store: an entry of the case is [key, value, timestamp], of a window store [key, start,
 * value, timestamp], of a session store [key, start, end, value]. */
typedef struct stored {
    weir_slice key;
    int64_t start_ms;
    int64_t end_ms;
    const weir_row *row;
} stored;

static int by_key_and_time(const void *a, const void *b)
{
    const stored *one = a;
    const stored *other = b;
    int order = by_bytes(one->key, other->key);
    order =
        order != 0 ? order : (one->start_ms > other->start_ms) - (one->start_ms < other->start_ms);
    return order != 0 ? order : (one->end_ms > other->end_ms) - (one->end_ms < other->end_ms);
}

/* The starts of windows are compared, not their ends. */
WEIR_TIME_WINDOWED_SERDE(window_keys, weir_bytes, 0)
WEIR_SESSION_WINDOWED_SERDE(session_keys, weir_bytes)

static const weir_serde *keys_of(const char *kind)
{
    return strcmp(kind, "window") == 0    ? &window_keys
           : strcmp(kind, "session") == 0 ? &session_keys
                                          : &weir_bytes;
}

static stored read_row(const weir_serde *keys, const weir_row *row)
{
    const weir_windowed *window = row->key;
    if (weir_windowed_wrapped(keys) == NULL) {
        return (stored){.key = *(const weir_slice *)row->key, .row = row};
    }
    return (stored){*(const weir_slice *)window->key, window->start_ms, window->end_ms, row};
}

static bool same_row(const char *kind, yyjson_val *entry, const stored *actual)
{
    bool window = strcmp(kind, "window") == 0;
    bool session = strcmp(kind, "session") == 0;
    yyjson_val *value = yyjson_arr_get(entry, session ? 3 : window ? 2 : 1);
    yyjson_val *ts = session ? NULL : yyjson_arr_get(entry, window ? 3 : 2);
    yyjson_val *start = window || session ? yyjson_arr_get(entry, 1) : NULL;
    yyjson_val *end = session ? yyjson_arr_get(entry, 2) : NULL;
    return same_datum(yyjson_arr_get(entry, 0), actual->key) &&
           same_datum(value, *(const weir_slice *)actual->row->value) &&
           (start == NULL || yyjson_get_sint(start) == actual->start_ms) &&
           (end == NULL || yyjson_get_sint(end) == actual->end_ms) &&
           (!yyjson_is_int(ts) || yyjson_get_sint(ts) == actual->row->timestamp_ms);
}

/* ---- Versioned stores --------------------------------------------------------------------- */

/* The case has the versions of these keys that a get as of the time of a step finds, or a get. */
static const char *const versioned_keys[] = {
    "",   "a",  "ab", "all", "b",  "c", "d",  "e", "f1", "f2", "f3", "key-with-a-longer-name",
    "p1", "p2", "p3", "p4",  "q1", "x", "xa", "z", "zz", "m0", "m1", "m2"};

static bool is_versioned_key(weir_slice key)
{
    for (size_t i = 0; i < sizeof versioned_keys / sizeof versioned_keys[0]; i++) {
        if (weir_slice_equal(key, weir_slice_of(versioned_keys[i]))) {
            return true;
        }
    }
    return false;
}

#define FIRST_VERSIONS ((size_t)16)

/* Versions; rows of several reads stay valid as long as the driver. */
typedef struct versions {
    stored *at;
    size_t count;
    size_t capacity;
} versions;

static bool has_version(const versions *all, const weir_row *row)
{
    for (size_t i = 0; i < all->count; i++) {
        const weir_row *one = all->at[i].row;
        if (one->timestamp_ms == row->timestamp_ms &&
            weir_slice_equal(*(const weir_slice *)one->key, *(const weir_slice *)row->key) &&
            weir_slice_equal(*(const weir_slice *)one->value, *(const weir_slice *)row->value)) {
            return true;
        }
    }
    return false;
}

static void add_versions(versions *all, const weir_rows *rows)
{
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        if (!is_versioned_key(*(const weir_slice *)row->key) || has_version(all, row)) {
            continue;
        }
        if (all->count == all->capacity) {
            all->capacity *= 2;
            all->at = realloc(all->at, all->capacity * sizeof *all->at);
        }
        if (all->at == NULL) {
            abort();
        }
        all->at[all->count++] = (stored){
            .key = *(const weir_slice *)row->key, .start_ms = row->timestamp_ms, .row = row};
    }
}

/* *any: rows of the driver, for messages. */
static stored *read_versions(comparison *c, const char *name, size_t *count, const weir_rows **any)
{
    versions all = {.at = calloc(FIRST_VERSIONS, sizeof *all.at), .capacity = FIRST_VERSIONS};
    yyjson_val *step;
    yyjson_arr_iter steps = yyjson_arr_iter_with(yyjson_obj_get(c->of->root, "steps"));
    *any = c->run->store_rows(c->run, name, &weir_bytes, NULL);
    add_versions(&all, *any);
    while ((step = yyjson_arr_iter_next(&steps)) != NULL) {
        int64_t time_ms = case_number(step, "ts");
        if (case_text(step, "pipe") != NULL && time_ms >= 0) {
            add_versions(&all, c->run->store_rows(c->run, name, &weir_bytes, &time_ms));
        }
    }
    *count = all.count;
    return all.at;
}

/* ---- All stores --------------------------------------------------------------------------- */

static void compare_row(comparison *c, const char *name, const char *kind, size_t index,
                        yyjson_val *entry, const weir_rows *rows, const stored *actual)
{
    if (same_row(kind, entry, actual)) {
        return;
    }
    char *text = yyjson_val_write(entry, YYJSON_WRITE_NOFLAG, NULL);
    differ(c,
           "store %s: row %zu: %s expected, actual %s @%" PRId64 ", window %" PRId64 " to %" PRId64
           "\n",
           name, index, text != NULL ? text : "none", weir_row_text(rows, actual->row),
           actual->row->timestamp_ms, actual->start_ms, actual->end_ms);
    free(text);
}

static stored *read_rows(const comparison *c, const char *name, const char *kind, size_t *count,
                         const weir_rows **rows)
{
    const weir_serde *keys = keys_of(kind);
    *rows = c->run->store_rows(c->run, name, keys, NULL);
    *count = weir_rows_size(*rows);
    stored *actual = calloc(*count + 1, sizeof *actual);
    if (actual == NULL) {
        abort();
    }
    for (size_t i = 0; i < *count; i++) {
        actual[i] = read_row(keys, weir_rows_at(*rows, i));
    }
    return actual;
}

static void compare_store(comparison *c, const char *name, const char *kind, yyjson_val *entries)
{
    const weir_rows *rows;
    size_t count;
    stored *actual = strcmp(kind, "versioned") == 0 ? read_versions(c, name, &count, &rows)
                                                    : read_rows(c, name, kind, &count, &rows);
    if (count != yyjson_arr_size(entries)) {
        differ(c, "store %s: %zu rows expected, %zu actual\n", name, yyjson_arr_size(entries),
               count);
    }
    qsort(actual, count, sizeof *actual, by_key_and_time);
    for (size_t i = 0; i < count; i++) {
        compare_row(c, name, kind, i, yyjson_arr_get(entries, i), rows, &actual[i]);
    }
    free(actual);
}

void compare_stores(comparison *c, yyjson_val *stores)
{
    yyjson_val *name;
    yyjson_obj_iter iter = yyjson_obj_iter_with(stores);
    while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
        yyjson_val *store = yyjson_obj_iter_get_val(name);
        compare_store(c, yyjson_get_str(name), case_text(store, "kind"),
                      yyjson_obj_get(store, "entries"));
    }
}
