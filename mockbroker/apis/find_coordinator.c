/* SPDX-License-Identifier: Apache-2.0
 *
 * FindCoordinator, of groups and of transactional ids. */
#include "flexible.h"

#define COORDINATOR_GROUP 0
#define COORDINATOR_TRANSACTION 1

void weir__handle_find_coordinator(weir__request *request, weir__reader *in)
{
    weir_buf *out = &request->answer;
    const weir__broker *broker = NULL;
    weir_slice key = weir__take_text(request, in);
    uint8_t type = request->version >= 1 ? weir__read_u8(in) : COORDINATOR_GROUP;
    weir__take_tags(request, in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = request->injected;
    if (error == 0 && (type > COORDINATOR_TRANSACTION || key.len == 0)) {
        error = RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    if (error == 0) {
        broker = type == COORDINATOR_GROUP ? weir__coordinator_of(request->mock, key)
                                           : weir__txn_coordinator_of(request->mock, key);
    }
    if (broker != NULL && !weir__broker_is_told(broker)) {
        broker = NULL;
        error = RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE;
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i16(out, error);
    if (request->version >= 1) {
        weir__give_string(request, (weir_slice){0}); /* message */
    }
    weir__buf_put_i32(out, broker != NULL ? broker->id : -1);
    weir__give_string(request, weir_slice_of(broker != NULL ? WEIR__HOST : ""));
    weir__buf_put_i32(out, broker != NULL ? broker->port : -1);
    weir__give_tags(request);
    weir__request_answer(request);
}
