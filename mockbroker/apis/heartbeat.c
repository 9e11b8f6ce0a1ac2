/* SPDX-License-Identifier: Apache-2.0
 *
 * Heartbeat. */
#include "apis.h"

void weir__handle_heartbeat(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir__membership who = {.group = weir__read_string(in)};
    who.generation = weir__read_i32(in);
    who.member = weir__read_string(in);
    if (request->version >= 3) {
        who.instance_id = weir__read_string(in);
    }
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, who.group);
    if (error == 0) {
        error = weir__groups_heartbeat(&mock->groups, &who, mock->now_us);
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i16(&request->answer, error);
    weir__request_answer(request);
}
