/* SPDX-License-Identifier: Apache-2.0
 *
 * The scenario absence, which has a topology and checks of its own. */
#ifndef WEIR_SCENARIOS_SWARM_ABSENCE_H
#define WEIR_SCENARIOS_SWARM_ABSENCE_H

#include "scenarios/swarm/plan.h"

/* Runs it on a fresh cluster; failures are reported to the cluster's on_failure. */
void swarm_play_absence(weir_cluster *cluster, const swarm_plan *plan);

#endif
