/* SPDX-License-Identifier: Apache-2.0
 *
 * LeaveGroup: from version 3 on of several members, which may be named by their instance id alone
 * (KIP-345). */
#include "apis.h"

static weir__membership read_member(const weir__request *request, weir__reader *in,
                                    weir_slice group)
{
    weir__membership who = {.group = group, .member = weir__read_string(in), .generation = -1};
    if (request->version >= 3) {
        who.instance_id = weir__read_string(in);
    }
    return who;
}

static void leave_each(weir__request *request, weir__reader *in, weir_slice group, int32_t count)
{
    weir_mock *mock = request->mock;
    weir_buf *out = &request->answer;
    weir__buf_put_i32(out, count);
    for (int32_t i = 0; i < count; i++) {
        weir__membership who = read_member(request, in, group);
        weir__put_string(out, who.member);
        weir__put_string(out, who.instance_id);
        weir__buf_put_i16(out, weir__groups_leave(&mock->groups, &who, mock->now_us));
    }
}

void weir__handle_leave_group(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir_slice group = weir__read_string(in);
    int32_t count = request->version >= 3 ? weir__read_count(in) : 1;
    weir__reader members = *in;
    for (int32_t i = 0; i < count && !in->failed; i++) {
        read_member(request, in, group);
    }
    if (in->failed || count < 0) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, group);
    if (error == 0 && group.len == 0) {
        error = RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    }
    if (error == 0 && request->version < 3) {
        const weir__membership who = read_member(request, &members, group);
        error = weir__groups_leave(&mock->groups, &who, mock->now_us);
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i16(&request->answer, error);
    if (request->version >= 3) {
        leave_each(request, &members, group, error == 0 ? count : 0);
    }
    weir__request_answer(request);
}
