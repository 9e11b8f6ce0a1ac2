/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of a plan: instances run the plan's workload during the acts, then undisturbed. Checked:
 * what the workload says holds at any time; after the acts, that all is caught up within a bound
 * and the results are right. */
#ifndef WEIR_SCENARIOS_SWARM_RUN_H
#define WEIR_SCENARIOS_SWARM_RUN_H

#include "scenarios/swarm/plan.h"

typedef struct swarm_run swarm_run;

/* The cluster's options from the plan; the caller adds on_failure. */
weir_cluster_opts swarm_cluster_opts(const swarm_plan *plan);
/* `cluster` is fresh. The run must outlive it, as its instances report to it. NULL: out of
 * memory. */
swarm_run *swarm_run_new(const swarm_scenario *scenario, const swarm_plan *plan,
                         weir_cluster *cluster);
void swarm_run_free(swarm_run *run); /* NULL allowed */
/* Runs it to the end; failures are reported to the cluster's on_failure. */
void swarm_run_all(swarm_run *run);
/* How many results there were beyond those of an undisturbed run. Counted, instead of a check of
 * the results, when a scenario for exactly-once has run at least once. */
int64_t swarm_run_duplicates(const swarm_run *run);

#endif
