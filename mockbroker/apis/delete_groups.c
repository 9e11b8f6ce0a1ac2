/* SPDX-License-Identifier: Apache-2.0
 *
 * DeleteGroups. */
#include "apis.h"

void weir__handle_delete_groups(weir__request *request, weir__reader *in)
{
    weir_buf *out = &request->answer;
    int32_t count;
    weir__reader ids = weir__read_strings(in, &count);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i32(out, count);
    for (int32_t i = 0; i < count; i++) {
        weir_slice id = weir__read_string(&ids);
        int16_t error = weir__check_coordinator(request, id);
        weir__put_string(out, id);
        weir__buf_put_i16(out,
                          error != 0 ? error : weir__groups_delete(&request->mock->groups, id));
    }
    weir__request_answer(request);
}
