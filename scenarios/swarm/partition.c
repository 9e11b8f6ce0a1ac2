/* SPDX-License-Identifier: Apache-2.0
 *
 * An instance is cut off from the brokers, or from one of them, for less or more than its session
 * timeout, and reconnected, several times. Sometimes connections only break. */
#include "scenarios/swarm/plan.h"

void swarm_draw_partition(swarm_plan *plan)
{
    int times = 1 + (int)swarm_pick(plan, 3);
    for (int i = 0; i < times; i++) {
        int victim = (int)swarm_pick(plan, (uint64_t)plan->instances);
        if (swarm_pick(plan, 4) == 0) {
            swarm_act_soon(plan, WEIR_ACT_RESET, victim, 8000);
            continue;
        }
        int32_t broker =
            swarm_pick(plan, 3) == 0 ? 1 + (int32_t)swarm_pick(plan, (uint64_t)plan->brokers) : 0;
        swarm_act_soon(plan, WEIR_ACT_PARTITION, victim, 8000)->broker = broker;
        swarm_act(plan, (weir_act){.kind = WEIR_ACT_HEAL,
                                   .instance = victim,
                                   .broker = broker,
                                   .after_ms = (int64_t)swarm_pick(plan, 120000)});
    }
}
