/* SPDX-License-Identifier: Apache-2.0
 *
 * The heap of queues, with the tie rules of java.util.PriorityQueue as Kafka Streams uses it: they
 * decide the order of records with equal timestamps. */
#include "task/chooser.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/saturate.h"

weir_err weir__chooser_init(weir__chooser *chooser, weir__record_queue *queues, size_t count,
                            int64_t idle_ms)
{
    memset(chooser, 0, sizeof *chooser);
    chooser->heap = calloc(count > 0 ? count : 1, sizeof(*chooser->heap));
    chooser->queues = queues;
    chooser->queue_count = count;
    chooser->idle_ms = idle_ms;
    chooser->epoch = 1;
    return chooser->heap != NULL ? WEIR_OK : WEIR_ENOMEM;
}

void weir__chooser_fini(weir__chooser *chooser)
{
    free(chooser->heap);
    memset(chooser, 0, sizeof *chooser);
}

void weir__chooser_clear(weir__chooser *chooser)
{
    chooser->count = 0;
}

void weir__chooser_refresh(weir__chooser *chooser)
{
    chooser->epoch++;
}

static int64_t time_of(const weir__record_queue *queue)
{
    return queue->record.timestamp_ms;
}

void weir__chooser_enter(weir__chooser *chooser, weir__record_queue *queue)
{
    weir_assert(queue->ready);
    weir_assert(chooser->count < chooser->queue_count);
    size_t at = chooser->count++;
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (time_of(chooser->heap[parent]) <= time_of(queue)) {
            break;
        }
        chooser->heap[at] = chooser->heap[parent];
        at = parent;
    }
    chooser->heap[at] = queue;
    queue->idle_until_ms = -1;
}

weir__record_queue *weir__chooser_take(weir__chooser *chooser)
{
    weir_assert(chooser->count > 0);
    weir__record_queue **heap = chooser->heap;
    weir__record_queue *first = heap[0];
    size_t count = --chooser->count;
    if (count == 0) {
        return first;
    }
    weir__record_queue *last = heap[count];
    size_t at = 0;
    while (at < count / 2) {
        size_t child = 2 * at + 1;
        if (child + 1 < count && time_of(heap[child + 1]) < time_of(heap[child])) {
            child++;
        }
        if (time_of(last) <= time_of(heap[child])) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

/* Reads the lag of an empty queue, and begins to idle when it is 0. */
static void look_for_records(weir__chooser *chooser, weir__record_queue *queue, int64_t now_ms)
{
    if (queue->lag_epoch != chooser->epoch) {
        queue->lag_epoch = chooser->epoch;
        queue->lag = chooser->lag(chooser->user, queue);
    }
    if (queue->lag != 0) {
        queue->idle_until_ms = -1;
    } else if (queue->idle_until_ms < 0) {
        queue->idle_until_ms = weir__add_sat(now_ms, chooser->idle_ms);
    }
}

/* Why the task must wait for an empty queue, if it must. */
static weir__wait_reason wait_reason_of(const weir__record_queue *queue, int64_t now_ms)
{
    if (queue->lag_epoch == 0 || queue->lag < 0) {
        return WEIR__WAIT_UNKNOWN;
    }
    if (queue->lag > 0) {
        return WEIR__WAIT_LAG;
    }
    return now_ms < queue->idle_until_ms ? WEIR__WAIT_IDLE : WEIR__WAIT_NONE;
}

/* `asks` NULL: nothing is looked for. */
static weir__wait_reason find_reason(const weir__chooser *chooser, weir__chooser *asks,
                                     int64_t now_ms, const weir__record_queue **waits_for)
{
    if (chooser->count == 0) {
        return WEIR__WAIT_EMPTY;
    }
    if (chooser->idle_ms < 0 || chooser->count == chooser->queue_count) {
        return WEIR__WAIT_NONE;
    }
    for (size_t i = 0; i < chooser->queue_count; i++) {
        weir__record_queue *queue = &chooser->queues[i];
        if (queue->ready) {
            continue;
        }
        if (asks != NULL) {
            look_for_records(asks, queue, now_ms);
        }
        weir__wait_reason reason = wait_reason_of(queue, now_ms);
        if (reason != WEIR__WAIT_NONE) {
            if (waits_for != NULL) {
                *waits_for = queue;
            }
            return reason;
        }
    }
    return WEIR__WAIT_NONE;
}

weir__wait_reason weir__chooser_wait_reason(weir__chooser *chooser, int64_t now_ms,
                                            const weir__record_queue **waits_for)
{
    return find_reason(chooser, chooser, now_ms, waits_for);
}

weir__wait_reason weir__chooser_last_reason(const weir__chooser *chooser, int64_t now_ms,
                                            const weir__record_queue **waits_for)
{
    return find_reason(chooser, NULL, now_ms, waits_for);
}
