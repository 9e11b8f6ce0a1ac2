/* SPDX-License-Identifier: Apache-2.0
 *
 * Optional: processors and stores with typed keys and values, checked by the compiler. Included by
 * weir/typed.h, which says how serdes name their C types.
 *
 *     WEIR_PROCESSOR_TYPES(totals_types, weir_string, order_serde, weir_string, weir_i64)
 *     WEIR_TYPED_STORE(totals, weir_string, weir_i64)
 *
 *     static weir_err add(weir_ctx *ctx, const weir_record *in, void *state)
 *     {
 *         totals store = totals_open(ctx, "totals");
 *         const order *placed = totals_types_value(in);
 *         const int64_t *before = NULL;
 *         weir_err err = totals_get(store, totals_types_key(in), &before, NULL);
 *         ...
 *         return totals_types_forward(ctx, in, totals_types_key(in), &sum);
 *     }
 *     ...
 *     weir_process(orders, &weir_string, &weir_i64, &ops, NULL,
 *                  &(weir_process_opts){.name = "totals", .stores = stores, .types =
 * &totals_types});
 *
 * The compiler compares the calls with the named serdes; weir_build compares these with the
 * stream's, and totals_open compares them with the store's. What is left unchecked are casts, and
 * weir_forward with a record of the program's own. */
#ifndef WEIR_TYPED_PROCESSOR_H
#define WEIR_TYPED_PROCESSOR_H

#include <weir/processor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Defines `name`, a weir_processor_types, and:
 *   name_key(in), name_value(in): key and value of a record that the processor gets; NULL: null.
 *   name_forward(ctx, in, key, value): forwards, with timestamp and headers of `in`.
 *   name_forward_to(ctx, in, key, value, child): the same to one child.
 *   name_forward_at(ctx, key, value, timestamp_ms, headers): forwards a record of its own; headers
 *   NULL: none. */
#define WEIR_PROCESSOR_TYPES(name, key_serde, value_serde, out_key_serde, out_value_serde)         \
    static const weir_processor_types name __attribute__((unused)) = {                             \
        &(key_serde), &(value_serde), &(out_key_serde), &(out_value_serde)};                       \
    __attribute__((unused)) static inline const key_serde##_type *name##_key(                      \
        const weir_record *in)                                                                     \
    {                                                                                              \
        return (const key_serde##_type *)in->key;                                                  \
    }                                                                                              \
    __attribute__((unused)) static inline const value_serde##_type *name##_value(                  \
        const weir_record *in)                                                                     \
    {                                                                                              \
        return (const value_serde##_type *)in->value;                                              \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_forward(                                 \
        weir_ctx *ctx, const weir_record *in, const out_key_serde##_type *key,                     \
        const out_value_serde##_type *value)                                                       \
    {                                                                                              \
        const weir_record record = {key, value, in->timestamp_ms, in->headers};                    \
        return weir_forward(ctx, &record);                                                         \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_forward_to(                              \
        weir_ctx *ctx, const weir_record *in, const out_key_serde##_type *key,                     \
        const out_value_serde##_type *value, const char *child)                                    \
    {                                                                                              \
        const weir_record record = {key, value, in->timestamp_ms, in->headers};                    \
        return weir_forward_to(ctx, &record, child);                                               \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_forward_at(                              \
        weir_ctx *ctx, const out_key_serde##_type *key, const out_value_serde##_type *value,       \
        int64_t timestamp_ms, weir_headers *headers)                                               \
    {                                                                                              \
        const weir_record record = {key, value, timestamp_ms, headers};                            \
        return weir_forward(ctx, &record);                                                         \
    }

/* Defines the type `name`, one task's part of such a store, and:
 *   name_open(ctx, store): weir_store_of; a failure is that of each later call, WEIR_EINVAL, and of
 *   weir_ctx_error.
 *   name_get, name_put, name_delete, name_range, name_next: those of weir_kv. Iterators are closed
 *   by weir_kv_iter_close. */
#define WEIR_TYPED_STORE(name, key_serde, value_serde)                                             \
    typedef struct name {                                                                          \
        weir_kv *kv; /* NULL: it could not be opened */                                            \
    } name;                                                                                        \
    __attribute__((unused)) static inline name name##_open(weir_ctx *ctx, const char *store)       \
    {                                                                                              \
        name opened = {weir_store_of(ctx, store, &(key_serde), &(value_serde))};                   \
        return opened;                                                                             \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_get(                                     \
        name store, const key_serde##_type *key, const value_serde##_type **value,                 \
        int64_t *timestamp_ms)                                                                     \
    {                                                                                              \
        const void *found = NULL;                                                                  \
        weir_err err = weir_kv_get(store.kv, key, &found, timestamp_ms);                           \
        *value = (const value_serde##_type *)found;                                                \
        return err;                                                                                \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_put(                                     \
        name store, const key_serde##_type *key, const value_serde##_type *value,                  \
        int64_t timestamp_ms)                                                                      \
    {                                                                                              \
        return weir_kv_put(store.kv, key, value, timestamp_ms);                                    \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_delete(name store,                       \
                                                                 const key_serde##_type *key)      \
    {                                                                                              \
        return weir_kv_delete(store.kv, key);                                                      \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_range(                                   \
        name store, const key_serde##_type *from, const key_serde##_type *to, bool reverse,        \
        weir_kv_iter **out)                                                                        \
    {                                                                                              \
        return weir_kv_range(store.kv, from, to, reverse, out);                                    \
    }                                                                                              \
    __attribute__((unused)) static inline bool name##_next(                                        \
        weir_kv_iter *iter, const key_serde##_type **key, const value_serde##_type **value,        \
        int64_t *timestamp_ms)                                                                     \
    {                                                                                              \
        const void *key_found = NULL;                                                              \
        const void *value_found = NULL;                                                            \
        bool more = weir_kv_next(iter, &key_found, &value_found, timestamp_ms);                    \
        *key = (const key_serde##_type *)key_found;                                                \
        *value = (const value_serde##_type *)value_found;                                          \
        return more;                                                                               \
    }

/* The same for a window store: name_open, name_put(store, key, value, start_ms, timestamp_ms),
 * name_get(store, key, start_ms, &value, &timestamp_ms). weir_window_fetch takes store.window. */
#define WEIR_TYPED_WINDOW_STORE(name, key_serde, value_serde)                                      \
    typedef struct name {                                                                          \
        weir_window *window; /* NULL: it could not be opened */                                    \
    } name;                                                                                        \
    __attribute__((unused)) static inline name name##_open(weir_ctx *ctx, const char *store)       \
    {                                                                                              \
        name opened = {weir_window_store_of(ctx, store, &(key_serde), &(value_serde))};            \
        return opened;                                                                             \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_put(                                     \
        name store, const key_serde##_type *key, const value_serde##_type *value,                  \
        int64_t start_ms, int64_t timestamp_ms)                                                    \
    {                                                                                              \
        return weir_window_put(store.window, key, value, start_ms, timestamp_ms);                  \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_get(                                     \
        name store, const key_serde##_type *key, int64_t start_ms,                                 \
        const value_serde##_type **value, int64_t *timestamp_ms)                                   \
    {                                                                                              \
        const void *found = NULL;                                                                  \
        weir_err err = weir_window_get(store.window, key, start_ms, &found, timestamp_ms);         \
        *value = (const value_serde##_type *)found;                                                \
        return err;                                                                                \
    }

/* The same for a session store: name_open, name_put(store, key, value, start_ms, end_ms),
 * name_get(store, key, start_ms, end_ms, &value). weir_session_find takes store.session. */
#define WEIR_TYPED_SESSION_STORE(name, key_serde, value_serde)                                     \
    typedef struct name {                                                                          \
        weir_session *session; /* NULL: it could not be opened */                                  \
    } name;                                                                                        \
    __attribute__((unused)) static inline name name##_open(weir_ctx *ctx, const char *store)       \
    {                                                                                              \
        name opened = {weir_session_store_of(ctx, store, &(key_serde), &(value_serde))};           \
        return opened;                                                                             \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_put(                                     \
        name store, const key_serde##_type *key, const value_serde##_type *value,                  \
        int64_t start_ms, int64_t end_ms)                                                          \
    {                                                                                              \
        return weir_session_put(store.session, key, value, start_ms, end_ms);                      \
    }                                                                                              \
    __attribute__((unused)) static inline weir_err name##_get(                                     \
        name store, const key_serde##_type *key, int64_t start_ms, int64_t end_ms,                 \
        const value_serde##_type **value)                                                          \
    {                                                                                              \
        const void *found = NULL;                                                                  \
        weir_err err = weir_session_get(store.session, key, start_ms, end_ms, &found);             \
        *value = (const value_serde##_type *)found;                                                \
        return err;                                                                                \
    }

#ifdef __cplusplus
}
#endif
#endif
