/* SPDX-License-Identifier: Apache-2.0
 *
 * Branches of a run, a few at a time: each reports its result, failures are printed. */
#ifndef WEIR_SCENARIOS_BRANCHES_H
#define WEIR_SCENARIOS_BRANCHES_H

#include <weir/driver.h>

typedef struct weir_branches weir_branches;

typedef struct weir_branches_opts {
    int jobs;            /* branches at a time; 0: one per CPU */
    const char *command; /* repeats one branch: followed by its number */
    bool verbose;        /* prints branches that pass, too */
} weir_branches_opts;

/* Copies `opts`. NULL: out of memory. Free it after the cluster. */
weir_branches *weir_branches_new(const weir_branches_opts *opts);
void weir_branches_free(weir_branches *branches); /* NULL allowed */

/* Takes branch `number`, at a place in words; waits (in real time) while too many are running.
 * True: this is the branch. Any thread of the simulation. */
bool weir_branches_take(weir_branches *branches, weir_cluster *cluster, uint64_t number,
                        uint64_t reseed, const char *place);
/* Ends the branch; `failure` NULL: it passed. */
void weir_branches_end(weir_branches *branches, weir_cluster *cluster, const char *failure)
    __attribute__((noreturn));
bool weir_branches_inside(const weir_branches *branches); /* this is a branch */

/* Waits for all running branches. */
void weir_branches_collect(weir_branches *branches);
uint64_t weir_branches_passed(const weir_branches *branches);
uint64_t weir_branches_failed(const weir_branches *branches);
/* The cost of making a branch, until it could begin its own work, in microseconds of CPU time:
 * the median and the maximum. */
void weir_branches_cost(const weir_branches *branches, int64_t *median_us, int64_t *worst_us);

/* ---- A whole run that branches ---- */

typedef struct weir_branched {
    weir_cluster *cluster;
    weir_branches *branches;
} weir_branched;

/* Makes both; prints why it cannot. A failure in a branch ends the branch, one of the run itself
 * the program. `run` must stay where it is. Free it in any case. */
bool weir_branched_start(weir_branched *run, const weir_branches_opts *opts, uint64_t seed,
                         weir_policy policy);
/* When all is done: a branch ends; the run waits for its branches and prints their cost. */
void weir_branched_end(weir_branched *run);
void weir_branched_free(weir_branched *run);

#endif
