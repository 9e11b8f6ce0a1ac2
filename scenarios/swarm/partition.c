/* SPDX-License-Identifier: Apache-2.0
 *
 * An instance is cut off from the brokers, or from one of them, for less or more than its session,
 * and healed; and again. Sometimes connections only break. */
#include "scenarios/swarm/plan.h"

void weir_swarm_draw_partition(weir_swarm_plan *plan)
{
    int times = 1 + (int)weir_swarm_pick(plan, 3);
    for (int i = 0; i < times; i++) {
        int victim = (int)weir_swarm_pick(plan, (uint64_t)plan->instances);
        if (weir_swarm_pick(plan, 4) == 0) {
            weir_swarm_act_soon(plan, WEIR_ACT_RESET, victim, 8000);
            continue;
        }
        int32_t broker = weir_swarm_pick(plan, 3) == 0
                             ? 1 + (int32_t)weir_swarm_pick(plan, (uint64_t)plan->brokers)
                             : 0;
        weir_swarm_act_soon(plan, WEIR_ACT_PARTITION, victim, 8000)->broker = broker;
        weir_swarm_act(plan, (weir_act){.kind = WEIR_ACT_HEAL,
                                        .instance = victim,
                                        .broker = broker,
                                        .after_ms = (int64_t)weir_swarm_pick(plan, 120000)});
    }
}
