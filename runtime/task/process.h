/* SPDX-License-Identifier: Apache-2.0
 *
 * The callbacks of a task for its graph and its queues: decoding, sending, clocks, handlers of
 * failing records. */
#ifndef WEIR_TASK_PROCESS_H
#define WEIR_TASK_PROCESS_H

#include "task/task.h"

extern const weir__record_queue_ops weir__task_queue_ops; /* user: the task */
weir__graph_host weir__task_graph_host(weir__task *task);
/* True for failures of processors, which processing.exception.handler handles (KIP-1033). The other
 * failures are those of the runtime. */
bool weir__is_processing_failure(weir_err err);
int64_t weir__task_lag(void *task, const weir__record_queue *queue);

#endif
