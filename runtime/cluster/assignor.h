/* SPDX-License-Identifier: Apache-2.0
 *
 * Who runs which task: a pure function of what the members said. */
#ifndef WEIR_CLUSTER_ASSIGNOR_H
#define WEIR_CLUSTER_ASSIGNOR_H

#include "cluster/assignment_codec.h"

typedef struct weir__assignor_input {
    const int32_t *tasks; /* number of tasks of each sub-topology */
    const bool *stateful; /* whether it has stores that are logged */
    size_t subtopology_count;
    const weir__join *members; /* in any order; member ids differ */
    size_t member_count;       /* at least 1 */
} weir__assignor_input;

/* Each task on exactly one member; (*out)[i] is what members[j] with the i-th smallest member id
 * gets. Sticky (a task stays where it ran, then goes where most of its state is), balanced (no
 * member has 2 tasks more than another, processes in proportion to their members; each
 * sub-topology as evenly as that allows), the same for the same input in any order. In `arena`. */
weir_err weir__assign(const weir__assignor_input *input, weir__arena *arena,
                      weir__member_tasks **out, weir_error *error);

#endif
