/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-32C by the processor's instruction where there is one, else four bits at a time. */
#include "crc32c.h"

#include <string.h>

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(const uint8_t *bytes, size_t len)
{
    uint64_t crc = UINT32_MAX;
    for (; len >= sizeof crc; bytes += sizeof crc, len -= sizeof crc) {
        unsigned long long word;
        memcpy(&word, bytes, sizeof word);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    uint32_t rest = (uint32_t)crc;
    for (; len > 0; bytes++, len--) {
        rest = __builtin_ia32_crc32qi(rest, *bytes);
    }
    return ~rest;
}
#endif

static uint32_t by_table(const uint8_t *bytes, size_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

uint32_t weir__crc32c(const uint8_t *bytes, size_t len)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        return by_instruction(bytes, len);
    }
#endif
    return by_table(bytes, len);
}
