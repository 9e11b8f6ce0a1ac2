/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of stores as data: what tells them apart below their types. Layers, restore and the
 * creation of topics read a kind, and never ask which one it is. */
#ifndef WEIR_STATE_KIND_H
#define WEIR_STATE_KIND_H

#include <weir/processor.h>

#include "state/store.h"

/* A record of a changelog topic. */
typedef struct weir__log_record {
    weir_slice key;
    weir_slice value;           /* null: deleted */
    int64_t timestamp_ms;       /* WEIR__LOG_TIME_NOT_GIVEN: the producer's clock */
    const weir_header *headers; /* borrowed */
    size_t header_count;
} weir__log_record;

#define WEIR__LOG_TIME_NOT_GIVEN ((int64_t)-1)

/* The typed stores that processors see; a buffer is used by its operator only. */
typedef enum weir__store_type {
    WEIR__TYPE_KEY_VALUE,
    WEIR__TYPE_WINDOW,
    WEIR__TYPE_SESSION,
    WEIR__TYPE_VERSIONED,
    WEIR__TYPE_BUFFER,
} weir__store_type;

/* A constant. */
typedef struct weir__store_kind {
    weir__store_type type;
    const char *family;         /* RocksDB's column family of the rows, as Kafka's */
    const char *cleanup_policy; /* of the changelog topic */
    /* Its setting that is the store's retention and a day more; NULL: none. */
    const char *retention_setting;
    bool timestamped; /* a row is 8 bytes of timestamp (big-endian) and the value */
    /* Bytes behind the key in the key of a changelog record; they begin with the time of the row,
     * and the row's key begins with its segment (segments.h). 0: rows have no time, and never
     * expire. */
    size_t suffix;
    bool versions;            /* keys keep their versions (versioned.h), for the retention */
    bool free_deletions;      /* as in weir__segments_opts */
    bool numbered;            /* as in weir__segments_opts */
    int64_t ordered_first_ms; /* first_ms of weir__retention_time_ordered */
    bool by_place;            /* rows are also in order of their place (buffer.h): in memory only */
    bool logged_at_flush;     /* a key that changed is logged once, by the next flush */
    /* The changelog record of a row that was put or (null) deleted; it borrows. `now_ms`: timestamp
     * of the current record. WEIR_EINVAL: the row is not one of this kind. */
    weir_err (*to_log)(weir_slice key, weir_slice row, int64_t now_ms, weir__log_record *out,
                       weir_error *error);
    /* The row to restore from a changelog record: it borrows, or is allocated in `arena`.
     * WEIR_EDECODE: the record is not one of this kind. */
    weir_err (*from_log)(const weir__log_record *in, weir__arena *arena, weir__row *out,
                         weir_error *error);
} weir__store_kind;

/* The key of a row as a topic with the table's rows has it: without segment and number. It borrows.
 */
weir_slice weir__kind_topic_key(const weir__store_kind *kind, weir_slice key);
/* The time of a row with that topic key, by which it expires: the start of a window, the end of a
 * session; and the bytes before the times. False: it has no such times. */
bool weir__kind_topic_key_read(const weir__store_kind *kind, weir_slice topic_key, int64_t *time_ms,
                               weir_slice *inner);

extern const weir__store_kind weir__kind_key_value; /* Kafka's KeyValueStore */
extern const weir__store_kind weir__kind_timestamped_key_value;
extern const weir__store_kind weir__kind_window; /* WindowStore: time is the window's start */
extern const weir__store_kind weir__kind_timestamped_window;
extern const weir__store_kind weir__kind_duplicates; /* WindowStore that retains duplicates */
extern const weir__store_kind weir__kind_session;    /* SessionStore: time is the session's end */
extern const weir__store_kind weir__kind_versioned;  /* VersionedKeyValueStore */
/* Rows are weir__buffered_value (values.h). Of suppress (InMemoryTimeOrderedKeyValueChangeBuffer):
 */
extern const weir__store_kind weir__kind_suppress_buffer;
/* Of a join with grace (RocksDBTimeOrderedKeyValueBuffer), the keys are weir__buffer_key: */
extern const weir__store_kind weir__kind_join_buffer;

#endif
