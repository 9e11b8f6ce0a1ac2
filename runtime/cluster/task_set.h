/* SPDX-License-Identifier: Apache-2.0
 *
 * The tasks of a stream thread: taken from assignments, opened, restored, started, suspended,
 * closed. */
#ifndef WEIR_CLUSTER_TASK_SET_H
#define WEIR_CLUSTER_TASK_SET_H

#include "cluster/assignment_codec.h"
#include "cluster/instance.h"
#include "cluster/retry.h"
#include "task/restore.h"
#include "task/task.h"

typedef struct weir__task_set {
    const weir__instance *instance;
    weir__task_env *env;
    weir__task **tasks; /* by id */
    size_t count;
    size_t turn; /* the task that processes next */
    weir__restorer restorer;
    const weir__assignment *assignment; /* of this generation; NULL: none taken */
    int32_t taken_generation;           /* of the last one taken; -1: none */
    bool assign_due; /* the main consumer's partitions are not those of the running tasks */
    bool waits_for_lock;
    int64_t warn_next_ms; /* when to log again that a task is locked */
    int rebuilt;          /* tasks rebuilt since the thread started */
    weir__retry retry;
    weir__record_queue *recent_queue; /* of the last message */
    weir__task *recent_task;
} weir__task_set;

/* The environment must have its clients. */
weir_err weir__task_set_init(weir__task_set *set, const weir__instance *instance,
                             weir__task_env *env, const weir__client_opts *restore_consumer);
/* All tasks must be closed. */
void weir__task_set_fini(weir__task_set *set);

/* Takes the assignment of a new generation, valid until the tasks are suspended or closed. Closes
 * the tasks that are not in it, resumes those that are, and creates the new ones. */
weir_err weir__task_set_take(weir__task_set *set, const weir__assignment *assignment,
                             const weir__member_tasks *mine, weir_error *error);
/* Does the work that is possible now to bring tasks to RUNNING. */
weir_err weir__task_set_advance(weir__task_set *set, weir_error *error);
bool weir__task_set_is_running(const weir__task_set *set); /* each of its tasks */
/* False: a commit neither forwards nor logs changes. */
bool weir__task_set_flushes(const weir__task_set *set);

/* Calls fn for each queue of a RUNNING task. */
void weir__task_set_each_queue(const weir__task_set *set,
                               void (*fn)(weir__task *task, weir__record_queue *queue, void *user),
                               void *user);
/* Adds a message to the queue of its task; frees it if no task reads its partition. */
weir_err weir__task_set_add(weir__task_set *set, weir__message *message,
                            const weir__message_view *view, weir_error *error);

/* Commits all RUNNING tasks but those with a record that was not delivered in time: each of these
 * is created again. It restores its stores from the changelogs and processes the records since its
 * last commit again. */
weir_err weir__task_set_commit(weir__task_set *set, weir_error *error);
/* After a failure `err`: wipes the state of each task whose stores on disk are damaged, and creates
 * the task again. It restores its stores from the changelogs and processes the records since its
 * last commit again. WEIR_OK if a damaged store was the failure; else `err`, *error unchanged. */
weir_err weir__task_set_rebuild_damaged(weir__task_set *set, weir_err err, weir_error *error);
/* After the transaction was aborted: each task that has done something since the last commit is
 * created again. `all`: each task is, since the producer is renewed. */
weir_err weir__task_set_revive(weir__task_set *set, bool all, weir_error *error);
/* At the end of a generation. The tasks keep their stores open. A task that was not committed
 * before is treated as not committed. */
void weir__task_set_suspend(weir__task_set *set);
/* `clean`: they were committed. */
void weir__task_set_close(weir__task_set *set, bool clean);

/* For the join record; *out is malloc'ed. */
weir_err weir__task_set_progress(const weir__task_set *set, weir__task_progress **out,
                                 size_t *count);

#endif
