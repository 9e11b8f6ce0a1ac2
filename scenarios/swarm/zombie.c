/* SPDX-License-Identifier: Apache-2.0
 *
 * An instance is paused, mostly for longer than its session timeout, and resumed, several times. */
#include "scenarios/swarm/plan.h"

void swarm_draw_zombie(swarm_plan *plan)
{
    int times = 1 + (int)swarm_pick(plan, 2);
    for (int i = 0; i < times; i++) {
        int victim = (int)swarm_pick(plan, (uint64_t)plan->instances);
        bool expires = swarm_pick(plan, 5) > 0;
        int64_t least = expires ? plan->session_ms : 0;
        swarm_act_soon(plan, WEIR_ACT_PAUSE, victim, 8000);
        swarm_act(plan,
                  (weir_act){.kind = WEIR_ACT_RESUME,
                             .instance = victim,
                             .after_ms =
                                 least + (int64_t)swarm_pick(
                                             plan, expires ? 60000 : (uint64_t)plan->session_ms)});
    }
}
