/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of a plan: instances count the words of a text while the acts happen, then it is quiet.
 * Safety all the time (lib/witness.h); when it is quiet, all is caught up within a bound, and the
 * result is right (verdict.h). */
#ifndef WEIR_SCENARIOS_SWARM_RUN_H
#define WEIR_SCENARIOS_SWARM_RUN_H

#include "scenarios/swarm/plan.h"

typedef struct weir_swarm_run weir_swarm_run;

/* What the plan says of the cluster; the caller adds where failures go. */
weir_cluster_opts weir_swarm_cluster_opts(const weir_swarm_plan *plan);
/* `cluster` is fresh. The run must outlive it, as its instances report to it. NULL: out of
 * memory. */
weir_swarm_run *weir_swarm_run_new(const weir_swarm_scenario *scenario, const weir_swarm_plan *plan,
                                   weir_cluster *cluster);
void weir_swarm_run_free(weir_swarm_run *run); /* NULL allowed */
/* To the end; failures go the cluster's way. */
void weir_swarm_run_all(weir_swarm_run *run);

#endif
