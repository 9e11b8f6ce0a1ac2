/* SPDX-License-Identifier: Apache-2.0
 *
 * DescribeCluster (KIP-700): always flexible. */
#include "apis.h"
#include "brokers/topics.h"

#define NO_AUTHORIZED_OPERATIONS INT32_MIN

void weir__handle_describe_cluster(weir__request *request, weir__reader *in)
{
    const weir_mock *mock = request->mock;
    weir_buf *out = &request->answer;
    weir__read_bool(in); /* authorized operations: there are none */
    weir__skip_tags(in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i16(out, request->injected);
    weir__put_compact_string(out, (weir_slice){0}); /* message */
    weir__put_compact_string(out, weir_slice_of(WEIR__CLUSTER_ID));
    weir__buf_put_i32(out, weir__controller(mock));
    weir__put_uvarint(out, (uint64_t)weir__brokers_told(mock) + 1);
    for (int i = 0; i < mock->opts.brokers; i++) {
        if (!weir__broker_is_told(&mock->brokers[i])) {
            continue;
        }
        weir__buf_put_i32(out, mock->brokers[i].id);
        weir__put_compact_string(out, weir_slice_of(WEIR__HOST));
        weir__buf_put_i32(out, mock->brokers[i].port);
        weir__put_compact_string(out, (weir_slice){0}); /* rack */
        weir__put_tags(out);
    }
    weir__buf_put_i32(out, NO_AUTHORIZED_OPERATIONS);
    weir__put_tags(out);
    weir__request_answer(request);
}
