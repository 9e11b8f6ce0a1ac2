/* SPDX-License-Identifier: Apache-2.0
 *
 * LeaveGroup. */
#include "apis.h"

void weir__handle_leave_group(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir_slice group = weir__read_string(in);
    weir_slice member = weir__read_string(in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, group);
    if (error == 0) {
        error = weir__groups_leave(&mock->groups, group, member, mock->now_us);
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i16(&request->answer, error);
    weir__request_answer(request);
}
