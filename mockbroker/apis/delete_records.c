/* SPDX-License-Identifier: Apache-2.0
 *
 * DeleteRecords. */
#include "apis.h"
#include "brokers/topics.h"

static int16_t delete_records(weir__request *request, weir_slice topic, int32_t id, int64_t before,
                              int64_t *low_watermark)
{
    weir__partition *partition = weir__partition_find(request->mock, topic, id);
    *low_watermark = -1;
    if (request->injected != 0) {
        return request->injected;
    }
    if (partition == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (partition->leader != request->conn->broker->id) {
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    }
    int16_t error = weir__partition_trim(request->mock, partition, before);
    if (error == 0) {
        *low_watermark = partition->start;
    }
    return error;
}

/* Reads twice: `out` NULL only checks that the request is whole. */
static void walk_delete_records(weir__request *request, weir__reader *in, weir_buf *out)
{
    int32_t topics = weir__read_count(in);
    if (out != NULL) {
        weir__buf_put_i32(out, topics);
    }
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        if (out != NULL) {
            weir__put_string(out, topic);
            weir__buf_put_i32(out, partitions);
        }
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            int32_t id = weir__read_i32(in);
            int64_t before = weir__read_i64(in);
            if (out != NULL) {
                int64_t low_watermark;
                int16_t error = delete_records(request, topic, id, before, &low_watermark);
                weir__buf_put_i32(out, id);
                weir__buf_put_i64(out, low_watermark);
                weir__buf_put_i16(out, error);
            }
        }
    }
    weir__read_i32(in); /* timeout */
}

void weir__handle_delete_records(weir__request *request, weir__reader *in)
{
    weir__reader again = *in;
    walk_delete_records(request, in, NULL);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    walk_delete_records(request, &again, &request->answer);
    weir__request_answer(request);
}
