/* SPDX-License-Identifier: Apache-2.0
 *
 * An offset to commit, as OffsetCommit and TxnOffsetCommit send it. */
#ifndef WEIR_MOCKBROKER_OFFSET_ITEM_H
#define WEIR_MOCKBROKER_OFFSET_ITEM_H

#include "group/offsets.h"
#include "items.h"

typedef struct weir__offset_item {
    weir__item item;
    weir__offset offset; /* borrows the request */
} weir__offset_item;

/* Reads what follows the partition's number. `epoch_from`: first version with a leader epoch. */
static inline void weir__offset_item_read(const weir__request *request, weir__reader *in,
                                          int16_t epoch_from, weir__offset_item *part)
{
    part->offset.topic = part->item.topic;
    part->offset.partition = part->item.id;
    part->offset.offset = weir__read_i64(in);
    part->offset.leader_epoch = request->version >= epoch_from ? weir__read_i32(in) : -1;
    part->offset.metadata = weir__take_string(request, in);
}

#endif
