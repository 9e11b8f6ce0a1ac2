/* SPDX-License-Identifier: Apache-2.0
 *
 * Versioned stores (KIP-889): a key keeps its versions. A version is valid from its timestamp until
 * that of the next version or deletion. All rows of a store are in one ordered map:
 *
 *     latest      0x80 | key                                 timestamp 8 | value
 *     history     valid to / segment 8 | key | valid to 8    valid from 8 | 1 value, 0 deleted |
 * ... progress    0xff                                       stream time 8 | bound of ends 8
 *
 * History is in segments by the end of its versions, so those that have expired are dropped as a
 * range, without reading them. The latest version of a key never expires.
 *
 *     a: x from 3, y from 8, deleted at 12     [3, 8) x    [8, 12) y
 *     b: deleted at 5, and never put           [5, 5) deleted: puts before 5 are history
 *
 * What can be read is what Kafka's RocksDBVersionedStore shows, also for a deletion at the time of
 * the latest version: it removes that version, and no end remains unless one was known before. */
#ifndef WEIR_STATE_VERSIONED_H
#define WEIR_STATE_VERSIONED_H

#include "state/segments.h"

#define WEIR__VERSION_SUFFIX ((size_t)8) /* the timestamp behind the key, in what is put */
#define WEIR__STILL_VALID INT64_MAX      /* the end of the latest version */
#define WEIR__NOT_PUT ((int64_t)-1)      /* a put has expired */

typedef struct weir__version {
    weir_slice value; /* null: there is none */
    int64_t valid_from_ms;
    int64_t valid_to_ms; /* not included */
} weir__version;

typedef struct weir__versioned_opts {
    int64_t retention_ms; /* >= 0: how far back from stream time history is kept */
    /* A put has expired: its timestamp < stream time - retention_ms. NULL: not called. Not called
     * in a restore. */
    void (*on_expired)(void *user);
    void *user;
} weir__versioned_opts;

/* Kafka's default length of a segment. */
int64_t weir__versioned_segment_ms(int64_t retention_ms);

/* The layer that keeps the versions. weir__kv_put, and the rows of weir__kv_restore: the key is
 * that of the version and its timestamp (8, not negative), a null value is a deletion; an expired
 * put is no error. weir__kv_get and weir__kv_range: by key, the latest versions, each a timestamp
 * (8) and the value. A restore directly into RocksDB writes its rows before the offset, not with
 * it. WEIR_ECORRUPT: a row is no version. `inner` is consumed, also on failure. */
weir_err weir__versioned_wrap(weir__kv *inner, const weir__versioned_opts *opts, weir__kv **out,
                              weir_error *error);

/* The following calls take the layer itself. */

/* The end of the version that was put last: WEIR__STILL_VALID if nothing of that key is later,
 * WEIR__NOT_PUT if it has expired. */
int64_t weir__versioned_last_end(const weir__kv *kv);
/* The version of a key that is valid at a time; out->value null: none, or the time has expired and
 * is before the latest version. Valid until the next call on the store. */
weir_err weir__versioned_as_of(weir__kv *kv, weir_slice key, int64_t time_ms, weir__version *out,
                               weir_error *error);
/* Iterates over the versions of a key that are valid at some time from from_ms to to_ms (any int64,
 * both included), without deletions and what has expired, the oldest first; `reverse`: the latest
 * first. The keys of its rows are valid from (8) and valid to (8). A snapshot. */
weir_err weir__versioned_history(weir__kv *kv, weir_slice key, int64_t from_ms, int64_t to_ms,
                                 bool reverse, weir__kv_iter **out, weir_error *error);
/* Iterates over the versions that are valid at a time, of keys with from <= key <= to (null: open
 * ends), in no particular order; rows as weir__kv_get has them. A snapshot. */
weir_err weir__versioned_range_as_of(weir__kv *kv, weir_slice from, weir_slice to, int64_t time_ms,
                                     weir__kv_iter **out, weir_error *error);

#endif
