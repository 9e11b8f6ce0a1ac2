/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores whose rows have a time: that of a window is its start, that of a session its end. Such
 * rows expire. All rows of a store are in one ordered map, in which a segment is a range of keys:
 *
 *     time / order_ms  8 | key of the changelog record: key | time 8 | rest
 *
 * So an expired segment is dropped as a range, without reading its rows, and the rows of one key in
 * a segment are side by side, in order of time. */
#ifndef WEIR_STATE_SEGMENTS_H
#define WEIR_STATE_SEGMENTS_H

#include "state/store.h"

#define WEIR__SEGMENT_PREFIX ((size_t)8)
#define WEIR__SEGMENT_MS_MIN ((int64_t)60000) /* Kafka's smallest segment */

/* Which rows are kept, and which of these are seen. Stream time is the greatest time of a row that
 * was put into the store. Times are >= 0. */
typedef struct weir__retention {
    int64_t retention_ms; /* >= 0 */
    /* Rows are refused and dropped by segments of this length; 1: each by its own time. */
    int64_t segment_ms;
    int64_t order_ms; /* rows are in order of time / order_ms, then of key, then of time */
    int64_t first_ms; /* the first time seen, from stream time - retention_ms */
    bool sorted;      /* a scan of all keys is in order of time, then of key, all the same */
} weir__retention;

/* As Kafka in memory: a row is gone when its time <= stream time - retention_ms, and scans of all
 * keys are in order of time. The rows of a key are side by side. */
weir__retention weir__retention_exact(int64_t retention_ms);
/* The same with all rows in order of time, for a store that is scanned all the time. A scan of one
 * key passes over rows of other keys. */
weir__retention weir__retention_exact_time_ordered(int64_t retention_ms);
/* As Kafka on RocksDB: segments of max(retention_ms / 2, 1 min). Such a row is not seen, too, but a
 * segment is kept until all its rows have that age. */
weir__retention weir__retention_segments(int64_t retention_ms);
/* The same with rows in order of time, not of segments (for windows that are emitted when they
 * close). `first_ms`: 0 if rows are seen a millisecond longer. */
weir__retention weir__retention_time_ordered(int64_t retention_ms, int64_t first_ms);

/* The smallest time that is kept, or seen, at this stream time (-1: no row yet). */
int64_t weir__retention_first_kept(const weir__retention *retention, int64_t stream_ms);
int64_t weir__retention_first_seen(const weir__retention *retention, int64_t stream_ms);

/* Appends what the key of a row begins with; the key of its changelog record follows. time_ms >= 0.
 */
void weir__segment_begin(const weir__retention *retention, int64_t time_ms, weir_buf *out);
/* Appends the whole key. */
void weir__segment_key(const weir__retention *retention, int64_t time_ms, weir_slice log_key,
                       weir_buf *out);
/* The key of the changelog record of a row; borrows. The key has a segment (asserted). */
weir_slice weir__segment_log_key(weir_slice key);

/* Drops the segments of `inner` that expired by stream time, as a range; *dropped_to_ms, 0 at
 * first, is the time up to which that is done already. */
weir_err weir__segments_drop(weir__kv *inner, const weir__retention *retention, int64_t stream_ms,
                             int64_t *dropped_to_ms, weir_error *error);

/* What the layer does besides keeping rows. */
typedef struct weir__segments_opts {
    weir__retention retention;
    size_t suffix; /* bytes behind the key in a changelog record's key; they begin with the time */
    bool free_deletions; /* a deletion neither moves stream time nor counts as refused */
    bool numbered;       /* keys end in the number of their put, 4 bytes */
    /* A put was refused since its row has expired. NULL: not called. */
    void (*on_expired)(void *user);
    void *user;
} weir__segments_opts;

/* The layer that refuses, hides and drops expired rows. Its rows have the keys of weir__segment_key
 * but those of weir__kv_restore: they have changelog keys. A put of an expired row is no error.
 * Stream time is kept in the store, too, by commit. WEIR_ECORRUPT: the store has rows
 * of another retention. `inner` is consumed, also on failure. */
weir_err weir__segments_wrap(weir__kv *inner, const weir__segments_opts *opts, weir__kv **out,
                             weir_error *error);

/* What a put of a row with that time does to stream time and expired rows, for a deletion that
 * counts as a put although deletions are free. `kv` is the layer itself. */
weir_err weir__segments_note(weir__kv *kv, int64_t time_ms, weir_error *error);

/* The greatest number of a put, also of restored rows; 0: none. `kv` is the layer itself. */
int32_t weir__segments_last_number(const weir__kv *kv);

/* Its stream time, also of restored rows; -1: none. `kv` is the layer itself. */
int64_t weir__segments_stream_ms(const weir__kv *kv);

/* Rows to read. */
typedef struct weir__segments_range {
    weir_slice key; /* null: all keys */
    size_t suffix;
    int64_t from_ms; /* by the rows' time, both included; any int64 */
    int64_t to_ms;
    bool reverse;
} weir__segments_range;

/* Iterates over rows of a store with segments, below or above a cache. The keys are those of
 * changelog records. Order: of one key by time; of all keys by time / order_ms, key, time, or if
 * they are sorted by time, key. */
weir_err weir__segments_scan(weir__kv *kv, const weir__retention *retention,
                             const weir__segments_range *range, weir__kv_iter **out,
                             weir_error *error);
/* The same, with rows that have expired but are still there. `kv` is the layer itself. */
weir_err weir__segments_scan_kept(weir__kv *kv, const weir__retention *retention,
                                  const weir__segments_range *range, weir__kv_iter **out,
                                  weir_error *error);

#endif
