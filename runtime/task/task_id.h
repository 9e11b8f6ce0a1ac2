/* SPDX-License-Identifier: Apache-2.0
 *
 * The id of a task: sub-topology and partition. */
#ifndef WEIR_TASK_TASK_ID_H
#define WEIR_TASK_TASK_ID_H

#include <stdint.h>

typedef struct weir__task_id {
    int32_t subtopology; /* its index in the topology, which need not be its number in names */
    int32_t partition;
} weir__task_id;

/* By sub-topology, then partition: negative, 0 or positive. */
static inline int weir__task_id_compare(weir__task_id a, weir__task_id b)
{
    if (a.subtopology != b.subtopology) {
        return a.subtopology < b.subtopology ? -1 : 1;
    }
    return (a.partition > b.partition) - (a.partition < b.partition);
}

#endif
