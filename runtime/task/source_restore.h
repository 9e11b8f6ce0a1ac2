/* SPDX-License-Identifier: Apache-2.0
 *
 * Restore from a topic that a table reads (topology.optimization): its changelog is the topic, up
 * to the group's committed offset. What comes behind it will be processed. */
#ifndef WEIR_TASK_SOURCE_RESTORE_H
#define WEIR_TASK_SOURCE_RESTORE_H

#include "task/task.h"

/* Where a restore begins and what the log has, if the log is the topic of a source table; else they
 * stay as they are. */
weir_err weir__source_restore_bounds(const weir__task *task, const weir__task_store *store,
                                     int64_t *start, int64_t *log_start, int64_t *log_end,
                                     weir_error *error);

/* The row of a record of the store's topic, in `arena` or borrowed. *keep false: there is none. */
weir_err weir__restore_row(weir__task_store *store, const weir__message_view *view,
                           weir__arena *arena, weir__row *row, bool *keep, weir_error *error);

#endif
