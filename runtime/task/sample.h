/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of a task that are compared with murmur2 (task/placement.h). */
#ifndef WEIR_TASK_SAMPLE_H
#define WEIR_TASK_SAMPLE_H

#include "task/task.h"

/* Of a record that is about to be decoded, while the queue's first records last. */
void weir__sample_key(const weir__task *task, weir__record_queue *queue, weir_slice key);
/* Of the tables of topics that are joined, as the stores hold them when the task starts: after a
 * restart such a topic may have nothing new to read. */
void weir__sample_tables(const weir__task *task);

#endif
