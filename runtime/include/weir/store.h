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

/* How a store is kept (Kafka's Materialized, StoreBuilder). NULL or zeros: defaults. */
typedef struct weir_store_opts {
    const weir_serde *key;   /* NULL: the operator's, else default.key.serde */
    const weir_serde *value; /* NULL: the operator's, else default.value.serde */
    weir_backend backend;
    weir_toggle caching; /* default: on for DSL stores, off for the Processor API's */
    weir_toggle logging; /* changelog topic; default on */
    const char *const *changelog_config; /* name, value, ..., NULL: wins over the defaults */
    const char *node; /* name of the DSL's node that owns the store; NULL: numbered as Kafka does */
    /* How the topic of a table or global table is read (Kafka's Consumed); `name` is that of its
     * source node, NULL: <node>-source, or numbered. NULL for all other stores. */
    const struct weir_source_opts *source;
} weir_store_opts;

/* A key-value store with a timestamp a row, as one task sees it. Valid while the task is open;
 * only in callbacks of that task's processors. */
typedef struct weir_kv weir_kv;
typedef struct weir_kv_iter weir_kv_iter;

/* Calls on a NULL store, which is what weir_store gives when it fails, are WEIR_EINVAL.
 *
 * *value NULL: no row. The value is valid until the next call on this store; `timestamp_ms` may
 * be NULL. */
WEIR_API weir_err weir_kv_get(weir_kv *store, const void *key, const void **value,
                              int64_t *timestamp_ms);
/* Copies. A NULL value deletes. WEIR_EINVAL: a negative timestamp, which Kafka's changelog records
 * cannot have. */
WEIR_API weir_err weir_kv_put(weir_kv *store, const void *key, const void *value,
                              int64_t timestamp_ms);
WEIR_API weir_err weir_kv_delete(weir_kv *store, const void *key);
/* Rows from <= key <= to in order of key bytes; NULL: open end. Sees the store as it is at the
 * call. Close it before the callback returns: Weir closes what a callback (of a processor, a
 * punctuator, open or close) leaves open, with a warning, once a node and store; the iterator then
 * gives WEIR_ESTATE. */
WEIR_API weir_err weir_kv_range(weir_kv *store, const void *from, const void *to, bool reverse,
                                weir_kv_iter **out);
/* False at the end, and for a NULL iterator. Key and value are valid until the next call on the
 * iterator; where they or the timestamp are not wanted the pointer may be NULL. */
WEIR_API bool weir_kv_next(weir_kv_iter *iter, const void **key, const void **value,
                           int64_t *timestamp_ms);
/* The failure that ended the iteration, or WEIR_OK; frees the iterator. NULL allowed. */
WEIR_API weir_err weir_kv_iter_close(weir_kv_iter *iter);

#ifdef __cplusplus
}
#endif
#endif
