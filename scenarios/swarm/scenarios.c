/* SPDX-License-Identifier: Apache-2.0
 *
 * The scenarios of scripts/sweep. */
#include <string.h>

#include "scenarios/swarm/absence.h"
#include "scenarios/swarm/plan.h"

static const weir_swarm_scenario scenarios[] = {
    {"failover", weir_swarm_draw_failover, false, NULL},
    {"zombie", weir_swarm_draw_zombie, true, NULL},
    {"partition", weir_swarm_draw_partition, true, NULL},
    {"rolling", weir_swarm_draw_rolling, false, NULL},
    {"absence", weir_swarm_draw_absence, false, weir_swarm_play_absence},
};
#define SCENARIO_COUNT (sizeof scenarios / sizeof scenarios[0])

const weir_swarm_scenario *weir_swarm_scenario_at(size_t index)
{
    return index < SCENARIO_COUNT ? &scenarios[index] : NULL;
}

const weir_swarm_scenario *weir_swarm_scenario_find(const char *name)
{
    for (size_t i = 0; i < SCENARIO_COUNT; i++) {
        if (strcmp(name, scenarios[i].name) == 0) {
            return &scenarios[i];
        }
    }
    return NULL;
}
