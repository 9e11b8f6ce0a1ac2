/* SPDX-License-Identifier: Apache-2.0
 *
 * The failover of demo, bench and tests: instances a and b count words, b crashes in the middle, a
 * takes over when b's session has expired, restores the counts and continues. */
#ifndef WEIR_SCENARIOS_FAILOVER_H
#define WEIR_SCENARIOS_FAILOVER_H

#include <weir/driver.h>

#include "fixtures/text.h"

typedef struct weir_failover_plan {
    size_t lines;
    int threads; /* of each instance */
    int64_t commit_interval_ms;
    int64_t cache_bytes;
    bool memory_stores;
    int bursts;        /* the lines are sent in so many parts, */
    int64_t burst_ms;  /* so far apart */
    int64_t crash_ms;  /* so long after all is RUNNING and the first burst was sent, */
    uint64_t crash_at; /* or at b's step of this number, when that comes first; 0: never */
} weir_failover_plan;

/* 1,000 lines at once, crash half a second later. */
weir_failover_plan weir_failover_plan_plain(size_t lines);

/* One run. It must outlive the cluster, whose instances report to it. NULL: out of memory. */
typedef struct weir_failover weir_failover;
weir_failover *weir_failover_new(void);
void weir_failover_free(weir_failover *run); /* NULL allowed */

/* Runs it to the end on a fresh cluster and checks the counts: exact, or higher only for words of
 * records that b had processed and not committed; and that the stores agree. Failures are
 * reported to the cluster's on_failure. */
void weir_failover_run(weir_failover *run, weir_cluster *cluster, const weir_failover_plan *plan);

#endif
