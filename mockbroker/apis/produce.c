/* SPDX-License-Identifier: Apache-2.0
 *
 * Produce: the front checks each batch, records what the mock cluster's logs hold, forwards the
 * batches that may be appended, and answers partition by partition. */
#include <stdlib.h>

#include "apis.h"
#include "brokers/shift.h"
#include "brokers/topics.h"
#include "core/error.h"
#include "wire/records.h"

#define UPSTREAM_KEY 0
#define UPSTREAM_VERSION 7
#define RECORD_BATCHES_MAX 4096 /* partitions in a request */

typedef struct produced {
    weir_slice topic;
    int32_t id;
    weir_slice records;
    weir__partition *partition; /* forwarded; else NULL */
    weir__batch_header batch;
    int16_t error;
    int64_t base;
} produced;

typedef struct produce_state {
    weir_slice transactional_id;
    int32_t timeout_ms;
    produced *parts;
    int32_t part_count;
} produce_state;

/* The batches are no longer in flight: they were answered or lost. */
static void release(produced *part)
{
    if (part->partition != NULL) {
        part->partition->bytes_in_flight -= part->records.len;
        part->partition->batches_in_flight--;
        weir__known_end(&part->partition->known, &part->batch, part->error == 0 ? part->base : -1);
        part->partition = NULL;
    }
}

static void state_fini(void *state)
{
    produce_state *produce = state;
    for (int32_t i = 0; i < produce->part_count; i++) {
        release(&produce->parts[i]);
    }
    free(produce->parts);
}

/* ---- Reading ---- */

static bool add_part(produce_state *produce, const produced *part)
{
    if (produce->part_count == RECORD_BATCHES_MAX) {
        return false;
    }
    produced *parts = realloc(produce->parts, ((size_t)produce->part_count + 1) * sizeof *parts);
    if (parts == NULL) {
        return false;
    }
    produce->parts = parts;
    parts[produce->part_count++] = *part;
    return true;
}

static void read_request(weir__request *request, weir__reader *in, produce_state *produce)
{
    produce->transactional_id = request->version >= 3 ? weir__read_string(in) : (weir_slice){0};
    request->silent = weir__read_i16(in) == 0; /* acks */
    produce->timeout_ms = weir__read_i32(in);
    int32_t topics = weir__read_count(in);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            produced part = {.topic = topic, .base = -1};
            part.id = weir__read_i32(in);
            part.records = weir__read_blob(in);
            in->failed = in->failed || !add_part(produce, &part);
        }
    }
}

/* ---- Checking ---- */

/* One whole batch of the current format, as every client since 0.11 sends. */
static int16_t check_batch(const weir__partition *partition, produced *part)
{
    weir_err err = weir__batch_read(part->records, &part->batch);
    if (err == WEIR_EUNSUPPORTED) {
        return RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT;
    }
    if (err != WEIR_OK || part->batch.bytes != part->records.len || part->batch.count < 1 ||
        part->batch.last_offset_delta != part->batch.count - 1) {
        return RD_KAFKA_RESP_ERR_INVALID_RECORD;
    }
    const char *limit = weir__topic_config_get(partition->topic, "max.message.bytes");
    bool fits = (int64_t)part->records.len <= strtoll(limit, NULL, 10);
    return fits ? 0 : RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

/* POLICY_VIOLATION: librdkafka takes it as permanent, so the producer fails with it at once. */
static int16_t admit(weir_mock *mock, weir__partition *partition, size_t bytes)
{
    if (weir__partition_admits(partition, bytes)) {
        return 0;
    }
    weir__mock_fail(mock,
                    "%s-%d is full: librdkafka's mock cluster keeps 5 MiB and 100,000 batches a "
                    "partition and would drop the oldest (DeleteRecords makes room); the records "
                    "are refused",
                    partition->topic->name, (int)partition->id);
    return RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
}

static int16_t accept_part(weir__request *request, produced *part)
{
    weir_mock *mock = request->mock;
    weir__partition *partition = weir__partition_find(mock, part->topic, part->id);
    if (request->injected != 0) {
        return request->injected;
    }
    if (request->version < 3) {
        return RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
    }
    if (!weir__partition_is_known(partition, request->conn->broker->id)) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (partition->leader != request->conn->broker->id) {
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    }
    int16_t error = check_batch(partition, part);
    if (error == 0) {
        error = weir__known_check(&partition->known, &part->batch, &part->base);
    }
    if (error == 0 && part->base < 0) {
        error = admit(mock, partition, part->records.len);
    }
    if (error == 0 && part->base < 0 &&
        weir__known_begin(&partition->known, &part->batch) != WEIR_OK) {
        weir__mock_fail(mock, "out of memory");
        error = RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    if (error == 0 && part->base < 0) {
        part->partition = partition;
        partition->bytes_in_flight += part->records.len;
        partition->batches_in_flight++;
    }
    return error;
}

/* ---- Answering ---- */

/* In the order of the request; adjacent partitions of one topic are answered together. */
static void put_parts(const weir__request *request, const produce_state *produce, weir_buf *out)
{
    size_t topics_begin = weir__array_begin(out);
    int32_t topics = 0;
    for (int32_t i = 0; i < produce->part_count; topics++) {
        weir_slice topic = produce->parts[i].topic;
        weir__put_string(out, topic);
        size_t begin = weir__array_begin(out);
        int32_t count = 0;
        for (; i < produce->part_count && weir_slice_equal(produce->parts[i].topic, topic); i++) {
            const produced *part = &produce->parts[i];
            const weir__partition *partition = weir__partition_find(request->mock, topic, part->id);
            bool done = part->error == 0 && partition != NULL;
            weir__buf_put_i32(out, part->id);
            weir__buf_put_i16(out, part->error);
            weir__buf_put_i64(out, part->base);
            if (request->version >= 2) {
                weir__buf_put_i64(out, -1); /* LogAppendTime: the records' own */
            }
            if (request->version >= 5) {
                weir__buf_put_i64(out, done ? partition->start : -1);
            }
            count++;
        }
        weir__array_end(out, begin, count);
    }
    weir__array_end(out, topics_begin, topics);
}

static void answer(weir__request *request)
{
    const produce_state *produce = request->state;
    put_parts(request, produce, &request->answer);
    weir__put_throttle(request, 1);
    for (int32_t i = 0; i < produce->part_count; i++) {
        /* With acks=0 Kafka reports an error only by closing the connection. */
        request->lose_answer =
            request->lose_answer || (request->silent && produce->parts[i].error != 0);
    }
    weir__request_answer(request);
}

static void appended(weir__request *request, produced *part)
{
    weir__partition *partition = part->partition;
    size_t bytes = part->records.len;
    release(part);
    if (part->error != 0 || part->base < 0) {
        return; /* refused, or a duplicate */
    }
    if (weir__partition_appended(partition, part->base, part->batch.count, bytes,
                                 request->mock->now_us) != WEIR_OK ||
        weir__times_add(&partition->times, part->records, part->base) == WEIR_ENOMEM) {
        weir__mock_fail(request->mock, "out of memory");
    }
    request->mock->fetches_due = true;
    weir__mock_event(request->mock,
                     &(weir_mock_event){.kind = WEIR_MOCK_PRODUCE,
                                        .topic = weir_slice_of(partition->topic->name),
                                        .partition = partition->id,
                                        .offset = part->base,
                                        .count = part->batch.count,
                                        .checksum = part->batch.crc,
                                        .client_id = request->client_id,
                                        .producer_id = part->batch.producer_id,
                                        .epoch = part->batch.producer_epoch,
                                        .sequence = part->batch.sequence,
                                        .transactional = (part->batch.attributes &
                                                          WEIR__BATCH_TRANSACTIONAL) != 0});
}

/* The mock cluster answers topics and partitions in the order in which they were sent. */
static void forwarded(weir__request *request, weir__reader *in)
{
    produce_state *produce = request->state;
    weir__read_count(in);
    for (int32_t i = 0; i < produce->part_count; i++) {
        produced *part = &produce->parts[i];
        if (part->partition == NULL) {
            continue;
        }
        weir__read_string(in);
        weir__read_count(in);
        weir__read_i32(in);
        part->error = weir__read_i16(in);
        part->base = weir__read_i64(in);
        weir__read_bytes(in, 2 * sizeof(int64_t)); /* LogAppendTime, log start offset */
        if (in->failed) {
            weir__mock_fail(request->mock, "the mock cluster's answer to Produce is cut");
            weir__request_break(request);
            return;
        }
        appended(request, part);
    }
    answer(request);
}

static void forward(weir__request *request, int32_t accepted)
{
    const produce_state *produce = request->state;
    weir_buf frame = {0};
    weir__upstream_begin(request, &frame, UPSTREAM_KEY, UPSTREAM_VERSION);
    /* The front gave the producer its id: the mock cluster does not know it. */
    weir__put_string(&frame, (weir_slice){0});
    weir__buf_put_i16(&frame, -1); /* acks: the front always needs an answer */
    weir__buf_put_i32(&frame, produce->timeout_ms);
    weir__buf_put_i32(&frame, accepted);
    for (int32_t i = 0; i < produce->part_count; i++) {
        const produced *part = &produce->parts[i];
        if (part->partition != NULL) {
            weir__put_cstring(&frame, part->partition->upstream);
            weir__buf_put_i32(&frame, 1);
            weir__buf_put_i32(&frame, part->partition->upstream_id);
            weir__put_blob(&frame, part->records);
        }
    }
    request->forwarded = forwarded;
    weir__request_forward_frame(request, &frame);
    weir__buf_fini(&frame);
}

/* The bytes are the request's own. */
static void shift(const weir__request *request, produced *part)
{
    int64_t ms = weir__shift_of(request->mock, request->client_id);
    if (part->partition != NULL && ms != 0) {
        weir__shift_batch((uint8_t *)(uintptr_t)part->records.data, part->records.len, ms);
    }
}

void weir__handle_produce(weir__request *request, weir__reader *in)
{
    produce_state *produce = weir__request_state(request, sizeof *produce, state_fini);
    if (produce == NULL) {
        return;
    }
    read_request(request, in, produce);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int32_t accepted = 0;
    for (int32_t i = 0; i < produce->part_count; i++) {
        produced *part = &produce->parts[i];
        part->error = accept_part(request, part);
        shift(request, part);
        accepted += part->partition != NULL ? 1 : 0;
    }
    if (accepted > 0) {
        forward(request, accepted);
    } else {
        answer(request);
    }
}
