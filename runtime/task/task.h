/* SPDX-License-Identifier: Apache-2.0
 *
 * A task: one partition of a sub-topology, with its queues, its stores and its graph. It is driven
 * by the stream thread that owns it.
 *
 *     CREATED ----> RESTORING ----> RUNNING
 *        |           |     ^        |     ^
 *        |           v     |        v     |
 *        |         SUSPENDED <------+     |      suspended: stores open, nothing processed,
 *        |           |   `----------------'      everything committed
 *        v           v
 *       CLOSED <-----+  (from every state)
 */
#ifndef WEIR_TASK_TASK_H
#define WEIR_TASK_TASK_H

#include "task/chooser.h"
#include "task/env.h"
#include "task/output.h"
#include "task/stores.h"
#include "task/task_id.h"

typedef enum weir__task_state {
    WEIR__TASK_CREATED,
    WEIR__TASK_RESTORING,
    WEIR__TASK_RUNNING,
    WEIR__TASK_SUSPENDED,
    WEIR__TASK_CLOSED,
} weir__task_state;

const char *weir__task_state_name(weir__task_state state);

typedef struct weir__task {
    weir__task_id id;
    char name[WEIR__TASK_NAME_SIZE];
    weir__task_state state;
    weir__task_env *env;
    weir__task_output *output; /* NULL while CREATED */
    weir__graph *graph;        /* NULL while CREATED */
    bool graph_open;           /* the processors are open: the task has been RUNNING */
    weir__task_stores stores;
    weir__record_queue *queues;
    size_t queue_count;
    weir__chooser chooser;
    weir__record_queue *current; /* its head is processed; NULL: punctuations, flushes */
    int64_t stream_time_ms;      /* -1: none yet */
    bool touched;                /* there is something to commit */
    bool commit_requested;       /* by a processor */
    bool corrupt;                /* the stores do not match the changelogs: wipe and restore them */
    bool verify;                 /* SUSPENDED: another member may have run it since */
    bool new_topics;             /* SUSPENDED: it begins again at the committed offsets */
    bool locked;                 /* holds the lock of its directory */
    uint64_t processed;
} weir__task;

/* The topics that tasks read at present (real names) and their numbers of partitions. */
typedef struct weir__task_topics {
    /* NULL: there is no topic of that number. */
    const char *(*at)(size_t index, int32_t *partitions, void *user);
    void *user;
} weir__task_topics;

/* "<number of the sub-topology>_<partition>". Returns `out`. */
const char *weir__task_name(const weir_topology *topology, weir__task_id id,
                            char out[WEIR__TASK_NAME_SIZE]);

/* A task in CREATED, with a queue for each input partition that exists. */
weir_err weir__task_new(weir__task_env *env, weir__task_id id, const weir__task_topics *topics,
                        weir__task **out, weir_error *error);
/* Must be CLOSED or CREATED. NULL allowed. */
void weir__task_free(weir__task *task);

/* CREATED -> RESTORING: locks the directory, opens the stores. WEIR_ELOCKED: another thread still
 * has the lock; to be retried. */
weir_err weir__task_open(weir__task *task, weir_error *error);
/* RESTORING, or SUSPENDED with new topics -> RUNNING: the stores are restored. `committed` are the
 * group's committed offsets of the queues, in their order. */
weir_err weir__task_start(weir__task *task, const weir__offset *committed, weir_error *error);
/* RESTORING or RUNNING (committed before) -> SUSPENDED: drops the buffered records. */
void weir__task_suspend(weir__task *task);
/* The reset policy of a queue: that of its source, or else auto.offset.reset. */
weir__reset weir__task_reset(const weir__task *task, const weir__record_queue *queue);
/* The offset of `reset`, asked of the broker; not for WEIR__RESET_NONE. */
weir_err weir__task_reset_offset(const weir__task *task, const weir__record_queue *queue,
                                 weir__reset reset, int64_t *out, weir_error *error);
/* SUSPENDED -> RESTORING or RUNNING, whichever it was. */
void weir__task_resume(weir__task *task);
/* *out: `committed` (as for start) and the end offsets of the changelogs are those that this
 * suspended task left: no other member has run it meanwhile. */
weir_err weir__task_unchanged(weir__task *task, const weir__offset *committed, bool *out,
                              weir_error *error);
/* Whether it has the queues that a new task of these topics would have. */
weir_err weir__task_reads(const weir__task *task, const weir__task_topics *topics, bool *out,
                          weir_error *error);
/* Replaces the queues of a SUSPENDED task that has nothing to commit; its stores stay. If it has
 * been RUNNING, weir__task_start follows. */
weir_err weir__task_change_topics(weir__task *task, const weir__task_topics *topics,
                                  weir_error *error);
/* -> CLOSED. `clean`: everything is committed, and the stores have their offsets. `wipe` deletes
 * the stores from the disk. */
void weir__task_close(weir__task *task, bool clean, bool wipe);

/* Adds a message to one of its queues; takes it, also on failure. Only a RUNNING task keeps it. */
weir_err weir__task_add(weir__task *task, weir__record_queue *queue, weir__message *message,
                        weir_error *error);
/* Processes up to `max` records, each with the stream-time punctuations that it makes due;
 * *processed counts them. Stops early if it must wait or a processor requested a commit. */
weir_err weir__task_process(weir__task *task, size_t max, size_t *processed, weir_error *error);
/* Runs the wall-clock punctuations that are due at env->now_ms. */
weir_err weir__task_punctuate(weir__task *task, weir_error *error);
/* Why the task does not process now; *waits_for as in weir__chooser_wait_reason. RUNNING only. */
weir__wait_reason weir__task_wait_reason(weir__task *task, const weir__record_queue **waits_for);
/* weir__chooser_last_reason, for another thread that holds the lock of the task's thread. */
weir__wait_reason weir__task_last_reason(const weir__task *task,
                                         const weir__record_queue **waits_for);

#endif
