/* SPDX-License-Identifier: Apache-2.0
 *
 * MurmurHash3_x64_128 (Austin Appleby, public domain). */
#include "state/murmur3.h"

#include "core/buf.h"

#define SEED 104729 /* org.apache.kafka.streams.state.internals.Murmur3 */
#define BLOCK ((size_t)16)
#define FIRST UINT64_C(0x87c37b91114253d5)
#define SECOND UINT64_C(0x4cf5ad432745937f)

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

/* Up to 8 bytes, little-endian. */
static uint64_t load(const uint8_t *at, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

static uint64_t mix_low(uint64_t k)
{
    return rotate(k * FIRST, 31) * SECOND;
}

static uint64_t mix_high(uint64_t k)
{
    return rotate(k * SECOND, 33) * FIRST;
}

static uint64_t finish(uint64_t h)
{
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

void weir__murmur3(weir_slice bytes, uint8_t out[WEIR__MURMUR3_SIZE])
{
    const uint8_t *at = bytes.data;
    size_t left = bytes.len;
    uint64_t low = SEED;
    uint64_t high = SEED;
    for (; left >= BLOCK; at += BLOCK, left -= BLOCK) {
        low = rotate(low ^ mix_low(load(at, 8)), 27) + high;
        low = low * 5 + 0x52dce729;
        high = rotate(high ^ mix_high(load(at + 8, 8)), 31) + low;
        high = high * 5 + 0x38495ab5;
    }
    if (left > 8) {
        high ^= mix_high(load(at + 8, left - 8));
    }
    if (left > 0) {
        low ^= mix_low(load(at, left < 8 ? left : 8));
    }
    low ^= bytes.len;
    high ^= bytes.len;
    low += high;
    high += low;
    low = finish(low);
    high = finish(high);
    low += high;
    high += low;
    weir__store_u64(out, low);
    weir__store_u64(out + 8, high);
}
