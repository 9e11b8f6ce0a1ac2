/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by task_set.c and task_set_revive.c. */
#ifndef WEIR_CLUSTER_TASK_SET_PARTS_H
#define WEIR_CLUSTER_TASK_SET_PARTS_H

#include "cluster/task_set.h"

/* Closes the task and creates it again from the committed offsets. */
weir_err weir__task_set_replace(weir__task_set *set, size_t at, bool wipe, weir_error *error);

#endif
