/* SPDX-License-Identifier: Apache-2.0
 *
 * The workloads of the sweeps. */
#include "scenarios/swarm/workload.h"

static const swarm_workload *const workloads[] = {
    &swarm_word_count,   &swarm_inner_join,        &swarm_left_join, &swarm_outer_join,
    &swarm_foreign_join, &swarm_foreign_left_join, &swarm_windows,   &swarm_closed_windows,
};

const swarm_workload *swarm_workload_at(size_t index)
{
    return index < sizeof workloads / sizeof workloads[0] ? workloads[index] : NULL;
}
