/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of records and entries: building, searching, sorting, reducing to tables. */
#include <stdlib.h>

#include "common/common.h"
#include "core/error.h"

weir_rows *weir__rows_make(weir__driver *driver, const weir_serde *key, const weir_serde *value)
{
    weir_rows *rows = weir__must(calloc(1, sizeof *rows));
    rows->driver = driver;
    rows->key = key;
    rows->value = value;
    rows->next = driver->rows;
    driver->rows = rows;
    return rows;
}

static void free_rows(weir_rows *rows)
{
    weir__map_fini(&rows->last, NULL);
    free(rows->entries);
    free(rows);
}

void weir__driver_fini(weir__driver *driver)
{
    weir_rows *next;
    for (weir_rows *rows = driver->rows; rows != NULL; rows = next) {
        next = rows->next;
        free_rows(rows);
    }
    for (weir__output_topic *output = driver->outputs; output != NULL; output = output->next) {
        free(output->positions);
    }
    weir__codec_fini(driver);
    weir__buf_fini(&driver->message);
    weir__arena_fini(&driver->scratch);
    weir__arena_fini(&driver->arena);
}

void weir__rows_push(weir_rows *rows, weir__entry *entry)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 64 : rows->capacity * 2;
        rows->entries = weir__must(realloc(rows->entries, rows->capacity * sizeof(weir__entry *)));
    }
    rows->entries[rows->count++] = entry;
}

/* It is made when it is needed: most lists are only walked along. */
weir__map *weir__rows_last(const weir_rows *list)
{
    weir_rows *rows = (weir_rows *)(uintptr_t)list;
    for (; rows->indexed < rows->count; rows->indexed++) {
        weir__entry *entry = rows->entries[rows->indexed];
        if (entry->key_bytes.data != NULL &&
            weir__map_put(&rows->last, entry->key_bytes, entry) != WEIR_OK) {
            weir__must(NULL);
        }
    }
    return &rows->last;
}

weir_slice weir__kept(weir__arena *arena, weir_slice bytes)
{
    weir_slice kept = {0};
    if (weir__arena_copy(arena, bytes, &kept) != WEIR_OK) {
        weir__must(NULL);
    }
    return kept;
}

const weir_header *weir__kept_headers(weir__arena *arena, const weir_header *headers, size_t count)
{
    if (count == 0) {
        return NULL;
    }
    weir_header *kept = weir__must(weir__arena_alloc(arena, count * sizeof *kept));
    for (size_t i = 0; i < count; i++) {
        kept[i].name = weir__must(weir__arena_strdup(arena, headers[i].name));
        kept[i].value = weir__kept(arena, headers[i].value);
    }
    return kept;
}

weir_err weir__rows_append(weir_rows *rows, weir_slice key, weir_slice value, const weir_row *row,
                           weir_error *error)
{
    const void *decoded_key = NULL;
    const void *decoded_value = NULL;
    weir_err err = weir__codec_decode(rows->driver, rows->key, key, &decoded_key, error);
    if (err != WEIR_OK) {
        return weir__error_prefix(error, err, "key");
    }
    err = weir__codec_decode(rows->driver, rows->value, value, &decoded_value, error);
    if (err != WEIR_OK) {
        return weir__error_prefix(error, err, "value");
    }
    weir__entry *entry =
        weir__must(weir__arena_alloc_unzeroed(&rows->driver->arena, sizeof *entry));
    *entry = (weir__entry){.row = *row,
                           .key_bytes = key,
                           .value_bytes = value,
                           .made_for = rows,
                           .added = rows->count};
    entry->row.key = decoded_key;
    entry->row.value = decoded_value;
    weir__rows_push(rows, entry);
    return WEIR_OK;
}

/* The bytes of a value, encoded into the driver's arena. */
static weir_slice bytes_of(weir_rows *rows, const weir_serde *serde, const void *decoded)
{
    weir_slice bytes = {0};
    weir_error error;
    weir_err err = weir__codec_check_slice(serde, decoded, &error);
    if (err == WEIR_OK) {
        err =
            weir__codec_encode(rows->driver, &rows->driver->arena, serde, decoded, &bytes, &error);
    }
    if (err != WEIR_OK) {
        weir__driver_fail(rows->driver, "cannot write this row down: %s", error.message);
    }
    return bytes;
}

static weir__entry *find(const weir_rows *rows, weir_slice key)
{
    if (key.data != NULL) {
        return weir__map_get(weir__rows_last(rows), key);
    }
    for (size_t i = rows->count; i > 0; i--) {
        if (rows->entries[i - 1]->key_bytes.data == NULL) {
            return rows->entries[i - 1];
        }
    }
    return NULL;
}

static void append(weir_rows *rows, weir_slice key, weir_slice value, const weir_row *row)
{
    weir_error error;
    if (weir__rows_append(rows, key, value, row, &error) != WEIR_OK) {
        weir__driver_fail(rows->driver, "cannot write this row down: %s", error.message);
    }
}

static const weir_row no_position = {.partition = -1, .offset = -1};

void weir_rows_add(weir_rows *rows, const void *key, const void *value)
{
    if (weir__given(rows != NULL, __func__, "rows")) {
        append(rows, bytes_of(rows, rows->key, key), bytes_of(rows, rows->value, value),
               &no_position);
    }
}

void weir_rows_add_record(weir_rows *rows, const weir_input_record *record)
{
    if (!weir__given(rows != NULL, __func__, "rows") ||
        !weir__given(record != NULL, __func__, "record") ||
        !weir__headers_given(record, __func__)) {
        return;
    }
    if (!record->at.given && record->at.ms != 0) {
        weir__driver_fail(rows->driver, "%s: a time is given with WEIR_AT(%lld)", __func__,
                          (long long)record->at.ms);
        return;
    }
    weir_row row = no_position;
    row.timestamp_ms = record->at.ms;
    row.headers = weir__kept_headers(&rows->driver->arena, record->headers, record->header_count);
    row.header_count = record->header_count;
    size_t before = rows->count;
    append(rows, bytes_of(rows, rows->key, record->key), bytes_of(rows, rows->value, record->value),
           &row);
    if (rows->count > before) {
        rows->entries[before]->timed = record->at.given;
    }
}

bool weir_row_header(const weir_row *row, const char *name, weir_slice *value)
{
    if (!weir__given(row != NULL, __func__, "row") ||
        !weir__given(name != NULL, __func__, "name") ||
        !weir__given(value != NULL, __func__, "value")) {
        return false;
    }
    for (size_t i = row->header_count; i > 0; i--) {
        if (strcmp(row->headers[i - 1].name, name) == 0) {
            *value = row->headers[i - 1].value;
            return true;
        }
    }
    return false;
}

/* The entry, of this list alone: the records of a topic are in each list of them. */
static weir__entry *own(weir_rows *rows, weir__entry *entry)
{
    if (entry->made_for == rows) {
        return entry;
    }
    weir__entry *copy = weir__must(weir__arena_alloc(&rows->driver->arena, sizeof *copy));
    *copy = *entry;
    copy->made_for = rows;
    for (size_t i = 0; i < rows->count; i++) {
        rows->entries[i] = rows->entries[i] == entry ? copy : rows->entries[i];
    }
    if (copy->key_bytes.data != NULL &&
        weir__map_put(weir__rows_last(rows), copy->key_bytes, copy) != WEIR_OK) {
        weir__must(NULL);
    }
    return copy;
}

void weir_rows_put(weir_rows *rows, const void *key, const void *value)
{
    if (!weir__given(rows != NULL, __func__, "rows")) {
        return;
    }
    weir_slice key_bytes = bytes_of(rows, rows->key, key);
    weir_slice value_bytes = bytes_of(rows, rows->value, value);
    weir__entry *entry = find(rows, key_bytes);
    weir_error error;
    if (entry == NULL) {
        append(rows, key_bytes, value_bytes, &no_position);
        return;
    }
    entry = own(rows, entry);
    entry->value_bytes = value_bytes;
    if (weir__codec_decode(rows->driver, rows->value, value_bytes, &entry->row.value, &error) !=
        WEIR_OK) {
        weir__driver_fail(rows->driver, "cannot write this row down: %s", error.message);
    }
}

void weir_rows_count(weir_rows *rows, const void *key, int64_t by)
{
    if (!weir__given(rows != NULL, __func__, "rows")) {
        return;
    }
    if (rows->value != &weir_i64) {
        weir__driver_fail(rows->driver, "weir_rows_count: values are %s, not i64",
                          rows->value->name);
        return;
    }
    const weir_row *row = weir_rows_find(rows, key);
    int64_t sum = by + (row != NULL && row->value != NULL ? *(const int64_t *)row->value : 0);
    weir_rows_put(rows, key, &sum);
}

size_t weir_rows_size(const weir_rows *rows)
{
    return weir__given(rows != NULL, __func__, "rows") ? rows->count : 0;
}

const weir_row *weir_rows_at(const weir_rows *rows, size_t index)
{
    return weir__given(rows != NULL, __func__, "rows") && index < rows->count
               ? &rows->entries[index]->row
               : NULL;
}

const weir_row *weir_rows_find(const weir_rows *rows, const void *key)
{
    weir_slice bytes = {0};
    weir_error error;
    if (!weir__given(rows != NULL, __func__, "rows")) {
        return NULL;
    }
    weir__driver *driver = rows->driver;
    weir_err err = weir__codec_check_slice(rows->key, key, &error);
    if (err == WEIR_OK) {
        err = weir__codec_encode(driver, &driver->scratch, rows->key, key, &bytes, &error);
    }
    if (err != WEIR_OK) {
        weir__driver_fail(driver, "cannot look for this key: %s", error.message);
    }
    weir__entry *entry = err == WEIR_OK ? find(rows, bytes) : NULL;
    weir__arena_reset(&driver->scratch);
    return entry != NULL ? &entry->row : NULL;
}

const weir_row *weir_rows_find_text(const weir_rows *rows, const char *key)
{
    if (!weir__given(rows != NULL, __func__, "rows")) {
        return NULL;
    }
    if (key != NULL && !weir__codec_takes_text(rows->key)) {
        weir__driver_fail(rows->driver,
                          "weir_rows_find_text: keys are %s, not texts; use weir_rows_find",
                          rows->key->name);
        return NULL;
    }
    weir_slice text = weir_slice_of(key);
    return weir_rows_find(rows, key != NULL ? &text : NULL);
}

static int by_key(const void *left, const void *right)
{
    const weir__entry *a = *(weir__entry *const *)left;
    const weir__entry *b = *(weir__entry *const *)right;
    size_t common = a->key_bytes.len < b->key_bytes.len ? a->key_bytes.len : b->key_bytes.len;
    int order = common > 0 ? memcmp(a->key_bytes.data, b->key_bytes.data, common) : 0;
    if (order == 0) {
        order = (a->key_bytes.len > b->key_bytes.len) - (a->key_bytes.len < b->key_bytes.len);
    }
    return order != 0 ? order : (a->added > b->added) - (a->added < b->added);
}

void weir__rows_sort(weir_rows *rows)
{
    if (rows->count > 1) {
        (void)weir__rows_last(rows); /* by the order in which they were added */
        qsort(rows->entries, rows->count, sizeof(weir__entry *), by_key);
    }
}

weir_rows *weir__rows_as_table(const weir_rows *rows)
{
    weir_rows *table = weir__rows_make(rows->driver, rows->key, rows->value);
    for (weir__map_entry *at = weir__rows_last(rows)->first; at != NULL; at = at->next) {
        weir__entry *entry = at->value;
        if (entry->value_bytes.data != NULL) {
            weir__rows_push(table, entry);
        }
    }
    weir__rows_sort(table);
    return table;
}
