/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of partitions in requests and answers. */
#include "items.h"

#include <stdlib.h>

#include "server/faults.h"

#define CAPACITY_FIRST 4

void weir__items_fini(weir__items *items)
{
    free(items->data);
    items->data = NULL;
    items->count = items->capacity = 0;
}

void *weir__items_add(weir__items *items, weir_slice topic, int32_t id)
{
    if (items->count == WEIR__ITEMS_MAX) {
        return NULL;
    }
    if (items->count == items->capacity) {
        int32_t capacity = items->capacity != 0 ? items->capacity * 2 : CAPACITY_FIRST;
        void *data = realloc(items->data, (size_t)capacity * items->size);
        if (data == NULL) {
            return NULL;
        }
        items->data = data;
        items->capacity = capacity;
    }
    weir__item *item = memset(weir__items_at(items, items->count++), 0, items->size);
    item->topic = topic;
    item->id = id;
    return item;
}

void weir__items_read(const weir__request *request, weir__reader *in, weir__items *items,
                      void (*read)(const weir__request *request, weir__reader *in, void *item))
{
    int32_t topics = weir__take_count(request, in);
    items->is_null = topics < 0;
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__take_text(request, in);
        int32_t partitions = weir__take_count(request, in);
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            weir__item *item = weir__items_add(items, topic, weir__read_i32(in));
            if (item == NULL) {
                in->failed = true;
                return;
            }
            if (read != NULL) {
                read(request, in, item);
                weir__take_tags(request, in);
            }
        }
        weir__take_tags(request, in);
    }
}

/* The index after the last adjacent item of the same topic. */
static int32_t topic_end(const weir__items *items, int32_t begin)
{
    const weir__item *first = weir__items_at(items, begin);
    int32_t end = begin + 1;
    while (end < items->count &&
           weir_slice_equal(first->topic, ((weir__item *)weir__items_at(items, end))->topic)) {
        end++;
    }
    return end;
}

void weir__items_put(weir__request *request, const weir__items *items,
                     void (*put)(weir__request *request, const void *item))
{
    size_t topics = 0;
    for (int32_t i = 0; i < items->count; i = topic_end(items, i)) {
        topics++;
    }
    weir__give_count(request, topics);
    for (int32_t i = 0; i < items->count;) {
        int32_t end = topic_end(items, i);
        weir__give_string(request, ((const weir__item *)weir__items_at(items, i))->topic);
        weir__give_count(request, (size_t)(end - i));
        for (; i < end; i++) {
            put(request, weir__items_at(items, i));
            weir__give_tags(request);
        }
        weir__give_tags(request);
    }
}

void weir__item_put_error(weir__request *request, const void *item)
{
    const weir__item *part = item;
    weir__buf_put_i32(&request->answer, part->id);
    weir__buf_put_i16(&request->answer, part->error);
}

void weir__items_answer(weir__request *request, weir__items *items,
                        void (*put)(weir__request *request, const void *item))
{
    weir__items_put(request, items, put);
    weir__give_tags(request);
    weir__items_fini(items);
    weir__request_answer(request);
}

void weir__items_malformed(weir__request *request, weir__items *items)
{
    weir__items_fini(items);
    weir__request_malformed(request);
}

/* As ReplicaManager.getPartitionOrError and Partition.getLocalLog: the epoch is checked before the
 * leader. */
static int16_t check_leader(const weir__request *request, const weir__item *item,
                            const weir__partition *partition, int32_t epoch)
{
    int32_t broker = request->conn->broker->id;
    int16_t fault = weir__fault_error(request, item->topic, item->id);
    if (fault != 0) {
        return fault;
    }
    if (!weir__partition_is_known(partition, broker)) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (epoch >= 0 && epoch != partition->log.leader_epoch) {
        return epoch < partition->log.leader_epoch ? RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH
                                                   : RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH;
    }
    return partition->leader == broker ? 0 : RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
}

weir__partition *weir__item_serve(const weir__request *request, weir__item *item, int32_t epoch)
{
    weir__partition *partition = weir__partition_find(request->mock, item->topic, item->id);
    item->error = check_leader(request, item, partition, epoch);
    return item->error == 0 ? partition : NULL;
}
