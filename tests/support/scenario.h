/* SPDX-License-Identifier: Apache-2.0
 *
 * A word count under faults: fed piece by piece, with a fault injected at a labelled step, watched
 * by a checker (weir/checkers.h), and checked at the end. */
#ifndef WEIR_TESTS_SUPPORT_SCENARIO_H
#define WEIR_TESTS_SUPPORT_SCENARIO_H

#include "support/cluster.h"

#define SCENARIO_PARTITIONS 4

typedef struct scenario scenario;

/* The fault of a host. */
typedef enum scenario_fault {
    SCENARIO_CRASH,
    SCENARIO_PAUSE,
    SCENARIO_PARTITION,
    SCENARIO_NOTHING, /* only scenario_fault_hit becomes true */
} scenario_fault;

/* A cluster with the topics of the word count; `opts` NULL: defaults with a commit each second.
 * Freed with the test. */
scenario *scenario_new(void **state, const weir_cluster_opts *opts);
weir_cluster *scenario_cluster(const scenario *all);

/* Starts an instance. `config`: name, value, ..., NULL; NULL: none. */
weir_instance *scenario_start(scenario *all, const char *name, int threads,
                              const char *const *config);
/* The next `count` lines of the text. */
void scenario_feed(scenario *all, size_t count);
/* Runs until all is processed and committed by instances that run. */
void scenario_settle(scenario *all);

/* From now on: when the instance takes its `nth` step (1: the next) of that kind (its detail or
 * task beginning with `like`, NULL: any), the fault happens to its host, once. */
void scenario_inject_fault_at(scenario *all, weir_instance *instance, const char *kind,
                              const char *like, int nth, scenario_fault fault);
/* From now on: each of the next `count` records that the instance processes takes `ms` longer. */
void scenario_drag(scenario *all, weir_instance *instance, int64_t ms, int count);
/* A predicate: the fault of the last scenario_inject_fault_at has happened. `arg`: the scenario. */
bool scenario_fault_hit(weir_cluster *cluster, void *arg);

/* How often a step was taken, from the start: "process", "commit-offsets", ... */
size_t scenario_seen(const scenario *all, const char *kind);
/* Generations in which an assignment was taken. */
int scenario_generations(const scenario *all);
/* Warnings and errors logged, or passed to on_uncaught, that contain the text. */
size_t scenario_warnings(const scenario *all, const char *text);
/* Records written to stores by restores. */
int64_t scenario_restored(const scenario *all);

/* Settles; then: each word counted as often as it was fed, output and stores agree, and in the
 * last generation each task has its owner. */
void scenario_check_exact(scenario *all);
/* The same, but words may have been counted again where records were processed again. */
void scenario_check_at_least_once(scenario *all);

#endif
