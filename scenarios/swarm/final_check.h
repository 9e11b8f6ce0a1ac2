/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a word count that is caught up is right, from the lines to the output:
 *
 *     lines -> words (repartition topic) -> store and changelog -> output
 *
 * At each arrow nothing may be missing, and only records processed more than once may occur more
 * than once. Store, changelog and output must agree. */
#ifndef WEIR_SCENARIOS_SWARM_FINAL_CHECK_H
#define WEIR_SCENARIOS_SWARM_FINAL_CHECK_H

#include <weir/checkers.h>

#define FINAL_CHECK_PARTITIONS 4 /* of every topic */
#define FINAL_CHECK_LINES "lines"
#define FINAL_CHECK_WORDS "app-by-word-repartition"
#define FINAL_CHECK_CHANGELOG "app-counts-changelog"
#define FINAL_CHECK_COUNTS "word-counts" /* the output */

typedef struct final_check {
    weir_cluster *cluster;
    weir_checker *checker;
    const weir_slice *lines;
    size_t line_count;
    bool purged; /* words are deleted after they are processed: only end offsets can be compared */
    bool exactly_once; /* nothing may occur more than once, for a reader of committed records */
} final_check;

/* Fails the cluster with the first difference. May wait for the owners of stores. */
void final_check_run(const final_check *check);
/* How many words the store has counted beyond those of the lines. */
int64_t final_check_duplicates(const final_check *check);

#endif
