/* SPDX-License-Identifier: Apache-2.0 */
#include "datum.h"

#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 24 /* of an int64, with sign and end */

datum weir__datum_text(const char *text)
{
    return datum_string(text, strlen(text));
}

datum weir__datum_of(const weir_serde *type, const void *value)
{
    if (value == NULL) {
        return datum_null();
    }
    if (type == &weir_i64) {
        return datum_i64(*(const int64_t *)value);
    }
    const weir_wrapped *wrapped = weir_windowed_wrapped(type);
    if (wrapped != NULL) {
        return (datum){.kind = DATUM_WINDOWED, .window = value, .inner = wrapped->inner};
    }
    const weir_slice *bytes = value;
    return (datum){.kind = type == &weir_bytes ? DATUM_BYTES : DATUM_STRING, .bytes = *bytes};
}

static datum_kind kind_of(const weir_serde *type)
{
    if (weir_windowed_wrapped(type) != NULL) {
        return DATUM_WINDOWED;
    }
    return type == &weir_i64 ? DATUM_I64 : type == &weir_bytes ? DATUM_BYTES : DATUM_STRING;
}

weir_err weir__datum_out(weir_ctx *ctx, datum from, const weir_serde *type, void *out)
{
    if (from.kind == DATUM_FAILED) {
        return WEIR_ENOMEM;
    }
    if (from.kind == DATUM_NULL) {
        weir_out_null(ctx, out);
        return WEIR_OK;
    }
    if (from.kind != kind_of(type)) {
        return weir_fail(ctx, WEIR_ETYPE, "the function gave no %s", type->name);
    }
    if (from.kind == DATUM_I64) {
        *(int64_t *)out = from.number;
    } else if (from.kind == DATUM_WINDOWED) {
        *(weir_windowed *)out = *from.window;
    } else {
        *(weir_slice *)out = from.bytes;
    }
    return WEIR_OK;
}

const void *weir__datum_pointer(const datum *from)
{
    if (from->kind == DATUM_NULL) {
        return NULL;
    }
    if (from->kind == DATUM_WINDOWED) {
        return from->window;
    }
    return from->kind == DATUM_I64 ? (const void *)&from->number : (const void *)&from->bytes;
}

datum weir__datum_inner(datum windowed)
{
    return windowed.kind == DATUM_WINDOWED ? weir__datum_of(windowed.inner, windowed.window->key)
                                           : datum_null();
}

static weir_slice show_window(weir_ctx *ctx, datum x)
{
    datum key = weir__datum_inner(x);
    datum times[] = {datum_i64(x.window->start_ms), datum_i64(x.window->end_ms)};
    datum window = weir__datum_join(ctx, weir__datum_show(ctx, times[0]), "/",
                                    weir__datum_show(ctx, times[1]));
    return weir__datum_join(ctx, weir__datum_show(ctx, key), "@", window.bytes).bytes;
}

weir_slice weir__datum_show(weir_ctx *ctx, datum x)
{
    static const char digits[] = "0123456789abcdef";
    if (x.kind == DATUM_NULL) {
        return weir_slice_of("null");
    }
    if (x.kind == DATUM_STRING || x.kind == DATUM_FAILED) {
        return x.bytes;
    }
    if (x.kind == DATUM_WINDOWED) {
        return show_window(ctx, x);
    }
    if (x.kind == DATUM_I64) {
        char *text = weir_alloc(ctx, DIGITS_MAX);
        if (text != NULL) {
            snprintf(text, DIGITS_MAX, "%lld", (long long)x.number);
        }
        return weir_slice_of(text);
    }
    char *text = weir_alloc(ctx, 2 * x.bytes.len + 1);
    for (size_t i = 0; text != NULL && i < x.bytes.len; i++) {
        unsigned char byte = ((const unsigned char *)x.bytes.data)[i];
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 15];
    }
    return (weir_slice){text, text != NULL ? 2 * x.bytes.len : 0};
}

static void append(char *to, size_t *used, const void *data, size_t len)
{
    if (len > 0) {
        memcpy(to + *used, data, len);
        *used += len;
    }
}

datum weir__datum_join(weir_ctx *ctx, weir_slice a, const char *between, weir_slice b)
{
    size_t middle = strlen(between);
    char *text = weir_alloc(ctx, a.len + middle + b.len + 1);
    size_t used = 0;
    if (text == NULL || a.data == NULL || b.data == NULL) {
        return datum_failed();
    }
    append(text, &used, a.data, a.len);
    append(text, &used, between, middle);
    append(text, &used, b.data, b.len);
    return datum_string(text, used);
}

datum weir__datum_comma(weir_ctx *ctx, datum a, datum b)
{
    return is_null(a) || a.bytes.len == 0 ? b : weir__datum_join(ctx, a.bytes, ",", b.bytes);
}

int weir__datum_compare(datum a, datum b)
{
    if (is_null(a) || is_null(b)) {
        return !is_null(a) - !is_null(b);
    }
    if (a.kind == DATUM_I64) {
        return (a.number > b.number) - (a.number < b.number);
    }
    size_t common = a.bytes.len < b.bytes.len ? a.bytes.len : b.bytes.len;
    int order = common != 0 ? memcmp(a.bytes.data, b.bytes.data, common) : 0;
    return order != 0 ? order : (a.bytes.len > b.bytes.len) - (a.bytes.len < b.bytes.len);
}
