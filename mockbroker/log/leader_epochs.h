/* SPDX-License-Identifier: Apache-2.0
 *
 * The epochs of a partition's leaders, and the offset at which each began (KIP-101, KIP-320). */
#ifndef WEIR_MOCKBROKER_LEADER_EPOCHS_H
#define WEIR_MOCKBROKER_LEADER_EPOCHS_H

#include <weir/weir.h>

typedef struct weir__leader_epoch {
    int32_t epoch;
    int64_t start; /* the first offset of that epoch */
} weir__leader_epoch;

/* Zero-initialised is empty. */
typedef struct weir__leader_epochs {
    weir__leader_epoch *items; /* both numbers increase */
    size_t count;
    size_t capacity;
} weir__leader_epochs;

void weir__leader_epochs_fini(weir__leader_epochs *epochs);
/* An epoch begins at `start`, the end of the log. Epochs without records are forgotten.
 * WEIR_ENOMEM. */
weir_err weir__leader_epochs_add(weir__leader_epochs *epochs, int32_t epoch, int64_t start);
/* The records below `start` were deleted. */
void weir__leader_epochs_trim(weir__leader_epochs *epochs, int64_t start);
/* The epoch of the record at `offset`; -1: none. */
int32_t weir__leader_epochs_at(const weir__leader_epochs *epochs, int64_t offset);
/* The largest epoch that is not larger than `asked`, and where it ended, as OffsetForLeaderEpoch
 * answers. Epoch -1 and offset -1: `asked` is not known yet. `end`: of the log. */
weir__leader_epoch weir__leader_epochs_end(const weir__leader_epochs *epochs, int32_t asked,
                                           int64_t end);

#endif
