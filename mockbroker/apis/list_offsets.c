/* SPDX-License-Identifier: Apache-2.0
 *
 * ListOffsets: the start, the end, and lookups by time. */
#include "items.h"

#define MAX_TIMESTAMP (-3) /* KIP-734, from version 7 on */
#define EARLIEST (-2)
#define LATEST (-1)
#define READ_COMMITTED 1

typedef struct listed {
    weir__item item;
    int32_t leader_epoch; /* that the client knows; -1: none */
    int64_t asked_ms;
    weir__log_time found;
} listed;

static void read_part(const weir__request *request, weir__reader *in, void *item)
{
    listed *part = item;
    part->leader_epoch = request->version >= 4 ? weir__read_i32(in) : -1;
    part->asked_ms = weir__read_i64(in);
}

/* `upto`: what the client may see. */
static int16_t look_up(const weir__request *request, const weir__log *log, int64_t upto,
                       listed *part)
{
    weir_err err = WEIR_OK;
    if (part->asked_ms == EARLIEST) {
        part->found.offset = log->start;
    } else if (part->asked_ms == LATEST) {
        part->found.offset = upto;
    } else if (part->asked_ms == MAX_TIMESTAMP) {
        if (request->version < 7) {
            return RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
        }
        err = weir__log_find_max_time(log, &part->found);
    } else {
        err = weir__log_find_time(log, part->asked_ms, &part->found);
    }
    if (part->asked_ms == EARLIEST || part->asked_ms == LATEST) {
        part->found.leader_epoch = weir__log_epoch_at(log, part->found.offset);
    } else if (part->found.offset >= upto) {
        part->found = (weir__log_time){-1, -1, -1};
    }
    return err == WEIR_OK ? 0 : RD_KAFKA_RESP_ERR_UNKNOWN;
}

static void put_part(weir__request *request, const void *item)
{
    const listed *part = item;
    weir_buf *out = &request->answer;
    weir__buf_put_i32(out, part->item.id);
    weir__buf_put_i16(out, part->item.error);
    weir__buf_put_i64(out, part->found.timestamp_ms);
    weir__buf_put_i64(out, part->found.offset);
    if (request->version >= 4) {
        weir__buf_put_i32(out, part->found.leader_epoch);
    }
}

void weir__handle_list_offsets(weir__request *request, weir__reader *in)
{
    weir__items parts = {.size = sizeof(listed)};
    weir__read_i32(in); /* replica id */
    bool committed = request->version >= 2 && weir__read_u8(in) == READ_COMMITTED;
    weir__items_read(request, in, &parts, read_part);
    weir__take_tags(request, in);
    if (in->failed) {
        weir__items_malformed(request, &parts);
        return;
    }
    for (int32_t i = 0; i < parts.count; i++) {
        listed *part = weir__items_at(&parts, i);
        const weir__partition *partition =
            weir__item_serve(request, &part->item, part->leader_epoch);
        part->found = (weir__log_time){-1, -1, -1};
        if (partition != NULL) {
            const weir__log *log = &partition->log;
            int64_t upto = committed ? weir__log_last_stable(log) : log->end;
            part->item.error = look_up(request, log, upto, part);
        }
    }
    weir__put_throttle(request, 2);
    weir__items_answer(request, &parts, put_part);
}
