/* SPDX-License-Identifier: Apache-2.0
 *
 * A task's key-value store with types: weir_kv over byte layers. Rows are 8 bytes of timestamp and
 * the value. */
#ifndef WEIR_PROCESS_TYPED_STORE_H
#define WEIR_PROCESS_TYPED_STORE_H

#include "process/graph_internal.h"

/* Memory that reads of a const store change, too. */
typedef struct weir__typed_scratch {
    weir_buf key;
    weir_buf row;
    weir__arena arena; /* the value that the last get decoded */
} weir__typed_scratch;

/* Also the window, session and versioned stores, whose public types only keep them apart. */
struct weir_kv {
    weir_ctx *ctx;
    const weir__store_spec *spec;
    weir__store_layers layers;
    bool cached;           /* changes are forwarded when the cache flushes or evicts them */
    bool view;             /* a read-only view of a global store */
    pthread_mutex_t *lock; /* NULL: no other thread uses it */
    weir__running *owner;  /* the node whose table this is; NULL: none */
    bool reads_flushed;    /* a read sees no change that is only in the cache */
    bool lost;             /* no memory for the frame of a change of the cache */
    int32_t sequence;      /* of the last put into a store that retains duplicates; else 0 */
    bool numbered;         /* `sequence` continues that of the rows there were */
    weir__typed_scratch *scratch;
};

/* `plan` without kind and client. */
weir_err weir__typed_open(weir__graph *graph, int store, const weir__store_plan *plan,
                          weir_kv **out, weir_error *error);
/* For a graph that reads a global store of another. */
weir_kv *weir__typed_view(weir__graph *graph, const weir_kv *global);
void weir__typed_close(weir_kv *kv); /* NULL allowed */

/* A global store is locked for each access: its own thread writes it. */
void weir__typed_lock(const weir_kv *kv);
void weir__typed_unlock(const weir_kv *kv);

/* The bytes of a key: valid until the next call on the store. */
weir_err weir__typed_key(const weir_kv *kv, const void *key, weir_slice *out);
/* A row by the bytes of its key: valid until the next call on the store. */
weir_err weir__typed_get_row(const weir_kv *kv, weir_slice key, weir_slice *row);
/* A null row deletes. */
weir_err weir__typed_put_row(weir_kv *kv, weir_slice key, weir_slice row);

/* The bytes of a row: valid until the next call on the store. The timestamp is left out in a kind
 * without. */
weir_err weir__typed_encode_row(const weir_kv *kv, const void *value, int64_t timestamp_ms,
                                weir_slice *out);
/* Decodes into `arena`; the row's bytes live as long. *value NULL: no row. The timestamp, where
 * wanted, is -1 in a kind without. */
weir_err weir__typed_decode_row(const weir_kv *kv, weir__arena *arena, weir_slice row,
                                const void **value, int64_t *timestamp_ms);
/* Reads and decodes the row of a key: valid until the next call on the store. */
weir_err weir__typed_find(const weir_kv *kv, weir_slice key, const void **value,
                          int64_t *timestamp_ms);
/* Decodes a copy of the row that lives as long as the current record. *value NULL: no row. */
weir_err weir__typed_keep_row(const weir_kv *kv, weir_slice row, const void **value,
                              int64_t *timestamp_ms);
/* As weir_kv_get, with such a value. */
weir_err weir__typed_load(const weir_kv *kv, const void *key, const void **value,
                          int64_t *timestamp_ms);

/* The same for a window of a window store, and for a session (which has no timestamp). */
weir_err weir__window_load(const weir_kv *kv, const void *key, int64_t start_ms, const void **value,
                           int64_t *timestamp_ms);
weir_err weir__session_load(const weir_kv *kv, const void *key, int64_t start_ms, int64_t end_ms,
                            const void **value);
/* The key in the key of a changelog record, as the table of the store has it: a weir_windowed for
 * windows and sessions. It lives as long as `bytes` and the current record. */
weir_err weir__typed_decode_key(const weir_kv *kv, weir_slice bytes, const void **key);

/* What a put of a table's row did. */
typedef enum weir__put_result {
    WEIR__PUT_LATEST,
    WEIR__PUT_OUT_OF_ORDER, /* the store is versioned, and a later version of the key is known */
    WEIR__PUT_EXPIRED,      /* nothing: it is before the history of a versioned store */
} weir__put_result;

/* Puts the row of a table, into a key-value or a versioned store; a NULL value deletes. */
weir_err weir__typed_put_table(weir_kv *kv, const void *key, const void *value,
                               int64_t timestamp_ms, weir__put_result *out);
/* As weir__typed_load, of a versioned store as of a time. */
weir_err weir__typed_load_as_of(const weir_kv *kv, const void *key, int64_t time_ms,
                                const void **value, int64_t *timestamp_ms);

/* The store that the running node is connected to, by its place there. */
weir_kv *weir__store_at(weir_ctx *ctx, size_t index);

#endif
