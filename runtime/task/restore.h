/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills stores from their changelogs, a slice at a time, with one consumer for all tasks of a
 * thread; running tasks go on meanwhile. The consumer is made when there is something to read. */
#ifndef WEIR_TASK_RESTORE_H
#define WEIR_TASK_RESTORE_H

#include "task/task.h"

typedef struct weir__restorer {
    weir__task_env *env;
    weir__client_opts opts; /* of the consumer */
    char *client_id;
    weir__consumer *consumer; /* NULL: nothing was to be read yet */
    weir__task **tasks;       /* RESTORING */
    size_t count;
    size_t capacity;
    bool changed;  /* the consumer's assignment is to be renewed */
    size_t active; /* stores being read */
    weir__message **messages;
    weir__row *rows;
    weir__arena arena; /* of the rows */
} weir__restorer;

/* Of `consumer`, what the client is to be like, `config` is borrowed and the rest is copied. */
weir_err weir__restorer_init(weir__restorer *restorer, weir__task_env *env,
                             const weir__client_opts *consumer);
void weir__restorer_fini(weir__restorer *restorer);

/* The task must be RESTORING; it is borrowed until removed. */
weir_err weir__restorer_add(weir__restorer *restorer, weir__task *task);
/* Tells the listener of stores that are not whole yet. Does nothing for a task it does not have. */
void weir__restorer_remove(weir__restorer *restorer, weir__task *task);

/* A slice would do nothing. */
bool weir__restorer_is_idle(const weir__restorer *restorer);
/* One slice; waits up to timeout_ms for records. A task whose stores do not go with their
 * changelogs is marked `corrupt`: close it with wipe, and make it anew. */
weir_err weir__restorer_slice(weir__restorer *restorer, int64_t timeout_ms, weir_error *error);
/* All stores of the task are whole. */
bool weir__restorer_is_whole(const weir__task *task);

#endif
