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
    weir__segments_range range; /* its key is in `key`; times are clamped to those of rows */
    int64_t order_ms;
    int64_t segment;
    int64_t walked_segment; /* the one of the last row that was not wanted */
    unsigned walked;        /* such rows of it */
    bool seeks;             /* before the next row */
    bool done;
    weir_buf first; /* key of a row before all rows wanted in the segment, or the first of them */
    weir_buf last;
    uint8_t key[];
} scan;

static int64_t segment_of(const weir_slice *key)
{
    return (int64_t)weir__load_u64(key->data);
}

/* The smallest or greatest key that a row of the range can have in a segment. */
static weir_err put_bound(const scan *s, int64_t segment, bool greatest, weir_buf *out)
{
    int64_t start_ms = segment * s->order_ms;
    int64_t end_ms = weir__add_sat(start_ms, s->order_ms - 1);
    int64_t low_ms = s->range.from_ms > start_ms ? s->range.from_ms : start_ms;
    int64_t high_ms = s->range.to_ms < end_ms ? s->range.to_ms : end_ms;
    weir__buf_reset(out);
    weir__buf_put_i64(out, segment);
    (void)weir_put(out, s->range.key.data, s->range.key.len);
    weir__buf_put_i64(out, greatest ? high_ms : low_ms);
    for (size_t i = sizeof low_ms; i < s->range.suffix; i++) {
        weir__buf_put_u8(out, greatest ? UINT8_MAX : 0);
    }
    return out->err;
}

/* False: out of memory. */
static bool enter(scan *s, int64_t segment)
{
    s->segment = segment;
    bool reverse = s->range.reverse;
    return put_bound(s, segment, reverse, &s->first) == WEIR_OK &&
           put_bound(s, segment, !reverse, &s->last) == WEIR_OK;
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
static bool leave(scan *s)
{
    int64_t last_ms = s->range.reverse ? s->range.from_ms : s->range.to_ms;
    if (s->segment == last_ms / s->order_ms) {
        s->done = true;
        return true;
    }
    s->seeks = true;
    return enter(s, s->segment + (s->range.reverse ? -1 : 1));
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

/* Places the iterator after it came to a row that is not wanted. False: out of memory. */
static bool skip(scan *s, weir_slice key)
{
    if (walks(s, key)) {
        return true;
    }
    int direction = s->range.reverse ? -1 : 1;
    if (segment_of(&key) != s->segment) {
        if (!enter(s, segment_of(&key))) {
            return false;
        }
        if (weir__key_compare(key, weir__buf_slice(&s->first)) * direction < 0) {
            s->seeks = true;
            return true;
        }
    }
    return weir__key_compare(key, weir__buf_slice(&s->last)) * direction <= 0 || leave(s);
}

static bool scan_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    scan *s = (scan *)base;
    weir_slice at;
    while (!s->done) {
        if (s->seeks) {
            s->inner->ops->seek(s->inner, weir__buf_slice(&s->first));
            s->seeks = false;
        }
        if (!s->inner->ops->next(s->inner, &at, value)) {
            s->done = true;
        } else if (is_wanted(s, at)) {
            *key = weir__segment_log_key(at);
            return true;
        } else if (s->range.key.data != NULL && !skip(s, at)) {
            s->done = true;
        }
    }
    return false;
}

static void free_scan(scan *s)
{
    weir__buf_fini(&s->first);
    weir__buf_fini(&s->last);
    free(s);
}

static weir_err scan_close(weir__kv_iter *base)
{
    scan *s = (scan *)base;
    weir_err bounds = s->first.err != WEIR_OK ? s->first.err : s->last.err;
    weir_err err = s->inner != NULL ? s->inner->ops->close(s->inner) : WEIR_OK;
    free_scan(s);
    return err != WEIR_OK ? err : bounds;
}

/* Nobody seeks in a scan. */
static const weir__kv_iter_ops scan_ops = {.next = scan_next, .close = scan_close};

/* The first and last keys of rows of all keys. */
static weir_err put_segments(scan *s)
{
    weir__buf_put_i64(&s->first, s->range.from_ms / s->order_ms);
    /* Behind the rows of the last segment; unsigned, so that it may be 2^63. */
    uint64_t behind = (uint64_t)(s->range.to_ms / s->order_ms) + 1;
    weir__buf_put_i64(&s->last, (int64_t)behind);
    return s->first.err != WEIR_OK ? s->first.err : s->last.err;
}

static weir_err start(scan *s, weir__kv *kv, weir_error *error)
{
    bool reverse = s->range.reverse;
    weir_err err;
    if (s->range.key.data != NULL) {
        err = put_bound(s, s->range.from_ms / s->order_ms, false, &s->first);
        err = err == WEIR_OK ? put_bound(s, s->range.to_ms / s->order_ms, true, &s->last) : err;
    } else {
        err = put_segments(s);
    }
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "no memory for an iterator");
    }
    err = weir__kv_range(kv, weir__buf_slice(&s->first), weir__buf_slice(&s->last), reverse,
                         &s->inner, error);
    if (err == WEIR_OK && s->range.key.data != NULL) {
        int64_t begin_ms = reverse ? s->range.to_ms : s->range.from_ms;
        err = enter(s, begin_ms / s->order_ms)
                  ? WEIR_OK
                  : weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
    }
    return err;
}

weir_err weir__segments_scan(weir__kv *kv, const weir__retention *retention,
                             const weir__segments_range *range, weir__kv_iter **out,
                             weir_error *error)
{
    scan *s = calloc(1, sizeof *s + range->key.len);
    if (s == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
    }
    s->base.ops = &scan_ops;
    s->range = *range;
    s->order_ms = retention->order_ms;
    s->range.from_ms = range->from_ms > 0 ? range->from_ms : 0;
    if (range->key.data != NULL) {
        memcpy(s->key, range->key.data, range->key.len);
        s->range.key.data = s->key;
    }
    s->done = s->range.to_ms < s->range.from_ms;
    weir_err err = s->done ? WEIR_OK : start(s, kv, error);
    if (err != WEIR_OK) {
        (void)scan_close(&s->base);
        return err;
    }
    if (retention->sorted && range->key.data == NULL) {
        return weir__segments_sort(&s->base, range->suffix, range->reverse, out, error);
    }
    *out = &s->base;
    return WEIR_OK;
}
