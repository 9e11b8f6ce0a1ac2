/* SPDX-License-Identifier: Apache-2.0
 *
 * Crash points: at each labelled step of one run of the rebalance scenario a branch is taken, the
 * instance crashes exactly there, and the branch continues to the end and checks. The run itself
 * continues to its end, too. */
#ifndef WEIR_SCENARIOS_CRASH_POINTS_H
#define WEIR_SCENARIOS_CRASH_POINTS_H

#include <weir/driver.h>

#include "scenarios/lib/branches.h"

typedef struct weir_crash_points_opts {
    uint64_t seed;
    weir_policy policy;
    bool memory_stores;
    bool exactly_once; /* else at least once */
    uint64_t point;    /* only this one; 0: all */
    uint64_t every;    /* only each n-th, and the first three of each kind; 0: all */
    int jobs;          /* 0: one per CPU */
    bool verbose;
} weir_crash_points_opts;

/* Prints failures, each with the command that repeats it, how often each kind of step occurred,
 * what a branch cost, and "N of N crash points passed". True: all passed, and no kind was missing.
 */
bool weir_crash_points_run(const weir_crash_points_opts *opts);

#endif
