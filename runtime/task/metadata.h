/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata of a committed offset, as Kafka Streams writes it (TopicPartitionMetadata): the
 * partition time, and the times that nodes of the task keep. With them stream time continues after
 * a restart. */
#ifndef WEIR_TASK_METADATA_H
#define WEIR_TASK_METADATA_H

#include "process/graph.h"

/* As many bytes as brokers accept (offset.metadata.max.bytes). */
#define WEIR__COMMIT_METADATA_MAX ((size_t)4096)

/* byte 02 | partition time 8 | count 4 | each: length 4, name, time 8     all big-endian, in
 * base64; the count is absent if there are no times: "AgAAAYvP5W/Q" is 02 0000018bcfe56fd0.
 *
 * Returns a text in `arena`; NULL: out of memory. Times that do not fit are left out. */
const char *weir__commit_metadata_encode(weir__arena *arena, int64_t partition_time_ms,
                                         const weir__kept_time *times);

/* Returns the partition time; -1 for NULL and for other metadata. Calls fn for each time of a node.
 */
int64_t weir__commit_metadata_decode(const char *text,
                                     void (*fn)(weir_slice name, int64_t ms, void *user),
                                     void *user);

#endif
