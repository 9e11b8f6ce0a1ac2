/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetch: it waits until there is enough data, a partition has an error, or its max wait is over.
 * Then the mock cluster is asked for its data, without waiting. */
#include <stdlib.h>

#include "apis.h"
#include "brokers/topics.h"
#include "core/error.h"

#define UPSTREAM_KEY 1
#define UPSTREAM_VERSION 4
#define FETCHED_MAX 65536 /* partitions in a request */

typedef struct fetched {
    weir_slice topic;
    int32_t id;
    int64_t offset;
    int32_t bytes_max;
    int16_t error;
    int64_t end;        /* as answered to the client */
    weir_slice records; /* null: none */
    bool asked;         /* of the mock cluster */
    bool compacted;     /* answered from the compacted batches */
} fetched;

typedef struct fetch_state {
    int32_t max_wait_ms;
    int32_t min_bytes;
    int32_t max_bytes;
    uint8_t isolation;
    int32_t session;
    fetched *parts;
    int32_t part_count;
} fetch_state;

static void state_fini(void *state)
{
    free(((fetch_state *)state)->parts);
}

/* ---- Reading ---- */

static bool add_part(fetch_state *fetch, const fetched *part)
{
    if (fetch->part_count == FETCHED_MAX) {
        return false;
    }
    fetched *parts = realloc(fetch->parts, ((size_t)fetch->part_count + 1) * sizeof *parts);
    if (parts == NULL) {
        return false;
    }
    fetch->parts = parts;
    parts[fetch->part_count++] = *part;
    return true;
}

static void read_request(const weir__request *request, weir__reader *in, fetch_state *fetch)
{
    int16_t version = request->version;
    weir__read_i32(in); /* replica id */
    fetch->max_wait_ms = weir__read_i32(in);
    fetch->min_bytes = weir__read_i32(in);
    fetch->max_bytes = weir__read_i32(in);
    fetch->isolation = weir__read_u8(in);
    fetch->session = version >= 7 ? weir__read_i32(in) : 0;
    if (version >= 7) {
        weir__read_i32(in); /* session epoch */
    }
    int32_t topics = weir__read_count(in);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            fetched part = {.topic = topic};
            part.id = weir__read_i32(in);
            if (version >= 9) {
                weir__read_i32(in); /* leader epoch */
            }
            part.offset = weir__read_i64(in);
            if (version >= 5) {
                weir__read_i64(in); /* the follower's log start offset */
            }
            part.bytes_max = weir__read_i32(in);
            in->failed = in->failed || !add_part(fetch, &part);
        }
    }
}

/* ---- Answering ---- */

static void tell_fetch(const weir__request *request, const fetched *part, size_t bytes)
{
    weir__mock_event(request->mock, &(weir_mock_event){.kind = WEIR_MOCK_FETCH,
                                                       .topic = part->topic,
                                                       .partition = part->id,
                                                       .offset = part->offset,
                                                       .bytes = bytes,
                                                       .client_id = request->client_id});
}

static void put_part(const weir__request *request, const fetched *part, weir_buf *out)
{
    const weir__partition *partition = weir__partition_find(request->mock, part->topic, part->id);
    bool known = partition != NULL && part->error == 0;
    weir_slice records = part->records;
    if (known && part->compacted) {
        records = weir__compacted_from(&partition->compacted, part->offset,
                                       part->bytes_max > 0 ? (size_t)part->bytes_max : 0);
        tell_fetch(request, part, records.len);
    }
    weir__buf_put_i32(out, part->id);
    weir__buf_put_i16(out, part->error);
    weir__buf_put_i64(out, known ? part->end : -1); /* high watermark */
    weir__buf_put_i64(out, known ? part->end : -1); /* last stable offset */
    if (request->version >= 5) {
        weir__buf_put_i64(out, known ? partition->start : -1);
    }
    weir__buf_put_i32(out, 0); /* aborted transactions */
    if (request->version >= 11) {
        weir__buf_put_i32(out, -1); /* preferred read replica */
    }
    weir__put_blob(out, records.data != NULL ? records : weir_slice_of(""));
}

static void answer(weir__request *request)
{
    const fetch_state *fetch = request->state;
    weir_buf *out = &request->answer;
    weir__buf_put_i32(out, 0); /* throttle time */
    if (request->version >= 7) {
        weir__buf_put_i16(out, request->injected);
        weir__buf_put_i32(out, fetch->session);
    }
    size_t topics_begin = weir__array_begin(out);
    int32_t topics = 0;
    for (int32_t i = 0; i < fetch->part_count; topics++) {
        weir_slice topic = fetch->parts[i].topic;
        weir__put_string(out, topic);
        size_t begin = weir__array_begin(out);
        int32_t count = 0;
        for (; i < fetch->part_count && weir_slice_equal(fetch->parts[i].topic, topic); i++) {
            put_part(request, &fetch->parts[i], out);
            count++;
        }
        weir__array_end(out, begin, count);
    }
    weir__array_end(out, topics_begin, topics);
    weir__request_answer(request);
}

static bool read_answer(weir__request *request, weir__reader *in, fetched *part)
{
    weir__read_string(in);
    weir__read_count(in);
    weir__read_i32(in);
    part->error = weir__read_i16(in);
    part->end = weir__read_i64(in);
    weir__read_i64(in); /* last stable offset */
    int32_t aborted = weir__read_count(in);
    weir__read_bytes(in, aborted > 0 ? (size_t)aborted * 2 * sizeof(int64_t) : 0);
    part->records = weir__read_blob(in);
    if (!in->failed && part->records.len > 0) {
        tell_fetch(request, part, part->records.len);
    }
    return !in->failed;
}

static void forwarded(weir__request *request, weir__reader *in)
{
    fetch_state *fetch = request->state;
    weir__read_i32(in); /* throttle time */
    weir__read_count(in);
    for (int32_t i = 0; i < fetch->part_count; i++) {
        if (fetch->parts[i].asked && !read_answer(request, in, &fetch->parts[i])) {
            weir__mock_fail(request->mock, "the mock cluster's answer to Fetch is cut");
            weir__request_break(request);
            return;
        }
    }
    answer(request);
}

static void forward(weir__request *request, int32_t asked)
{
    const fetch_state *fetch = request->state;
    weir_buf frame = {0};
    weir__upstream_begin(request, &frame, UPSTREAM_KEY, UPSTREAM_VERSION);
    weir__buf_put_i32(&frame, -1); /* replica id */
    weir__buf_put_i32(&frame, 0);  /* max wait */
    weir__buf_put_i32(&frame, 0);  /* min bytes */
    weir__buf_put_i32(&frame, fetch->max_bytes);
    weir__buf_put_u8(&frame, fetch->isolation);
    weir__buf_put_i32(&frame, asked);
    for (int32_t i = 0; i < fetch->part_count; i++) {
        const fetched *part = &fetch->parts[i];
        if (part->asked) {
            const weir__partition *partition =
                weir__partition_find(request->mock, part->topic, part->id);
            weir__put_cstring(&frame, partition->upstream);
            weir__buf_put_i32(&frame, 1);
            weir__buf_put_i32(&frame, partition->upstream_id);
            weir__buf_put_i64(&frame, part->offset);
            weir__buf_put_i32(&frame, part->bytes_max);
        }
    }
    request->due_us = 0;
    request->forwarded = forwarded;
    weir__request_forward_frame(request, &frame);
    weir__buf_fini(&frame);
}

/* ---- Waiting ---- */

static int16_t check_part(const weir__request *request, const weir__partition *partition,
                          int64_t offset)
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
    /* The mock cluster checks offsets beyond the end known here: its end may be newer. */
    return offset < partition->start ? RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE : 0;
}

static void retry(weir__request *request)
{
    fetch_state *fetch = request->state;
    size_t enough = fetch->min_bytes > 0 ? (size_t)fetch->min_bytes : 0;
    size_t bytes = 0;
    int32_t asked = 0;
    bool at_once = fetch->part_count == 0;
    for (int32_t i = 0; i < fetch->part_count; i++) {
        fetched *part = &fetch->parts[i];
        const weir__partition *partition =
            weir__partition_find(request->mock, part->topic, part->id);
        part->error = check_part(request, partition, part->offset);
        part->compacted = part->error == 0 && part->offset < partition->compacted.upto;
        part->asked = part->error == 0 && !part->compacted && part->offset != partition->end;
        part->end = partition != NULL ? partition->end : -1;
        asked += part->asked ? 1 : 0;
        at_once = at_once || part->error != 0 || part->compacted ||
                  (part->asked && part->offset > partition->end);
        if (part->asked) {
            bytes += weir__partition_bytes_from(partition, part->offset, enough);
        }
    }
    if (request->due_us == 0) {
        request->due_us = request->mock->now_us + (int64_t)fetch->max_wait_ms * 1000;
        request->retry = retry;
    }
    if (!at_once && bytes < enough && request->due_us > request->mock->now_us) {
        return;
    }
    if (asked > 0) {
        forward(request, asked);
    } else {
        request->due_us = 0;
        answer(request);
    }
}

void weir__handle_fetch(weir__request *request, weir__reader *in)
{
    fetch_state *fetch = weir__request_state(request, sizeof *fetch, state_fini);
    if (fetch == NULL) {
        return;
    }
    read_request(request, in, fetch);
    if (in->failed) {
        weir__request_malformed(request);
    } else if (request->conn->fd < 0) {
        weir__request_break(request); /* no client waits for the answer */
    } else {
        retry(request);
    }
}
