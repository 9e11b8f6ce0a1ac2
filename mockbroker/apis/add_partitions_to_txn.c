/* SPDX-License-Identifier: Apache-2.0
 *
 * AddPartitionsToTxn: all partitions are added, or none. */
#include <stdlib.h>

#include "items.h"
#include "server/faults.h"
#include "txn_requests.h"

#define FENCED_FROM 2 /* first version with PRODUCER_FENCED */

/* True: there is no fault for a partition, and all exist. Else the items have their errors. */
static bool all_exist(const weir__request *request, const weir__items *items)
{
    bool exist = true;
    for (int32_t i = 0; i < items->count; i++) {
        weir__item *item = weir__items_at(items, i);
        const weir__partition *partition =
            weir__partition_find(request->mock, item->topic, item->id);
        bool known = weir__partition_is_known(partition, request->conn->broker->id);
        int16_t fault = weir__fault_error(request, item->topic, item->id);
        item->error = known ? RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED
                            : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        item->error = fault != 0 ? fault : item->error;
        exist = exist && known && fault == 0;
    }
    return exist;
}

static int16_t add(weir__request *request, const weir__producer *producer, const weir__items *items)
{
    weir_mock *mock = request->mock;
    int16_t error = weir__check_txn_coordinator(request, producer->id);
    if (error != 0) {
        return error;
    }
    size_t count = (size_t)items->count;
    weir__txn_part *parts = malloc((count + 1) * sizeof *parts);
    if (parts == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    for (size_t i = 0; i < count; i++) {
        const weir__item *item = weir__items_at(items, (int32_t)i);
        parts[i] = (weir__txn_part){item->topic, item->id};
    }
    error = weir__txns_add(&mock->txns, producer, parts, count, mock->now_us);
    free(parts);
    return error;
}

void weir__handle_add_partitions_to_txn(weir__request *request, weir__reader *in)
{
    weir__items items = {.size = sizeof(weir__item)};
    const weir__producer producer = weir__take_producer(request, in);
    weir__items_read(request, in, &items, NULL);
    weir__take_tags(request, in);
    if (in->failed) {
        weir__items_malformed(request, &items);
        return;
    }
    if (all_exist(request, &items)) {
        int16_t error = add(request, &producer, &items);
        error = weir__txn_error(request, FENCED_FROM, &producer, error);
        for (int32_t i = 0; i < items.count; i++) {
            ((weir__item *)weir__items_at(&items, i))->error = error;
        }
    }
    weir__put_throttle(request, 0);
    weir__items_answer(request, &items, weir__item_put_error);
}
