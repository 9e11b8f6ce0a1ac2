/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of a plan: instances count the words of a text while the acts happen, then it is quiet.
 * Safety all the time (lib/checker.h); when it is quiet, all is caught up within a bound, and the
 * result is right (final_check.h). */
#ifndef WEIR_SCENARIOS_SWARM_RUN_H
#define WEIR_SCENARIOS_SWARM_RUN_H

#include "scenarios/swarm/plan.h"

typedef struct swarm_run swarm_run;

/* What the plan says of the cluster; the caller adds where failures go. */
weir_cluster_opts swarm_cluster_opts(const swarm_plan *plan);
/* `cluster` is fresh. The run must outlive it, as its instances report to it. NULL: out of
 * memory. */
swarm_run *swarm_run_new(const swarm_scenario *scenario, const swarm_plan *plan,
                         weir_cluster *cluster);
void swarm_run_free(swarm_run *run); /* NULL allowed */
/* To the end; failures go the cluster's way. */
void swarm_run_all(swarm_run *run);

#endif
