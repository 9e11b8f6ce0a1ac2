/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics of tasks, as an assignment has them. */
#ifndef WEIR_CLUSTER_TASK_TOPICS_H
#define WEIR_CLUSTER_TASK_TOPICS_H

#include "cluster/assignment_codec.h"
#include "task/task.h"

/* Borrows `assignment`. */
weir__task_topics weir__assigned_topics(const weir__assignment *assignment);

/* A suspended task whose topics have changed continues with the new ones: from the committed
 * offsets, its stores as they are. *keep false: it must be made again, since it is not known to be
 * as it was at the last commit. `consecutive`: no other member has run it meanwhile. */
weir_err weir__task_follow_topics(weir__task *task, const weir__assignment *assignment,
                                  bool consecutive, bool *keep, weir_error *error);

#endif
