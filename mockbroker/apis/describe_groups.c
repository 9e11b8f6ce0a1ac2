/* SPDX-License-Identifier: Apache-2.0
 *
 * DescribeGroups. */
#include "apis.h"

#define NO_AUTHORIZED_OPERATIONS INT32_MIN

static void put_described_members(const weir__request *request, const weir__group *group,
                                  weir_buf *out)
{
    weir__buf_put_i32(out, group->member_count);
    for (const weir__member *member = group->first; member != NULL; member = member->next) {
        bool stable = group->state == WEIR__GROUP_STABLE;
        weir__put_string(out, member->id);
        if (request->version >= 4) {
            weir__put_string(out, member->instance_id);
        }
        weir__put_string(out, member->client_id);
        weir__put_string(out, member->client_host);
        weir__put_blob(out, stable ? weir__member_metadata(group, member) : weir_slice_of(""));
        weir__put_blob(out, stable ? member->assignment : weir_slice_of(""));
    }
}

/* A group that does not exist is "Dead", without an error, as in Kafka before 4.0. */
static void put_described(const weir__request *request, weir_slice id, weir_buf *out)
{
    const weir__group *group = weir__groups_find(&request->mock->groups, id);
    int16_t error = weir__check_coordinator(request, id);
    bool stable = group != NULL && group->state == WEIR__GROUP_STABLE;
    weir_slice empty = weir_slice_of("");
    const char *state = group != NULL ? weir__group_state_name(group->state) : "Dead";
    weir__buf_put_i16(out, error);
    weir__put_string(out, id);
    weir__put_cstring(out, error == 0 ? state : "");
    weir__put_string(out, error == 0 && group != NULL && group->protocol_type.data != NULL
                              ? group->protocol_type
                              : empty);
    weir__put_string(out, error == 0 && stable ? group->protocol : empty);
    if (error == 0 && group != NULL) {
        put_described_members(request, group, out);
    } else {
        weir__buf_put_i32(out, 0);
    }
    if (request->version >= 3) {
        weir__buf_put_i32(out, NO_AUTHORIZED_OPERATIONS);
    }
}

void weir__handle_describe_groups(weir__request *request, weir__reader *in)
{
    int32_t count;
    weir__reader ids = weir__read_strings(in, &count);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i32(&request->answer, count);
    for (int32_t i = 0; i < count; i++) {
        put_described(request, weir__read_string(&ids), &request->answer);
    }
    weir__request_answer(request);
}
