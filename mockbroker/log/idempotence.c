/* SPDX-License-Identifier: Apache-2.0
 *
 * Sequence numbers, checked as Kafka's ProducerStateManager does. A producer that the partition
 * does not know may begin with any number, as after its state expired. */
#include "idempotence.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

void weir__known_producers_fini(weir__known_producers *known)
{
    free(known->items);
    *known = (weir__known_producers){0};
}

static weir__known_producer *find(const weir__known_producers *known, int64_t id)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->items[i].id == id) {
            return &known->items[i];
        }
    }
    return NULL;
}

/* Sequence numbers wrap from 2^31 - 1 to 0 (DefaultRecordBatch.incrementSequence). */
static int32_t next_sequence(const weir__known_batch *batch)
{
    return (int32_t)(((uint32_t)batch->sequence + (uint32_t)batch->count) & INT32_MAX);
}

static weir__known_batch *find_batch(weir__known_producer *producer,
                                     const weir__batch_header *batch)
{
    for (int i = 0; i < producer->batch_count; i++) {
        weir__known_batch *at = &producer->batches[i];
        if (at->sequence == batch->sequence && at->count == batch->count) {
            return at;
        }
    }
    return NULL;
}

int16_t weir__known_check(const weir__known_producers *known, const weir__batch_header *batch,
                          int64_t *base)
{
    weir__known_producer *producer =
        batch->producer_id >= 0 ? find(known, batch->producer_id) : NULL;
    *base = -1;
    if (producer == NULL || producer->batch_count == 0) {
        return 0;
    }
    if (batch->producer_epoch < producer->epoch) {
        return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    }
    if (batch->producer_epoch > producer->epoch) {
        return batch->sequence == 0 ? 0 : RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    }
    const weir__known_batch *same = find_batch(producer, batch);
    if (same != NULL) {
        *base = same->base;
        return same->base >= 0 ? 0 : RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT;
    }
    const weir__known_batch *last = &producer->batches[producer->batch_count - 1];
    if (batch->sequence == next_sequence(last)) {
        return 0;
    }
    return batch->sequence < last->sequence ? RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER
                                            : RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
}

static weir__known_producer *add(weir__known_producers *known, int64_t id)
{
    weir__known_producer *items = realloc(known->items, (known->count + 1) * sizeof *known->items);
    if (items == NULL) {
        return NULL;
    }
    known->items = items;
    items[known->count] = (weir__known_producer){.id = id};
    return &items[known->count++];
}

static void drop(weir__known_producer *producer, int index)
{
    producer->batch_count--;
    memmove(&producer->batches[index], &producer->batches[index + 1],
            (size_t)(producer->batch_count - index) * sizeof producer->batches[0]);
}

weir_err weir__known_begin(weir__known_producers *known, const weir__batch_header *batch)
{
    if (batch->producer_id < 0) {
        return WEIR_OK;
    }
    weir__known_producer *producer = find(known, batch->producer_id);
    producer = producer != NULL ? producer : add(known, batch->producer_id);
    if (producer == NULL) {
        return WEIR_ENOMEM;
    }
    if (batch->producer_epoch != producer->epoch) {
        producer->epoch = batch->producer_epoch;
        producer->batch_count = 0;
    }
    if (producer->batch_count == WEIR__KNOWN_BATCHES) {
        drop(producer, 0);
    }
    producer->batches[producer->batch_count++] =
        (weir__known_batch){batch->sequence, batch->count, -1};
    return WEIR_OK;
}

void weir__known_end(weir__known_producers *known, const weir__batch_header *batch, int64_t base)
{
    weir__known_producer *producer =
        batch->producer_id >= 0 ? find(known, batch->producer_id) : NULL;
    weir__known_batch *at = producer != NULL && producer->epoch == batch->producer_epoch
                                ? find_batch(producer, batch)
                                : NULL;
    if (at == NULL) {
        return;
    }
    at->base = base;
    if (base < 0) {
        drop(producer, (int)(at - producer->batches));
    }
}
