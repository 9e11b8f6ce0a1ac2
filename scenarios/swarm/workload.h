/* SPDX-License-Identifier: Apache-2.0
 *
 * What the instances of a run do: a topology, its input, and what must come out. A workload is one
 * file in scenarios/swarm, and a row in workloads.c. */
#ifndef WEIR_SCENARIOS_SWARM_WORKLOAD_H
#define WEIR_SCENARIOS_SWARM_WORKLOAD_H

#include <weir/checkers.h>

#include "scenarios/swarm/plan.h"

typedef struct swarm_workload {
    const char *name;
    weir_topology_fn topology;
    /* The topics whose partition p only the task <subtopology>_p writes, beyond changelogs; ends
     * with a topic NULL. NULL: none. */
    const weir_written_topic *written;
    /* Makes the topics, before instances start, and what the functions below get as `work`. The
     * checker watches the whole run. NULL: out of memory. */
    void *(*open)(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker);
    void (*close)(void *work); /* after the cluster */
    /* Sends one of plan->bursts parts of the input. */
    void (*send)(void *work, int burst);
    /* Each step of each instance, on its thread. NULL: not called. */
    void (*on_step)(void *work, const weir_step *step);
    /* Everything is caught up, and nothing happens any more: fails the cluster if the results are
     * wrong. May send more and wait. */
    void (*check)(void *work);
    /* At least once, in place of `check`: how many results there are beyond the right ones. NULL:
     * it is in no scenario for exactly-once. */
    int64_t (*duplicates)(void *work);
} swarm_workload;

extern const swarm_workload swarm_word_count;
extern const swarm_workload swarm_inner_join;
extern const swarm_workload swarm_left_join;
extern const swarm_workload swarm_outer_join;
extern const swarm_workload swarm_foreign_join;
extern const swarm_workload swarm_foreign_left_join;
extern const swarm_workload swarm_windows;
extern const swarm_workload swarm_closed_windows;
extern const swarm_workload swarm_id_mapping; /* only chosen by name */

/* The word count is the first; NULL: no more. */
const swarm_workload *swarm_workload_at(size_t index);

#endif
