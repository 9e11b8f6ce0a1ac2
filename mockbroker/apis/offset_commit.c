/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetCommit. */
#include "core/error.h"
#include "offset_item.h"
#include "server/faults.h"

typedef struct offset_commit {
    weir__membership who;
    weir__items items;
} offset_commit;

static int16_t commit(weir__request *request, weir__group *group, int32_t generation,
                      weir__offset *offset)
{
    weir_mock *mock = request->mock;
    int16_t fault = weir__fault_error(request, offset->topic, offset->partition);
    if (fault != 0) {
        return fault;
    }
    if (weir__partition_find(mock, offset->topic, offset->partition) == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (offset->metadata.len > WEIR__OFFSET_METADATA_MAX) {
        return RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
    }
    offset->written = ++group->offset_writes;
    if (weir__offsets_put(&group->offsets, offset) != WEIR_OK) {
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_OFFSET_COMMIT,
                                              .group = group->id,
                                              .generation = generation,
                                              .topic = offset->topic,
                                              .partition = offset->partition,
                                              .offset = offset->offset,
                                              .producer_id = -1});
    return 0;
}

static void read_offset(const weir__request *request, weir__reader *in, void *item)
{
    weir__offset_item_read(request, in, 6, item);
}

static void read_request(const weir__request *request, weir__reader *in, offset_commit *it)
{
    it->who.group = weir__take_string(request, in);
    it->who.generation = weir__read_i32(in);
    it->who.member = weir__take_string(request, in);
    if (request->version >= 7) {
        it->who.instance_id = weir__take_string(request, in);
    }
    if (request->version <= 4) {
        weir__read_i64(in); /* retention time */
    }
    weir__items_read(request, in, &it->items, read_offset);
}

void weir__handle_offset_commit(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir__group *group = NULL;
    offset_commit it = {.items = {.size = sizeof(weir__offset_item)}};
    read_request(request, in, &it);
    if (in->failed) {
        weir__items_malformed(request, &it.items);
        return;
    }
    int16_t error = weir__check_coordinator(request, it.who.group);
    if (error == 0) {
        error = weir__groups_commit(&mock->groups, &it.who, mock->now_us, &group);
    }
    for (int32_t i = 0; i < it.items.count; i++) {
        weir__offset_item *part = weir__items_at(&it.items, i);
        part->item.error =
            error != 0 ? error : commit(request, group, it.who.generation, &part->offset);
    }
    weir__put_throttle(request, 3);
    weir__items_answer(request, &it.items, weir__item_put_error);
}
