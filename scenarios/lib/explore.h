/* SPDX-License-Identifier: Apache-2.0
 *
 * Exploration: many branches from one moment in the middle of a rebalance, each with other choices
 * of the scheduler and other latencies. All must reach the right counts. */
#ifndef WEIR_SCENARIOS_EXPLORE_H
#define WEIR_SCENARIOS_EXPLORE_H

#include <weir/driver.h>

#include "scenarios/lib/branches.h"

typedef struct weir_explore_opts {
    const char *name; /* of weir_explore_name */
    uint64_t seed;
    uint64_t branches;
    uint64_t branch; /* only this one; 0: all */
    bool memory_stores;
    int jobs; /* 0: one per CPU */
    bool verbose;
} weir_explore_opts;

/* The names of the moments: "join", ...; NULL after the last. */
const char *weir_explore_name(size_t index);

/* Prints failures, each with the command that repeats it, what a branch cost, and "N passed, M
 * failed". True: all passed. WEIR_POLICY_RANDOM throughout. */
bool weir_explore_run(const weir_explore_opts *opts);

#endif
