/* SPDX-License-Identifier: Apache-2.0
 *
 * Restores stores from their changelogs, a slice at a time, with one consumer for all tasks of a
 * thread. Running tasks process between the slices. The consumer is created when a store must be
 * restored. */
#ifndef WEIR_TASK_RESTORE_H
#define WEIR_TASK_RESTORE_H

#include "task/task.h"

typedef struct weir__restorer {
    weir__task_env *env;
    weir__client_opts opts; /* of the consumer */
    char *client_id;
    weir__consumer *consumer; /* NULL: no store had to be restored yet */
    weir__task **tasks;       /* RESTORING */
    size_t count;
    size_t capacity;
    bool changed;  /* the consumer's assignment must be renewed */
    size_t active; /* stores being restored */
    weir__message **messages;
    weir__row *rows;
    weir__arena arena; /* of the rows */
} weir__restorer;

/* `consumer` has the options of the consumer: its `config` is borrowed, the rest is copied. */
weir_err weir__restorer_init(weir__restorer *restorer, weir__task_env *env,
                             const weir__client_opts *consumer);
void weir__restorer_fini(weir__restorer *restorer);

/* The task must be RESTORING; it is borrowed until removed. */
weir_err weir__restorer_add(weir__restorer *restorer, weir__task *task);
/* Calls the listener for stores that are not fully restored yet. Does nothing for a task that it
 * does not have. */
void weir__restorer_remove(weir__restorer *restorer, weir__task *task);

/* True if a slice would do nothing. */
bool weir__restorer_is_idle(const weir__restorer *restorer);
/* Restores one slice; waits up to timeout_ms for records. A task whose stores do not match their
 * changelogs is marked `corrupt`: the caller closes it with wipe, and creates it again. */
weir_err weir__restorer_slice(weir__restorer *restorer, int64_t timeout_ms, weir_error *error);
/* True if all stores of the task are fully restored. */
bool weir__restorer_is_whole(const weir__task *task);

/* How old state may be where the changelog keeps tombstones for `retention` (ms as text; NULL: the
 * default): max_ms, but at most half of that time, because clocks may differ and the restore takes
 * time. max_ms < 0: no limit. */
int64_t weir__state_age_limit(int64_t max_ms, const char *retention);

#endif
