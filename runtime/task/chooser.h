/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of a task's queues gives the next record: the one whose head has the smallest timestamp;
 * and whether to wait first for the empty ones (max.task.idle.ms, KIP-695). */
#ifndef WEIR_TASK_CHOOSER_H
#define WEIR_TASK_CHOOSER_H

#include "task/queue.h"

/* Why a task does not process. */
typedef enum weir__wait_reason {
    WEIR__WAIT_NONE,    /* it can */
    WEIR__WAIT_EMPTY,   /* nothing is buffered */
    WEIR__WAIT_UNKNOWN, /* an empty partition's end is not known yet */
    WEIR__WAIT_LAG,     /* records of an empty partition are on their way */
    WEIR__WAIT_IDLE,    /* max.task.idle.ms gives an empty partition time */
} weir__wait_reason;

typedef struct weir__chooser {
    weir__record_queue **heap; /* queues with a decoded head */
    size_t count;
    weir__record_queue *queues; /* all of the task, borrowed */
    size_t queue_count;
    int64_t idle_ms; /* -1: never wait */
    /* Records of the partition that the broker has and the queue has not seen; -1: not known. */
    int64_t (*lag)(void *user, const weir__record_queue *queue);
    void *user;
    uint64_t epoch; /* of what is known about lags */
} weir__chooser;

weir_err weir__chooser_init(weir__chooser *chooser, weir__record_queue *queues, size_t count,
                            int64_t idle_ms);
void weir__chooser_fini(weir__chooser *chooser);

/* Forgets all heads (the queues were emptied). */
void weir__chooser_clear(weir__chooser *chooser);
/* Something was fetched since: lags are asked for again. */
void weir__chooser_refresh(weir__chooser *chooser);
/* A queue that is not in it and has a decoded head. */
void weir__chooser_enter(weir__chooser *chooser, weir__record_queue *queue);
/* Whether a record may be taken at this time; *who (NULL allowed) is the queue that it waits for.
 */
weir__wait_reason weir__chooser_wait_reason(weir__chooser *chooser, int64_t now_ms,
                                            const weir__record_queue **who);
/* The queue of the smallest head, taken out; there must be one. */
weir__record_queue *weir__chooser_take(weir__chooser *chooser);

#endif
