/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of a task that are compared with murmur2 (task/placement.h). */
#ifndef WEIR_TASK_SAMPLE_H
#define WEIR_TASK_SAMPLE_H

#include "task/task.h"

/* Samples the key of a record that is about to be decoded, if it is one of the queue's first. */
void weir__sample_key(const weir__task *task, weir__record_queue *queue, weir_slice key);
/* Samples the tables of joined topics from their stores when the task starts: after a restart such
 * a topic may have no new record. */
void weir__sample_tables(const weir__task *task);

#endif
