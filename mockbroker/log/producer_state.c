/* SPDX-License-Identifier: Apache-2.0
 *
 * Epochs and sequence numbers, checked as Kafka's ProducerStateManager and ProducerAppendInfo do.
 *
 *   epoch       lower: INVALID_PRODUCER_EPOCH; higher: the producer begins again with sequence 0
 *   sequence    follows the last one: appended; one of the last five batches: a duplicate;
 *               else OUT_OF_ORDER_SEQUENCE_NUMBER
 *   transaction the first transactional batch opens it, a marker ends it */
#include "producer_state.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

static weir_slice key_of(const int64_t *id)
{
    return (weir_slice){id, sizeof *id};
}

void weir__log_producers_fini(weir__log_producers *producers)
{
    weir__map_fini(&producers->by_id, free);
    *producers = (weir__log_producers){0};
}

weir__log_producer *weir__log_producer_find(const weir__log_producers *producers, int64_t id)
{
    return weir__map_get(&producers->by_id, key_of(&id));
}

weir__log_producer *weir__log_producer_add(weir__log_producers *producers, int64_t id)
{
    weir__log_producer *producer = weir__log_producer_find(producers, id);
    if (producer != NULL) {
        return producer;
    }
    producer = malloc(sizeof *producer);
    if (producer == NULL) {
        return NULL;
    }
    *producer =
        (weir__log_producer){.id = id, .epoch = -1, .coordinator_epoch = -1, .txn_first = -1};
    if (weir__map_put(&producers->by_id, key_of(&id), producer) != WEIR_OK) {
        free(producer);
        return NULL;
    }
    return producer;
}

/* Sequence numbers wrap from 2^31 - 1 to 0 (DefaultRecordBatch.incrementSequence). */
static int32_t add_sequence(int32_t sequence, int32_t more)
{
    return (int32_t)(((uint32_t)sequence + (uint32_t)more) & INT32_MAX);
}

static const weir__sent_batch *find_sent(const weir__log_producer *producer,
                                         const weir__batch_header *batch)
{
    int32_t last = add_sequence(batch->sequence, batch->last_offset_delta);
    for (int i = 0; i < producer->batch_count; i++) {
        const weir__sent_batch *at = &producer->batches[i];
        if (at->first_sequence == batch->sequence && at->last_sequence == last) {
            return at;
        }
    }
    return NULL;
}

static bool follows(const weir__log_producer *producer, int32_t sequence)
{
    return producer->batch_count == 0
               ? sequence == 0
               : sequence ==
                     add_sequence(producer->batches[producer->batch_count - 1].last_sequence, 1);
}

int16_t weir__log_producer_check(const weir__log_producers *producers,
                                 const weir__batch_header *batch, const weir__sent_batch **sent)
{
    const weir__log_producer *producer = weir__log_producer_find(producers, batch->producer_id);
    *sent = NULL;
    if (producer == NULL || producer->epoch < 0) {
        return 0;
    }
    if (batch->producer_epoch < producer->epoch) {
        return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    }
    if (batch->producer_epoch > producer->epoch) {
        if (batch->sequence != 0) {
            return RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
        }
    } else {
        *sent = find_sent(producer, batch);
        if (*sent != NULL) {
            return 0;
        }
        if (!follows(producer, batch->sequence)) {
            return RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
        }
    }
    bool transactional = (batch->attributes & WEIR__BATCH_TRANSACTIONAL) != 0;
    return producer->txn_first >= 0 && !transactional ? RD_KAFKA_RESP_ERR_INVALID_TXN_STATE : 0;
}

/* A new epoch begins with sequence 0. */
static void set_epoch(weir__log_producer *producer, int16_t epoch)
{
    if (producer->epoch != epoch) {
        producer->epoch = epoch;
        producer->batch_count = 0;
    }
}

static void open_transaction(weir__log_producers *producers, weir__log_producer *producer,
                             int64_t first, int64_t now_ms)
{
    producer->txn_first = first;
    producer->txn_began_ms = now_ms;
    producer->open_prev = producers->open_last;
    producer->open_next = NULL;
    *(producers->open_last != NULL ? &producers->open_last->open_next : &producers->open_first) =
        producer;
    producers->open_last = producer;
}

static void close_transaction(weir__log_producers *producers, weir__log_producer *producer)
{
    *(producer->open_prev != NULL ? &producer->open_prev->open_next : &producers->open_first) =
        producer->open_next;
    *(producer->open_next != NULL ? &producer->open_next->open_prev : &producers->open_last) =
        producer->open_prev;
    producer->txn_first = -1;
    producer->open_prev = producer->open_next = NULL;
}

void weir__log_producer_sent(weir__log_producers *producers, weir__log_producer *producer,
                             const weir__batch_header *batch, int64_t base, int64_t timestamp_ms,
                             int64_t now_ms)
{
    set_epoch(producer, batch->producer_epoch);
    producer->last_ms = now_ms;
    if (producer->batch_count == WEIR__SENT_BATCHES) {
        producer->batch_count--;
        memmove(&producer->batches[0], &producer->batches[1],
                (size_t)producer->batch_count * sizeof producer->batches[0]);
    }
    producer->batches[producer->batch_count++] =
        (weir__sent_batch){batch->sequence, add_sequence(batch->sequence, batch->last_offset_delta),
                           base, timestamp_ms};
    if (producer->txn_first < 0 && (batch->attributes & WEIR__BATCH_TRANSACTIONAL) != 0) {
        open_transaction(producers, producer, base, now_ms);
    }
}

int16_t weir__log_producer_check_marker(const weir__log_producers *producers,
                                        const weir__marker *marker)
{
    const weir__log_producer *producer = weir__log_producer_find(producers, marker->producer_id);
    if (producer == NULL) {
        return 0;
    }
    if (marker->epoch < producer->epoch) {
        return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    }
    return marker->coordinator_epoch < producer->coordinator_epoch
               ? RD_KAFKA_RESP_ERR_TRANSACTION_COORDINATOR_FENCED
               : 0;
}

int64_t weir__log_producer_ended(weir__log_producers *producers, weir__log_producer *producer,
                                 const weir__marker *marker, int64_t now_ms)
{
    int64_t first = producer->txn_first;
    set_epoch(producer, marker->epoch);
    producer->coordinator_epoch = marker->coordinator_epoch;
    producer->last_ms = now_ms;
    if (first >= 0) {
        close_transaction(producers, producer);
    }
    return first;
}

void weir__log_producers_expire(weir__log_producers *producers, int64_t before_ms)
{
    weir__map_entry *next;
    for (weir__map_entry *at = producers->by_id.first; at != NULL; at = next) {
        weir__log_producer *producer = at->value;
        next = at->next;
        if (producer->txn_first < 0 && producer->last_ms <= before_ms) {
            weir__map_remove(&producers->by_id, key_of(&producer->id));
            free(producer);
        }
    }
}
