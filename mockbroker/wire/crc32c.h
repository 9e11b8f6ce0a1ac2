/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-32C (Castagnoli), the checksum of record batches. */
#ifndef WEIR_MOCKBROKER_CRC32C_H
#define WEIR_MOCKBROKER_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t weir__crc32c(const uint8_t *bytes, size_t len);

#endif
