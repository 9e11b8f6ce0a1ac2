/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that end without a signal, since they did what only the test's thread may do; and why a
 * crash ends the program. */
#include "sim/engine.h"
#include "sim/real.h"

const char *weir__crash_ending(const weir_sim_crash *what, const weir__thread *self)
{
    if (what->end == WEIR_SIM_SANITIZER) {
        return "a sanitizer ends the program at its first report: no more tests run";
    }
    if (what->test_thread || !weir__the_sim.running) {
        return ""; /* cmocka may continue */
    }
    if (weir__backtrace_allocates(what->frames, what->frame_count)) {
        return "inside malloc or free: the heap is damaged, and stays locked. The program ends "
               "here: no more tests run";
    }
    if (!self || self->home == &weir__the_sim.hosts[0]) {
        return "a thread that all tests need: it belongs to no instance. The program ends here: "
               "no more tests run";
    }
    return "";
}

bool weir_sim_on_test_thread(void)
{
    return !weir__the_sim.running || weir__self == weir__the_sim.main;
}

void weir_sim_fail_thread(const char *what)
{
    weir__thread *self = weir__self;
    void *frames[WEIR__FRAMES_MAX];
    weir_sim_crash seen = {.end = WEIR_SIM_MISUSED, .what = what, .hint = "", .frames = frames};
    if (!weir__crash_is_ours()) {
        weir_sim_print("%s\n", what);
        return;
    }
    seen.frame_count = weir__backtrace(CALLER(), frames);
    if (weir__crash_report(&seen, self)) {
        weir__give_up(self);
    }
}
