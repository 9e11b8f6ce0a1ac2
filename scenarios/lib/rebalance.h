/* SPDX-License-Identifier: Apache-2.0
 *
 * The rebalance scenario: a counts words; b joins while records are in flight, and is closed
 * or crashed while records are in flight. Crash points and exploration branch from it. */
#ifndef WEIR_SCENARIOS_REBALANCE_H
#define WEIR_SCENARIOS_REBALANCE_H

#include <weir/driver.h>

typedef struct weir_rebalance weir_rebalance;

typedef enum weir_rebalance_phase {
    WEIR_REBALANCE_ALONE,   /* only a */
    WEIR_REBALANCE_JOINING, /* b has been started */
    WEIR_REBALANCE_LEAVING, /* b closes or has crashed */
} weir_rebalance_phase;

typedef struct weir_rebalance_plan {
    size_t lines; /* a third in each phase */
    int32_t partitions;
    int threads; /* of each instance */
    int64_t commit_interval_ms;
    int64_t cache_bytes;
    bool memory_stores;
    bool exactly_once; /* else at least once */
    bool crash_b;      /* else it is closed */
    bool close_all;    /* a is closed in the end, too, and started again for the checks */
    /* Called before every step, on the thread that takes it, until all is done or the end after a
     * crash has begun; NULL allowed.
     * May branch, and in a branch call weir_rebalance_crash. */
    void (*on_step)(weir_rebalance *run, weir_instance *instance, const weir_step *step,
                    void *user);
    void *user;
} weir_rebalance_plan;

/* One run. It must outlive the cluster, whose instances report to it. NULL: out of memory. */
weir_rebalance *weir_rebalance_new(void);
void weir_rebalance_free(weir_rebalance *run); /* NULL allowed */

/* Runs it to the end and checks: counts exact, or, at least once and after a crash, higher only for
 * words of records that the crashed instance had processed and not committed; the store the same as
 * the output and as the fold of its changelog; and the rules of weir/checkers.h. Exactly once, one
 * transaction is refused and aborted, and a reader of committed records sees each count of a word
 * grow. Failures are reported to the cluster's on_failure. */
void weir_rebalance_run(weir_rebalance *run, weir_cluster *cluster,
                        const weir_rebalance_plan *plan);

/* ---- For on_step ---- */
weir_rebalance_phase weir_rebalance_phase_now(const weir_rebalance *run);
/* The instance crashes here, with its disk as it is. The run then sends all lines that are left,
 * and the crashed instance starts again from its directory (`restart`), or the other instance,
 * which is started if necessary, takes over. Does not return. */
void weir_rebalance_crash(weir_rebalance *run, weir_instance *instance, bool restart);

#endif
