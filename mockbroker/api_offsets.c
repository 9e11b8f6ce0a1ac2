/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetCommit, OffsetFetch, OffsetDelete: the offsets of groups. */
#include "apis.h"
#include "core/error.h"
#include "offsets.h"
#include "topics.h"

/* ---- OffsetCommit ---- */

static int16_t commit(weir__request *request, weir__group *group, const weir__offset *offset)
{
    weir_mock *mock = request->mock;
    if (weir__partition_find(mock, offset->topic, offset->partition) == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (offset->metadata.len > WEIR__OFFSET_METADATA_MAX) {
        return RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
    }
    if (weir__offsets_put(&group->offsets, offset) != WEIR_OK) {
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    weir__mock_event(mock, "offset-commit", "%.*s %.*s-%d offset=%lld", (int)group->id.len,
                     (const char *)group->id.data, (int)offset->topic.len,
                     (const char *)offset->topic.data, (int)offset->partition,
                     (long long)offset->offset);
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
static void walk_commit(weir__request *request, weir__reader *in, weir__group *group, int16_t error,
                        weir_buf *out)
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
            int16_t own = out != NULL && error == 0 ? commit(request, group, &offset) : error;
            weir__buf_put_i32(to, offset.partition);
            weir__buf_put_i16(to, own);
        }
    }
}

void weir__handle_offset_commit(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir__group *group = NULL;
    weir_slice id = weir__read_string(in);
    int32_t generation = weir__read_i32(in);
    weir_slice member = weir__read_string(in);
    if (request->version >= 7) {
        weir__read_string(in); /* group instance id */
    }
    if (request->version <= 4) {
        weir__read_i64(in); /* retention time */
    }
    weir__reader again = *in;
    walk_commit(request, in, NULL, 0, NULL);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, id);
    if (error == 0) {
        error = weir__groups_commit(&mock->groups, id, member, generation, mock->now_us, &group);
    }
    weir__put_throttle(request, 3);
    walk_commit(request, &again, group, error, &request->answer);
    weir__request_answer(request);
}

/* ---- OffsetFetch ---- */

static void put_offset(const weir__request *request, int32_t partition, const weir__offset *offset,
                       int16_t error)
{
    weir_buf *out = (weir_buf *)&request->answer;
    weir__buf_put_i32(out, partition);
    weir__buf_put_i64(out, offset != NULL ? offset->offset : -1);
    if (request->version >= 5) {
        weir__buf_put_i32(out, offset != NULL ? offset->leader_epoch : -1);
    }
    weir__put_string(out, offset != NULL ? offset->metadata : weir_slice_of(""));
    weir__buf_put_i16(out, error);
}

static void put_asked(weir__request *request, weir__reader *in, const weir__map *offsets,
                      int16_t error)
{
    weir_buf *out = &request->answer;
    int32_t topics = weir__read_count(in);
    weir__buf_put_i32(out, topics);
    for (int32_t i = 0; i < topics; i++) {
        weir_slice topic = weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        weir__put_string(out, topic);
        weir__buf_put_i32(out, partitions);
        for (int32_t j = 0; j < partitions; j++) {
            int32_t id = weir__read_i32(in);
            put_offset(request, id, error == 0 ? weir__offsets_find(offsets, topic, id) : NULL,
                       error);
        }
    }
}

/* Answers each partition as a topic of its own, which the protocol allows. */
static void put_all(weir__request *request, const weir__map *offsets)
{
    weir_buf *out = &request->answer;
    weir__buf_put_i32(out, (int32_t)offsets->count);
    for (const weir__map_entry *entry = offsets->first; entry != NULL; entry = entry->next) {
        const weir__offset *offset = entry->value;
        weir__put_string(out, offset->topic);
        weir__buf_put_i32(out, 1);
        put_offset(request, offset->partition, offset, 0);
    }
}

static void skip_partitions(weir__reader *in)
{
    int32_t topics = weir__read_count(in);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        weir__read_bytes(in, partitions > 0 ? (size_t)partitions * sizeof(int32_t) : 0);
    }
}

void weir__handle_offset_fetch(weir__request *request, weir__reader *in)
{
    static const weir__map none;
    weir_slice id = weir__read_string(in);
    weir__reader again = *in;
    weir__reader topics = *in;
    skip_partitions(in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, id);
    const weir__group *group = weir__groups_find(&request->mock->groups, id);
    const weir__map *offsets = group != NULL ? &group->offsets : &none;
    weir__put_throttle(request, 3);
    if (request->version >= 2 && weir__read_count(&topics) < 0) {
        put_all(request, error == 0 ? offsets : &none);
    } else {
        put_asked(request, &again, offsets, error);
    }
    if (request->version >= 2) {
        weir__buf_put_i16(&request->answer, error);
    }
    weir__request_answer(request);
}

/* ---- OffsetDelete ---- */

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

void weir__handle_offset_delete(weir__request *request, weir__reader *in)
{
    weir_buf *out = &request->answer;
    weir_slice id = weir__read_string(in);
    weir__reader again = *in;
    skip_partitions(in);
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
            bool exists = weir__partition_find(request->mock, topic, partition) != NULL;
            weir__offsets_remove(&group->offsets, topic, partition);
            weir__buf_put_i32(out, partition);
            weir__buf_put_i16(out, exists ? 0 : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
        }
    }
    weir__request_answer(request);
}
