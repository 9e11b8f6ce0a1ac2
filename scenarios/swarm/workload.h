/* SPDX-License-Identifier: Apache-2.0
 *
 * What the instances of a run do: a topology, its input, and what must come out. A workload is one
 * file in scenarios/swarm, and a row in workloads.c. */
#ifndef WEIR_SCENARIOS_SWARM_WORKLOAD_H
#define WEIR_SCENARIOS_SWARM_WORKLOAD_H

#include "scenarios/swarm/plan.h"

typedef struct swarm_workload {
    const char *name;
    weir_topology_fn topology;
    /* Makes the topics, before instances start, and what the functions below get as `work`. NULL:
     * out of memory. */
    void *(*open)(const swarm_scenario *scenario, const swarm_plan *plan, weir_cluster *cluster);
    void (*close)(void *work); /* after the cluster */
    /* Sends one of plan->bursts parts of the input. */
    void (*send)(void *work, int burst);
    /* Each step of each instance, on its thread. */
    void (*on_step)(void *work, const weir_step *step);
    /* The instance is about to crash. NULL: not called. */
    void (*on_crash)(void *work, const char *instance);
    /* The first violation of a rule that holds at any time, or NULL. NULL: there are none. */
    const char *(*violation)(const void *work);
    /* Everything is caught up, and nothing happens any more: fails the cluster if the results are
     * wrong. May send more and wait. */
    void (*check)(void *work);
} swarm_workload;

extern const swarm_workload swarm_word_count;
extern const swarm_workload swarm_inner_join;
extern const swarm_workload swarm_left_join;
extern const swarm_workload swarm_outer_join;
extern const swarm_workload swarm_foreign_join;
extern const swarm_workload swarm_foreign_left_join;
extern const swarm_workload swarm_windows;
extern const swarm_workload swarm_closed_windows;

/* The word count is the first; NULL: no more. */
const swarm_workload *swarm_workload_at(size_t index);

#endif
