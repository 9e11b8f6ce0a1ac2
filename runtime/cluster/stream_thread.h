/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream thread: one consumer, one producer, one restore consumer when there is something to
 * restore, one record cache, and the tasks that the group gave it. */
#ifndef WEIR_CLUSTER_STREAM_THREAD_H
#define WEIR_CLUSTER_STREAM_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "cluster/instance.h"
#include "cluster/membership.h"
#include "cluster/worker.h"

/*  STARTING -> REBALANCING -> RESTORING -> RUNNING       -> STOPPING -> DEAD
 *     ^             ^  `----------^----------'                 |
 *     |             `------- a new generation                  |
 *     `------------------- replaced after an error ------------'              */
typedef enum weir__thread_state {
    WEIR__THREAD_STARTING,    /* not in the group yet */
    WEIR__THREAD_REBALANCING, /* no assignment */
    WEIR__THREAD_RESTORING,   /* some task does not run yet */
    WEIR__THREAD_RUNNING,
    WEIR__THREAD_STOPPING,
    WEIR__THREAD_DEAD,
} weir__thread_state;

const char *weir__thread_state_name(weir__thread_state state);

typedef struct weir__stream_thread {
    const weir__instance *instance;
    char *name; /* "<client id>-StreamThread-1" */
    int number; /* from 1 */
    pthread_t handle;
    bool started;
    atomic_bool stop;
    _Atomic(const char *) step; /* the one it takes; NULL: none yet */
    _Atomic(int64_t) polled_ms; /* the last poll ended */
    _Atomic(weir__thread_state) state;
    /* Held by the thread except while it waits for records: whoever else holds it may look at what
     * is below. */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* with `lock`: stop was set */
    weir__worker worker;
    weir__membership membership;
    weir__message **messages;
    bool open;               /* the clients are there, tasks and membership are valid */
    bool lost;               /* its tasks: what they sent should not be delivered any more */
    bool stalled;            /* so long that the group may have gone on without it */
    weir_error failed;       /* in a callback of the consumer; told after the poll */
    weir__retry enter_retry; /* with the group */
    uint64_t polls;
} weir__stream_thread;

/* Does not start it. */
weir_err weir__stream_thread_init(weir__stream_thread *thread, const weir__instance *instance,
                                  int number);
void weir__stream_thread_fini(weir__stream_thread *thread); /* ended, or never started */

weir_err weir__stream_thread_start(weir__stream_thread *thread, weir_error *error);
/* Asks it to end: it commits, closes its tasks, leaves the group. Any thread. */
void weir__stream_thread_stop(weir__stream_thread *thread);
/* Waits for its end. */
void weir__stream_thread_join(weir__stream_thread *thread);

#endif
