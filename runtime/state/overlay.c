/* SPDX-License-Identifier: Apache-2.0
 *
 * A merge of two sorted sequences, in which the upper row wins. */
#include "state/overlay.h"

#include <stdlib.h>

#include "state/tree.h"

#define FIRST_ROWS ((size_t)16)

struct weir__overlay {
    weir__kv_iter base;
    weir__kv_iter *below;
    bool reverse;
    weir__arena arena; /* bytes of the rows */
    weir__row *rows;
    size_t count;
    size_t capacity;
    size_t next;
    weir__row under; /* the next row below; key null: none */
    bool below_ended;
};

static bool overlay_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    weir__overlay *o = (weir__overlay *)base;
    for (;;) {
        if (o->under.key.data == NULL && !o->below_ended) {
            o->below_ended = !o->below->ops->next(o->below, &o->under.key, &o->under.value);
        }
        const weir__row *over = o->next < o->count ? &o->rows[o->next] : NULL;
        if (over == NULL && o->below_ended) {
            return false;
        }
        int order = over == NULL ? 1
                    : o->below_ended
                        ? -1
                        : weir__key_compare(over->key, o->under.key) * (o->reverse ? -1 : 1);
        const weir__row taken = order <= 0 ? *over : o->under;
        if (order <= 0) {
            o->next++;
        }
        if (order >= 0) {
            o->under.key.data = NULL;
        }
        if (taken.value.data != NULL) {
            *key = taken.key;
            *value = taken.value;
            return true;
        }
    }
}

/* The rows before `key` in the direction of iteration are skipped. */
static void overlay_seek(weir__kv_iter *base, weir_slice key)
{
    weir__overlay *o = (weir__overlay *)base;
    size_t low = 0;
    size_t high = o->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = weir__key_compare(o->rows[middle].key, key) * (o->reverse ? -1 : 1);
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    o->next = low;
    o->under.key.data = NULL;
    o->below_ended = false;
    o->below->ops->seek(o->below, key);
}

static weir_err overlay_close(weir__kv_iter *base)
{
    weir__overlay *o = (weir__overlay *)base;
    weir_err err = o->below->ops->close(o->below);
    weir__overlay_free(o);
    return err;
}

static const weir__kv_iter_ops overlay_ops = {overlay_next, overlay_seek, overlay_close};

weir_err weir__overlay_new(bool reverse, weir__overlay **out)
{
    weir__overlay *overlay = calloc(1, sizeof *overlay);
    if (overlay == NULL) {
        return WEIR_ENOMEM;
    }
    overlay->base.ops = &overlay_ops;
    overlay->reverse = reverse;
    *out = overlay;
    return WEIR_OK;
}

void weir__overlay_free(weir__overlay *overlay)
{
    if (overlay != NULL) {
        weir__arena_fini(&overlay->arena);
        free(overlay->rows);
        free(overlay);
    }
}

weir_err weir__overlay_add(weir__overlay *overlay, weir_slice key, weir_slice value)
{
    if (overlay->count == overlay->capacity) {
        size_t capacity = overlay->capacity != 0 ? overlay->capacity * 2 : FIRST_ROWS;
        weir__row *rows = realloc(overlay->rows, capacity * sizeof *rows);
        if (rows == NULL) {
            return WEIR_ENOMEM;
        }
        overlay->rows = rows;
        overlay->capacity = capacity;
    }
    weir__row *row = &overlay->rows[overlay->count];
    if (weir__arena_copy(&overlay->arena, key, &row->key) != WEIR_OK ||
        weir__arena_copy(&overlay->arena, value, &row->value) != WEIR_OK) {
        return WEIR_ENOMEM;
    }
    overlay->count++;
    return WEIR_OK;
}

weir__kv_iter *weir__overlay_start(weir__overlay *overlay, weir__kv_iter *below)
{
    overlay->below = below;
    return &overlay->base;
}
