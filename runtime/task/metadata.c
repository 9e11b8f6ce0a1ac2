/* SPDX-License-Identifier: Apache-2.0
 *
 * Commit metadata: TopicPartitionMetadata of Kafka Streams, versions 1 and 2. */
#include "task/metadata.h"

#include <stddef.h>
#include <string.h>

#define VERSION_OLDEST 1
#define VERSION 2
#define TIME_SIZE ((size_t)9)   /* version and time */
#define TABLE_SIZE ((size_t)12) /* of a table, without the name of its store */
#define BYTES_MAX (WEIR__COMMIT_METADATA_MAX / 4 * 3)

/* ---- Base64 ------------------------------------------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t text_size(size_t size)
{
    return (size + 2) / 3 * 4 + 1;
}

static void encode(const uint8_t *bytes, size_t size, char *out)
{
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= left > 2 ? bytes[i + 2] : 0;
        for (size_t k = 0; k < 4; k++) {
            *out++ = k <= left ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
        }
    }
    *out = '\0';
}

/* The number of bytes; 0: the text is no base64, or longer than a text may be. */
static size_t decode(const char *text, uint8_t out[BYTES_MAX])
{
    size_t length = text != NULL ? strnlen(text, WEIR__COMMIT_METADATA_MAX + 1) : 0;
    size_t size = 0;
    if (length > WEIR__COMMIT_METADATA_MAX || length % 4 != 0) {
        return 0;
    }
    size_t padding = length > 0 && text[length - 1] == '=' ? 1 : 0;
    padding += padding > 0 && text[length - 2] == '=' ? 1 : 0;
    for (size_t i = 0; i < length; i += 4) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            bool padded = i + k >= length - padding;
            const char *at = strchr(alphabet, padded ? 'A' : text[i + k]);
            if (at == NULL) {
                return 0;
            }
            bits = bits << 6 | (uint32_t)(at - alphabet);
        }
        out[size++] = (uint8_t)(bits >> 16);
        out[size++] = (uint8_t)(bits >> 8);
        out[size++] = (uint8_t)bits;
    }
    return size - padding;
}

/* ---- Metadata ----------------------------------------------------------------------------- */

static void put_time(int64_t partition_time_ms, uint8_t out[TIME_SIZE])
{
    out[0] = VERSION;
    weir__store_u64(out + 1, (uint64_t)partition_time_ms);
}

void weir__commit_metadata_encode(int64_t partition_time_ms, char out[WEIR__COMMIT_METADATA_SIZE])
{
    uint8_t raw[TIME_SIZE];
    put_time(partition_time_ms, raw);
    encode(raw, sizeof raw, out);
}

const char *weir__commit_metadata_text(int64_t partition_time_ms, const weir__emitted *tables,
                                       size_t count, weir__arena *arena)
{
    uint8_t raw[BYTES_MAX];
    size_t size = TIME_SIZE + sizeof(uint32_t);
    uint32_t kept = 0;
    put_time(partition_time_ms, raw);
    for (size_t i = 0; i < count; i++) {
        weir_slice store = tables[i].store;
        if (store.len > sizeof raw - size || sizeof raw - size - store.len < TABLE_SIZE) {
            continue;
        }
        weir__store_u32(raw + size, (uint32_t)store.len);
        memcpy(raw + size + sizeof(uint32_t), store.data, store.len);
        size += TABLE_SIZE + store.len;
        weir__store_u64(raw + size - sizeof(uint64_t), (uint64_t)tables[i].close_ms);
        kept++;
    }
    weir__store_u32(raw + TIME_SIZE, kept);
    char *text = weir__arena_alloc(arena, text_size(size));
    if (text != NULL) {
        encode(raw, size, text);
    }
    return text;
}

static bool has_time(const uint8_t *raw, size_t size)
{
    return size >= TIME_SIZE && raw[0] >= VERSION_OLDEST && raw[0] <= VERSION;
}

int64_t weir__commit_metadata_decode(const char *text)
{
    uint8_t raw[BYTES_MAX];
    if (!has_time(raw, decode(text, raw))) {
        return -1;
    }
    int64_t time_ms = (int64_t)weir__load_u64(raw + 1);
    return time_ms >= 0 ? time_ms : -1;
}

void weir__commit_metadata_tables(const char *text,
                                  void (*fn)(const weir__emitted *table, void *user), void *user)
{
    uint8_t raw[BYTES_MAX];
    size_t size = decode(text, raw);
    size_t at = TIME_SIZE + sizeof(uint32_t);
    if (!has_time(raw, size) || size < at) {
        return;
    }
    for (uint32_t left = weir__load_u32(raw + TIME_SIZE); left > 0; left--) {
        size_t length = size - at >= TABLE_SIZE ? weir__load_u32(raw + at) : SIZE_MAX;
        if (length > size - at - TABLE_SIZE) {
            return;
        }
        const uint8_t *name = raw + at + sizeof(uint32_t);
        weir__emitted table = {{name, length}, (int64_t)weir__load_u64(name + length)};
        if (table.close_ms >= 0) {
            fn(&table, user);
        }
        at += TABLE_SIZE + length;
    }
}
