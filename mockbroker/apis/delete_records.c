/* SPDX-License-Identifier: Apache-2.0
 *
 * DeleteRecords. */
#include "items.h"

typedef struct deleted {
    weir__item item;
    int64_t before;
    int64_t low_watermark;
} deleted;

static void read_part(const weir__request *request, weir__reader *in, void *item)
{
    (void)request;
    ((deleted *)item)->before = weir__read_i64(in);
}

static void put_part(weir__request *request, const void *item)
{
    const deleted *part = item;
    weir__buf_put_i32(&request->answer, part->item.id);
    weir__buf_put_i64(&request->answer, part->low_watermark);
    weir__buf_put_i16(&request->answer, part->item.error);
}

void weir__handle_delete_records(weir__request *request, weir__reader *in)
{
    weir__items parts = {.size = sizeof(deleted)};
    weir__items_read(request, in, &parts, read_part);
    weir__read_i32(in); /* timeout */
    if (in->failed) {
        weir__items_malformed(request, &parts);
        return;
    }
    for (int32_t i = 0; i < parts.count; i++) {
        deleted *part = weir__items_at(&parts, i);
        weir__partition *partition = weir__item_serve(request, &part->item, -1);
        part->low_watermark = -1;
        if (partition != NULL) {
            part->item.error = weir__partition_trim(request->mock, partition, part->before);
        }
        if (part->item.error == 0) {
            part->low_watermark = partition->log.start;
        }
    }
    weir__put_throttle(request, 0);
    weir__items_answer(request, &parts, put_part);
}
