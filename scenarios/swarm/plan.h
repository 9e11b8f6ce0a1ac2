/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a run of a sweep, all drawn from one seed: the cluster, the settings, the text, and
 * the faults, which are a list of acts. */
#ifndef WEIR_SCENARIOS_SWARM_PLAN_H
#define WEIR_SCENARIOS_SWARM_PLAN_H

#include <weir/driver.h>

#define WEIR_SWARM_INSTANCES_MAX 3
#define WEIR_SWARM_ACTS_MAX ((size_t)24)
#define WEIR_SWARM_FAULTS_MAX ((size_t)8)

/* Name, text; what happens to one instance, or, from WEIR_ACT_LEADERS on, to the brokers. */
#define WEIR_ACT_MAP(X)                                                                            \
    X(WEIR_ACT_CRASH, "crash")                                                                     \
    X(WEIR_ACT_CRASH_WIPED, "crash and wipe")                                                      \
    X(WEIR_ACT_CLOSE, "close")                                                                     \
    X(WEIR_ACT_WIPE, "wipe")                                                                       \
    X(WEIR_ACT_RESTART, "restart")                                                                 \
    X(WEIR_ACT_PAUSE, "pause")                                                                     \
    X(WEIR_ACT_RESUME, "resume")                                                                   \
    X(WEIR_ACT_PARTITION, "cut off")                                                               \
    X(WEIR_ACT_HEAL, "heal")                                                                       \
    X(WEIR_ACT_RESET, "reset connections of")                                                      \
    X(WEIR_ACT_LEADERS, "the leaders move")                                                        \
    X(WEIR_ACT_COORDINATOR, "the group's coordinator moves")                                       \
    X(WEIR_ACT_TRANSACTIONS, "the coordinators of open transactions move")

typedef enum weir_act_kind {
#define X(name, text) name,
    WEIR_ACT_MAP(X)
#undef X
} weir_act_kind;

typedef struct weir_act {
    weir_act_kind kind;
    int instance;     /* index */
    int64_t after_ms; /* since the act before it (the first: since all is RUNNING), */
    uint64_t at_step; /* or at the instance's step of this number since then, when that comes first;
                         0: never. Not for close, wipe and restart. */
    int32_t broker;   /* cut off, heal: only this one; 0: all. To this one leaders and coordinators
                         move */
    int32_t partition; /* leaders: of this partition of each topic */
    int threads;       /* restart: with so many */
} weir_act;

typedef struct swarm_plan {
    uint64_t seed;
    uint64_t random; /* state of swarm_pick */
    weir_policy policy;
    int brokers;
    int instances;
    int threads[WEIR_SWARM_INSTANCES_MAX];
    int64_t latency_ms[WEIR_SWARM_INSTANCES_MAX];
    size_t lines;
    int bursts;       /* the lines are sent in so many parts, */
    int64_t burst_ms; /* so far apart */
    int64_t commit_interval_ms;
    int64_t cache_bytes;
    int64_t session_ms;
    int64_t purge_ms; /* of the repartition topic; 0: never */
    bool memory_stores;
    int64_t max_virtual_ms;         /* of the whole run; 0: the cluster's default */
    int64_t slow_ms;                /* processing time of each record */
    int64_t buffered;               /* buffered.records.per.partition */
    bool exactly_once;              /* processing.guarantee */
    int64_t transaction_timeout_ms; /* 0: the default */
    weir_act acts[WEIR_SWARM_ACTS_MAX];
    size_t act_count;
    weir_mock_fault faults[WEIR_SWARM_FAULTS_MAX]; /* rules of the brokers, from the beginning on */
    size_t fault_count;
    const struct swarm_workload *workload; /* what the instances do */
} swarm_plan;

/* A scenario of scripts/sweep: one file in scenarios/swarm, one row in scenarios.c. */
typedef struct swarm_scenario {
    const char *name;
    /* Adds the acts. In the end every instance is healed and resumed, and one at least is alive.
     * May add faults and choose the workload. */
    void (*draw)(swarm_plan *plan);
    /* Instances that were not crashed may have lost their tasks without knowing: others process the
     * records that they still hold. */
    bool zombies;
    bool exactly_once; /* drawn for it; can run at least once as well, and then counts duplicates */
    bool all_workloads; /* half of the runs draw one of those beside the word count */
    /* In place of a workload, its acts and its checks. NULL: those. */
    void (*play)(weir_cluster *cluster, const swarm_plan *plan);
} swarm_scenario;

void swarm_draw_failover(swarm_plan *plan);
void swarm_draw_zombie(swarm_plan *plan);
void swarm_draw_partition(swarm_plan *plan);
void swarm_draw_rolling(swarm_plan *plan);
void swarm_draw_absence(swarm_plan *plan);
void swarm_draw_exactly_once(swarm_plan *plan);

/* NULL: no such scenario; by index: no more. */
const swarm_scenario *swarm_scenario_find(const char *name);
const swarm_scenario *swarm_scenario_at(size_t index);

/* Draws everything: the same seed gives the same plan. */
swarm_plan swarm_plan_draw(const swarm_scenario *scenario, uint64_t seed);
/* The lines up to the end of a burst; `burst` -1: none. */
size_t swarm_burst_end(const swarm_plan *plan, int burst);
/* The next number below `below`. */
uint64_t swarm_pick(swarm_plan *plan, uint64_t below);
/* Adds `act`; returns it. */
weir_act *swarm_act(swarm_plan *plan, weir_act act);
/* A moment: after up to `within_ms`, or, every second time, at a step of the instance. */
weir_act *swarm_act_soon(swarm_plan *plan, weir_act_kind kind, int instance, uint64_t within_ms);

/* For reports, several lines. `text` has room for `size` bytes. */
#define WEIR_SWARM_PLAN_TEXT_MAX ((size_t)3072)
void swarm_plan_describe(const swarm_plan *plan, char *text, size_t size);

#endif
