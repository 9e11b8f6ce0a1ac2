/* SPDX-License-Identifier: Apache-2.0
 *
 * A growable byte buffer that keeps its first failure, and big-endian numbers. */
#ifndef WEIR_CORE_BUF_H
#define WEIR_CORE_BUF_H

#include <string.h>

#include <weir/serde.h>

#define WEIR__BUF_MAX ((size_t)1 << 30)

/* Zero-initialised is empty and valid. `data` moves when the buffer grows. */
struct weir_buf {
    uint8_t *data;
    size_t len;
    size_t capacity;
    weir_err err; /* the first failure; later puts do nothing and return it */
};

void weir__buf_fini(weir_buf *buf);
/* Empties it and keeps its memory. */
static inline void weir__buf_reset(weir_buf *buf)
{
    buf->len = 0;
    buf->err = WEIR_OK;
}
weir_err weir__buf_reserve(weir_buf *buf, size_t more);

weir_err weir__buf_put_u8(weir_buf *buf, uint8_t value);
weir_err weir__buf_put_i16(weir_buf *buf, int16_t value);
weir_err weir__buf_put_i32(weir_buf *buf, int32_t value);
weir_err weir__buf_put_i64(weir_buf *buf, int64_t value);
weir_err weir__buf_put_text(weir_buf *buf, const char *text); /* without terminator */
weir_err weir__buf_printf(weir_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The content; never null (that of an empty buffer is an empty slice). Valid until the next put. */
static inline weir_slice weir__buf_slice(const weir_buf *buf)
{
    return (weir_slice){buf->data != NULL ? (const void *)buf->data : "", buf->len};
}

/* The content as a C string (a terminator is added after it); "" when out of memory. */
const char *weir__buf_text(weir_buf *buf);

/* Big-endian loads and stores at any alignment. */
static inline uint16_t weir__load_u16(const void *at)
{
    const uint8_t *p = at;
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t weir__load_u32(const void *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

static inline uint64_t weir__load_u64(const void *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

static inline void weir__store_u16(void *at, uint16_t value)
{
    value = __builtin_bswap16(value);
    memcpy(at, &value, sizeof value);
}

static inline void weir__store_u32(void *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof value);
}

static inline void weir__store_u64(void *at, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof value);
}

/* A reader over borrowed bytes. Reads past the end return zeros and null slices and set `failed`.
 */
typedef struct weir__reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} weir__reader;

weir__reader weir__reader_of(weir_slice bytes);
size_t weir__reader_left(const weir__reader *reader);
uint8_t weir__read_u8(weir__reader *reader);
int16_t weir__read_i16(weir__reader *reader);
int32_t weir__read_i32(weir__reader *reader);
int64_t weir__read_i64(weir__reader *reader);
weir_slice weir__read_bytes(weir__reader *reader, size_t len);

#endif
