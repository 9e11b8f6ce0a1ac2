/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetCommit. */
#include "apis.h"
#include "brokers/topics.h"
#include "core/error.h"
#include "group/offsets.h"
#include "server/faults.h"

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

static void read_offset(const weir__request *request, weir__reader *in, weir__offset *offset)
{
    offset->partition = weir__read_i32(in);
    offset->offset = weir__read_i64(in);
    offset->leader_epoch = request->version >= 6 ? weir__read_i32(in) : -1;
    offset->metadata = weir__read_string(in);
}

/* Reads twice: `out` NULL only checks that the request is whole. */
static void walk_commit(weir__request *request, weir__reader *in, weir__group *group,
                        int32_t generation, int16_t error, weir_buf *out)
{
    weir_buf nowhere = {.err = WEIR_ELIMIT};
    weir_buf *to = out != NULL ? out : &nowhere;
    int32_t topics = weir__read_count(in);
    weir__buf_put_i32(to, topics);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        weir__put_string(to, topic);
        weir__buf_put_i32(to, partitions);
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            weir__offset offset = {.topic = topic};
            read_offset(request, in, &offset);
            int16_t own =
                out != NULL && error == 0 ? commit(request, group, generation, &offset) : error;
            weir__buf_put_i32(to, offset.partition);
            weir__buf_put_i16(to, own);
        }
    }
}

void weir__handle_offset_commit(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir__group *group = NULL;
    weir__membership who = {.group = weir__read_string(in)};
    who.generation = weir__read_i32(in);
    who.member = weir__read_string(in);
    if (request->version >= 7) {
        who.instance_id = weir__read_string(in);
    }
    if (request->version <= 4) {
        weir__read_i64(in); /* retention time */
    }
    weir__reader again = *in;
    walk_commit(request, in, NULL, -1, 0, NULL);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, who.group);
    if (error == 0) {
        error = weir__groups_commit(&mock->groups, &who, mock->now_us, &group);
    }
    weir__put_throttle(request, 3);
    walk_commit(request, &again, group, who.generation, error, &request->answer);
    weir__request_answer(request);
}
