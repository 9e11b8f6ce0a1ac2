/* SPDX-License-Identifier: Apache-2.0
 *
 * A word count that is put through something: fed piece by piece, struck at a labelled step,
 * watched all the time (each task has one owner a generation, and is processed by it alone), and
 * judged at the end. */
#ifndef WEIR_TESTS_SUPPORT_ORDEAL_H
#define WEIR_TESTS_SUPPORT_ORDEAL_H

#include "support/cluster.h"

#define ORDEAL_PARTITIONS 4
#define ORDEAL_TASKS 8 /* of the two sub-topologies */

typedef struct ordeal ordeal;

/* What happens to a host. */
typedef enum ordeal_fault {
    ORDEAL_CRASH,
    ORDEAL_PAUSE,
    ORDEAL_PARTITION,
    ORDEAL_NOTHING, /* only ordeal_struck tells */
} ordeal_fault;

/* A cluster with the topics of the word count; `opts` NULL: defaults with a commit each second.
 * Freed with the test. */
ordeal *ordeal_new(void **state, const weir_cluster_opts *opts);
weir_cluster *ordeal_cluster(const ordeal *all);

/* Starts an instance. `config`: name, value, ..., NULL; NULL: none. */
weir_instance *ordeal_start(ordeal *all, const char *name, int threads, const char *const *config);
/* The next `count` lines of the text. */
void ordeal_feed(ordeal *all, size_t count);
/* Runs until all is processed and committed by instances that run. */
void ordeal_settle(ordeal *all);

/* From now on: when the instance takes its `nth` step (1: the next) of that kind (its detail or
 * task beginning with `like`, NULL: any), the fault happens to its host, once. */
void ordeal_strike_at(ordeal *all, weir_instance *instance, const char *kind, const char *like,
                      int nth, ordeal_fault fault);
/* From now on: each of the next `count` records that the instance processes takes `ms` longer. */
void ordeal_drag(ordeal *all, weir_instance *instance, int64_t ms, int count);
/* A predicate: the last ordeal_strike_at has struck. `arg`: the ordeal. */
bool ordeal_struck(weir_cluster *cluster, void *arg);

/* How often something was seen, from the start: "process", "commit-offsets", ... */
size_t ordeal_seen(const ordeal *all, const char *kind);
/* Generations in which an assignment was taken. */
int ordeal_generations(const ordeal *all);
/* Warnings and errors logged, or told to on_uncaught, that contain the text. */
size_t ordeal_complaints(const ordeal *all, const char *text);
/* Records written to stores by restores. */
int64_t ordeal_restored(const ordeal *all);

/* Settles; then: each word counted as often as it was fed, output and stores agree, and in the
 * last generation each task has its owner. */
void ordeal_judge_exact(ordeal *all);
/* The same, but words may have been counted again where records were processed again. */
void ordeal_judge_at_least_once(ordeal *all);

#endif
