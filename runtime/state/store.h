/* SPDX-License-Identifier: Apache-2.0
 *
 * Byte stores: ordered maps of bytes below the serdes. One interface, several layers:
 *
 *     typed store (process/) -> cache.c -> changelog.c -> segments.c  -> undo.c     -> memory.c
 *                                                         versioned.c -> buffered.c -> rocksdb.c
 *
 * Rows of timestamped stores are 8 bytes of timestamp (big-endian) and the value. One thread at a
 * time. */
#ifndef WEIR_STATE_STORE_H
#define WEIR_STATE_STORE_H

#include "core/arena.h"
#include "core/buf.h"

typedef struct weir__kv weir__kv;
typedef struct weir__kv_iter weir__kv_iter;

#define WEIR__TIMESTAMP_SIZE ((size_t)8)
#define WEIR__TIME_UNKNOWN INT64_MIN
#define WEIR__NO_OFFSET ((int64_t)-4) /* what Kafka stores for "none" */

typedef struct weir__row {
    weir_slice key;
    weir_slice value; /* null: delete */
} weir__row;

/* Keys with from <= key < to by bytes; neither is null. */
typedef struct weir__key_span {
    weir_slice from;
    weir_slice to;
} weir__key_span;

/* One atomic write to a database. */
typedef struct weir__write {
    const weir__key_span *dropped; /* before the rows */
    size_t dropped_count;
    const weir__row *rows;
    size_t count;
    int64_t offset;   /* WEIR__NO_OFFSET: unchanged */
    int64_t as_of_ms; /* WEIR__TIME_UNKNOWN: unchanged */
    bool ahead;       /* it has changes that the offset does not cover */
} weir__write;

/* Memory of changes that are not committed yet, of all stores that share it. */
typedef struct weir__uncommitted {
    size_t bytes;     /* estimated */
    size_t max_bytes; /* a commit is requested beyond that */
} weir__uncommitted;

/* The operations of a store. A layer leaves NULL what it passes unchanged to `inner`; only close is
 * not passed: weir__kv_close closes layer by layer. */
typedef struct weir__kv_ops {
    const char *name; /* "memory", "rocksdb", "buffered", "changelog", "cache", ... */
    weir_err (*get)(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error);
    weir_err (*put)(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error);
    weir_err (*range)(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                      weir__kv_iter **out, weir_error *error);
    weir_err (*drop_range)(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error);
    weir_err (*restore)(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                        weir_error *error);
    weir_err (*write)(weir__kv *kv, const weir__write *write, weir_error *error);
    weir_err (*flush)(weir__kv *kv, weir_error *error);
    weir_err (*commit)(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error);
    weir_err (*rollback)(weir__kv *kv,
                         weir_error *error); /* NULL down to the backend: WEIR_ESTATE */
    int64_t (*offset)(weir__kv *kv);
    /* NULL down to the backend: the store is not persistent. */
    int64_t (*as_of_ms)(weir__kv *kv);
    bool (*was_left_open)(weir__kv *kv); /* NULL: false */
    void (*discard)(weir__kv *kv);       /* NULL: nothing */
    void (*close)(weir__kv *kv);         /* frees this layer, not `inner` */
} weir__kv_ops;

/* First member of every implementation. */
struct weir__kv {
    const weir__kv_ops *ops;
    weir__kv *inner; /* the layer below, owned; NULL: a backend */
    bool damaged;    /* it has read bytes on disk that differ from those written */
};

/* *value null: no row. Valid until the next call on the store. */
static inline weir_err weir__kv_get(weir__kv *kv, weir_slice key, weir_slice *value,
                                    weir_error *error)
{
    while (kv->ops->get == NULL) {
        kv = kv->inner;
    }
    return kv->ops->get(kv, key, value, error);
}
/* Copies key and value; neither may point into the store (from its get or range). A null value
 * deletes. */
static inline weir_err weir__kv_put(weir__kv *kv, weir_slice key, weir_slice value,
                                    weir_error *error)
{
    while (kv->ops->put == NULL) {
        kv = kv->inner;
    }
    return kv->ops->put(kv, key, value, error);
}
/* from <= key <= to by bytes; null slices: open ends. A snapshot. */
weir_err weir__kv_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                        weir__kv_iter **out, weir_error *error);
/* Deletes the rows with from <= key < to by bytes; neither is null. RocksDB does it by one write,
 * without reading the rows. Not logged. WEIR_ESTATE: the store has a cache, which may hold such
 * rows. */
weir_err weir__kv_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error);
/* Restores: writes all rows and the offset in one atomic write, not through cache and changelog. */
weir_err weir__kv_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                          weir_error *error);
/* Writes to a database, from the layer above it. */
weir_err weir__kv_write(weir__kv *kv, const weir__write *write, weir_error *error);
/* Cache: writes dirty entries to the store below and forwards them. */
weir_err weir__kv_flush(weir__kv *kv, weir_error *error);
/* The rows are those of the changelog up to `offset` (WEIR__NO_OFFSET: the offset is unchanged) at
 * the time now_ms (wall clock; WEIR__TIME_UNKNOWN: unchanged). In a store that can be rolled back,
 * changes reach the database only so: those since the last commit, offset and time in one atomic
 * write, at once or with later commits. Another store may write changes before. In both the offset
 * on disk is never ahead of the rows on disk. What a cache has not flushed is not part of it. After
 * a failure the call may be repeated. */
weir_err weir__kv_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error);
/* Undoes all changes since the last commit or restore, in this layer and those below. No iterator
 * is open. After a failure (no memory) only rollback, repeated, and close may be called.
 * WEIR_ESTATE: the store was not opened for it (weir__store_plan.uncommitted), or a commit that has
 * failed was made in part: it can be repeated, or the store closed, which drops that part. */
weir_err weir__kv_rollback(weir__kv *kv, weir_error *error);
/* Offset of the last changelog record that the rows contain; WEIR__NO_OFFSET: unknown. Kept in the
 * store itself, so that rows on disk are never older than the offset on disk. */
int64_t weir__kv_offset(weir__kv *kv);
/* True if the rows survive close: the backend is a database. */
bool weir__kv_is_persistent(const weir__kv *kv);
/* Wall clock, ms, at which the rows were up to date with the changelog; stored with the offset, and
 * never newer than the rows. WEIR__TIME_UNKNOWN: unknown, or not persistent. */
int64_t weir__kv_as_of_ms(weir__kv *kv);
/* True if the rows may be newer than the offset: a run that wrote rows before their commit has not
 * closed the store, or not after a commit. False for stores that are not persistent. */
bool weir__kv_was_left_open(weir__kv *kv);
/* The store is about to be closed and deleted: what is not written yet need not be. */
void weir__kv_discard(weir__kv *kv);
/* True if a layer has read bytes on disk that differ from those written. */
bool weir__kv_is_damaged(const weir__kv *kv);
/* Closes and frees all layers, the upper ones first. */
void weir__kv_close(weir__kv *kv);

typedef struct weir__kv_iter_ops {
    /* False at the end or on failure. Slices valid until the next call on the iterator. */
    bool (*next)(weir__kv_iter *iter, weir_slice *key, weir_slice *value);
    /* The following call of next returns the first row with a key >= `key` (in reverse: <= `key`).
     * `key` is in the range, and valid until that call. */
    void (*seek)(weir__kv_iter *iter, weir_slice key);
    /* Frees the iterator; returns the failure that ended it. */
    weir_err (*close)(weir__kv_iter *iter);
} weir__kv_iter_ops;

/* Closed before its store. */
struct weir__kv_iter {
    const weir__kv_iter_ops *ops;
};

/* An ordered map in memory; nothing survives close. */
weir_err weir__memory_open(weir__kv **out, weir_error *error);
/* Removes all rows. `kv` is the map itself, without open iterators. */
void weir__memory_clear(weir__kv *kv);

typedef struct weir__rocksdb_opts {
    const char *offset_key;    /* "<changelog topic>-<partition>" */
    const char *family;        /* column family of the rows, of those named below; static */
    size_t write_buffer_bytes; /* 0: Kafka's 16 MiB */
    size_t block_cache_bytes;  /* 0: Kafka's 50 MiB */
    bool whole_commits; /* rows come only with the offset that covers them: it is never "open" */
} weir__rocksdb_opts;

/* `directory` (<state.dir>/<application.id>/<task>/rocksdb/<store>) is made if missing. Column
 * families as Kafka's (default, keyValueWithTimestamp, offsets), no write-ahead log, families
 * flushed together. WEIR_ECORRUPT names the directory: the caller wipes it and restores. */
weir_err weir__rocksdb_open(const char *directory, const weir__rocksdb_opts *opts, weir__kv **out,
                            weir_error *error);
/* The same with lazy creation: the first write makes a database that does not exist. */
weir_err weir__rocksdb_open_lazily(const char *directory, const weir__rocksdb_opts *opts,
                                   weir__kv **out, weir_error *error);
const char *weir__rocksdb_version(void); /* "7.8.3"; static */

/* Keeps changes of a database in memory, over commits, with the offset that covers them, until they
 * are 4 MiB or the store is closed. `uncommitted` not NULL: these are then only changes of whole
 * commits; those since the last commit are kept apart, and rollback and close drop them. `inner` is
 * consumed, also on failure. */
weir_err weir__buffered_wrap(weir__kv *inner, weir__uncommitted *uncommitted, weir__kv **out,
                             weir_error *error);
/* Keeps, of each row of a store in memory that changes, the one of the last commit, for rollback.
 * `inner` is consumed, also on failure. */
weir_err weir__undo_wrap(weir__kv *inner, weir__uncommitted *uncommitted, weir__kv **out,
                         weir_error *error);

#endif
