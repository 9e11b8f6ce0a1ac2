/* SPDX-License-Identifier: Apache-2.0
 *
 * Serdes of structs, from the list of their fields. */
#include <inttypes.h>
#include <string.h>

#include <weir/serde.h>

#include "core/buf.h"
#include "process/context.h"

/* Encoded; the sizes in memory are the same. */
static size_t encoded_size(const weir_struct *of)
{
    size_t size = 0;
    for (size_t i = 0; i < of->count; i++) {
        size += of->fields[i].size;
    }
    return size;
}

static bool read_field(const weir_field *field, const uint8_t *in, uint8_t *out)
{
    uint32_t i32;
    uint64_t i64;
    bool truth;
    switch (field->type) {
    case WEIR_FIELD_BOOL:
        truth = *in == 1;
        memcpy(out, &truth, sizeof truth);
        return *in <= 1;
    case WEIR_FIELD_I32:
        i32 = weir__load_u32(in);
        memcpy(out, &i32, sizeof i32);
        return true;
    case WEIR_FIELD_I64:
    case WEIR_FIELD_F64:
        i64 = weir__load_u64(in);
        memcpy(out, &i64, sizeof i64);
        return true;
    case WEIR_FIELD_CHARS:
        memcpy(out, in, field->size);
        return true;
    }
    return false;
}

weir_err weir_struct_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    const weir_struct *of = user;
    const uint8_t *at = in.data;
    weir_err err = weir__codec_given(ctx, __func__, in.data, out, user);
    if (err != WEIR_OK) {
        return err;
    }
    size_t size = encoded_size(of);
    if (in.len != size) {
        return weir_fail(ctx, WEIR_EDECODE, "%s: %zu bytes instead of %zu", of->name, in.len, size);
    }
    for (size_t i = 0; i < of->count; i++) {
        const weir_field *field = &of->fields[i];
        if (!read_field(field, at, (uint8_t *)out + field->offset)) {
            return weir_fail(ctx, WEIR_EDECODE, "%s: %s is %d, neither 0 nor 1", of->name,
                             field->name, *at);
        }
        at += field->size;
    }
    return WEIR_OK;
}

static weir_err write_field(const weir_field *field, const uint8_t *in, weir_buf *out)
{
    int32_t i32;
    int64_t i64;
    switch (field->type) {
    case WEIR_FIELD_I32:
        memcpy(&i32, in, sizeof i32);
        return weir__buf_put_i32(out, i32);
    case WEIR_FIELD_I64:
    case WEIR_FIELD_F64:
        memcpy(&i64, in, sizeof i64);
        return weir__buf_put_i64(out, i64);
    case WEIR_FIELD_BOOL:
    case WEIR_FIELD_CHARS:
        break;
    }
    return weir_put(out, in, field->size);
}

weir_err weir_struct_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    const weir_struct *of = user;
    weir_err err = weir__codec_given(ctx, __func__, in, out, user);
    for (size_t i = 0; err == WEIR_OK && i < of->count; i++) {
        err = write_field(&of->fields[i], (const uint8_t *)in + of->fields[i].offset, out);
    }
    return err;
}

static weir_err print_field(weir_ctx *ctx, const weir_field *field, const void *in, weir_buf *out)
{
    switch (field->type) {
    case WEIR_FIELD_I32:
        return weir_i32.print(ctx, in, out, NULL);
    case WEIR_FIELD_I64:
        return weir_i64.print(ctx, in, out, NULL);
    case WEIR_FIELD_F64:
        return weir_f64.print(ctx, in, out, NULL);
    case WEIR_FIELD_BOOL:
        return weir_put_format(out, "%s", *(const bool *)in ? "true" : "false");
    case WEIR_FIELD_CHARS:
        break;
    }
    return weir_put_format(out, "%.*s", (int)field->size, (const char *)in);
}

weir_err weir_struct_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    const weir_struct *of = user;
    weir_err err = weir__codec_given(ctx, __func__, in, out, user);
    for (size_t i = 0; err == WEIR_OK && i < of->count; i++) {
        const weir_field *field = &of->fields[i];
        err = weir_put_format(out, "%s%s=", i > 0 ? " " : "", field->name);
        if (err == WEIR_OK) {
            err = print_field(ctx, field, (const uint8_t *)in + field->offset, out);
        }
    }
    return err;
}
