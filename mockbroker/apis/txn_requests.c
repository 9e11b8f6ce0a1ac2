/* SPDX-License-Identifier: Apache-2.0
 *
 * Producer, coordinator and error codes of transactional requests. */
#include "txn_requests.h"

weir__producer weir__take_producer(const weir__request *request, weir__reader *in)
{
    weir__producer producer;
    producer.id = weir__take_text(request, in);
    producer.producer_id = weir__read_i64(in);
    producer.epoch = weir__read_i16(in);
    return producer;
}

int16_t weir__check_txn_coordinator(const weir__request *request, weir_slice transactional_id)
{
    if (request->injected != 0) {
        return request->injected;
    }
    if (transactional_id.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    bool here = weir__txn_coordinator_of(request->mock, transactional_id) == request->conn->broker;
    return here ? 0 : RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
}

int16_t weir__txn_error(weir__request *request, int16_t fenced_from, const weir__producer *producer,
                        int16_t error)
{
    if (error == RD_KAFKA_RESP_ERR_POLICY_VIOLATION && request->injected == 0) {
        weir__mock_fail(request->mock,
                        "%s: more than %d transactional ids, or %d partitions and groups in the "
                        "transaction of one",
                        request->api->name, WEIR__TXNS_MAX, WEIR__TXN_PARTS_MAX);
    }
    if (error != RD_KAFKA_RESP_ERR_PRODUCER_FENCED) {
        return error;
    }
    if (request->injected == 0) {
        weir__mock_event(request->mock, &(weir_mock_event){.kind = WEIR_MOCK_PRODUCER_FENCED,
                                                           .transactional_id = producer->id,
                                                           .producer_id = producer->producer_id,
                                                           .epoch = producer->epoch,
                                                           .client_id = request->client_id,
                                                           .reason = request->api->name});
    }
    return request->version >= fenced_from ? error : RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

void weir__answer_txn(weir__request *request, int16_t error)
{
    weir__put_throttle(request, 0);
    weir__buf_put_i16(&request->answer, error);
    weir__give_tags(request);
    weir__request_answer(request);
}
