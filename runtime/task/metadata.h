/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata of a committed offset: the partition time, as Kafka Streams writes it. With it
 * stream time continues after a restart. */
#ifndef WEIR_TASK_METADATA_H
#define WEIR_TASK_METADATA_H

#include <stdint.h>

/*  byte 02 | partition time (8 bytes, big-endian)  in base64: "AgAAAYvP5W/Q" is 02
 *  0000018bcfe56fd0 */
#define WEIR__COMMIT_METADATA_SIZE 13 /* with the terminator */

void weir__commit_metadata_encode(int64_t partition_time_ms, char out[WEIR__COMMIT_METADATA_SIZE]);
/* Returns the partition time; -1 for NULL and for other metadata. The bytes behind the time
 * (Kafka's processor metadata) are ignored. */
int64_t weir__commit_metadata_decode(const char *text);

#endif
