/* SPDX-License-Identifier: Apache-2.0
 *
 * Commit metadata: TopicPartitionMetadata of Kafka Streams, versions 1 and 2. */
#include "task/metadata.h"

#include <stddef.h>
#include <string.h>

#include "core/buf.h"

#define VERSION_OLDEST 1
#define VERSION 2
#define RAW_SIZE 9

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void weir__commit_metadata_encode(int64_t partition_time_ms, char out[WEIR__COMMIT_METADATA_SIZE])
{
    uint8_t raw[RAW_SIZE] = {VERSION};
    weir__store_u64(raw + 1, (uint64_t)partition_time_ms);
    char *to = out;
    for (size_t i = 0; i < RAW_SIZE; i += 3) {
        uint32_t bits = (uint32_t)raw[i] << 16 | (uint32_t)raw[i + 1] << 8 | raw[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6) {
            *to++ = alphabet[bits >> shift & 63];
        }
    }
    *to = '\0';
}

int64_t weir__commit_metadata_decode(const char *text)
{
    uint8_t raw[RAW_SIZE];
    if (text == NULL ||
        strnlen(text, WEIR__COMMIT_METADATA_SIZE - 1) < WEIR__COMMIT_METADATA_SIZE - 1) {
        return -1;
    }
    for (size_t i = 0; i < RAW_SIZE; i += 3) {
        uint32_t bits = 0;
        for (int k = 0; k < 4; k++) {
            const char *at = strchr(alphabet, *text++);
            if (at == NULL) {
                return -1;
            }
            bits = bits << 6 | (uint32_t)(at - alphabet);
        }
        raw[i] = (uint8_t)(bits >> 16);
        raw[i + 1] = (uint8_t)(bits >> 8);
        raw[i + 2] = (uint8_t)bits;
    }
    if (raw[0] < VERSION_OLDEST || raw[0] > VERSION) {
        return -1;
    }
    int64_t time_ms = (int64_t)weir__load_u64(raw + 1);
    return time_ms >= 0 ? time_ms : -1;
}
