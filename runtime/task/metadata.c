/* SPDX-License-Identifier: Apache-2.0
 *
 * Commit metadata: TopicPartitionMetadata of Kafka Streams, versions 1 and 2. */
#include "task/metadata.h"

#include <stddef.h>
#include <string.h>

#include "core/buf.h"

#define VERSION_OLDEST 1
#define VERSION 2
#define TIME_END ((size_t)9)                        /* behind version and partition time */
#define RAW_MAX (WEIR__COMMIT_METADATA_MAX / 4 * 3) /* bytes before base64 */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- Base64 ------------------------------------------------------------------------------- */

/* Three bytes as four characters. */
static char *put_three(char *to, uint8_t first, uint8_t second, uint8_t third)
{
    uint32_t bits = (uint32_t)first << 16 | (uint32_t)second << 8 | third;
    to[0] = alphabet[bits >> 18];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = alphabet[bits >> 6 & 63];
    to[3] = alphabet[bits & 63];
    return to + 4;
}

/* NULL: out of memory. */
static char *to_text(weir__arena *arena, const uint8_t *raw, size_t size)
{
    char *text = weir__arena_alloc_unzeroed(arena, (size + 2) / 3 * 4 + 1);
    char *to = text;
    size_t rest = size % 3;
    if (text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < size - rest; i += 3) {
        to = put_three(to, raw[i], raw[i + 1], raw[i + 2]);
    }
    if (rest > 0) {
        to = put_three(to, raw[size - rest], rest > 1 ? raw[size - 1] : 0, 0);
        memset(to - 3 + rest, '=', 3 - rest);
    }
    *to = '\0';
    return text;
}

/* The number of bytes; reads up to the first character that is none of base64. */
static size_t from_text(const char *text, uint8_t raw[RAW_MAX])
{
    uint32_t bits = 0;
    size_t count = 0;
    for (size_t i = 0; i < WEIR__COMMIT_METADATA_MAX && text[i] != '\0'; i++) {
        const char *at = strchr(alphabet, text[i]);
        if (at == NULL) {
            break;
        }
        bits = bits << 6 | (uint32_t)(at - alphabet);
        if (i % 4 != 0) {
            raw[count++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
        }
    }
    return count;
}

/* ---- Content ------------------------------------------------------------------------------ */

const char *weir__commit_metadata_encode(weir__arena *arena, int64_t partition_time_ms,
                                         const weir__kept_time *times)
{
    uint8_t raw[RAW_MAX];
    size_t size = TIME_END;
    uint32_t count = 0;
    raw[0] = VERSION;
    weir__store_u64(raw + 1, (uint64_t)partition_time_ms);
    for (const weir__kept_time *t = times; t != NULL; t = t->next) {
        size_t length = strlen(t->name);
        size_t start = count > 0 ? size : size + sizeof count;
        size_t more = sizeof(uint32_t) + length + sizeof t->ms;
        if (!t->used || t->ms < 0 || more > RAW_MAX - start) {
            continue;
        }
        weir__store_u32(raw + start, (uint32_t)length);
        memcpy(raw + start + sizeof(uint32_t), t->name, length);
        weir__store_u64(raw + start + sizeof(uint32_t) + length, (uint64_t)t->ms);
        size = start + more;
        weir__store_u32(raw + TIME_END, ++count);
    }
    return to_text(arena, raw, size);
}

int64_t weir__commit_metadata_decode(const char *text,
                                     void (*fn)(weir_slice name, int64_t ms, void *user),
                                     void *user)
{
    uint8_t raw[RAW_MAX];
    size_t size = text != NULL ? from_text(text, raw) : 0;
    if (size < TIME_END || raw[0] < VERSION_OLDEST || raw[0] > VERSION) {
        return -1;
    }
    int64_t time_ms = (int64_t)weir__load_u64(raw + 1);
    weir__reader reader = weir__reader_of((weir_slice){raw + TIME_END, size - TIME_END});
    int32_t count = raw[0] == VERSION ? weir__read_i32(&reader) : 0;
    for (int32_t i = 0; i < count && !reader.failed; i++) {
        int32_t length = weir__read_i32(&reader);
        weir_slice name = weir__read_bytes(&reader, length >= 0 ? (size_t)length : SIZE_MAX);
        int64_t ms = weir__read_i64(&reader);
        if (!reader.failed && ms >= 0) {
            fn(name, ms, user);
        }
    }
    return time_ms >= 0 ? time_ms : -1;
}
