/* SPDX-License-Identifier: Apache-2.0
 *
 * A rolling restart: one instance after the other ends (most are closed, some crash) and is
 * started again with or without its state directory, and with more or fewer threads. */
#include "scenarios/swarm/plan.h"

static weir_act_kind end_of(swarm_plan *plan)
{
    switch (swarm_pick(plan, 4)) {
    case 0:
        return WEIR_ACT_CRASH;
    default:
        return WEIR_ACT_CLOSE;
    }
}

void swarm_draw_rolling(swarm_plan *plan)
{
    bool crashes = swarm_pick(plan, 2) == 0;
    for (int i = 0; i < plan->instances; i++) {
        swarm_act(plan, (weir_act){.kind = crashes ? end_of(plan) : WEIR_ACT_CLOSE,
                                   .instance = i,
                                   .after_ms = (int64_t)swarm_pick(plan, 8000)});
        if (swarm_pick(plan, 3) == 0) {
            swarm_act(plan, (weir_act){.kind = WEIR_ACT_WIPE, .instance = i});
        }
        swarm_act(plan, (weir_act){.kind = WEIR_ACT_RESTART,
                                   .instance = i,
                                   .after_ms = (int64_t)swarm_pick(plan, 10000),
                                   .threads = 1 + (int)swarm_pick(plan, 4)});
    }
}
