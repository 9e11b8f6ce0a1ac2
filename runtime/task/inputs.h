/* SPDX-License-Identifier: Apache-2.0
 *
 * The queues of a task: one for each input partition that exists. */
#ifndef WEIR_TASK_INPUTS_H
#define WEIR_TASK_INPUTS_H

#include "task/task.h"

/* Makes the queues and the chooser of a task that has none. On failure it has none either. */
weir_err weir__task_inputs_open(weir__task *task, const weir__task_topics *topics);
void weir__task_inputs_close(weir__task *task);

#endif
