/* SPDX-License-Identifier: Apache-2.0
 *
 * DescribeProducers: the producers that a partition knows, and their open transactions. */
#include "items.h"

static void put_producer(weir__request *request, const weir__log_producer *producer)
{
    weir_buf *out = &request->answer;
    int last = producer->batch_count - 1;
    weir__buf_put_i64(out, producer->id);
    weir__buf_put_i32(out, producer->epoch);
    weir__buf_put_i32(out, last >= 0 ? producer->batches[last].last_sequence : -1);
    weir__buf_put_i64(out, producer->last_ms);
    weir__buf_put_i32(out, producer->coordinator_epoch);
    weir__buf_put_i64(out, producer->txn_first);
    weir__give_tags(request);
}

static void put_part(weir__request *request, const void *item)
{
    static const weir__map none;
    const weir__item *part = item;
    const weir__partition *partition = weir__partition_find(request->mock, part->topic, part->id);
    const weir__map *producers = part->error == 0 ? &partition->log.producers.by_id : &none;
    weir__buf_put_i32(&request->answer, part->id);
    weir__buf_put_i16(&request->answer, part->error);
    weir__give_string(request, (weir_slice){0}); /* message */
    weir__give_count(request, producers->count);
    for (const weir__map_entry *at = producers->first; at != NULL; at = at->next) {
        put_producer(request, at->value);
    }
}

void weir__handle_describe_producers(weir__request *request, weir__reader *in)
{
    weir__items parts = {.size = sizeof(weir__item)};
    weir__items_read(request, in, &parts, NULL);
    weir__take_tags(request, in);
    if (in->failed) {
        weir__items_malformed(request, &parts);
        return;
    }
    for (int32_t i = 0; i < parts.count; i++) {
        (void)weir__item_serve(request, weir__items_at(&parts, i), -1);
    }
    weir__put_throttle(request, 0);
    weir__items_answer(request, &parts, put_part);
}
