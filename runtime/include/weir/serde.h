/* SPDX-License-Identifier: Apache-2.0
 *
 * Serdes: how one C type crosses the wire. The serde *is* the type: two edges of a topology carry
 * the same type exactly when they name the same serde object. */
#ifndef WEIR_SERDE_H
#define WEIR_SERDE_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a callback is running in: valid during that callback only, on its thread only. */
typedef struct weir_ctx weir_ctx;

/* A growable output; encoders append to it. Borrowed for the call. */
typedef struct weir_buf weir_buf;

typedef struct weir_serde {
    const char *name; /* unique among registered serdes; shown in errors */
    size_t size;      /* sizeof the decoded C type; at most WEIR_SERDE_SIZE_MAX */
    /* `in` is never null and is borrowed: it stays valid as long as *out does (the record's
     * traversal), so decoding may point into it. `out` is zeroed storage of `size` bytes. On
     * failure call weir_fail. */
    weir_err (*decode)(weir_ctx *ctx, weir_slice in, void *out, void *user);
    /* `in` is never NULL. Appends with weir_put. */
    weir_err (*encode)(weir_ctx *ctx, const void *in, weir_buf *out, void *user);
    void *user;
} weir_serde;

#define WEIR_SERDE_SIZE_MAX 4096

WEIR_API extern const weir_serde
    weir_string;                             /* weir_slice: bytes as they are, UTF-8 by agreement */
WEIR_API extern const weir_serde weir_bytes; /* weir_slice */
WEIR_API extern const weir_serde weir_i32;   /* int32_t, 4 bytes big-endian (IntegerSerializer) */
WEIR_API extern const weir_serde weir_i64;   /* int64_t, 8 bytes big-endian (LongSerializer) */
WEIR_API extern const weir_serde
    weir_f64; /* double, IEEE 754, 8 bytes big-endian (DoubleSerializer) */

/* Decoded type of weir_json. `root` is a jansson value, released when the record's traversal ends;
 * json_incref it to keep it longer. Encoded compact, members in their order. */
struct json_t;
typedef struct weir_json_value {
    struct json_t *root;
} weir_json_value;
WEIR_API extern const weir_serde weir_json;

/* ---- Inside callbacks --------------------------------------------------------------------- */

/* Zeroed memory from the record's arena: freed when the input record's traversal ends. NULL when
 * out of memory. */
WEIR_API void *weir_alloc(weir_ctx *ctx, size_t size);

/* Runs fn(arg) when the record's traversal ends, last registered first. On failure runs it at once
 * and returns WEIR_ENOMEM. */
WEIR_API weir_err weir_defer(weir_ctx *ctx, void (*fn)(void *arg), void *arg);

/* Sets the text of an error that the callback then returns; returns `code`. */
WEIR_API weir_err weir_fail(weir_ctx *ctx, weir_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends bytes (copied). WEIR_ENOMEM or WEIR_ELIMIT. */
WEIR_API weir_err weir_put(weir_buf *out, const void *data, size_t len);

#ifdef __cplusplus
}
#endif
#endif
