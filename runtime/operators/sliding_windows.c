/* SPDX-License-Identifier: Apache-2.0
 *
 * Sliding windows (KIP-450, KStreamSlidingWindowAggregate of Kafka Streams). A window [s, s + d]
 * exists if it has a record at its end (the left window of that record) or at s - 1 (the right
 * window of that one), and another record. A new record at t
 *
 *     - is added to the windows there are that contain t,
 *     - may make the right window of the record before it, its own left and its own right window.
 *
 * Records before d share the window [0, d], since windows do not start before 0. */
#include "core/saturate.h"
#include "operators/windowed.h"
#include "process/typed_iter.h"

/* A window that the store has. */
typedef struct stored {
    int64_t start_ms;
    int64_t newest_ms; /* greatest timestamp of its records */
    const void *aggregate;
} stored;

typedef struct found {
    stored *at; /* in the record's memory */
    size_t count;
    size_t capacity;
} found;

/* What is done for one record. */
typedef struct slide {
    weir_ctx *ctx;
    weir__windowed *w;
    const weir_record *in;
    int64_t at_ms; /* the record's timestamp */
    int64_t difference_ms;
    int64_t close_ms;
    found found;
    const stored *right; /* has the records of the right window; NULL: there are none */
    bool has_right;      /* the right window is in the store */
    int64_t previous_ms; /* of the record before this one; -1: none that matters */
} slide;

/* ---- The windows there are ---------------------------------------------------------------- */

static weir_err append(const slide *s, found *windows, const stored *window)
{
    if (windows->count == windows->capacity) {
        size_t more = windows->capacity != 0 ? windows->capacity * 2 : 16;
        stored *grown = weir__arena_alloc(s->ctx->arena, more * sizeof *grown);
        if (grown == NULL) {
            return weir__ctx_out_of_memory(s->ctx);
        }
        if (windows->count > 0) {
            memcpy(grown, windows->at, windows->count * sizeof *grown);
        }
        windows->at = grown;
        windows->capacity = more;
    }
    windows->at[windows->count++] = *window;
    return WEIR_OK;
}

static weir_err take_row(slide *s, weir_slice key, weir_slice row, stored *out)
{
    const weir_kv *kv = s->w->kv;
    weir__window_key at;
    if (!weir__window_store_key_read(key, &at)) {
        return weir_fail(s->ctx, WEIR_ECORRUPT, "store '%s': a key of %zu bytes", kv->spec->name,
                         key.len);
    }
    out->start_ms = at.start_ms;
    weir_err err = weir__typed_keep_row(kv, row, &out->aggregate, &out->newest_ms);
    return err == WEIR_OK ? append(s, &s->found, out) : err;
}

/* Reads the windows of the key that start from `from_ms` to just after the record; in reverse up to
 * the first that ends before it. */
static weir_err find_windows(slide *s, int64_t from_ms, bool reverse)
{
    weir_window_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    stored window;
    bool before = false;
    weir_err err = weir_window_fetch((weir_window *)s->w->kv, s->in->key, from_ms,
                                     weir__add_sat(s->at_ms, 1), reverse, &iter);
    while (err == WEIR_OK && !before && weir__iter_next((weir_kv_iter *)iter, &key, &row)) {
        err = take_row(s, key, row, &window);
        before = reverse && err == WEIR_OK && window.start_ms < s->at_ms - s->difference_ms;
    }
    weir_err end = weir_window_iter_close(iter);
    return err != WEIR_OK ? err : end;
}

static bool exists(const slide *s, int64_t start_ms)
{
    for (size_t i = 0; i < s->found.count; i++) {
        if (s->found.at[i].start_ms == start_ms) {
            return true;
        }
    }
    return false;
}

/* ---- Changes ------------------------------------------------------------------------------ */

/* Adds the record to a window; `aggregate` is its content so far. */
static weir_err add(slide *s, int64_t start_ms, const void *aggregate, int64_t newest_ms)
{
    weir_windowed window = {s->in->key, start_ms, weir__add_sat(start_ms, s->difference_ms)};
    weir__change change = {.old_value = aggregate};
    if (window.end_ms < s->close_ms) {
        weir__window_late(s->ctx, s->w, window);
        return WEIR_OK;
    }
    weir_err err = weir__fold_add(s->ctx, &s->w->op->fold, s->w->kv->spec->value, s->in, aggregate,
                                  &change.new_value);
    if (err != WEIR_OK) {
        return err;
    }
    int64_t time_ms = aggregate != NULL ? weir__later(s->at_ms, newest_ms) : s->at_ms;
    return weir__window_put(s->ctx, s->w, window, change, time_ms);
}

static weir_err add_stored(slide *s, const stored *window)
{
    return add(s, window->start_ms, window->aggregate, window->newest_ms);
}

static weir_err add_new(slide *s, int64_t start_ms)
{
    const void *aggregate = NULL;
    weir_err err = weir__fold_init(s->ctx, &s->w->op->fold, s->w->kv->spec->value, &aggregate);
    return err == WEIR_OK ? add(s, start_ms, aggregate, s->at_ms) : err;
}

/* The right window of the previous record: this record is the first in it. */
static weir_err add_previous_right(slide *s)
{
    int64_t start_ms = s->previous_ms + 1;
    if (s->previous_ms < 0 || exists(s, start_ms) ||
        weir__add_sat(start_ms, s->difference_ms) < s->at_ms) {
        return WEIR_OK;
    }
    return add_new(s, start_ms);
}

/* The right window of the record has those after it, without the record. */
static weir_err add_right(slide *s)
{
    if (s->has_right || s->right == NULL || s->right->newest_ms <= s->at_ms) {
        return WEIR_OK;
    }
    int64_t start_ms = s->at_ms + 1;
    weir_windowed window = {s->in->key, start_ms, weir__add_sat(start_ms, s->difference_ms)};
    return weir__window_put(s->ctx, s->w, window, (weir__change){.new_value = s->right->aggregate},
                            s->right->newest_ms);
}

/* ---- Records ------------------------------------------------------------------------------ */

/* From the latest start. */
static weir_err slide_over(slide *s)
{
    int64_t left_ms = s->at_ms - s->difference_ms;
    const stored *before = NULL; /* has the records of the left window */
    bool has_left = false;
    weir_err err = find_windows(s, left_ms - s->difference_ms, true);
    for (size_t i = 0; err == WEIR_OK && i < s->found.count; i++) {
        const stored *window = &s->found.at[i];
        if (window->start_ms > s->at_ms) {
            s->has_right = true;
            continue;
        }
        if (window->start_ms < left_ms) {
            before = window;
            s->previous_ms = window->newest_ms;
            break;
        }
        if (window->start_ms > left_ms && s->right == NULL) {
            s->right = window;
        }
        if (window->start_ms == left_ms) {
            has_left = true;
            s->previous_ms = window->newest_ms < s->at_ms ? window->newest_ms : s->previous_ms;
        }
        err = add_stored(s, window);
        if (err == WEIR_OK && window->start_ms == left_ms && window->newest_ms >= s->at_ms) {
            return WEIR_OK; /* an earlier record of the same time has made its windows */
        }
    }
    err = err == WEIR_OK ? add_previous_right(s) : err;
    if (err == WEIR_OK && !has_left) {
        bool reaches = before != NULL && s->previous_ms >= left_ms;
        err = reaches ? add(s, left_ms, before->aggregate, s->at_ms) : add_new(s, left_ms);
    }
    return err == WEIR_OK ? add_right(s) : err;
}

/* A record before the difference: its left window is [0, difference]. */
static weir_err slide_early(slide *s)
{
    const stored *combined = NULL;
    weir_err err = find_windows(s, 0, false);
    for (size_t i = 0; err == WEIR_OK && i < s->found.count; i++) {
        const stored *window = &s->found.at[i];
        if (window->start_ms == 0) {
            combined = window;
            s->previous_ms = window->newest_ms < s->at_ms ? window->newest_ms : -1;
        } else if (window->start_ms > s->at_ms) {
            s->has_right = true;
        } else {
            s->right = window;
            err = add_stored(s, window);
        }
    }
    if (s->right == NULL && combined != NULL && combined->newest_ms > s->at_ms) {
        s->right = combined;
    }
    err = err == WEIR_OK ? add_right(s) : err;
    err = err == WEIR_OK ? add_previous_right(s) : err;
    if (err != WEIR_OK) {
        return err;
    }
    return combined != NULL ? add_stored(s, combined) : add_new(s, 0);
}

bool weir__sliding_is_late(const weir__windowed *w, int64_t at_ms, int64_t close_ms)
{
    return weir__add_sat(at_ms, w->op->windows->time.size_ms) < close_ms;
}

weir_err weir__sliding_windows(weir_ctx *ctx, weir__windowed *w, const weir_record *in,
                               int64_t close_ms)
{
    slide s = {.ctx = ctx,
               .w = w,
               .in = in,
               .at_ms = in->timestamp_ms,
               .difference_ms = w->op->windows->time.size_ms,
               .close_ms = close_ms,
               .previous_ms = -1};
    if (weir__sliding_is_late(w, s.at_ms, close_ms)) {
        weir_windowed window = {in->key, s.at_ms, weir__add_sat(s.at_ms, s.difference_ms)};
        weir__window_late(ctx, w, window);
        return WEIR_OK;
    }
    if (s.difference_ms == 0) {
        return weir_fail(ctx, WEIR_EINVAL,
                         "the time difference of its sliding windows is 0 ms, so they have no "
                         "length: it must be at least 1 ms");
    }
    return s.at_ms < s.difference_ms ? slide_early(&s) : slide_over(&s);
}
