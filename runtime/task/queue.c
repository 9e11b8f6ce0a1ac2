/* SPDX-License-Identifier: Apache-2.0
 *
 * Record queues: a ring of held messages and one decoded head. */
#include "task/queue.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/saturate.h"

#define RING_FIRST 64

weir_err weir__record_queue_init(weir__record_queue *queue, const weir__record_queue_ops *ops,
                                 void *user, const char *topic, int32_t partition)
{
    memset(queue, 0, sizeof *queue);
    queue->ops = ops;
    queue->user = user;
    queue->partition = partition;
    queue->topic = strdup(topic);
    queue->committed_offset = -1;
    queue->placement = -1;
    weir__record_queue_start(queue, WEIR__OFFSET_BEGINNING, -1);
    return queue->topic != NULL ? WEIR_OK : WEIR_ENOMEM;
}

void weir__record_queue_fini(weir__record_queue *queue)
{
    weir__record_queue_clear(queue);
    weir__arena_fini(&queue->arena);
    free(queue->ring);
    free(queue->topic);
    memset(queue, 0, sizeof *queue);
}

void weir__record_queue_start(weir__record_queue *queue, int64_t offset, int64_t partition_time_ms)
{
    weir__record_queue_clear(queue);
    queue->next_offset = offset;
    queue->fetch_offset = offset;
    queue->partition_time_ms = partition_time_ms;
}

static void drop_head(weir__record_queue *queue)
{
    weir__arena_reset(&queue->arena);
    queue->ops->free(queue->head);
    queue->head = NULL;
    queue->ready = false;
}

void weir__record_queue_clear(weir__record_queue *queue)
{
    if (queue->ready) {
        drop_head(queue);
    }
    for (; queue->waiting > 0; queue->waiting--) {
        queue->ops->free(queue->ring[queue->first]);
        queue->first = (queue->first + 1) & (queue->capacity - 1);
    }
    queue->fetch_offset = queue->next_offset;
    queue->lag_epoch = 0;
    queue->idle_until_ms = -1;
}

static weir_err grow(weir__record_queue *queue)
{
    size_t capacity = queue->capacity > 0 ? 2 * queue->capacity : RING_FIRST;
    weir__message **ring = malloc(capacity * sizeof(*ring));
    if (ring == NULL) {
        return WEIR_ENOMEM;
    }
    for (size_t i = 0; i < queue->waiting; i++) {
        ring[i] = queue->ring[(queue->first + i) & (queue->capacity - 1)];
    }
    free(queue->ring);
    queue->ring = ring;
    queue->capacity = capacity;
    queue->first = 0;
    return WEIR_OK;
}

weir_err weir__record_queue_add(weir__record_queue *queue, weir__message *message)
{
    int64_t offset = queue->ops->look(message)->offset;
    if (offset < queue->fetch_offset) {
        queue->ops->free(message);
        return WEIR_OK;
    }
    if (queue->waiting == queue->capacity && grow(queue) != WEIR_OK) {
        queue->ops->free(message);
        return WEIR_ENOMEM;
    }
    queue->ring[(queue->first + queue->waiting) & (queue->capacity - 1)] = message;
    queue->waiting++;
    queue->fetch_offset = weir__add_sat(offset, 1);
    return WEIR_OK;
}

size_t weir__record_queue_size(const weir__record_queue *queue)
{
    return queue->waiting + (queue->ready ? 1 : 0);
}

static weir__message *shift(weir__record_queue *queue)
{
    weir__message *message = queue->ring[queue->first];
    queue->first = (queue->first + 1) & (queue->capacity - 1);
    queue->waiting--;
    return message;
}

weir_err weir__record_queue_prepare(weir__record_queue *queue, weir_error *error)
{
    while (!queue->ready && queue->waiting > 0) {
        queue->head = shift(queue);
        const weir__message_view *raw = queue->ops->look(queue->head);
        int64_t offset = raw->offset;
        queue->from =
            (weir__input){.topic = queue->topic, .partition = queue->partition, .offset = offset};
        queue->next_offset = offset;
        queue->ready = true;
        weir_err err = queue->ops->decode(queue->user, queue, raw, &queue->record, error);
        if (err == WEIR_OK && queue->record.timestamp_ms >= 0) {
            return WEIR_OK;
        }
        if (err == WEIR_OK) {
            queue->ops->without_time(queue->user, queue);
        } else if (err == WEIR_EDECODE) {
            err = queue->ops->undecodable(queue->user, queue, error);
        }
        /* The queue drops a head that stops the task, but next_offset is still its offset: the
         * record is fetched again. */
        drop_head(queue);
        if (err != WEIR_OK) {
            return err;
        }
        queue->next_offset = weir__add_sat(offset, 1);
    }
    return WEIR_OK;
}

void weir__record_queue_done(weir__record_queue *queue)
{
    weir_assert(queue->ready);
    if (queue->record.timestamp_ms > queue->partition_time_ms) {
        queue->partition_time_ms = queue->record.timestamp_ms;
    }
    queue->next_offset = weir__add_sat(queue->from.offset, 1);
    drop_head(queue);
}
