/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetForLeaderEpoch: where the epoch of a leader ended, for clients that check whether their log
 * was truncated (KIP-320). */
#include "items.h"

typedef struct asked_epoch {
    weir__item item;
    int32_t leader_epoch; /* that the client knows; -1: none */
    int32_t asked;
    weir__leader_epoch end;
} asked_epoch;

static void read_part(const weir__request *request, weir__reader *in, void *item)
{
    asked_epoch *part = item;
    part->leader_epoch = request->version >= 2 ? weir__read_i32(in) : -1;
    part->asked = weir__read_i32(in);
}

static void put_part(weir__request *request, const void *item)
{
    const asked_epoch *part = item;
    weir__buf_put_i16(&request->answer, part->item.error);
    weir__buf_put_i32(&request->answer, part->item.id);
    if (request->version >= 1) {
        weir__buf_put_i32(&request->answer, part->end.epoch);
    }
    weir__buf_put_i64(&request->answer, part->end.start);
}

void weir__handle_offset_for_leader_epoch(weir__request *request, weir__reader *in)
{
    weir__items parts = {.size = sizeof(asked_epoch)};
    if (request->version >= 3) {
        weir__read_i32(in); /* replica id */
    }
    weir__items_read(request, in, &parts, read_part);
    if (in->failed) {
        weir__items_malformed(request, &parts);
        return;
    }
    for (int32_t i = 0; i < parts.count; i++) {
        asked_epoch *part = weir__items_at(&parts, i);
        const weir__partition *partition =
            weir__item_serve(request, &part->item, part->leader_epoch);
        part->end = (weir__leader_epoch){-1, -1};
        if (partition != NULL) {
            part->end =
                weir__leader_epochs_end(&partition->log.epochs, part->asked, partition->log.end);
        }
    }
    weir__put_throttle(request, 2);
    weir__items_answer(request, &parts, put_part);
}
