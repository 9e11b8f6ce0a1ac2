/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing the types of Kafka's protocol. */
#include "wire.h"

#define VARINT_BITS_MAX 63

static weir_slice read_sized(weir__reader *in, int64_t len)
{
    if (len < 0) {
        in->failed = in->failed || len < -1;
        return (weir_slice){0};
    }
    return weir__read_bytes(in, (size_t)len);
}

weir_slice weir__read_string(weir__reader *in)
{
    return read_sized(in, weir__read_i16(in));
}

weir_slice weir__read_blob(weir__reader *in)
{
    return read_sized(in, weir__read_i32(in));
}

/* Every element takes a byte or more, so a larger count is malformed and is refused before any
 * loop. */
static int32_t checked_count(weir__reader *in, int64_t count)
{
    if (count < -1 || count > (int64_t)weir__reader_left(in)) {
        in->failed = true;
        return 0;
    }
    return count < 0 ? -1 : (int32_t)count;
}

int32_t weir__read_count(weir__reader *in)
{
    return checked_count(in, weir__read_i32(in));
}

weir__reader weir__read_strings(weir__reader *in, int32_t *count)
{
    *count = weir__read_count(in);
    weir__reader again = *in;
    for (int32_t i = 0; i < *count && !in->failed; i++) {
        weir__read_string(in);
    }
    return again;
}

bool weir__read_bool(weir__reader *in)
{
    return weir__read_u8(in) != 0;
}

uint64_t weir__read_uvarint(weir__reader *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift <= VARINT_BITS_MAX; shift += 7) {
        uint8_t byte = weir__read_u8(in);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    in->failed = true;
    return 0;
}

int64_t weir__read_varint(weir__reader *in)
{
    uint64_t value = weir__read_uvarint(in);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

weir_slice weir__read_compact_string(weir__reader *in)
{
    uint64_t len = weir__read_uvarint(in); /* length + 1; 0: null */
    if (len > weir__reader_left(in) + 1) {
        in->failed = true;
        return (weir_slice){0};
    }
    return read_sized(in, (int64_t)len - 1);
}

int32_t weir__read_compact_count(weir__reader *in)
{
    uint64_t count = weir__read_uvarint(in); /* count + 1; 0: null */
    return checked_count(in, count > INT32_MAX ? INT32_MAX : (int64_t)count - 1);
}

void weir__skip_tags(weir__reader *in)
{
    for (uint64_t count = weir__read_uvarint(in); count > 0 && !in->failed; count--) {
        weir__read_uvarint(in);
        weir__read_bytes(in, (size_t)weir__read_uvarint(in));
    }
}

void weir__put_string(weir_buf *out, weir_slice text)
{
    if (text.len > INT16_MAX) {
        out->err = out->err != WEIR_OK ? out->err : WEIR_ELIMIT;
        return;
    }
    weir__buf_put_i16(out, text.data == NULL ? -1 : (int16_t)text.len);
    weir_put(out, text.data, text.len);
}

void weir__put_cstring(weir_buf *out, const char *text)
{
    weir__put_string(out, weir_slice_of(text));
}

void weir__put_blob(weir_buf *out, weir_slice bytes)
{
    if (bytes.len > INT32_MAX) {
        out->err = out->err != WEIR_OK ? out->err : WEIR_ELIMIT;
        return;
    }
    weir__buf_put_i32(out, bytes.data == NULL ? -1 : (int32_t)bytes.len);
    weir_put(out, bytes.data, bytes.len);
}

void weir__put_bool(weir_buf *out, bool value)
{
    weir__buf_put_u8(out, value ? 1 : 0);
}

void weir__put_uvarint(weir_buf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        weir__buf_put_u8(out, (uint8_t)(value | 0x80));
    }
    weir__buf_put_u8(out, (uint8_t)value);
}

void weir__put_compact_string(weir_buf *out, weir_slice text)
{
    weir__put_uvarint(out, text.data == NULL ? 0 : text.len + 1);
    weir_put(out, text.data, text.len);
}

void weir__put_tags(weir_buf *out)
{
    weir__buf_put_u8(out, 0);
}

size_t weir__array_begin(weir_buf *out)
{
    size_t begin = out->len;
    weir__buf_put_i32(out, 0);
    return begin;
}

void weir__array_end(weir_buf *out, size_t begin, int32_t count)
{
    if (out->err == WEIR_OK) {
        weir__store_u32(out->data + begin, (uint32_t)count);
    }
}
