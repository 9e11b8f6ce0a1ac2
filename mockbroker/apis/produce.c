/* SPDX-License-Identifier: Apache-2.0
 *
 * Produce: each batch is checked and appended to its partition's log, or refused. */
#include "brokers/markers.h"
#include "brokers/shift.h"
#include "core/error.h"
#include "items.h"
#include "wire/records.h"

#define ACKS_ALL (-1)
#define ACKS_NONE 0
#define ACKS_LEADER 1

typedef struct produced {
    weir__item item;
    weir_slice records;
    weir__appended appended;
    int64_t start; /* log start offset */
} produced;

typedef struct produce_request {
    weir_slice transactional_id;
    int16_t acks;
    weir__items parts;
} produce_request;

static void read_part(const weir__request *request, weir__reader *in, void *item)
{
    (void)request;
    produced *part = item;
    part->records = weir__read_blob(in);
    part->appended = (weir__appended){.base = -1, .append_time_ms = -1};
    part->start = -1;
}

static void read_request(const weir__request *request, weir__reader *in, produce_request *produce)
{
    produce->transactional_id = request->version >= 3 ? weir__read_string(in) : (weir_slice){0};
    produce->acks = weir__read_i16(in);
    weir__read_i32(in); /* timeout: nothing is replicated, so nothing waits */
    weir__items_read(request, in, &produce->parts, read_part);
}

/* ---- Carrying out ---- */

static int16_t check_acks(const weir__request *request, const weir__partition *partition,
                          int16_t acks)
{
    if (acks != ACKS_ALL && acks != ACKS_NONE && acks != ACKS_LEADER) {
        return RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS;
    }
    return acks == ACKS_ALL && weir__partition_in_sync(request->mock, partition) <
                                   weir__partition_min_in_sync(partition)
               ? RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS
               : 0;
}

static void event(const weir__request *request, weir_mock_event_kind kind, const produced *part,
                  const weir__batch_header *batch)
{
    weir__mock_event(
        request->mock,
        &(weir_mock_event){.kind = kind,
                           .topic = part->item.topic,
                           .partition = part->item.id,
                           .offset = part->appended.base,
                           .count = batch->count,
                           .checksum = batch->crc,
                           .client_id = request->client_id,
                           .producer_id = batch->producer_id,
                           .epoch = batch->producer_epoch,
                           .sequence = batch->sequence,
                           .transactional = (batch->attributes & WEIR__BATCH_TRANSACTIONAL) != 0,
                           .reason = "Produce"});
}

/* What a test must not overlook, and what it may want to see. */
static void report(const weir__request *request, const produced *part,
                   const weir__batch_header *batch)
{
    weir_mock *mock = request->mock;
    if (part->item.error == 0 && !part->appended.duplicate) {
        event(request, WEIR_MOCK_PRODUCE, part, batch);
    } else if (part->item.error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) {
        event(request, WEIR_MOCK_PRODUCER_FENCED, part, batch);
    } else if (part->item.error == RD_KAFKA_RESP_ERR_POLICY_VIOLATION) {
        weir__mock_fail(mock,
                        "%.*s-%d: a batch of %zu bytes is refused: the logs of the cluster hold "
                        "%zu bytes, and log_bytes_max is %zu (DeleteRecords and retention make "
                        "room)",
                        (int)part->item.topic.len, (const char *)part->item.topic.data,
                        (int)part->item.id, part->records.len, mock->budget.used, mock->budget.max);
    } else if (part->item.error == RD_KAFKA_RESP_ERR_UNKNOWN) {
        weir__mock_fail(mock, "out of memory");
    }
}

/* What the transaction coordinator says to the batch. */
static int16_t check_transaction(const weir__request *request, const produce_request *produce,
                                 const produced *part, const weir__batch_header *batch)
{
    const weir__producer producer = {produce->transactional_id, batch->producer_id,
                                     batch->producer_epoch};
    return (batch->attributes & WEIR__BATCH_TRANSACTIONAL) != 0
               ? weir__txn_check_produce(request->mock, &producer, part->item.topic, part->item.id)
               : 0;
}

/* As ReplicaManager: errors that the log finds are answered with its start offset, but for these.
 */
static bool hides_start(int16_t error)
{
    return error == RD_KAFKA_RESP_ERR_INVALID_MSG ||
           error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
           error == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
}

static void append(const weir__request *request, const produce_request *produce,
                   weir__partition *partition, produced *part)
{
    weir_mock *mock = request->mock;
    weir__batch_header batch = {0};
    int16_t error = 0;
    if (weir__batch_read(part->records, &batch) == WEIR_OK) {
        error = check_transaction(request, produce, part, &batch);
        int64_t shift_ms = weir__shift_of(mock, request->client_id);
        if (shift_ms != 0 && batch.bytes == part->records.len) { /* the bytes are the request's */
            weir__shift_batch((uint8_t *)(uintptr_t)part->records.data, part->records.len,
                              shift_ms);
        }
    }
    if (error == 0) {
        part->start = partition->log.start;
        error = weir__log_append(&partition->log, part->records, weir__mock_now_ms(mock),
                                 &part->appended);
    }
    part->item.error = error;
    if (hides_start(error) || weir__batch_length(part->records) != part->records.len) {
        part->start = -1;
    }
    report(request, part, &batch);
    if (error == 0) {
        weir__partition_changed(mock, partition);
    }
}

static void produce_part(const weir__request *request, const produce_request *produce,
                         produced *part)
{
    weir__partition *partition = weir__item_serve(request, &part->item, -1);
    if (partition == NULL) {
        return;
    }
    /* Record batches of today's format came with version 3. */
    part->item.error = request->version < 3 ? RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION
                                            : check_acks(request, partition, produce->acks);
    if (part->item.error == 0) {
        append(request, produce, partition, part);
    }
}

/* ---- Answering ---- */

static void put_part(weir__request *request, const void *item)
{
    const produced *part = item;
    weir_buf *out = &request->answer;
    weir__buf_put_i32(out, part->item.id);
    weir__buf_put_i16(out, part->item.error);
    weir__buf_put_i64(out, part->appended.base);
    if (request->version >= 2) {
        weir__buf_put_i64(out, part->appended.append_time_ms);
    }
    if (request->version >= 5) {
        weir__buf_put_i64(out, part->start);
    }
}

void weir__handle_produce(weir__request *request, weir__reader *in)
{
    produce_request produce = {.parts = {.size = sizeof(produced)}};
    read_request(request, in, &produce);
    if (in->failed) {
        weir__items_malformed(request, &produce.parts);
        return;
    }
    request->silent = produce.acks == ACKS_NONE;
    for (int32_t i = 0; i < produce.parts.count; i++) {
        produced *part = weir__items_at(&produce.parts, i);
        produce_part(request, &produce, part);
        /* With acks=0 Kafka reports an error only by closing the connection. */
        request->lose_answer = request->lose_answer || (request->silent && part->item.error != 0);
    }
    weir__items_put(request, &produce.parts, put_part);
    weir__put_throttle(request, 1);
    weir__items_fini(&produce.parts);
    weir__request_answer(request);
}
