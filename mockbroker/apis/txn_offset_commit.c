/* SPDX-License-Identifier: Apache-2.0
 *
 * TxnOffsetCommit: the offsets wait in the group until the transaction ends. */
#include "core/error.h"
#include "group/txn_offsets.h"
#include "offset_item.h"
#include "server/faults.h"
#include "txn_requests.h"

typedef struct txn_offset_commit {
    weir__producer producer;
    weir__membership who;
    weir__items items;
} txn_offset_commit;

static void read_offset(const weir__request *request, weir__reader *in, void *item)
{
    weir__offset_item_read(request, in, 2, item);
}

static void read_request(weir__request *request, weir__reader *in, txn_offset_commit *it)
{
    it->producer.id = weir__take_text(request, in);
    it->who = (weir__membership){.member = weir_slice_of(""), .generation = -1};
    it->who.group = weir__take_text(request, in);
    it->producer.producer_id = weir__read_i64(in);
    it->producer.epoch = weir__read_i16(in);
    if (request->version >= 3) {
        it->who.generation = weir__read_i32(in);
        it->who.member = weir__take_text(request, in);
        it->who.instance_id = weir__take_string(request, in);
    }
    weir__items_read(request, in, &it->items, read_offset);
    weir__take_tags(request, in);
}

/* Whether the transaction has the group's offsets, as the group coordinator asks the transaction
 * coordinator (KIP-890). */
static int16_t check_transaction(weir__request *request, const txn_offset_commit *it)
{
    const weir__txn_part offsets = {it->who.group, WEIR__TXN_OFFSETS};
    int16_t error = weir__txns_verify(&request->mock->txns, &it->producer, &offsets);
    /* No version of this request has PRODUCER_FENCED. */
    return weir__txn_error(request, INT16_MAX, &it->producer, error);
}

static int16_t put_pending(weir__request *request, const txn_offset_commit *it, weir__group *group,
                           weir__offset *offset)
{
    if (offset->metadata.len > WEIR__OFFSET_METADATA_MAX) {
        return RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
    }
    offset->written = ++group->offset_writes;
    if (weir__txn_offsets_put(&group->txn_offsets, it->producer.producer_id, offset) != WEIR_OK) {
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    weir__mock_event(request->mock, &(weir_mock_event){.kind = WEIR_MOCK_OFFSET_PENDING,
                                                       .group = group->id,
                                                       .topic = offset->topic,
                                                       .partition = offset->partition,
                                                       .offset = offset->offset,
                                                       .transactional_id = it->producer.id,
                                                       .producer_id = it->producer.producer_id,
                                                       .epoch = it->producer.epoch});
    return 0;
}

static void carry_out(weir__request *request, txn_offset_commit *it)
{
    weir_mock *mock = request->mock;
    weir__group *group = NULL;
    int16_t error = it->who.group.len == 0 ? RD_KAFKA_RESP_ERR_INVALID_GROUP_ID
                                           : weir__check_coordinator(request, it->who.group);
    error = error != 0 ? error : check_transaction(request, it);
    if (error == 0) {
        error = weir__groups_txn_commit(&mock->groups, &it->who, mock->now_us, &group);
    }
    for (int32_t i = 0; i < it->items.count; i++) {
        weir__offset_item *part = weir__items_at(&it->items, i);
        weir__item *item = &part->item;
        bool exists = weir__partition_find(mock, item->topic, item->id) != NULL;
        int16_t fault = weir__fault_error(request, item->topic, item->id);
        if (fault != 0) {
            item->error = fault;
        } else if (!exists) {
            item->error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        } else {
            item->error = error != 0 ? error : put_pending(request, it, group, &part->offset);
        }
    }
}

void weir__handle_txn_offset_commit(weir__request *request, weir__reader *in)
{
    txn_offset_commit it = {.items = {.size = sizeof(weir__offset_item)}};
    read_request(request, in, &it);
    if (in->failed) {
        weir__items_malformed(request, &it.items);
        return;
    }
    carry_out(request, &it);
    weir__put_throttle(request, 0);
    weir__items_answer(request, &it.items, weir__item_put_error);
}
