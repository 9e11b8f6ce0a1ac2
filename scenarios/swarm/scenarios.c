/* SPDX-License-Identifier: Apache-2.0
 *
 * The scenarios of scripts/sweep. */
#include <string.h>

#include "scenarios/swarm/absence.h"
#include "scenarios/swarm/plan.h"

static const swarm_scenario scenarios[] = {
    {"failover", swarm_draw_failover, .all_workloads = true},
    {"zombie", swarm_draw_zombie, .zombies = true},
    {"partition", swarm_draw_partition, .zombies = true},
    {"rolling", swarm_draw_rolling, .all_workloads = true},
    {"exactly-once", swarm_draw_exactly_once, .zombies = true, .exactly_once = true},
    {"absence", swarm_draw_absence, .play = swarm_play_absence},
};
#define SCENARIO_COUNT (sizeof scenarios / sizeof scenarios[0])

const swarm_scenario *swarm_scenario_at(size_t index)
{
    return index < SCENARIO_COUNT ? &scenarios[index] : NULL;
}

const swarm_scenario *swarm_scenario_find(const char *name)
{
    for (size_t i = 0; i < SCENARIO_COUNT; i++) {
        if (strcmp(name, scenarios[i].name) == 0) {
            return &scenarios[i];
        }
    }
    return NULL;
}
