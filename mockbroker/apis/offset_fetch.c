/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetFetch. */
#include "apis.h"
#include "group/offsets.h"

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

void weir__handle_offset_fetch(weir__request *request, weir__reader *in)
{
    static const weir__map none;
    weir_slice id = weir__read_string(in);
    weir__reader again = *in;
    weir__reader topics = *in;
    weir__skip_partitions(in);
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
