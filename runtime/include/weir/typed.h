/* SPDX-License-Identifier: Apache-2.0
 *
 * Optional: callbacks with typed values, checked by the compiler. A callback of the DSL gets and
 * fills void pointers, so the compiler cannot see that a function fills an order where the serde's
 * values are int64_t. Write the function with its types, and declare a callback for it:
 *
 *     static weir_err length(weir_ctx *ctx, const weir_record *in, const weir_slice *value,
 *                            int64_t *out, void *user);
 *     WEIR_TYPED_MAP_VALUES(length_fn, length, weir_string, weir_i64)
 *     ...
 *     weir_map_values(lines, length_fn_value, length_fn, NULL, NULL);
 *
 * The declaration defines the static function `length_fn`, which calls `length`, and the serde of
 * the result, `length_fn_value`, so that function and serde cannot disagree. If the parameters of
 * `length` are not of the serdes' types, the compiler reports it: clang, and gcc from 14 on, as an
 * error by default; for older compilers use -Werror=incompatible-pointer-types.
 *
 * Processors and stores: WEIR_PROCESSOR_TYPES, WEIR_TYPED_STORE (weir/typed_processor.h).
 *
 * Declare the types of your own serdes: WEIR_SERDE_TYPE(order_serde, order). The inputs are checked
 * against the serdes that the declaration names; weir_build cannot check that these are the
 * stream's serdes. Pointers are NULL where the untyped callbacks get NULL: `value` for a record
 * with a null value, except in aggregations and inner joins. */
#ifndef WEIR_TYPED_H
#define WEIR_TYPED_H

#include <weir/dsl.h>
#include <weir/typed_processor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `type` is the C type to which the serde object `serde` decodes. Use it before the declarations.
 */
#define WEIR_SERDE_TYPE(serde, type) typedef type serde##_type

WEIR_SERDE_TYPE(weir_string, weir_slice);
WEIR_SERDE_TYPE(weir_bytes, weir_slice);
WEIR_SERDE_TYPE(weir_i32, int32_t);
WEIR_SERDE_TYPE(weir_i64, int64_t);
WEIR_SERDE_TYPE(weir_f64, double);
WEIR_SERDE_TYPE(weir_json, weir_json_value);

/* The serde of a result, for the operator. */
#define WEIR__TYPED_RESULT(name, serde)                                                            \
    static const weir_serde *const name __attribute__((unused)) = &(serde);

/* ---- One record ---------------------------------------------------------------------------- */

/* fn(weir_ctx *, const weir_record *in, const VALUE *value, bool *keep, void *user) */
#define WEIR_TYPED_FILTER(name, fn, value_serde)                                                   \
    static weir_err name(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)             \
    {                                                                                              \
        return fn(ctx, in, (const value_serde##_type *)in->value, keep, user);                     \
    }

/* fn(weir_ctx *, const weir_record *in, const VALUE *value, OUT *out, void *user)
 * Defines name_value. */
#define WEIR_TYPED_MAP_VALUES(name, fn, value_serde, out_serde)                                    \
    static weir_err name(weir_ctx *ctx, const weir_record *in, void *out, void *user)              \
    {                                                                                              \
        return fn(ctx, in, (const value_serde##_type *)in->value, (out_serde##_type *)out, user);  \
    }                                                                                              \
    WEIR__TYPED_RESULT(name##_value, out_serde)

/* fn(weir_ctx *, const weir_record *in, const VALUE *value, KEY *key_out, void *user)
 * Defines name_key. Also for weir_group_by and the key function of a join with a global table. */
#define WEIR_TYPED_SELECT_KEY(name, fn, value_serde, key_serde)                                    \
    static weir_err name(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)          \
    {                                                                                              \
        return fn(ctx, in, (const value_serde##_type *)in->value, (key_serde##_type *)key_out,     \
                  user);                                                                           \
    }                                                                                              \
    WEIR__TYPED_RESULT(name##_key, key_serde)

/* fn(weir_ctx *, const weir_record *in, const VALUE *value, KEY *key_out, OUT *value_out,
 *    void *user)
 * Defines name_key and name_value. */
#define WEIR_TYPED_MAP(name, fn, value_serde, key_serde, out_serde)                                \
    static weir_err name(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,     \
                         void *user)                                                               \
    {                                                                                              \
        return fn(ctx, in, (const value_serde##_type *)in->value, (key_serde##_type *)key_out,     \
                  (out_serde##_type *)value_out, user);                                            \
    }                                                                                              \
    WEIR__TYPED_RESULT(name##_key, key_serde)                                                      \
    WEIR__TYPED_RESULT(name##_value, out_serde)

/* fn(weir_ctx *, const weir_record *in, const VALUE *value, void *user)
 * For flat_map, flat_map_values, for_each and peek. */
#define WEIR_TYPED_FOR_EACH(name, fn, value_serde)                                                 \
    static weir_err name(weir_ctx *ctx, const weir_record *in, void *user)                         \
    {                                                                                              \
        return fn(ctx, in, (const value_serde##_type *)in->value, user);                           \
    }

/* ---- Aggregations and joins ------------------------------------------------------------------ */

/* fn(weir_ctx *, AGGREGATE *out, void *user) */
#define WEIR_TYPED_INITIALIZER(name, fn, aggregate_serde)                                          \
    static weir_err name(weir_ctx *ctx, void *out, void *user)                                     \
    {                                                                                              \
        return fn(ctx, (aggregate_serde##_type *)out, user);                                       \
    }

/* fn(weir_ctx *, const weir_record *in, const VALUE *value, const AGGREGATE *aggregate,
 *    AGGREGATE *out, void *user)
 * Defines name_value, for weir_store_opts. */
#define WEIR_TYPED_AGGREGATOR(name, fn, value_serde, aggregate_serde)                              \
    static weir_err name(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,   \
                         void *user)                                                               \
    {                                                                                              \
        return fn(ctx, in, (const value_serde##_type *)in->value,                                  \
                  (const aggregate_serde##_type *)aggregate, (aggregate_serde##_type *)out, user); \
    }                                                                                              \
    WEIR__TYPED_RESULT(name##_value, aggregate_serde)

/* fn(weir_ctx *, const VALUE *aggregate, const VALUE *value, VALUE *out, void *user) */
#define WEIR_TYPED_REDUCER(name, fn, value_serde)                                                  \
    static weir_err name(weir_ctx *ctx, const void *aggregate, const void *value, void *out,       \
                         void *user)                                                               \
    {                                                                                              \
        return fn(ctx, (const value_serde##_type *)aggregate, (const value_serde##_type *)value,   \
                  (value_serde##_type *)out, user);                                                \
    }

/* fn(weir_ctx *, const KEY *key, const AGGREGATE *left, const AGGREGATE *right, AGGREGATE *out,
 *    void *user) */
#define WEIR_TYPED_MERGER(name, fn, key_serde, aggregate_serde)                                    \
    static weir_err name(weir_ctx *ctx, const void *key, const void *left, const void *right,      \
                         void *out, void *user)                                                    \
    {                                                                                              \
        return fn(ctx, (const key_serde##_type *)key, (const aggregate_serde##_type *)left,        \
                  (const aggregate_serde##_type *)right, (aggregate_serde##_type *)out, user);     \
    }

/* fn(weir_ctx *, const KEY *key, const LEFT *left, const RIGHT *right, OUT *out, void *user)
 * Defines name_value. */
#define WEIR_TYPED_JOINER(name, fn, key_serde, left_serde, right_serde, out_serde)                 \
    static weir_err name(weir_ctx *ctx, const void *key, const void *left, const void *right,      \
                         void *out, void *user)                                                    \
    {                                                                                              \
        return fn(ctx, (const key_serde##_type *)key, (const left_serde##_type *)left,             \
                  (const right_serde##_type *)right, (out_serde##_type *)out, user);               \
    }                                                                                              \
    WEIR__TYPED_RESULT(name##_value, out_serde)

/* ---- Serdes ---------------------------------------------------------------------------------- */

/* fn(weir_ctx *, weir_slice in, type *out, void *user) */
#define WEIR_TYPED_DECODE(name, fn, type)                                                          \
    static weir_err name(weir_ctx *ctx, weir_slice in, void *out, void *user)                      \
    {                                                                                              \
        return fn(ctx, in, (type *)out, user);                                                     \
    }

/* fn(weir_ctx *, const type *in, weir_buf *out, void *user). Also for print. */
#define WEIR_TYPED_ENCODE(name, fn, type)                                                          \
    static weir_err name(weir_ctx *ctx, const void *in, weir_buf *out, void *user)                 \
    {                                                                                              \
        return fn(ctx, (const type *)in, out, user);                                               \
    }

#ifdef __cplusplus
}
#endif
#endif
