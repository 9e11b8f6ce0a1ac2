/* SPDX-License-Identifier: Apache-2.0
 *
 * The values that conformance plans work on: null, string, bytes or i64. */
#ifndef WEIR_TESTS_CONFORMANCE_DATUM_H
#define WEIR_TESTS_CONFORMANCE_DATUM_H

#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

#include "core/error.h"

#define CASE_FN __attribute__((unused)) static

typedef enum datum_kind { DATUM_NULL, DATUM_STRING, DATUM_BYTES, DATUM_I64 } datum_kind;

typedef struct datum {
    datum_kind kind;
    weir_slice bytes;
    int64_t number;
} datum;

CASE_FN datum datum_null(void)
{
    return (datum){DATUM_NULL, {NULL, 0}, 0};
}

CASE_FN datum datum_string(const void *data, size_t len)
{
    return (datum){DATUM_STRING, {data, len}, 0};
}

CASE_FN datum datum_text(const char *text)
{
    return datum_string(text, strlen(text));
}

CASE_FN datum datum_i64(int64_t number)
{
    return (datum){DATUM_I64, {NULL, 0}, number};
}

CASE_FN datum datum_of(const weir_serde *serde, const void *value)
{
    if (value == NULL) {
        return datum_null();
    }
    if (serde == &weir_i64) {
        return datum_i64(*(const int64_t *)value);
    }
    const weir_slice *bytes = value;
    return (datum){serde == &weir_bytes ? DATUM_BYTES : DATUM_STRING, *bytes, 0};
}

/* Into a callback's out parameter. */
CASE_FN void datum_out(weir_ctx *ctx, datum from, void *out)
{
    if (from.kind == DATUM_NULL) {
        weir_out_null(ctx, out);
    } else if (from.kind == DATUM_I64) {
        *(int64_t *)out = from.number;
    } else {
        *(weir_slice *)out = from.bytes;
    }
}

/* For weir_forward and stores: NULL, or the address of the value in `from`. */
CASE_FN const void *datum_pointer(const datum *from)
{
    if (from->kind == DATUM_NULL) {
        return NULL;
    }
    return from->kind == DATUM_I64 ? (const void *)&from->number : (const void *)&from->bytes;
}

CASE_FN void *case_alloc(weir_ctx *ctx, size_t size)
{
    void *at = weir_alloc(ctx, size != 0 ? size : 1);
    weir_assert(at != NULL);
    return at;
}

/* README, section 4: text(x). */
CASE_FN weir_slice text_of(weir_ctx *ctx, datum x)
{
    static const char digits[] = "0123456789abcdef";
    if (x.kind == DATUM_NULL) {
        return weir_slice_of("null");
    }
    if (x.kind == DATUM_STRING) {
        return x.bytes;
    }
    if (x.kind == DATUM_I64) {
        char *text = case_alloc(ctx, 24);
        snprintf(text, 24, "%lld", (long long)x.number);
        return weir_slice_of(text);
    }
    char *text = case_alloc(ctx, 2 * x.bytes.len + 1);
    for (size_t i = 0; i < x.bytes.len; i++) {
        unsigned char byte = ((const unsigned char *)x.bytes.data)[i];
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 15];
    }
    return (weir_slice){text, 2 * x.bytes.len};
}

/* The texts of a, between, b in one. */
CASE_FN datum join_texts(weir_ctx *ctx, weir_slice a, const char *between, weir_slice b)
{
    size_t middle = strlen(between);
    char *text = case_alloc(ctx, a.len + middle + b.len);
    memcpy(text, a.data, a.len);
    memcpy(text + a.len, between, middle);
    memcpy(text + a.len + middle, b.data, b.len);
    return datum_string(text, a.len + middle + b.len);
}

/* Byte-wise, null least. */
CASE_FN int datum_compare(datum a, datum b)
{
    if (a.kind == DATUM_NULL || b.kind == DATUM_NULL) {
        return (a.kind != DATUM_NULL) - (b.kind != DATUM_NULL);
    }
    if (a.kind == DATUM_I64) {
        return (a.number > b.number) - (a.number < b.number);
    }
    size_t common = a.bytes.len < b.bytes.len ? a.bytes.len : b.bytes.len;
    int order = common != 0 ? memcmp(a.bytes.data, b.bytes.data, common) : 0;
    return order != 0 ? order : (a.bytes.len > b.bytes.len) - (a.bytes.len < b.bytes.len);
}

CASE_FN bool is_null(datum x)
{
    return x.kind == DATUM_NULL;
}

#endif
