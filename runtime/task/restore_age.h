/* SPDX-License-Identifier: Apache-2.0
 *
 * The age of the rows of a store that is to be restored. */
#ifndef WEIR_TASK_RESTORE_AGE_H
#define WEIR_TASK_RESTORE_AGE_H

#include "task/restore.h"

/* True if deletions may be missing: the store is behind its changelog, and its rows are old or of
 * an unknown age. A time in the future is as wrong as one in the past. `stored`: the offset that
 * the store keeps; `log_end`: that of its changelog. */
bool weir__restore_is_outdated(const weir__restorer *restorer, weir__task_store *store,
                               int64_t stored, int64_t log_end);
/* The task is closed, and its store wiped. */
void weir__restore_mark_outdated(const weir__restorer *restorer, weir__task *task,
                                 const weir__task_store *store);

#endif
