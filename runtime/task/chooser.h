/* SPDX-License-Identifier: Apache-2.0
 *
 * The chooser selects the queue of a task's next record: the one whose head has the smallest
 * timestamp. It also decides whether the task waits for empty queues first (max.task.idle.ms,
 * KIP-695). */
#ifndef WEIR_TASK_CHOOSER_H
#define WEIR_TASK_CHOOSER_H

#include "task/queue.h"

/* Why a task does not process. */
typedef enum weir__wait_reason {
    WEIR__WAIT_NONE,    /* it can process */
    WEIR__WAIT_EMPTY,   /* nothing is buffered */
    WEIR__WAIT_UNKNOWN, /* an empty partition's end is not known yet */
    WEIR__WAIT_LAG,     /* an empty partition has records that are not fetched yet */
    WEIR__WAIT_IDLE,    /* an empty partition has no records; max.task.idle.ms has not passed */
} weir__wait_reason;

typedef struct weir__chooser {
    weir__record_queue **heap; /* queues with a decoded head */
    size_t count;
    weir__record_queue *queues; /* all of the task, borrowed */
    size_t queue_count;
    int64_t idle_ms; /* -1: never wait */
    /* Records of the partition that are not in the queue yet (the lag); -1: not known. */
    int64_t (*lag)(void *user, const weir__record_queue *queue);
    void *user;
    uint64_t epoch; /* a lag that was read in an earlier epoch is out of date */
} weir__chooser;

weir_err weir__chooser_init(weir__chooser *chooser, weir__record_queue *queues, size_t count,
                            int64_t idle_ms);
void weir__chooser_fini(weir__chooser *chooser);

/* Removes all queues from the heap (they were emptied). */
void weir__chooser_clear(weir__chooser *chooser);
/* Called after a fetch: the lags are read again. */
void weir__chooser_refresh(weir__chooser *chooser);
/* Adds a queue that is not in the heap and has a decoded head. */
void weir__chooser_enter(weir__chooser *chooser, weir__record_queue *queue);
/* Why no record may be taken at this time, or WEIR__WAIT_NONE; *waits_for (NULL allowed) is the
 * queue for which the task waits. */
weir__wait_reason weir__chooser_wait_reason(weir__chooser *chooser, int64_t now_ms,
                                            const weir__record_queue **waits_for);
/* The same by what the last weir__chooser_wait_reason found, for another thread that looks: it
 * asks the consumer nothing, and changes nothing. */
weir__wait_reason weir__chooser_last_reason(const weir__chooser *chooser, int64_t now_ms,
                                            const weir__record_queue **waits_for);
/* Removes the queue with the smallest head from the heap and returns it; there must be one. */
weir__record_queue *weir__chooser_take(weir__chooser *chooser);

#endif
