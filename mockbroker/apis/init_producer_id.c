/* SPDX-License-Identifier: Apache-2.0
 *
 * InitProducerId, of transactional and of idempotent producers. */
#include "txn_requests.h"

#define FENCED_FROM 4 /* first version with PRODUCER_FENCED */

static weir__init_producer read_request(const weir__request *request, weir__reader *in)
{
    weir__init_producer init = {.producer_id = WEIR__NO_PRODUCER_ID, .epoch = WEIR__NO_EPOCH};
    init.id = weir__take_string(request, in); /* null: idempotent only */
    init.timeout_ms = weir__read_i32(in);
    if (request->version >= 3) {
        init.producer_id = weir__read_i64(in);
        init.epoch = weir__read_i16(in);
    }
    weir__take_tags(request, in);
    return init;
}

/* Any broker gives an id to a producer without transactions. */
static int16_t init_producer(weir__request *request, const weir__init_producer *init,
                             weir__producer *out)
{
    weir_mock *mock = request->mock;
    int16_t error =
        init->id.data != NULL ? weir__check_txn_coordinator(request, init->id) : request->injected;
    if (error == 0) {
        error = weir__txns_init_producer(&mock->txns, init, mock->now_us, out);
    }
    const weir__producer asked = {init->id, init->producer_id, init->epoch};
    return weir__txn_error(request, FENCED_FROM, &asked, error);
}

void weir__handle_init_producer_id(weir__request *request, weir__reader *in)
{
    const weir__init_producer init = read_request(request, in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__producer producer = {init.id, WEIR__NO_PRODUCER_ID, WEIR__NO_EPOCH};
    int16_t error = init_producer(request, &init, &producer);
    weir__put_throttle(request, 0);
    weir__buf_put_i16(&request->answer, error);
    weir__buf_put_i64(&request->answer, producer.producer_id);
    weir__buf_put_i16(&request->answer, producer.epoch);
    weir__give_tags(request);
    weir__request_answer(request);
}
