/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a scan in order of time, though the store has them in order of segment and key. */
#include <stdlib.h>

#include "core/error.h"
#include "state/segments_parts.h"
#include "state/tree.h"

#define FIRST_CAPACITY ((size_t)64)

typedef struct sorted_row {
    int64_t time_ms;
    weir_slice key; /* of the changelog record */
    weir_slice value;
} sorted_row;

typedef struct sorted {
    weir__kv_iter base;
    weir__arena arena; /* the rows' bytes */
    sorted_row *rows;
    size_t count;
    size_t capacity;
    size_t next;
    bool reverse;
} sorted;

static int by_time(const void *left, const void *right)
{
    const sorted_row *a = left;
    const sorted_row *b = right;
    int later = (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);
    return later != 0 ? later : weir__key_compare(a->key, b->key);
}

static weir_err reserve(sorted *s)
{
    if (s->count < s->capacity) {
        return WEIR_OK;
    }
    size_t more = s->capacity > 0 ? 2 * s->capacity : FIRST_CAPACITY;
    sorted_row *larger = realloc(s->rows, more * sizeof *larger);
    if (larger == NULL) {
        return WEIR_ENOMEM;
    }
    s->rows = larger;
    s->capacity = more;
    return WEIR_OK;
}

static weir_err collect(sorted *s, weir__kv_iter *from, size_t suffix)
{
    weir_slice key;
    weir_slice value;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && from->ops->next(from, &key, &value)) {
        err = reserve(s);
        if (err == WEIR_OK) {
            sorted_row *row = &s->rows[s->count++];
            row->time_ms = (int64_t)weir__load_u64((const uint8_t *)key.data + key.len - suffix);
            err = weir__arena_copy(&s->arena, key, &row->key);
            err = err == WEIR_OK ? weir__arena_copy(&s->arena, value, &row->value) : err;
        }
    }
    return err;
}

static bool sorted_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    sorted *s = (sorted *)base;
    if (s->next == s->count) {
        return false;
    }
    const sorted_row *row = &s->rows[s->reverse ? s->count - 1 - s->next : s->next];
    s->next++;
    *key = row->key;
    *value = row->value;
    return true;
}

static weir_err sorted_close(weir__kv_iter *base)
{
    sorted *s = (sorted *)base;
    weir__arena_fini(&s->arena);
    free(s->rows);
    free(s);
    return WEIR_OK;
}

/* Nobody seeks in a scan. */
static const weir__kv_iter_ops sorted_ops = {.next = sorted_next, .close = sorted_close};

weir_err weir__segments_sort(weir__kv_iter *from, size_t suffix, bool reverse, weir__kv_iter **out,
                             weir_error *error)
{
    sorted *s = calloc(1, sizeof *s);
    weir_err err = WEIR_ENOMEM;
    if (s != NULL) {
        s->base.ops = &sorted_ops;
        s->reverse = reverse;
        weir__arena_grow(&s->arena);
        err = collect(s, from, suffix);
    }
    weir_err end = from->ops->close(from);
    if (err != WEIR_OK) {
        weir__error_set(error, err, "no memory for an iterator");
    } else if (end != WEIR_OK) {
        err = weir__error_set(error, end, "the scan broke off");
    }
    if (err != WEIR_OK) {
        if (s != NULL) {
            (void)sorted_close(&s->base);
        }
        return err;
    }
    if (s->count > 0) {
        qsort(s->rows, s->count, sizeof *s->rows, by_time);
    }
    *out = &s->base;
    return WEIR_OK;
}
