/* SPDX-License-Identifier: Apache-2.0
 *
 * AddOffsetsToTxn: the offsets of a group become part of the transaction. */
#include "txn_requests.h"

#define FENCED_FROM 2 /* first version with PRODUCER_FENCED */

void weir__handle_add_offsets_to_txn(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    const weir__producer producer = weir__take_producer(request, in);
    const weir__txn_part offsets = {weir__take_text(request, in), WEIR__TXN_OFFSETS};
    weir__take_tags(request, in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_txn_coordinator(request, producer.id);
    if (error == 0) {
        error = weir__txns_add(&mock->txns, &producer, &offsets, 1, mock->now_us);
    }
    weir__answer_txn(request, weir__txn_error(request, FENCED_FROM, &producer, error));
}
