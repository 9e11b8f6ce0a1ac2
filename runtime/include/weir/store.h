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

/* Options of a store (Kafka's Materialized, StoreBuilder). NULL or zeros: defaults. */
typedef struct weir_store_opts {
    const weir_serde *key;   /* NULL: the operator's, else default.key.serde */
    const weir_serde *value; /* NULL: the operator's, else default.value.serde */
    weir_backend backend;
    weir_toggle caching; /* default: on for DSL stores, off for the Processor API's */
    weir_toggle logging; /* changelog topic; default on */
    const char *const *changelog_config; /* name, value, ..., NULL: wins over the defaults */
    const char *node; /* name of the DSL's node that owns the store; NULL: numbered as in Kafka */
    /* How the topic of a table or global table is read (Kafka's Consumed); `name` is that of its
     * source node, NULL: <node>-source, or numbered. NULL for all other stores. */
    const struct weir_source_opts *source;
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

#ifdef __cplusplus
}
#endif
#endif
