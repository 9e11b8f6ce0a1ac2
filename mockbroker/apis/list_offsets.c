/* SPDX-License-Identifier: Apache-2.0
 *
 * ListOffsets: the start, the end, and lookups by time. */
#include "apis.h"
#include "brokers/topics.h"

#define EARLIEST (-2)
#define LATEST (-1)

static int16_t list_offset(const weir__request *request, const weir__partition *partition,
                           int64_t timestamp, int64_t *offset)
{
    if (request->injected != 0) {
        return request->injected;
    }
    if (!weir__partition_is_known(partition, request->conn->broker->id)) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (partition->leader != request->conn->broker->id) {
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    }
    if (timestamp != EARLIEST && timestamp != LATEST) {
        weir_err err = weir__times_find(&partition->times, partition->start, timestamp, offset);
        return err == WEIR_OK ? 0 : RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT;
    }
    *offset = timestamp == EARLIEST ? partition->start : partition->end;
    return 0;
}

/* Reads twice: `out` NULL only checks that the request is whole. */
static void walk_list_offsets(const weir__request *request, weir__reader *in, weir_buf *out)
{
    weir_buf nowhere = {.err = WEIR_ELIMIT};
    weir_buf *to = out != NULL ? out : &nowhere;
    int32_t topics = weir__read_count(in);
    weir__buf_put_i32(to, topics);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        weir__put_string(to, topic);
        weir__buf_put_i32(to, partitions);
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            int64_t offset = -1;
            int32_t id = weir__read_i32(in);
            if (request->version >= 4) {
                weir__read_i32(in); /* leader epoch */
            }
            int64_t timestamp = weir__read_i64(in);
            const weir__partition *partition = weir__partition_find(request->mock, topic, id);
            weir__buf_put_i32(to, id);
            weir__buf_put_i16(to, list_offset(request, partition, timestamp, &offset));
            weir__buf_put_i64(to, -1); /* timestamp */
            weir__buf_put_i64(to, offset);
            if (request->version >= 4) {
                weir__buf_put_i32(to, -1); /* leader epoch */
            }
        }
    }
}

void weir__handle_list_offsets(weir__request *request, weir__reader *in)
{
    weir__read_i32(in); /* replica id */
    if (request->version >= 2) {
        weir__read_u8(in); /* isolation level */
    }
    weir__reader again = *in;
    walk_list_offsets(request, in, NULL);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 2);
    walk_list_offsets(request, &again, &request->answer);
    weir__request_answer(request);
}
