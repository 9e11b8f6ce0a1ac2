/* SPDX-License-Identifier: Apache-2.0
 *
 * Kafka's compressions of the records of a batch. */
#ifndef WEIR_MOCKBROKER_COMPRESSION_H
#define WEIR_MOCKBROKER_COMPRESSION_H

#include "core/buf.h"

/* Records of one batch may not be larger than this when they are decompressed. */
#define WEIR__DECOMPRESSED_BYTES_MAX ((size_t)128 << 20)

/* By the bits of a batch's attributes. */
typedef enum weir__codec {
    WEIR__CODEC_NONE = 0,
    WEIR__CODEC_GZIP = 1,
    WEIR__CODEC_SNAPPY = 2, /* raw, or in the frames of Java's snappy library */
    WEIR__CODEC_LZ4 = 3,    /* the frame format */
    WEIR__CODEC_ZSTD = 4,
} weir__codec;

/* Appends the decompressed bytes to `out`. WEIR_EUNSUPPORTED: no such codec; WEIR_ECORRUPT;
 * WEIR_ELIMIT: more than WEIR__DECOMPRESSED_BYTES_MAX; WEIR_ENOMEM. */
weir_err weir__decompress(int codec, weir_slice bytes, weir_buf *out);

#endif
