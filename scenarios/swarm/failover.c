/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances crash, all but one at most; the others take over. Some are started again. */
#include "scenarios/swarm/plan.h"

void swarm_draw_failover(swarm_plan *plan)
{
    int victims = 1 + (int)swarm_pick(plan, (uint64_t)plan->instances - 1);
    for (int i = 0; i < victims; i++) {
        bool wiped = swarm_pick(plan, 2) == 0;
        swarm_act_soon(plan, wiped ? WEIR_ACT_CRASH_WIPED : WEIR_ACT_CRASH, i, 10000);
        if (swarm_pick(plan, 3) == 0) {
            swarm_act(plan, (weir_act){.kind = WEIR_ACT_RESTART,
                                       .instance = i,
                                       .after_ms = (int64_t)swarm_pick(plan, 60000)});
        }
    }
}
