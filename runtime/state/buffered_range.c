/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges of the write buffer: a merge of its rows with those of the database that it has not
 * dropped. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "state/buffered_parts.h"
#include "state/tree.h"

#define FIRST_SPANS ((size_t)4)

/* ---- Dropped ranges ----------------------------------------------------------------------- */

const weir__key_span *weir__spans_find(const weir__key_span *spans, size_t count, weir_slice key)
{
    for (size_t i = 0; i < count; i++) {
        if (weir__key_compare(spans[i].from, key) <= 0 && weir__key_compare(key, spans[i].to) < 0) {
            return &spans[i];
        }
    }
    return NULL;
}

static bool is_within(const weir__key_span *inner, const weir__key_span *outer)
{
    return weir__key_compare(outer->from, inner->from) <= 0 &&
           weir__key_compare(inner->to, outer->to) <= 0;
}

static int64_t span_bytes(const weir__key_span *span)
{
    return (int64_t)(sizeof *span + span->from.len + span->to.len);
}

static void free_span(const weir__key_span *span)
{
    free((void *)(uintptr_t)span->from.data);
}

/* Copies the bytes of a span to `bytes`, which has room for both keys. */
static weir__key_span span_at(uint8_t *bytes, const weir__key_span *from)
{
    weir__key_span copy = {{bytes, from->from.len}, {bytes + from->from.len, from->to.len}};
    if (from->from.len > 0) {
        memcpy(bytes, from->from.data, from->from.len);
    }
    if (from->to.len > 0) {
        memcpy(bytes + from->from.len, from->to.data, from->to.len);
    }
    return copy;
}

static weir_err grow(weir__dropped_spans *spans)
{
    size_t capacity = spans->capacity != 0 ? 2 * spans->capacity : FIRST_SPANS;
    weir__key_span *items = realloc(spans->items, capacity * sizeof *items);
    if (items == NULL) {
        return WEIR_ENOMEM;
    }
    spans->items = items;
    spans->capacity = capacity;
    return WEIR_OK;
}

weir_err weir__spans_add(weir__dropped_spans *spans, const weir__key_span *span, int64_t *added)
{
    *added = 0;
    for (size_t i = 0; i < spans->count; i++) {
        if (is_within(span, &spans->items[i])) {
            return WEIR_OK;
        }
    }
    if (spans->count == spans->capacity && grow(spans) != WEIR_OK) {
        return WEIR_ENOMEM;
    }
    uint8_t *bytes = malloc(span->from.len + span->to.len + 1);
    if (bytes == NULL) {
        return WEIR_ENOMEM;
    }
    size_t kept = 0;
    for (size_t i = 0; i < spans->count; i++) {
        if (is_within(&spans->items[i], span)) {
            *added -= span_bytes(&spans->items[i]);
            free_span(&spans->items[i]);
        } else {
            spans->items[kept++] = spans->items[i];
        }
    }
    spans->items[kept] = span_at(bytes, span);
    *added += span_bytes(span);
    spans->count = kept + 1;
    return WEIR_OK;
}

void weir__spans_clear(weir__dropped_spans *spans)
{
    for (size_t i = 0; i < spans->count; i++) {
        free_span(&spans->items[i]);
    }
    free(spans->items);
    *spans = (weir__dropped_spans){0};
}

/* ---- The merge ---------------------------------------------------------------------------- */

typedef struct merged {
    weir__kv_iter base;
    weir__buffered *store;
    weir__kv_iter *over;
    weir__kv_iter *under;
    weir__row next_over;  /* key null: not read */
    weir__row next_under; /* the same */
    bool over_ended;
    bool under_ended;
    bool reverse;
    weir__key_span *dropped; /* a copy: the iterator is a snapshot */
    size_t dropped_count;
} merged;

/* Moves the database's iterator to the end of a dropped range, in which its row `at` is. */
static void pass_dropped(merged *m, const weir__key_span *span, weir_slice at)
{
    if (!m->reverse) {
        m->under->ops->seek(m->under, span->to);
    } else if (weir__key_compare(at, span->from) > 0) {
        m->under->ops->seek(m->under, span->from); /* to that row itself, which is dropped, too */
    }
}

static void read_under(merged *m)
{
    while (m->next_under.key.data == NULL && !m->under_ended) {
        weir__row *row = &m->next_under;
        m->under_ended = !m->under->ops->next(m->under, &row->key, &row->value);
        const weir__key_span *span =
            m->under_ended ? NULL : weir__spans_find(m->dropped, m->dropped_count, row->key);
        if (span != NULL) {
            pass_dropped(m, span, row->key);
            row->key.data = NULL;
        }
    }
}

static void read_both(merged *m)
{
    if (m->next_over.key.data == NULL && !m->over_ended) {
        m->over_ended = !m->over->ops->next(m->over, &m->next_over.key, &m->next_over.value);
    }
    read_under(m);
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
        *value = order <= 0 ? weir__buffered_value_of(m->next_over.value) : m->next_under.value;
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
    free(m->dropped);
    free(m);
    return err;
}

static const weir__kv_iter_ops merged_ops = {merged_next, merged_seek, merged_close};

/* Both in one allocation: the spans, and behind them their bytes. */
static weir_err copy_spans(merged *m, const weir__dropped_spans *from)
{
    size_t size = 0;
    for (size_t i = 0; i < from->count; i++) {
        size += (size_t)span_bytes(&from->items[i]);
    }
    if (from->count == 0) {
        return WEIR_OK;
    }
    m->dropped = malloc(size);
    if (m->dropped == NULL) {
        return WEIR_ENOMEM;
    }
    uint8_t *bytes = (uint8_t *)(m->dropped + from->count);
    for (size_t i = 0; i < from->count; i++) {
        m->dropped[i] = span_at(bytes, &from->items[i]);
        bytes += from->items[i].from.len + from->items[i].to.len;
    }
    m->dropped_count = from->count;
    return WEIR_OK;
}

weir_err weir__buffered_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                              weir__kv_iter **out, weir_error *error)
{
    weir__buffered *store = (weir__buffered *)kv;
    if (store->count == 0 && store->dropped.count == 0) {
        return weir__kv_range(kv->inner, from, to, reverse, out, error);
    }
    merged *m = malloc(sizeof *m);
    if (m == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
    }
    *m = (merged){.base = {&merged_ops}, .store = store, .reverse = reverse};
    weir_err err = copy_spans(m, &store->dropped);
    if (err != WEIR_OK) {
        weir__error_set(error, err, "no memory for an iterator");
    }
    if (err == WEIR_OK) {
        err = weir__kv_range(store->rows, from, to, reverse, &m->over, error);
    }
    if (err == WEIR_OK) {
        err = weir__kv_range(kv->inner, from, to, reverse, &m->under, error);
    }
    if (err != WEIR_OK) {
        if (m->over != NULL) {
            (void)m->over->ops->close(m->over);
        }
        free(m->dropped);
        free(m);
        return err;
    }
    store->open_iters++;
    *out = &m->base;
    return WEIR_OK;
}
