/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream thread: one consumer, one producer, one restore consumer while there are stores to
 * restore, one record cache, and the tasks that are assigned to it. */
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
    WEIR__THREAD_RESTORING,   /* at least one task is not RUNNING yet */
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
    atomic_bool started; /* `handle` is valid */
    atomic_bool stop;
    _Atomic(const char *) step; /* its current step; NULL: none yet */
    _Atomic(int64_t) polled_ms; /* when the last poll ended */
    _Atomic(weir__thread_state) state;
    /* The thread holds it except while it waits for records, opens or closes. Another thread that
     * holds it may read `open` and `enter_retry`, and the other members below while `open`. */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* with `lock`: stop was set */
    weir__worker worker;
    weir__membership membership;
    weir__message **messages;
    bool open;               /* the clients are open, tasks and membership are valid */
    bool lost;               /* its tasks are lost: in-flight records must not be delivered */
    bool stalled;            /* for so long that the group may have removed this member */
    weir_error failed;       /* in a callback of the consumer; reported after the poll */
    weir__retry enter_retry; /* of joining the group */
    uint64_t polls;
} weir__stream_thread;

/* Does not start it. */
weir_err weir__stream_thread_init(weir__stream_thread *thread, const weir__instance *instance,
                                  int number);
void weir__stream_thread_fini(weir__stream_thread *thread); /* ended, or never started */

weir_err weir__stream_thread_start(weir__stream_thread *thread, weir_error *error);
/* Requests its end: it commits, closes its tasks, leaves the group. Any thread. */
void weir__stream_thread_stop(weir__stream_thread *thread);
/* Waits for its end. */
void weir__stream_thread_join(weir__stream_thread *thread);

#endif
