/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a versioned store (versioned.h), for the files of its layer. */
#ifndef WEIR_STATE_VERSION_ROWS_H
#define WEIR_STATE_VERSION_ROWS_H

#include "state/versioned.h"

/* Rows of latest versions are between these; segments, which are not negative, come before. */
#define WEIR__LATEST_PREFIX ((uint8_t)0x80)
#define WEIR__AFTER_LATEST ((weir_slice){"\x81", 1})
#define WEIR__NO_VERSION ((weir__version){{NULL, 0}, WEIR__NOT_PUT, WEIR__NOT_PUT})

/* The times of a store that a rollback sets back. */
typedef struct weir__version_times {
    int64_t stream_ms;
    int64_t end_bound_ms;
    int64_t last_end_ms;
    int64_t dropped_to_ms;
} weir__version_times;

typedef struct weir__versioned {
    weir__kv base;
    weir__versioned_opts opts;
    weir__retention retention; /* of history, by the ends of versions */
    int64_t stream_ms;         /* the greatest timestamp that was put; -1: none */
    /* No key without a latest version has an end after this: a put that is not before it, of a key
     * without a latest version, is the latest one without a look at the history. */
    int64_t last_end_ms;
    int64_t end_bound_ms; /* not before it; saved in the store below, for the next start */
    int64_t saved_ms;     /* the stream time that the store below has */
    int64_t dropped_to_ms;
    int64_t put_end_ms; /* weir__versioned_last_end */
    weir__version_times committed;
    weir_buf key; /* of the row below */
    weir_buf row;
    weir_buf found; /* a copy of the value found */
} weir__versioned;

/* Timestamps before this have expired. */
int64_t weir__versioned_oldest(const weir__versioned *store);
/* False: the bytes are no such row. *value null: deleted. */
bool weir__latest_read(weir_slice row, int64_t *timestamp_ms, weir_slice *value);
bool weir__history_read(weir_slice row, int64_t *valid_from_ms, weir_slice *value);
weir_err weir__version_corrupt(weir_slice row, weir_error *error);
/* Appends 0x80 and the key. */
weir_err weir__latest_key(weir_buf *out, weir_slice key);
/* The latest version: it borrows from the store below. out->value null: none. */
weir_err weir__latest_find(weir__versioned *store, weir_slice key, weir__version *out,
                           weir_error *error);
/* weir__kv_range of the layer. */
weir_err weir__versioned_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                               weir__kv_iter **out, weir_error *error);

#endif
