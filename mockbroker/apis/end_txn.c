/* SPDX-License-Identifier: Apache-2.0
 *
 * EndTxn: commits or aborts. It is answered when the end is decided; the markers may come later. */
#include "txn_requests.h"

#define FENCED_FROM 2 /* first version with PRODUCER_FENCED */

void weir__handle_end_txn(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    const weir__producer producer = weir__take_producer(request, in);
    bool commit = weir__read_bool(in);
    weir__take_tags(request, in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_txn_coordinator(request, producer.id);
    if (error == 0) {
        error = weir__txns_end(&mock->txns, &producer, commit, mock->now_us);
    }
    weir__answer_txn(request, weir__txn_error(request, FENCED_FROM, &producer, error));
}
