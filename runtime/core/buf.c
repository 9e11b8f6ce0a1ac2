/* SPDX-License-Identifier: Apache-2.0
 *
 * A growable byte buffer, and a reader over bytes. */
#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"

#define BUF_FIRST_CAPACITY ((size_t)64)

void weir__buf_fini(weir_buf *buf)
{
    free(buf->data);
    *buf = (weir_buf){0};
}

weir_err weir__buf_reserve(weir_buf *buf, size_t more)
{
    if (buf->err != WEIR_OK) {
        return buf->err;
    }
    if (more > WEIR__BUF_MAX - buf->len) {
        return buf->err = WEIR_ELIMIT;
    }
    if (buf->len + more <= buf->capacity) {
        return WEIR_OK;
    }
    size_t capacity = buf->capacity != 0 ? buf->capacity : BUF_FIRST_CAPACITY;
    while (capacity < buf->len + more) {
        capacity *= 2;
    }
    uint8_t *data = realloc(buf->data, capacity);
    if (data == NULL) {
        return buf->err = WEIR_ENOMEM;
    }
    buf->data = data;
    buf->capacity = capacity;
    return WEIR_OK;
}

weir_err weir_put(weir_buf *out, const void *data, size_t len)
{
    if (out == NULL) {
        return WEIR_EINVAL;
    }
    if (data != NULL && out->data != NULL && out->err == WEIR_OK &&
        len <= out->capacity - out->len) {
        memcpy(out->data + out->len, data, len);
        out->len += len;
        return WEIR_OK;
    }
    if (data == NULL && len > 0 && out->err == WEIR_OK) {
        out->err = WEIR_EINVAL; /* kept: a value without one of its parts must not be written */
    }
    weir_err err = weir__buf_reserve(out, len);
    if (err == WEIR_OK && len > 0) {
        memcpy(out->data + out->len, data, len);
        out->len += len;
    }
    return err;
}

weir_err weir__buf_put_u8(weir_buf *buf, uint8_t value)
{
    return weir_put(buf, &value, sizeof value);
}

weir_err weir__buf_put_i16(weir_buf *buf, int16_t value)
{
    uint8_t bytes[sizeof value];
    weir__store_u16(bytes, (uint16_t)value);
    return weir_put(buf, bytes, sizeof bytes);
}

weir_err weir__buf_put_i32(weir_buf *buf, int32_t value)
{
    uint8_t bytes[sizeof value];
    weir__store_u32(bytes, (uint32_t)value);
    return weir_put(buf, bytes, sizeof bytes);
}

weir_err weir__buf_put_i64(weir_buf *buf, int64_t value)
{
    uint8_t bytes[sizeof value];
    weir__store_u64(bytes, (uint64_t)value);
    return weir_put(buf, bytes, sizeof bytes);
}

weir_err weir__buf_put_text(weir_buf *buf, const char *text)
{
    return weir_put(buf, text, strlen(text));
}

__attribute__((format(printf, 2, 0))) static weir_err put_format(weir_buf *buf, const char *format,
                                                                 va_list args)
{
    weir_err err = buf->capacity == 0 ? weir__buf_reserve(buf, 1) : buf->err;
    if (err != WEIR_OK) {
        return err;
    }
    va_list again;
    va_copy(again, args);
    size_t room = buf->capacity - buf->len;
    int length = vsnprintf((char *)buf->data + buf->len, room, format, again);
    va_end(again);
    if (length < 0) {
        return WEIR_EINVAL; /* a wide character that the locale does not have, or longer than
                               INT_MAX */
    }
    if ((size_t)length >= room) {
        err = weir__buf_reserve(buf, (size_t)length + 1);
        if (err != WEIR_OK) {
            return err;
        }
        vsnprintf((char *)buf->data + buf->len, (size_t)length + 1, format, args);
    }
    buf->len += (size_t)length;
    return WEIR_OK;
}

weir_err weir_put_format(weir_buf *out, const char *format, ...)
{
    if (out == NULL || format == NULL) {
        return WEIR_EINVAL;
    }
    va_list args;
    va_start(args, format);
    weir_err err = put_format(out, format, args);
    va_end(args);
    return err;
}

weir_err weir__buf_printf(weir_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir_err err = put_format(buf, format, args);
    va_end(args);
    weir_assert(err != WEIR_EINVAL); /* the formats are ours */
    return err;
}

const char *weir__buf_text(weir_buf *buf)
{
    if (weir__buf_reserve(buf, 1) != WEIR_OK) {
        return "";
    }
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}

weir__reader weir__reader_of(weir_slice bytes)
{
    const uint8_t *at = bytes.data;
    return (weir__reader){.at = at, .end = at != NULL ? at + bytes.len : NULL};
}

size_t weir__reader_left(const weir__reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static const uint8_t *take(weir__reader *reader, size_t len)
{
    if (reader->failed || weir__reader_left(reader) < len) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *at = reader->at;
    reader->at += len;
    return at;
}

uint8_t weir__read_u8(weir__reader *reader)
{
    const uint8_t *at = take(reader, 1);
    return at != NULL ? *at : 0;
}

int16_t weir__read_i16(weir__reader *reader)
{
    const uint8_t *at = take(reader, sizeof(int16_t));
    return at != NULL ? (int16_t)weir__load_u16(at) : 0;
}

int32_t weir__read_i32(weir__reader *reader)
{
    const uint8_t *at = take(reader, sizeof(int32_t));
    return at != NULL ? (int32_t)weir__load_u32(at) : 0;
}

int64_t weir__read_i64(weir__reader *reader)
{
    const uint8_t *at = take(reader, sizeof(int64_t));
    return at != NULL ? (int64_t)weir__load_u64(at) : 0;
}

weir_slice weir__read_bytes(weir__reader *reader, size_t len)
{
    const uint8_t *at = take(reader, len);
    return (weir_slice){at, at != NULL ? len : 0};
}
