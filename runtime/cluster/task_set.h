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
    size_t turn; /* counts on: whose records come next */
    weir__restorer restorer;
    const weir__assignment *assignment; /* of this generation; NULL: none taken */
    int32_t taken_generation;           /* of the last one taken; -1: none */
    bool assign_due; /* the main consumer's partitions are not those of the running tasks */
    bool waits_for_lock;
    int64_t warn_next_ms; /* of tasks that stay locked */
    int healed;           /* tasks, since the thread began */
    weir__retry retry;
    weir__record_queue *recent_queue; /* of the last message */
    weir__task *recent_task;
} weir__task_set;

/* The environment must have its clients. */
weir_err weir__task_set_init(weir__task_set *set, const weir__instance *instance,
                             weir__task_env *env, const weir__client_opts *restore_consumer);
/* All tasks must be closed. */
void weir__task_set_fini(weir__task_set *set);

/* A new generation's assignment, valid until the tasks are suspended or closed: closes what is not
 * in it, resumes what is, makes what is new. */
weir_err weir__task_set_take(weir__task_set *set, const weir__assignment *assignment,
                             const weir__member_tasks *mine, weir_error *error);
/* What can be done now to bring tasks nearer to RUNNING. */
weir_err weir__task_set_advance(weir__task_set *set, weir_error *error);
bool weir__task_set_is_running(const weir__task_set *set); /* each of its tasks */

/* Calls fn for each queue of a RUNNING task. */
void weir__task_set_each_queue(const weir__task_set *set,
                               void (*fn)(weir__task *task, weir__record_queue *queue, void *user),
                               void *user);
/* A message for one of the tasks; freed when it is for none. */
weir_err weir__task_set_add(weir__task_set *set, weir__message *message,
                            const weir__message_view *view, weir_error *error);

/* Commits all RUNNING tasks. */
weir_err weir__task_set_commit(weir__task_set *set, weir_error *error);
/* After a failure `err` of tasks: those whose stores on disk are damaged are wiped and made anew,
 * to restore from their changelogs and process again what they had not committed. WEIR_OK if that
 * was the failure; else `err`, with *error as it was. */
weir_err weir__task_set_rebuild_damaged(weir__task_set *set, weir_err err, weir_error *error);
/* The generation ends: tasks keep their state open. They must have been committed, or are dealt
 * with as not committed. */
void weir__task_set_suspend(weir__task_set *set);
/* `clean`: they were committed. */
void weir__task_set_close(weir__task_set *set, bool clean);

/* For the join record; *out is malloc'ed. */
weir_err weir__task_set_progress(const weir__task_set *set, weir__task_progress **out,
                                 size_t *count);

#endif
