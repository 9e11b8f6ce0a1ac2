/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads rows of one key, or of all keys, in a range of times. The rows of one key are together in
 * each segment, so the iterator seeks from segment to segment, over those that have rows:
 *
 *     segment 7: a@70 b@71 [c@70 c@72 c@79] d@75    segment 8: a@80 ...    segment 9: [c@93] e@91
 *
 * Rows of other keys may lie between: "c" followed by a time may be the beginning of a longer key.
 * These are skipped. */
#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "state/segments_parts.h"
#include "state/tree.h"

#define WALK_MAX 8

typedef struct scan {
    weir__kv_iter base;
    weir__kv_iter *inner;
    weir__segments_range range; /* its key is in `bytes`; times are clamped to those of rows */
    int64_t order_ms;
    int64_t segment;
    int64_t walked_segment; /* the one of the last row that was not wanted */
    unsigned walked;        /* such rows of it */
    bool seeks;             /* before the next row */
    bool done;
    weir_slice first; /* key of a row before all rows wanted in the segment, or the first of them */
    weir_slice last;
    uint8_t bytes[]; /* of both */
} scan;

static int64_t segment_of(const weir_slice *key)
{
    return (int64_t)weir__load_u64(key->data);
}

/* The smallest or greatest key that a row of the range can have in a segment; the bound has the
 * range's key already. */
static void set_bound(const scan *s, int64_t segment, bool greatest, weir_slice bound)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)bound.data;
    uint8_t *suffix = bytes + bound.len - s->range.suffix;
    int64_t start_ms = segment * s->order_ms;
    int64_t end_ms = weir__add_sat(start_ms, s->order_ms - 1);
    int64_t low_ms = s->range.from_ms > start_ms ? s->range.from_ms : start_ms;
    int64_t high_ms = s->range.to_ms < end_ms ? s->range.to_ms : end_ms;
    weir__store_u64(bytes, (uint64_t)segment);
    weir__store_u64(suffix, (uint64_t)(greatest ? high_ms : low_ms));
    memset(suffix + sizeof low_ms, greatest ? UINT8_MAX : 0, s->range.suffix - sizeof low_ms);
}

static void enter(scan *s, int64_t segment)
{
    s->segment = segment;
    set_bound(s, segment, s->range.reverse, s->first);
    set_bound(s, segment, !s->range.reverse, s->last);
}

static bool is_wanted(const scan *s, weir_slice key)
{
    weir_slice wanted = s->range.key;
    size_t prefix = WEIR__SEGMENT_PREFIX;
    const uint8_t *bytes = key.data;
    if (wanted.data != NULL && (key.len != prefix + wanted.len + s->range.suffix ||
                                memcmp(bytes + prefix, wanted.data, wanted.len) != 0)) {
        return false;
    }
    int64_t time_ms = (int64_t)weir__load_u64(bytes + key.len - s->range.suffix);
    return s->range.from_ms <= time_ms && time_ms <= s->range.to_ms;
}

/* Goes to the segment behind the present one; sets done after the last one. */
static void leave(scan *s)
{
    int64_t last_ms = s->range.reverse ? s->range.from_ms : s->range.to_ms;
    if (s->segment == last_ms / s->order_ms) {
        s->done = true;
        return;
    }
    s->seeks = true;
    enter(s, s->segment + (s->range.reverse ? -1 : 1));
}

/* True for the first few rows of a segment: where each time has a segment of its own, the next row
 * is nearer than the bounds of the segment. */
static bool walks(scan *s, weir_slice key)
{
    if (s->order_ms != 1) {
        return false;
    }
    if (segment_of(&key) != s->walked_segment) {
        s->walked_segment = segment_of(&key);
        s->walked = 0;
    }
    return s->walked++ < WALK_MAX;
}

/* Places the iterator after it came to a row that is not wanted. */
static void skip(scan *s, weir_slice key)
{
    if (walks(s, key)) {
        return;
    }
    int direction = s->range.reverse ? -1 : 1;
    if (segment_of(&key) != s->segment) {
        enter(s, segment_of(&key));
        if (weir__key_compare(key, s->first) * direction < 0) {
            s->seeks = true;
            return;
        }
    }
    if (weir__key_compare(key, s->last) * direction > 0) {
        leave(s);
    }
}

static bool scan_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    scan *s = (scan *)base;
    weir_slice at;
    while (!s->done) {
        if (s->seeks) {
            s->inner->ops->seek(s->inner, s->first);
            s->seeks = false;
        }
        if (!s->inner->ops->next(s->inner, &at, value)) {
            s->done = true;
        } else if (is_wanted(s, at)) {
            *key = weir__segment_log_key(at);
            return true;
        } else if (s->range.key.data != NULL) {
            skip(s, at);
        }
    }
    return false;
}

static weir_err scan_close(weir__kv_iter *base)
{
    scan *s = (scan *)base;
    weir_err err = s->inner != NULL ? s->inner->ops->close(s->inner) : WEIR_OK;
    free(s);
    return err;
}

/* Nobody seeks in a scan. */
static const weir__kv_iter_ops scan_ops = {.next = scan_next, .close = scan_close};

/* The bounds of rows of all keys are segments. */
static weir_err start_all(scan *s, weir__kv *kv, weir_error *error)
{
    uint8_t first[WEIR__SEGMENT_PREFIX];
    uint8_t behind[WEIR__SEGMENT_PREFIX];
    weir__store_u64(first, (uint64_t)(s->range.from_ms / s->order_ms));
    /* Behind the rows of the last segment; unsigned, so that it may be 2^63. */
    weir__store_u64(behind, (uint64_t)(s->range.to_ms / s->order_ms) + 1);
    return weir__kv_range(kv, (weir_slice){first, sizeof first},
                          (weir_slice){behind, sizeof behind}, s->range.reverse, &s->inner, error);
}

static weir_err start(scan *s, weir__kv *kv, weir_error *error)
{
    bool reverse = s->range.reverse;
    set_bound(s, s->range.from_ms / s->order_ms, false, s->first);
    set_bound(s, s->range.to_ms / s->order_ms, true, s->last);
    weir_err err = weir__kv_range(kv, s->first, s->last, reverse, &s->inner, error);
    if (err == WEIR_OK) {
        enter(s, (reverse ? s->range.to_ms : s->range.from_ms) / s->order_ms);
    }
    return err;
}

/* A bound for a row of the range's key. */
static weir_slice bound_of(uint8_t *bytes, size_t size, weir_slice key)
{
    memcpy(bytes + WEIR__SEGMENT_PREFIX, key.data, key.len);
    return (weir_slice){bytes, size};
}

weir_err weir__segments_scan(weir__kv *kv, const weir__retention *retention,
                             const weir__segments_range *range, weir__kv_iter **out,
                             weir_error *error)
{
    bool all = range->key.data == NULL;
    size_t bound = all ? 0 : WEIR__SEGMENT_PREFIX + range->key.len + range->suffix;
    scan *s = malloc(sizeof *s + 2 * bound);
    if (s == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
    }
    *s = (scan){.base = {&scan_ops}, .range = *range, .order_ms = retention->order_ms};
    s->range.from_ms = range->from_ms > 0 ? range->from_ms : 0;
    if (!all) {
        s->first = bound_of(s->bytes, bound, range->key);
        s->last = bound_of(s->bytes + bound, bound, range->key);
        s->range.key.data = s->bytes + WEIR__SEGMENT_PREFIX;
    }
    s->done = s->range.to_ms < s->range.from_ms;
    weir_err err = s->done ? WEIR_OK : all ? start_all(s, kv, error) : start(s, kv, error);
    if (err != WEIR_OK) {
        (void)scan_close(&s->base);
        return err;
    }
    if (retention->sorted && all) {
        return weir__segments_sort(&s->base, range->suffix, range->reverse, out, error);
    }
    *out = &s->base;
    return WEIR_OK;
}
