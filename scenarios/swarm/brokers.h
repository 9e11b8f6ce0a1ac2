/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens to the brokers of a run. Any thread of the simulation. */
#ifndef WEIR_SCENARIOS_SWARM_BROKERS_H
#define WEIR_SCENARIOS_SWARM_BROKERS_H

#include <weir/driver.h>

/* `broker` leads that partition of each topic from now on. */
void swarm_move_leaders(weir_cluster *cluster, int32_t partition, int32_t broker);
/* `broker` coordinates each transaction that is open, and later ones of its producer. */
void swarm_move_transactions(weir_cluster *cluster, int32_t broker);

#endif
