/* SPDX-License-Identifier: Apache-2.0
 *
 * How a consumer leaves its group before it is closed. */
#include "client/consumer.h"
#include "core/clock.h"

#define CLOSE_TIMEOUT_MS 10000
#define CLOSE_SLICE_MS 100
#define LEAVE_TIMEOUT_MS 1000
#define LEAVE_SLICE_MS 1
#define CLOSE_BATCH 64

/* Serves one batch and returns the number of its messages. */
static size_t serve(rd_kafka_queue_t *events, int timeout_ms)
{
    rd_kafka_message_t *batch[CLOSE_BATCH];
    ssize_t got = rd_kafka_consume_batch_queue(events, timeout_ms, batch, CLOSE_BATCH);
    for (ssize_t i = 0; i < got; i++) {
        rd_kafka_message_destroy(batch[i]);
    }
    return got > 0 ? (size_t)got : 0;
}

/* Serves the queue until the consumer has left the group and the events of that have been served.
 * Messages that arrive meanwhile are not waited for. */
static void serve_pending(weir__kafka_consumer *consumer)
{
    int64_t deadline_us = weir__monotonic_us() + (int64_t)LEAVE_TIMEOUT_MS * 1000;
    bool member = true;
    do {
        member = member && weir__kafka_consumer_is_member(consumer);
        consumer->rebalanced = false;
        size_t left = rd_kafka_queue_length(consumer->queue);
        size_t got = 0;
        do {
            left -= got < left ? got : left;
            got = serve(consumer->queue, member ? LEAVE_SLICE_MS : 0);
        } while (got > 0 && left > 0);
    } while ((member || consumer->rebalanced) && weir__monotonic_us() < deadline_us);
}

/* librdkafka's own close has no time limit. If an event is unread when the close begins, or if a
 * pending rebalance adds one, the close may end before this thread has answered the event by
 * assign(), and that assign() never returns. The consumer therefore leaves the group and serves all
 * events before the close begins. */
void weir__kafka_consumer_leave(weir__kafka_consumer *consumer)
{
    rd_kafka_queue_t *events = rd_kafka_queue_new(consumer->rk);
    consumer->in_batch = true;
    rd_kafka_unsubscribe(consumer->rk);
    serve_pending(consumer);
    int64_t deadline_us = weir__monotonic_us() + (int64_t)CLOSE_TIMEOUT_MS * 1000;
    rd_kafka_error_t *cause = rd_kafka_consumer_close_queue(consumer->rk, events);
    bool closing = cause == NULL;
    rd_kafka_error_destroy(cause);
    while (closing && !rd_kafka_consumer_closed(consumer->rk) &&
           weir__monotonic_us() < deadline_us) {
        serve(events, CLOSE_SLICE_MS);
    }
    consumer->in_batch = false;
    rd_kafka_queue_destroy(events);
}
