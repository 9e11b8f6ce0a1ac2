/* SPDX-License-Identifier: Apache-2.0
 *
 * The values that a plan's functions work on: null, string, bytes, i64 or a windowed key. */
#ifndef WEIR_PLANS_DATUM_H
#define WEIR_PLANS_DATUM_H

#include <weir/dsl.h>

typedef enum datum_kind {
    DATUM_NULL,
    DATUM_STRING,
    DATUM_BYTES,
    DATUM_I64,
    DATUM_WINDOWED,
    DATUM_FAILED, /* out of memory */
} datum_kind;

typedef struct datum {
    datum_kind kind;
    weir_slice bytes; /* of strings and bytes; else empty */
    int64_t number;   /* of i64; else 0 */
    const weir_windowed *window;
    const weir_serde *inner; /* the type of window->key */
} datum;

static inline datum datum_null(void)
{
    return (datum){.kind = DATUM_NULL};
}

static inline datum datum_failed(void)
{
    return (datum){.kind = DATUM_FAILED};
}

static inline datum datum_string(const void *data, size_t len)
{
    return (datum){.kind = DATUM_STRING, .bytes = {data, len}};
}

static inline datum datum_i64(int64_t number)
{
    return (datum){.kind = DATUM_I64, .number = number};
}

static inline bool is_null(datum x)
{
    return x.kind == DATUM_NULL;
}

static inline const char *bytes_of(datum x)
{
    return x.bytes.data;
}

/* Arithmetic wraps, as in Java. */
static inline datum plus(datum a, datum b)
{
    return datum_i64((int64_t)((uint64_t)a.number + (uint64_t)b.number));
}

static inline datum minus(datum a, datum b)
{
    return datum_i64((int64_t)((uint64_t)a.number - (uint64_t)b.number));
}

datum weir__datum_text(const char *text);
/* A decoded value of that type; NULL: null. */
datum weir__datum_of(const weir_serde *type, const void *value);
/* Into the out parameter of a callback whose result has that type. */
weir_err weir__datum_out(weir_ctx *ctx, datum from, const weir_serde *type, void *out);
/* For weir_forward and stores: NULL, or the address of the value in `from`. */
const void *weir__datum_pointer(const datum *from);
/* The key inside of a windowed key; null of null. */
datum weir__datum_inner(datum windowed);
/* text(x): a string as it is, i64 in decimal, bytes in hexadecimal, a windowed key as
 * "text(inner)@start/end", null as "null"; a null slice when out of memory. */
weir_slice weir__datum_show(weir_ctx *ctx, datum x);
/* a, between, b in one string; failed if a or b is a null slice. */
datum weir__datum_join(weir_ctx *ctx, weir_slice a, const char *between, weir_slice b);
/* a, a comma, b; only b if a is null or empty. */
datum weir__datum_comma(weir_ctx *ctx, datum a, datum b);
/* Byte-wise, shorter first; numbers by value; null least. */
int weir__datum_compare(datum a, datum b);

#endif
