/* SPDX-License-Identifier: Apache-2.0
 *
 * State stores: how a topology declares them and how processors use them. */
#ifndef WEIR_STORE_H
#define WEIR_STORE_H

#include <weir/serde.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_backend {
    WEIR_BACKEND_DEFAULT, /* the setting dsl.store: "rocksdb" (default) or "memory" */
    WEIR_BACKEND_ROCKSDB,
    WEIR_BACKEND_MEMORY,
} weir_backend;

typedef enum weir_toggle { WEIR_TOGGLE_DEFAULT, WEIR_ON, WEIR_OFF } weir_toggle;

struct weir_source_opts;

/* How long a store keeps the versions of its keys (KIP-889). */
typedef struct weir_history {
    /* >= 0. A version can be read, and one may be put, at times from the greatest timestamp that
     * was put into the task's store minus this. The latest version of a key stays for ever. */
    int64_t retention_ms;
} weir_history;

/* Options of a store (Kafka's Materialized, StoreBuilder). NULL or zeros: defaults. */
typedef struct weir_store_opts {
    const weir_serde *key;   /* NULL: the operator's, else default.key.serde */
    const weir_serde *value; /* NULL: the operator's, else default.value.serde */
    weir_backend backend;
    weir_toggle caching; /* default: on for DSL stores, off for the Processor API's */
    weir_toggle logging; /* changelog topic; default on */
    const char *const *changelog_config; /* name, value, ..., NULL: wins over the defaults */
    const char *node; /* name of the DSL's node that owns the store; NULL: numbered as in Kafka */
    /* Of windowed aggregations: how long rows are kept (as in weir_window_opts), at least as long
     * as windows may change: size (sliding: difference; sessions: gap) and grace. 0: as long as
     * that; of sliding windows twice the difference, and grace. */
    int64_t retention_ms;
    /* How the topic of a table or global table is read (Kafka's Consumed); `name` is that of its
     * source node, NULL: <node>-source, or numbered. NULL for all other stores. */
    const struct weir_source_opts *source;
    /* Not NULL: the store is versioned, and so is the table whose store it is: its rows may come in
     * any order of time (KIP-914, docs/operators.md). Such a store has no cache. Not for global
     * tables, windows and sessions. */
    const weir_history *history;
} weir_store_opts;

/* One task's part of a key-value store with a timestamp per row (Kafka's TimestampedKeyValueStore).
 * Valid while the task is open; use it only in callbacks of that task's processors. All calls
 * return WEIR_EINVAL for a NULL store, which weir_store returns when it fails. */
typedef struct weir_kv weir_kv;
typedef struct weir_kv_iter weir_kv_iter;

/* Sets *value to the value of the key; NULL: no row. The value is valid until the next call on this
 * store. `timestamp_ms` may be NULL. */
WEIR_API weir_err weir_kv_get(const weir_kv *store, const void *key, const void **value,
                              int64_t *timestamp_ms);
/* Copies key and value. A NULL value deletes the row. WEIR_EINVAL: a negative timestamp, which
 * Kafka's changelog records cannot have. */
WEIR_API weir_err weir_kv_put(weir_kv *store, const void *key, const void *value,
                              int64_t timestamp_ms);
/* Deletes the row of the key, if there is one. */
WEIR_API weir_err weir_kv_delete(weir_kv *store, const void *key);
/* Iterates over the rows with from <= key <= to, in order of the keys' bytes; a NULL bound is an
 * open end. `reverse`: the greatest key first. The iterator reads a snapshot of
 * the store made at the call. Close it before the callback returns: Weir closes an iterator that a
 * callback (of a processor, a punctuator, open or close) leaves open, and logs a warning, once per
 * node and store. The iterator then returns WEIR_ESTATE. Its memory is kept until the task ends,
 * so it may be used later by mistake; after 64 more of them it may be the memory of a new one. */
WEIR_API weir_err weir_kv_range(const weir_kv *store, const void *from, const void *to,
                                bool reverse, weir_kv_iter **out);
/* False at the end, and for a NULL iterator. Key and value are valid until the next call on the
 * iterator; each of the three pointers may be NULL. */
WEIR_API bool weir_kv_next(weir_kv_iter *iter, const void **key, const void **value,
                           int64_t *timestamp_ms);
/* The failure that ended the iteration, or WEIR_OK; frees the iterator. NULL allowed. */
WEIR_API weir_err weir_kv_iter_close(weir_kv_iter *iter);

/* ---- Windows ------------------------------------------------------------------------------ */

/* What a window store is (Kafka's Stores.windowStoreBuilder). Times are in ms. */
typedef struct weir_window_opts {
    int64_t window_ms; /* length of the windows, >= 0; only checked against retention_ms */
    /* How long rows are kept, >= window_ms, by the greatest start that was put into the task's
     * store. In memory a row is gone when its start <= that - retention_ms. In RocksDB it is not
     * read any more then, and is refused and dropped later, in segments of half the retention, but
     * at least one minute. */
    int64_t retention_ms;
    /* Keeps all values put for a key and start, in order of their puts. Not with caching or
     * timestamps. */
    bool retain_duplicates;
    /* Rows have a timestamp (Kafka's timestampedWindowStoreBuilder). It is that of their changelog
     * record; without one that is the current record's. */
    bool timestamped;
} weir_window_opts;

/* One task's part of a window store: values by key and start of a window. Valid while the task is
 * open; use it only in callbacks of that task's processors. Starts are >= 0. All calls return
 * WEIR_EINVAL for a NULL store, which weir_window_store returns when it fails. */
typedef struct weir_window weir_window;
typedef struct weir_window_iter weir_window_iter;

/* Copies key and value. A NULL value deletes the row; if duplicates are retained it deletes
 * nothing, and is logged. A row that has expired is not stored: it is logged, and counts as a
 * dropped record (WEIR_DROP_EXPIRED). `timestamp_ms` is not used by a store without timestamps.
 * WEIR_EINVAL: a null key, a negative start or timestamp. */
WEIR_API weir_err weir_window_put(weir_window *store, const void *key, const void *value,
                                  int64_t start_ms, int64_t timestamp_ms);
/* Sets *value to the value of that key and start; NULL: no row. Valid until the next call on this
 * store. `timestamp_ms` may be NULL; it is -1 in a store without timestamps. WEIR_EINVAL also if
 * duplicates are retained. */
WEIR_API weir_err weir_window_get(const weir_window *store, const void *key, int64_t start_ms,
                                  const void **value, int64_t *timestamp_ms);
/* Iterates over the rows of a key with from_ms <= start <= to_ms (any int64), in order of start;
 * `reverse`: the latest first. A snapshot; close it before the callback returns, as for
 * weir_kv_range. */
WEIR_API weir_err weir_window_fetch(const weir_window *store, const void *key, int64_t from_ms,
                                    int64_t to_ms, bool reverse, weir_window_iter **out);
/* The same for all keys. In memory: in order of start, then of the key's bytes. In RocksDB: segment
 * by segment, in each in order of the key's bytes, then of start. */
WEIR_API weir_err weir_window_fetch_all(const weir_window *store, int64_t from_ms, int64_t to_ms,
                                        bool reverse, weir_window_iter **out);

typedef struct weir_window_row {
    const void *key; /* valid until the next call on the iterator, as is the value */
    const void *value;
    int64_t start_ms;
    int64_t timestamp_ms; /* -1 in a store without timestamps */
} weir_window_row;

/* False at the end, after a failure, and for a NULL iterator. `row` may be NULL. */
WEIR_API bool weir_window_next(weir_window_iter *iter, weir_window_row *row);
/* The failure that ended the iteration, or WEIR_OK; frees the iterator. NULL allowed. */
WEIR_API weir_err weir_window_iter_close(weir_window_iter *iter);

/* ---- Sessions ----------------------------------------------------------------------------- */

/* One task's part of a session store: values by key, start and end of a session (both included),
 * 0 <= start <= end. Valid and used as a window store. Rows expire by their end, and have no
 * timestamp: that of their changelog record is the current record's. */
typedef struct weir_session weir_session;
typedef struct weir_session_iter weir_session_iter;

/* Copies key and value. A row that has expired is not stored: it is logged, and counts as a dropped
 * record (WEIR_DROP_EXPIRED). A NULL value removes the session. As in Kafka its end then counts for
 * the store's stream time, and it may be dropped like a row; not so in weir_session_remove. */
WEIR_API weir_err weir_session_put(weir_session *store, const void *key, const void *value,
                                   int64_t start_ms, int64_t end_ms);
/* Removes exactly that session, if there is one; its end does not count for the stream time of the
 * store. */
WEIR_API weir_err weir_session_remove(weir_session *store, const void *key, int64_t start_ms,
                                      int64_t end_ms);
/* Sets *value to the value of exactly that session; NULL: no row. Valid until the next call on this
 * store. */
WEIR_API weir_err weir_session_get(const weir_session *store, const void *key, int64_t start_ms,
                                   int64_t end_ms, const void **value);
/* Iterates over the sessions of a key that end at earliest_end_ms or later and start at
 * latest_start_ms or earlier (any int64), in order of end, then of start; `reverse`: the latest
 * first. A NULL key: of all keys; in memory in order of end, then of the key's bytes, then of
 * start; in RocksDB segment by segment, in each in order of the key's bytes. A snapshot; close it
 * before the callback returns, as for weir_kv_range. */
WEIR_API weir_err weir_session_find(const weir_session *store, const void *key,
                                    int64_t earliest_end_ms, int64_t latest_start_ms, bool reverse,
                                    weir_session_iter **out);

typedef struct weir_session_row {
    const void *key; /* valid until the next call on the iterator, as is the value */
    const void *value;
    int64_t start_ms;
    int64_t end_ms;
} weir_session_row;

/* False at the end, after a failure, and for a NULL iterator. `row` may be NULL. */
WEIR_API bool weir_session_next(weir_session_iter *iter, weir_session_row *row);
/* The failure that ended the iteration, or WEIR_OK; frees the iterator. NULL allowed. */
WEIR_API weir_err weir_session_iter_close(weir_session_iter *iter);

/* ---- Versions ----------------------------------------------------------------------------- */

/* One task's part of a versioned store (Kafka's VersionedKeyValueStore, KIP-889): for each key the
 * values that it had, each from its timestamp until that of the next version or deletion. Valid and
 * used as a window store. Timestamps are >= 0. A NULL store: WEIR_EINVAL. */
typedef struct weir_versioned weir_versioned;
typedef struct weir_versioned_iter weir_versioned_iter;

typedef struct weir_versioned_row {
    const void *value;     /* NULL: there is no such version */
    int64_t valid_from_ms; /* its timestamp; -1 without a version */
    int64_t valid_to_ms;   /* when it was replaced or deleted; INT64_MAX: it is the latest */
} weir_versioned_row;

/* Puts a version, in any order of time; one with the same timestamp is replaced. Copies key and
 * value. A NULL value is a deletion: from timestamp_ms on the key has no value, until its next
 * version. At the very time of the latest version it removes that version; that the key ended then
 * is only remembered if the version before it ended then (as in Kafka). A timestamp before the
 * history is not stored: it is logged, and counts as a dropped record (WEIR_DROP_EXPIRED).
 * *valid_to_ms (NULL allowed) is set to the timestamp of the next version or deletion of the key,
 * to INT64_MAX if this is the latest, or to -1 if it was not stored. WEIR_EINVAL: a null key, a
 * negative timestamp. */
WEIR_API weir_err weir_versioned_put(weir_versioned *store, const void *key, const void *value,
                                     int64_t timestamp_ms, int64_t *valid_to_ms);
/* Puts a deletion. */
WEIR_API weir_err weir_versioned_delete(weir_versioned *store, const void *key,
                                        int64_t timestamp_ms);
/* Sets *out to the latest version of the key. Its value is valid until the next call on this store.
 */
WEIR_API weir_err weir_versioned_get(const weir_versioned *store, const void *key,
                                     weir_versioned_row *out);
/* Sets *out to the version that was valid at that time (any int64). A time before the history finds
 * only the latest version, if that was valid then. */
WEIR_API weir_err weir_versioned_get_as_of(const weir_versioned *store, const void *key,
                                           int64_t time_ms, weir_versioned_row *out);
/* Iterates over the versions of a key that were valid at some time of from_ms to to_ms (any int64,
 * both included) within the history, and the latest one if it is among them; the oldest first,
 * `reverse`: the latest first (Kafka's MultiVersionedKeyQuery, KIP-968). Deletions are not among
 * them: a version ends before the next one begins. A snapshot; close it before the callback
 * returns, as for weir_kv_range. */
WEIR_API weir_err weir_versioned_history(const weir_versioned *store, const void *key,
                                         int64_t from_ms, int64_t to_ms, bool reverse,
                                         weir_versioned_iter **out);
/* False at the end, after a failure, and for a NULL iterator. `row` may be NULL; its value is
 * valid until the next call on the iterator. */
WEIR_API bool weir_versioned_next(weir_versioned_iter *iter, weir_versioned_row *row);
/* The failure that ended the iteration, or WEIR_OK; frees the iterator. NULL allowed. */
WEIR_API weir_err weir_versioned_iter_close(weir_versioned_iter *iter);

#ifdef __cplusplus
}
#endif
#endif
