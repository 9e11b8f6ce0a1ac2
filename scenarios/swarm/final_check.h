/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a word count that is caught up is right, from the lines to the output:
 *
 *     lines -> words (repartition topic) -> store and changelog -> output
 *
 * At each arrow nothing may be missing, and only what was processed more than once may be there
 * more than once; store, changelog and output say the same. */
#ifndef WEIR_SCENARIOS_SWARM_FINAL_CHECK_H
#define WEIR_SCENARIOS_SWARM_FINAL_CHECK_H

#include "scenarios/lib/checker.h"

typedef struct final_check {
    weir_cluster *cluster;
    const safety_checker *checker;
    const weir_slice *lines;
    size_t line_count;
    bool purged; /* words are deleted once they are processed: only the ends can be compared */
} final_check;

/* Fails the cluster with the first thing that is wrong. May wait for the owners of stores. */
void final_check_run(const final_check *check);

#endif
