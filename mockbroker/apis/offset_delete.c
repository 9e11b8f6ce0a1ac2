/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetDelete. */
#include "group/offsets.h"
#include "group/txn_offsets.h"
#include "items.h"
#include "server/faults.h"

static int16_t check_delete(const weir__request *request, weir_slice id, const weir__group *group)
{
    int16_t error = weir__check_coordinator(request, id);
    if (error != 0) {
        return error;
    }
    if (group == NULL) {
        return RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
    }
    return group->state == WEIR__GROUP_EMPTY ? 0 : RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP;
}

static int16_t delete_offset(const weir__request *request, weir__group *group, weir_slice topic,
                             int32_t partition)
{
    int16_t fault = weir__fault_error(request, topic, partition);
    if (fault != 0) {
        return fault;
    }
    bool exists = weir__partition_find(request->mock, topic, partition) != NULL;
    weir__offsets_remove(&group->offsets, topic, partition);
    weir__txn_offsets_remove(group->txn_offsets, topic, partition);
    return exists ? 0 : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

void weir__handle_offset_delete(weir__request *request, weir__reader *in)
{
    weir__items items = {.size = sizeof(weir__item)};
    weir_slice id = weir__read_string(in);
    weir__items_read(request, in, &items, NULL);
    if (in->failed) {
        weir__items_malformed(request, &items);
        return;
    }
    weir__group *group = weir__groups_find(&request->mock->groups, id);
    int16_t error = check_delete(request, id, group);
    items.count = error == 0 ? items.count : 0;
    for (int32_t i = 0; i < items.count; i++) {
        weir__item *item = weir__items_at(&items, i);
        item->error = delete_offset(request, group, item->topic, item->id);
    }
    weir__buf_put_i16(&request->answer, error);
    weir__put_throttle(request, 0);
    weir__items_answer(request, &items, weir__item_put_error);
}
