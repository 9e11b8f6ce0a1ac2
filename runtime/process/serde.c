/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in serdes, with the bytes of Java's: strings and bytes as they are, numbers big-endian.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/serde.h>

#include "core/buf.h"
#include "process/context.h"

weir_err weir__codec_given(weir_ctx *ctx, const char *function, const void *in, const void *out,
                           const void *user)
{
    const char *missing = ctx == NULL    ? "ctx"
                          : in == NULL   ? "in"
                          : out == NULL  ? "out"
                          : user == NULL ? "user"
                                         : NULL;
    return missing != NULL ? weir__ctx_null(ctx, function, missing) : WEIR_OK;
}

static weir_err bytes_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = in;
    return WEIR_OK;
}

static weir_err bytes_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)user;
    const weir_slice *bytes = in;
    if (bytes->data == NULL) {
        return weir_fail(ctx, WEIR_EINVAL, "a slice without data is no value; null is NULL");
    }
    return weir_put(out, bytes->data, bytes->len);
}

static weir_err wrong_size(weir_ctx *ctx, const char *name, size_t len, size_t size)
{
    return weir_fail(ctx, WEIR_EDECODE, "%s: %zu bytes instead of %zu", name, len, size);
}

static weir_err i32_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)user;
    if (in.len != sizeof(int32_t)) {
        return wrong_size(ctx, "i32", in.len, sizeof(int32_t));
    }
    *(int32_t *)out = (int32_t)weir__load_u32(in.data);
    return WEIR_OK;
}

static weir_err i32_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    return weir__buf_put_i32(out, *(const int32_t *)in);
}

static weir_err i64_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)user;
    if (in.len != sizeof(int64_t)) {
        return wrong_size(ctx, "i64", in.len, sizeof(int64_t));
    }
    *(int64_t *)out = (int64_t)weir__load_u64(in.data);
    return WEIR_OK;
}

static weir_err i64_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    return weir__buf_put_i64(out, *(const int64_t *)in);
}

static weir_err f64_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)user;
    if (in.len != sizeof(double)) {
        return wrong_size(ctx, "f64", in.len, sizeof(double));
    }
    uint64_t bits = weir__load_u64(in.data);
    memcpy(out, &bits, sizeof bits);
    return WEIR_OK;
}

static weir_err f64_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    int64_t bits;
    memcpy(&bits, in, sizeof bits);
    return weir__buf_put_i64(out, bits);
}

/* ---- Numbers as text ---------------------------------------------------------------------- */

static weir_err i32_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    return weir_put_format(out, "%" PRId32, *(const int32_t *)in);
}

static weir_err i64_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    return weir_put_format(out, "%" PRId64, *(const int64_t *)in);
}

static bool same_bits(double a, double b)
{
    uint64_t of_a;
    uint64_t of_b;
    memcpy(&of_a, &a, sizeof a);
    memcpy(&of_b, &b, sizeof b);
    return of_a == of_b;
}

/* Prints the shortest text that is decoded to the same number: 0.1, not 0.10000000000000001. */
static weir_err f64_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    double value = *(const double *)in;
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (same_bits(strtod(text, NULL), value)) {
            break;
        }
    }
    return weir_put(out, text, strlen(text));
}

/* ---- Serdes ------------------------------------------------------------------------------- */

const weir_serde weir_string = {"string", sizeof(weir_slice), bytes_decode, bytes_encode, NULL,
                                NULL};
const weir_serde weir_bytes = {"bytes", sizeof(weir_slice), bytes_decode, bytes_encode, NULL, NULL};
const weir_serde weir_i32 = {"i32", sizeof(int32_t), i32_decode, i32_encode, NULL, i32_print};
const weir_serde weir_i64 = {"i64", sizeof(int64_t), i64_decode, i64_encode, NULL, i64_print};
const weir_serde weir_f64 = {"f64", sizeof(double), f64_decode, f64_encode, NULL, f64_print};
