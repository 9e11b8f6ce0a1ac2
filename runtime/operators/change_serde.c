/* SPDX-License-Identifier: Apache-2.0
 *
 * As Kafka's ChangedSerializer from 3.5 on (KIP-904); the last byte says what there is:
 *
 *     new | 01
 *     old | 00
 *     length of new (zigzag varint) | new | old | 02 */
#include "operators/change_serde.h"

#include "core/buf.h"
#include "process/change.h"
#include "process/context.h"
#include "topology/builder.h"

enum { ONLY_OLD, ONLY_NEW, BOTH };

#define VARINT_BYTES_MAX 5

static void put_length(weir_buf *out, size_t length)
{
    uint64_t rest = (uint64_t)length << 1;
    for (; rest >= 0x80; rest >>= 7) {
        weir__buf_put_u8(out, (uint8_t)(rest | 0x80));
    }
    weir__buf_put_u8(out, (uint8_t)rest);
}

/* The number of bytes of the varint; 0: it is none, or longer than `in`. */
static size_t take_length(weir_slice in, size_t *length)
{
    const uint8_t *bytes = in.data;
    uint64_t value = 0;
    for (size_t i = 0; i < in.len && i < VARINT_BYTES_MAX; i++) {
        value |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
        if ((bytes[i] & 0x80) == 0) {
            bool fits = (value & 1) == 0 && value >> 1 <= in.len - i - 1;
            *length = (size_t)(value >> 1);
            return fits ? i + 1 : 0;
        }
    }
    return 0;
}

static weir_err encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    const weir__change *change = in;
    const weir_serde *inner = ((const weir_wrapped *)user)->inner;
    const void *only = change->new_value != NULL ? change->new_value : change->old_value;
    weir_buf first = {0};
    weir_err err = WEIR_OK;
    if (change->new_value == NULL || change->old_value == NULL) {
        err = weir__encode(ctx, inner, only, out);
    } else {
        err = weir__encode(ctx, inner, change->new_value, &first);
        if (err == WEIR_OK) {
            put_length(out, first.len);
            weir_put(out, weir__buf_text(&first), first.len);
            err = weir__encode(ctx, inner, change->old_value, out);
        }
        weir__buf_fini(&first);
    }
    weir__buf_put_u8(out, change->old_value == NULL   ? ONLY_NEW
                          : change->new_value == NULL ? ONLY_OLD
                                                      : BOTH);
    return err;
}

static weir_err bad(weir_ctx *ctx)
{
    return weir_fail(ctx, WEIR_EDECODE, "these are not the bytes of a change");
}

static weir_err decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    weir__change *change = out;
    const weir_serde *inner = ((const weir_wrapped *)user)->inner;
    const uint8_t *bytes = in.data;
    if (in.len == 0 || bytes[in.len - 1] > BOTH) {
        return bad(ctx);
    }
    weir_slice content = {bytes, in.len - 1};
    switch (bytes[in.len - 1]) {
    case ONLY_NEW:
        return weir__decode(ctx, inner, content, &change->new_value);
    case ONLY_OLD:
        return weir__decode(ctx, inner, content, &change->old_value);
    default:
        break;
    }
    size_t length = 0;
    size_t at = take_length(content, &length);
    if (at == 0) {
        return bad(ctx);
    }
    weir_err err = weir__decode(ctx, inner, (weir_slice){bytes + at, length}, &change->new_value);
    weir_slice old = {bytes + at + length, content.len - at - length};
    return err == WEIR_OK ? weir__decode(ctx, inner, old, &change->old_value) : err;
}

const weir_serde weir__change_serde = {
    .name = "change of a table",
    .size = sizeof(weir__change),
    .decode = decode,
    .encode = encode,
};
