/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetDelete. */
#include "apis.h"
#include "brokers/topics.h"
#include "group/offsets.h"
#include "group/txn_offsets.h"
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
    weir_buf *out = &request->answer;
    weir_slice id = weir__read_string(in);
    weir__reader again = *in;
    weir__skip_partitions(in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__group *group = weir__groups_find(&request->mock->groups, id);
    int16_t error = check_delete(request, id, group);
    weir__buf_put_i16(out, error);
    weir__put_throttle(request, 0);
    int32_t topics = error == 0 ? weir__read_count(&again) : 0;
    weir__buf_put_i32(out, topics);
    for (int32_t i = 0; i < topics; i++) {
        weir_slice topic = weir__read_string(&again);
        int32_t partitions = weir__read_count(&again);
        weir__put_string(out, topic);
        weir__buf_put_i32(out, partitions);
        for (int32_t j = 0; j < partitions; j++) {
            int32_t partition = weir__read_i32(&again);
            weir__buf_put_i32(out, partition);
            weir__buf_put_i16(out, delete_offset(request, group, topic, partition));
        }
    }
    weir__request_answer(request);
}
