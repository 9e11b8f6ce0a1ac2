/* SPDX-License-Identifier: Apache-2.0
 *
 * The callbacks of a task for its graph and its queues: decoding, sending, clocks, handlers of
 * failing records. */
#ifndef WEIR_TASK_PROCESS_H
#define WEIR_TASK_PROCESS_H

#include "task/task.h"

extern const weir__record_queue_ops weir__task_queue_ops; /* user: the task */
weir__graph_host weir__task_graph_host(weir__task *task);
int64_t weir__task_lag(void *task, const weir__record_queue *queue);

#endif
