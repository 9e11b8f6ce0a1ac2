/* SPDX-License-Identifier: Apache-2.0
 *
 * Iterators of the versioned layer: latest versions, the versions of a key, and those that are
 * valid at a time. An iterator reads the history and the latest versions, one after the other. */
#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "state/tree.h"
#include "state/version_rows.h"

#define ROW_KEY_SIZE ((size_t)16) /* valid from, valid to */

typedef struct scan {
    weir__kv_iter base;
    weir__kv_iter *latest;  /* rows of latest versions; NULL: none are read */
    weir__kv_iter *history; /* NULL: it is not read */
    bool latest_first;
    bool by_key; /* versions of one key: a row's key is its interval; else rows as latest ones */
    /* Versions that are valid at some time of these. */
    int64_t from_ms;
    int64_t to_ms;
    weir_buf first_key; /* of a range: null or the bounds of keys */
    weir_buf last_key;
    bool has_first;
    bool has_last;
    uint8_t interval[ROW_KEY_SIZE];
    weir_buf row;
    weir_err err;
} scan;

static void free_scan(scan *s)
{
    weir__buf_fini(&s->first_key);
    weir__buf_fini(&s->last_key);
    weir__buf_fini(&s->row);
    free(s);
}

static weir_err scan_close(weir__kv_iter *base)
{
    scan *s = (scan *)base;
    weir_err err = s->err;
    weir__kv_iter *const parts[] = {s->latest, s->history};
    for (size_t i = 0; i < 2; i++) {
        weir_err closed = parts[i] != NULL ? parts[i]->ops->close(parts[i]) : WEIR_OK;
        err = err != WEIR_OK ? err : closed;
    }
    free_scan(s);
    return err;
}

static bool give_interval(scan *s, int64_t valid_from_ms, int64_t valid_to_ms, weir_slice found,
                          weir_slice *key, weir_slice *value)
{
    weir__store_u64(s->interval, (uint64_t)valid_from_ms);
    weir__store_u64(s->interval + sizeof valid_from_ms, (uint64_t)valid_to_ms);
    *key = (weir_slice){s->interval, sizeof s->interval};
    *value = found;
    return true;
}

static bool next_latest(scan *s, weir_slice *key, weir_slice *value)
{
    weir_slice at;
    weir_slice row;
    weir_slice found;
    int64_t valid_from_ms;
    while (s->err == WEIR_OK && s->latest != NULL && s->latest->ops->next(s->latest, &at, &row)) {
        if (!weir__latest_read(row, &valid_from_ms, &found)) {
            s->err = WEIR_ECORRUPT;
        } else if (valid_from_ms <= s->to_ms && s->by_key) {
            return give_interval(s, valid_from_ms, WEIR__STILL_VALID, found, key, value);
        } else if (valid_from_ms <= s->to_ms) {
            *key = (weir_slice){(const uint8_t *)at.data + 1, at.len - 1};
            *value = row;
            return true;
        }
    }
    return false;
}

static bool is_in_range(const scan *s, weir_slice key)
{
    return (!s->has_first || weir__key_compare(key, weir__buf_slice(&s->first_key)) >= 0) &&
           (!s->has_last || weir__key_compare(key, weir__buf_slice(&s->last_key)) <= 0);
}

/* In the form of a row of a latest version. */
static bool give_row(scan *s, weir_slice at, int64_t valid_from_ms, weir_slice found,
                     weir_slice *key, weir_slice *value)
{
    *key = (weir_slice){at.data, at.len - WEIR__VERSION_SUFFIX};
    weir__buf_reset(&s->row);
    weir__buf_put_i64(&s->row, valid_from_ms);
    s->err = weir_put(&s->row, found.data, found.len);
    *value = weir__buf_slice(&s->row);
    return s->err == WEIR_OK;
}

static bool next_history(scan *s, weir_slice *key, weir_slice *value)
{
    weir_slice at;
    weir_slice row;
    weir_slice found;
    int64_t valid_from_ms;
    while (s->err == WEIR_OK && s->history != NULL &&
           s->history->ops->next(s->history, &at, &row)) {
        const uint8_t *end = (const uint8_t *)at.data + at.len - WEIR__VERSION_SUFFIX;
        if (at.len < WEIR__VERSION_SUFFIX || !weir__history_read(row, &valid_from_ms, &found)) {
            s->err = WEIR_ECORRUPT;
        } else if (found.data == NULL || valid_from_ms > s->to_ms) {
            continue;
        } else if (s->by_key) {
            return give_interval(s, valid_from_ms, (int64_t)weir__load_u64(end), found, key, value);
        } else if (is_in_range(s, (weir_slice){at.data, at.len - WEIR__VERSION_SUFFIX})) {
            return give_row(s, at, valid_from_ms, found, key, value);
        }
    }
    return false;
}

static bool scan_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    scan *s = (scan *)base;
    return s->latest_first ? next_latest(s, key, value) || next_history(s, key, value)
                           : next_history(s, key, value) || next_latest(s, key, value);
}

/* Nobody seeks in it. */
static const weir__kv_iter_ops scan_ops = {.next = scan_next, .close = scan_close};

/* The latest versions of keys from first to last. */
static weir_err open_latest(scan *s, weir__versioned *store, const weir_slice *first,
                            const weir_slice *last, bool reverse, weir_error *error)
{
    weir_buf low = {0};
    weir_buf high = {0};
    weir_err err = weir__latest_key(&low, *first);
    if (err == WEIR_OK && last->data != NULL) {
        err = weir__latest_key(&high, *last);
    }
    if (err == WEIR_OK) {
        err = weir__kv_range(store->base.inner, weir__buf_slice(&low),
                             last->data != NULL ? weir__buf_slice(&high) : WEIR__AFTER_LATEST,
                             reverse, &s->latest, error);
    } else {
        weir__error_set(error, err, "no memory for an iterator");
    }
    weir__buf_fini(&low);
    weir__buf_fini(&high);
    return err;
}

/* The history of a key, or (null) of all, as far as it is valid at from_ms or later. */
static weir_err open_history(scan *s, weir__versioned *store, weir_slice key, bool reverse,
                             weir_error *error)
{
    int64_t oldest_ms = weir__versioned_oldest(store);
    int64_t from_ms = s->from_ms > oldest_ms ? s->from_ms : oldest_ms;
    if (from_ms == INT64_MAX || s->to_ms < oldest_ms) {
        return WEIR_OK;
    }
    weir__segments_range range = {.key = key,
                                  .suffix = WEIR__VERSION_SUFFIX,
                                  .from_ms = weir__add_sat(from_ms, 1),
                                  .to_ms = INT64_MAX,
                                  .reverse = reverse};
    return weir__segments_scan(store->base.inner, &store->retention, &range, &s->history, error);
}

static scan *new_scan(int64_t from_ms, int64_t to_ms, weir_error *error)
{
    scan *s = calloc(1, sizeof *s);
    if (s == NULL) {
        weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
        return NULL;
    }
    s->base.ops = &scan_ops;
    s->from_ms = from_ms;
    s->to_ms = to_ms;
    return s;
}

/* Gives out the iterator, or closes it after a failure. */
static weir_err started(scan *s, weir_err err, weir__kv_iter **out)
{
    if (err != WEIR_OK) {
        (void)scan_close(&s->base);
        return err;
    }
    *out = &s->base;
    return WEIR_OK;
}

weir_err weir__versioned_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                               weir__kv_iter **out, weir_error *error)
{
    scan *s = new_scan(INT64_MAX, INT64_MAX, error);
    return s != NULL
               ? started(s, open_latest(s, (weir__versioned *)kv, &from, &to, reverse, error), out)
               : WEIR_ENOMEM;
}

weir_err weir__versioned_history(weir__kv *kv, weir_slice key, int64_t from_ms, int64_t to_ms,
                                 bool reverse, weir__kv_iter **out, weir_error *error)
{
    weir__versioned *store = (weir__versioned *)kv;
    scan *s = new_scan(from_ms, to_ms, error);
    if (s == NULL) {
        return WEIR_ENOMEM;
    }
    s->by_key = true;
    s->latest_first = reverse;
    weir_err err = WEIR_OK;
    if (from_ms <= to_ms) {
        err = open_latest(s, store, &key, &key, false, error);
        err = err == WEIR_OK ? open_history(s, store, key, reverse, error) : err;
    }
    return started(s, err, out);
}

static weir_err keep_bound(weir_slice bound, weir_buf *out, bool *has, weir_error *error)
{
    *has = bound.data != NULL;
    return *has && weir_put(out, bound.data, bound.len) != WEIR_OK
               ? weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator")
               : WEIR_OK;
}

weir_err weir__versioned_range_as_of(weir__kv *kv, weir_slice from, weir_slice to, int64_t time_ms,
                                     weir__kv_iter **out, weir_error *error)
{
    weir__versioned *store = (weir__versioned *)kv;
    scan *s = new_scan(time_ms, time_ms, error);
    if (s == NULL) {
        return WEIR_ENOMEM;
    }
    weir_err err = keep_bound(from, &s->first_key, &s->has_first, error);
    err = err == WEIR_OK ? keep_bound(to, &s->last_key, &s->has_last, error) : err;
    err = err == WEIR_OK ? open_latest(s, store, &from, &to, false, error) : err;
    err = err == WEIR_OK ? open_history(s, store, (weir_slice){0}, false, error) : err;
    return started(s, err, out);
}
