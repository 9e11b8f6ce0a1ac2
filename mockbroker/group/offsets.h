/* SPDX-License-Identifier: Apache-2.0
 *
 * The committed offsets of one group: a map from topic and partition, in order of first commit. */
#ifndef WEIR_MOCKBROKER_OFFSETS_H
#define WEIR_MOCKBROKER_OFFSETS_H

#include "core/map.h"

/* Kafka's offset.metadata.max.bytes. */
#define WEIR__OFFSET_METADATA_MAX 4096

typedef struct weir__offset {
    weir_slice topic;
    int32_t partition;
    int64_t offset;
    int32_t leader_epoch;
    weir_slice metadata; /* never null */
    int64_t written;     /* number of this write in its group: weir__group.offset_writes */
} weir__offset;

void weir__offsets_fini(weir__map *offsets);
/* NULL: nothing committed. Valid until the next call that changes `offsets`. */
const weir__offset *weir__offsets_find(const weir__map *offsets, weir_slice topic,
                                       int32_t partition);
weir_err weir__offsets_put(weir__map *offsets, const weir__offset *offset);
bool weir__offsets_remove(weir__map *offsets, weir_slice topic, int32_t partition);

#endif
