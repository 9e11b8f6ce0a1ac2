/* SPDX-License-Identifier: Apache-2.0
 *
 * What several answers have in common. */
#include "apis.h"

void weir__put_topic_result(weir__request *request, int16_t text_from_version, weir_slice name,
                            int16_t error, const char *message)
{
    weir_buf *out = &request->answer;
    bool has_text = error != 0 && message[0] != '\0';
    weir__put_string(out, name);
    weir__buf_put_i16(out, error);
    if (request->version >= text_from_version) {
        weir__put_string(out, has_text ? weir_slice_of(message) : (weir_slice){0});
    }
}

void weir__put_throttle(weir__request *request, int16_t from_version)
{
    if (request->version >= from_version) {
        weir__buf_put_i32(&request->answer, 0);
    }
}

int16_t weir__check_coordinator(const weir__request *request, weir_slice group)
{
    if (request->injected != 0) {
        return request->injected;
    }
    bool here = weir__coordinator_of(request->mock, group) == request->conn->broker;
    return here ? 0 : RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
}

void weir__skip_partitions(weir__reader *in)
{
    int32_t topics = weir__read_count(in);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        weir__read_bytes(in, partitions > 0 ? (size_t)partitions * sizeof(int32_t) : 0);
    }
}
