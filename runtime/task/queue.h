/* SPDX-License-Identifier: Apache-2.0
 *
 * The records of one partition that a task has fetched but not processed. The queue keeps encoded
 * messages; only the head is decoded, into an arena of the queue. A waiting record costs one
 * pointer. */
#ifndef WEIR_TASK_QUEUE_H
#define WEIR_TASK_QUEUE_H

#include "client/client.h"
#include "core/arena.h"
#include "process/graph.h"

typedef struct weir__record_queue weir__record_queue;

/* The callbacks of the task. */
typedef struct weir__record_queue_ops {
    const weir__message_view *(*look)(const weir__message *message); /* as valid as the message */
    void (*free)(weir__message *message);
    /* Decodes the head; the queue's arena outlives *out. WEIR_EDECODE: see `undecodable`. */
    weir_err (*decode)(void *user, weir__record_queue *queue, const weir__message_view *raw,
                       weir_record *out, weir_error *error);
    /* The handler of undecodable records: WEIR_OK drops the head, any other code is the failure of
     * the task; *error says what was wrong and may be added to. */
    weir_err (*undecodable)(void *user, weir__record_queue *queue, weir_error *error);
    /* Called for a head that is dropped because of its negative timestamp. */
    void (*without_time)(void *user, weir__record_queue *queue);
} weir__record_queue_ops;

/* Offsets of a partition:
 *
 *      committed          next                     fetch
 *   ------|-----------------|------------------------|-------> offset
 *          processed, or     in the queue (`next` is  still with the consumer
 *          dropped           the head's offset)
 */
struct weir__record_queue {
    const weir__record_queue_ops *ops;
    void *user;
    char *topic;
    int32_t partition;
    int source;           /* node that reads it */
    int32_t partitions;   /* of the topic */
    int placement;        /* weir__placement_find: its keys are sampled; -1: not */
    size_t placed;        /* records sampled so far */
    bool repartition;     /* a repartition topic: may be purged up to the committed offset */
    size_t index;         /* among the task's queues */
    weir__message **ring; /* without the head once that is decoded */
    size_t capacity;      /* a power of two, or 0 */
    size_t first;
    size_t waiting;
    bool ready; /* the head is decoded: `head`, `from` and `record` are valid */
    weir__message *head;
    weir__input from;
    weir_record record;
    weir__arena arena;
    int64_t partition_time_ms; /* greatest timestamp processed; -1: none */
    int64_t start_offset;      /* at the start of the task; WEIR__OFFSET_BEGINNING: not known */
    int64_t next_offset;       /* WEIR__OFFSET_BEGINNING: not known yet */
    int64_t fetch_offset;      /* the same */
    int64_t committed_offset;  /* last committed by this task; -1: none */
    int64_t committed_time_ms;
    bool paused; /* at the consumer */
    /* Of the chooser. */
    uint64_t lag_epoch;
    int64_t lag;
    int64_t idle_until_ms; /* -1: not idling */
};

/* Copies `topic`. */
weir_err weir__record_queue_init(weir__record_queue *queue, const weir__record_queue_ops *ops,
                                 void *user, const char *topic, int32_t partition);
void weir__record_queue_fini(weir__record_queue *queue);

/* Empties the queue; the consumer fetches from `offset` then. */
void weir__record_queue_start(weir__record_queue *queue, int64_t offset, int64_t partition_time_ms);
/* Empties the queue without a change of `next_offset`: its records are fetched again. */
void weir__record_queue_clear(weir__record_queue *queue);

/* Takes the message, also on failure. A message below `fetch_offset` is a duplicate; it is dropped.
 */
weir_err weir__record_queue_add(weir__record_queue *queue, weir__message *message);
size_t weir__record_queue_size(const weir__record_queue *queue);

/* Decodes the head unless that was done; drops undecodable heads if the handler returns WEIR_OK.
 * After WEIR_OK the queue is `ready` or empty. */
weir_err weir__record_queue_prepare(weir__record_queue *queue, weir_error *error);
/* Removes the head, which has been processed. */
void weir__record_queue_done(weir__record_queue *queue);

#endif
