/* SPDX-License-Identifier: Apache-2.0
 *
 * FindCoordinator, of groups and transactions. */
#include "apis.h"

#define COORDINATOR_GROUP 0
#define COORDINATOR_TRANSACTION 1

void weir__handle_find_coordinator(weir__request *request, weir__reader *in)
{
    weir_buf *out = &request->answer;
    weir_slice key = weir__read_string(in);
    uint8_t type = request->version >= 1 ? weir__read_u8(in) : COORDINATOR_GROUP;
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = request->injected;
    if (error == 0 && (type > COORDINATOR_TRANSACTION || key.len == 0)) {
        error = RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    const weir__broker *broker = error == 0 ? weir__coordinator_of(request->mock, key) : NULL;
    weir__put_throttle(request, 1);
    weir__buf_put_i16(out, error);
    if (request->version >= 1) {
        weir__put_string(out, (weir_slice){0}); /* message */
    }
    weir__buf_put_i32(out, broker != NULL ? broker->id : -1);
    weir__put_cstring(out, broker != NULL ? WEIR__HOST : "");
    weir__buf_put_i32(out, broker != NULL ? broker->port : -1);
    weir__request_answer(request);
}
