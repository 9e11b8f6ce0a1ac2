/* SPDX-License-Identifier: Apache-2.0
 *
 * Producer ids and transactions: forwarded after a check that the body is whole (the mock cluster
 * would log an error and close the connection). The front answers injected errors. */
#include "apis.h"
#include "core/error.h"

void weir__handle_init_producer_id(weir__request *request, weir__reader *in)
{
    weir_buf *out = &request->answer;
    bool flexible = request->version >= request->api->flexible_from;
    if (flexible) {
        weir__read_compact_string(in); /* transactional id; null: idempotent only */
    } else {
        weir__read_string(in);
    }
    weir__read_i32(in); /* transaction timeout */
    weir__read_bytes(in, request->version >= 3 ? sizeof(int64_t) + sizeof(int16_t) : 0);
    if (flexible) {
        weir__skip_tags(in);
    }
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    if (request->injected == 0) {
        weir__request_forward(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i16(out, request->injected);
    weir__buf_put_i64(out, -1); /* producer id */
    weir__buf_put_i16(out, -1); /* epoch */
    if (flexible) {
        weir__put_tags(out);
    }
    weir__request_answer(request);
}

/* Transactional id, producer id, epoch. */
static void read_producer(weir__reader *in)
{
    in->failed = weir__read_string(in).data == NULL || in->failed;
    weir__read_bytes(in, sizeof(int64_t) + sizeof(int16_t));
}

static void forward_or_refuse(weir__request *request, const weir__reader *in)
{
    if (in->failed) {
        weir__request_malformed(request);
    } else if (request->injected == 0) {
        weir__request_forward(request);
    } else {
        weir__put_throttle(request, 0);
        weir__buf_put_i16(&request->answer, request->injected);
        weir__request_answer(request);
    }
}

void weir__handle_add_offsets(weir__request *request, weir__reader *in)
{
    read_producer(in);
    in->failed = weir__read_string(in).data == NULL || in->failed; /* group */
    forward_or_refuse(request, in);
}

void weir__handle_end_txn(weir__request *request, weir__reader *in)
{
    read_producer(in);
    weir__read_bool(in); /* committed */
    forward_or_refuse(request, in);
}

/* Puts the injected error for each partition; `with_offsets`: those of TxnOffsetCommit. */
static void walk_partitions(const weir__request *request, weir__reader *in, bool with_offsets,
                            weir_buf *out)
{
    int32_t topics = weir__read_count(in);
    weir__buf_put_i32(out, topics);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__read_string(in);
        in->failed = in->failed || topic.data == NULL;
        weir__put_string(out, topic);
        int32_t partitions = weir__read_count(in);
        weir__buf_put_i32(out, partitions);
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            weir__buf_put_i32(out, weir__read_i32(in));
            weir__buf_put_i16(out, request->injected);
            if (with_offsets) {
                weir__read_i64(in);
                weir__read_bytes(in, request->version >= 2 ? sizeof(int32_t) : 0); /* epoch */
                weir__read_string(in);                                             /* metadata */
            }
        }
    }
}

static void forward_or_refuse_partitions(weir__request *request, weir__reader *in,
                                         bool with_offsets)
{
    weir__put_throttle(request, 0);
    walk_partitions(request, in, with_offsets, &request->answer);
    if (in->failed) {
        weir__request_malformed(request);
    } else if (request->injected == 0) {
        weir__request_forward(request);
    } else {
        weir__request_answer(request);
    }
}

void weir__handle_add_partitions(weir__request *request, weir__reader *in)
{
    read_producer(in);
    forward_or_refuse_partitions(request, in, false);
}

void weir__handle_txn_offsets(weir__request *request, weir__reader *in)
{
    in->failed = weir__read_string(in).data == NULL || in->failed; /* transactional id */
    weir_slice group = weir__read_string(in);
    in->failed = group.data == NULL || in->failed;
    weir__read_bytes(in, sizeof(int64_t) + sizeof(int16_t)); /* producer id, epoch */
    if (!in->failed) {
        request->injected = weir__check_coordinator(request, group);
    }
    forward_or_refuse_partitions(request, in, true);
}
