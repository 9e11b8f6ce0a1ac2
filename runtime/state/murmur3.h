/* SPDX-License-Identifier: Apache-2.0
 *
 * The hash of a left value in a foreign-key join, as Kafka Streams makes it. */
#ifndef WEIR_STATE_MURMUR3_H
#define WEIR_STATE_MURMUR3_H

#include <weir/serde.h>

#define WEIR__MURMUR3_SIZE ((size_t)16)

/* MurmurHash3 for x64, 128 bits, with Kafka's seed 104729; both halves big-endian. `bytes` is not
 * null. */
void weir__murmur3(weir_slice bytes, uint8_t out[WEIR__MURMUR3_SIZE]);

#endif
