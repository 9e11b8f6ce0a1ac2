/* SPDX-License-Identifier: Apache-2.0
 *
 * Producer ids and transactions: forwarded; the front only answers injected errors. */
#include "apis.h"
#include "core/error.h"

void weir__handle_init_producer_id(weir__request *request, weir__reader *in)
{
    (void)in;
    weir_buf *out = &request->answer;
    if (request->injected == 0) {
        weir__request_forward(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i16(out, request->injected);
    weir__buf_put_i64(out, -1); /* producer id */
    weir__buf_put_i16(out, -1); /* epoch */
    if (request->version >= request->api->flexible_from) {
        weir__put_tags(out);
    }
    weir__request_answer(request);
}

void weir__handle_txn_simple(weir__request *request, weir__reader *in)
{
    (void)in;
    if (request->injected == 0) {
        weir__request_forward(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i16(&request->answer, request->injected);
    weir__request_answer(request);
}

/* The injected error for each partition; `with_offsets`: those of TxnOffsetCommit. */
static void refuse_partitions(weir__request *request, weir__reader *in, bool with_offsets)
{
    weir_buf *out = &request->answer;
    weir__put_throttle(request, 0);
    int32_t topics = weir__read_count(in);
    weir__buf_put_i32(out, topics);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir__put_string(out, weir__read_string(in));
        int32_t partitions = weir__read_count(in);
        weir__buf_put_i32(out, partitions);
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            weir__buf_put_i32(out, weir__read_i32(in));
            weir__buf_put_i16(out, request->injected);
            if (with_offsets) {
                weir__read_i64(in);
                weir__read_bytes(in, request->version >= 2 ? sizeof(int32_t) : 0);
                weir__read_string(in);
            }
        }
    }
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__request_answer(request);
}

void weir__handle_txn_partitions(weir__request *request, weir__reader *in)
{
    if (request->injected == 0) {
        weir__request_forward(request);
        return;
    }
    weir__read_string(in); /* transactional id */
    weir__read_i64(in);    /* producer id */
    weir__read_i16(in);    /* epoch */
    refuse_partitions(request, in, false);
}

void weir__handle_txn_offsets(weir__request *request, weir__reader *in)
{
    weir__read_string(in); /* transactional id */
    weir_slice group = weir__read_string(in);
    weir__read_i64(in); /* producer id */
    weir__read_i16(in); /* epoch */
    request->injected = weir__check_coordinator(request, group);
    if (in->failed) {
        weir__request_malformed(request);
    } else if (request->injected != 0) {
        refuse_partitions(request, in, true);
    } else {
        weir__request_forward(request);
    }
}
