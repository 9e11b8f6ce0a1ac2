/* SPDX-License-Identifier: Apache-2.0
 *
 * The assignment of tasks to members: a pure function of their join records. */
#ifndef WEIR_CLUSTER_ASSIGNOR_H
#define WEIR_CLUSTER_ASSIGNOR_H

#include "cluster/assignment_codec.h"

typedef struct weir__assignor_input {
    const int32_t *tasks; /* number of tasks of each sub-topology */
    const bool *stateful; /* whether it has stores that are logged */
    size_t subtopology_count;
    const weir__join_record *members; /* in any order; member ids differ */
    size_t member_count;              /* at least 1 */
} weir__assignor_input;

/* Assigns each task to exactly one member; (*out)[i] has the tasks of the member with the i-th
 * smallest member id. Sticky: a task stays on the member that ran it, else it is assigned to the
 * process that has most of its state. Balanced: no member has 2 tasks more than another, processes
 * have tasks in proportion to their members, each sub-topology is spread as evenly as that allows.
 * The result is the same for the same input in any order. In `arena`. */
weir_err weir__assign(const weir__assignor_input *input, weir__arena *arena,
                      weir__member_tasks **out, weir_error *error);

#endif
