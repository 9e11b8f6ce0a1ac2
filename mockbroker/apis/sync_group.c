/* SPDX-License-Identifier: Apache-2.0
 *
 * SyncGroup: answered when the leader's assignment is known. */
#include "apis.h"

void weir__answer_sync(void *waiter, int16_t error, weir_slice assignment)
{
    weir__request *request = waiter;
    weir__put_throttle(request, 1);
    weir__buf_put_i16(&request->answer, error);
    weir__put_blob(&request->answer, assignment);
    weir__request_answer(request);
}

void weir__handle_sync_group(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir__sync sync = {0};
    sync.who.group = weir__read_string(in);
    sync.who.generation = weir__read_i32(in);
    sync.who.member = weir__read_string(in);
    if (request->version >= 3) {
        sync.who.instance_id = weir__read_string(in);
    }
    int32_t count = weir__read_count(in);
    weir__protocol *assignments = NULL;
    if (count > 0) {
        assignments = weir__request_state(request, (size_t)count * sizeof *assignments, NULL);
        if (assignments == NULL) {
            return;
        }
    }
    for (int32_t i = 0; i < count; i++) {
        assignments[i].name = weir__read_string(in);
        assignments[i].metadata = weir__read_blob(in);
    }
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    sync.assignments = assignments;
    sync.assignment_count = count > 0 ? (size_t)count : 0;
    int16_t error = weir__check_coordinator(request, sync.who.group);
    if (error != 0) {
        weir__answer_sync(request, error, weir_slice_of(""));
        return;
    }
    weir__groups_sync(&mock->groups, &sync, request, mock->now_us);
}
