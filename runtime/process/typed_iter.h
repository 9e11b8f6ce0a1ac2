/* SPDX-License-Identifier: Apache-2.0
 *
 * Iterators of typed stores. Weir closes those that a callback leaves open, whatever their store.
 */
#ifndef WEIR_PROCESS_TYPED_ITER_H
#define WEIR_PROCESS_TYPED_ITER_H

#include "process/typed_store.h"
#include "state/keys.h"

/* Also the iterators of window, session and versioned stores, whose public types only keep them
 * apart. */
struct weir_kv_iter {
    const weir_kv *kv;
    weir__kv_iter *inner;       /* NULL: closed by Weir, the callback left it open */
    uint64_t number;            /* iterators of the task opened by then, this one included */
    struct weir_kv_iter *newer; /* in its list of the context */
    struct weir_kv_iter *older;
    weir__arena arena; /* the current key and value */
    weir_err err;
    bool was_left;           /* once: by a callback that may still have its address */
    int64_t latest_start_ms; /* of a find in a session store */
};

/* Opens an iterator over the rows of a store with segments; its keys are those of the changelog. */
weir_err weir__iter_scan(const weir_kv *kv, const weir__segments_range *range, weir_kv_iter **out);
/* The same for a store without cache, with rows that have expired but are still there. */
weir_err weir__iter_scan_kept(const weir_kv *kv, const weir__segments_range *range,
                              weir_kv_iter **out);
/* Such rows of all sessions that end in a range of times. */
weir_err weir__session_scan(const weir_kv *kv, int64_t from_end_ms, int64_t to_end_ms,
                            weir_kv_iter **out);
/* The next row of weir_session_find as bytes, as weir__iter_next; at->key is valid as long. */
bool weir__session_iter_next(weir_session_iter *iter, weir_slice *row, weir__session_key *at);
/* The same over the versions of a key (weir__versioned_history), of a versioned store. */
weir_err weir__iter_history(const weir_kv *kv, const weir__segments_range *range,
                            weir_kv_iter **out);
/* A copy of the next row, valid until the next call. False: at the end, after a failure
 * (iter->err), or for NULL. */
bool weir__iter_next(weir_kv_iter *iter, weir_slice *key, weir_slice *row);
/* Decodes key and row, valid until the next call. False: iter->err says why. `timestamp_ms` may be
 * NULL. */
bool weir__iter_decode(weir_kv_iter *iter, weir_slice key, weir_slice row, const void **key_out,
                       const void **value, int64_t *timestamp_ms);

#endif
