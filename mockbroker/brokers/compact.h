/* SPDX-License-Identifier: Apache-2.0
 *
 * The batches that log compaction has kept of the first offsets of a partition. */
#ifndef WEIR_MOCKBROKER_COMPACT_H
#define WEIR_MOCKBROKER_COMPACT_H

#include <weir/mockbroker.h>

#include "core/buf.h"

typedef struct weir__compacted_batch {
    int64_t last_offset;
    size_t end; /* of its bytes */
} weir__compacted_batch;

/* Offsets below `upto` are answered from here. Zeros: nothing is compacted. */
typedef struct weir__compacted {
    int64_t upto;
    weir_buf bytes; /* batch after batch */
    weir__compacted_batch *batches;
    size_t count;
} weir__compacted;

void weir__compacted_fini(weir__compacted *compacted);
/* The batches from the one that holds `offset`, or the next one after it: the first whatever its
 * size, then up to max_bytes in all. Null: `offset` is not below upto. */
weir_slice weir__compacted_from(const weir__compacted *compacted, int64_t offset, size_t max_bytes);

#endif
