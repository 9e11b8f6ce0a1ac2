/* SPDX-License-Identifier: Apache-2.0
 *
 * The commit of a thread's tasks: one path in named steps. */
#ifndef WEIR_TASK_COMMIT_H
#define WEIR_TASK_COMMIT_H

#include "task/task.h"

/* Commits those of the tasks that are RUNNING and have something to commit, but not those with
 * records that were not delivered (weir__task_output). WEIR_EFENCED: the group
 * has removed this member, nothing was committed. After another failure each task either has
 * committed or can be committed again, unless the failure is one of its own. */
weir_err weir__commit_tasks(weir__task_env *env, weir__task *const *tasks, size_t count,
                            weir_error *error);

/* Waits until no record of `producer` (one of the thread's two) is in flight. WEIR_EFENCED: this is
 * no longer a member of the group, so the records in flight must not be delivered. WEIR_ETIMEOUT:
 * to be retried. */
weir_err weir__flush_producer(const weir__task_env *env, weir__producer *producer,
                              weir_error *error);

#endif
