/* SPDX-License-Identifier: Apache-2.0
 *
 * Kafka's default partitioner for keyed records. */
#include <string.h>

#include "client/client.h"
#include "core/error.h"

/* MurmurHash2 (Austin Appleby, public domain), 32 bits, with Kafka's seed. */
static uint32_t murmur2(const uint8_t *data, uint32_t len)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t hash = 0x9747b28cu ^ len;
    for (; len >= 4; data += 4, len -= 4) {
        uint32_t k = (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
                     (uint32_t)data[3] << 24;
        k *= m;
        k ^= k >> 24;
        hash = hash * m ^ k * m;
    }
    if (len >= 3) {
        hash ^= (uint32_t)data[2] << 16;
    }
    if (len >= 2) {
        hash ^= (uint32_t)data[1] << 8;
    }
    if (len >= 1) {
        hash = (hash ^ data[0]) * m;
    }
    hash = (hash ^ hash >> 13) * m;
    return hash ^ hash >> 15;
}

int32_t weir_default_partition(weir_slice bytes, int32_t partitions)
{
    return bytes.data != NULL && partitions > 0 ? weir__murmur2_partition(bytes, partitions) : -1;
}

int32_t weir__murmur2_partition(weir_slice key, int32_t partitions)
{
    weir_assert(key.data != NULL);
    weir_assert(partitions > 0);
    return (int32_t)(murmur2(key.data, (uint32_t)key.len) & 0x7fffffffu) % partitions;
}
