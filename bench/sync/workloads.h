/* SPDX-License-Identifier: Apache-2.0
 *
 * The workloads of bench-sync: those of Java's TopologyTestDriver in ../shared/anchors, with the
 * same topologies, the same input, and the output read after every hundred records. */
#ifndef WEIR_BENCH_SYNC_WORKLOADS_H
#define WEIR_BENCH_SYNC_WORKLOADS_H

#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "fixtures/text.h"

typedef enum bench_input {
    BENCH_LINES,       /* no key, time i */
    BENCH_KEYED_LINES, /* a line of one of 1,000 phones every 10 ms */
    BENCH_CALLS,       /* JSON: a call of one of 10,000 phones every 10 ms; ids of half of them */
} bench_input;

typedef struct bench_workload {
    const char *name; /* of the anchors' case, if they have it */
    weir_topology_fn topology;
    const char *store; /* dsl.store */
    bench_input input;
    const weir_serde *value; /* of the output */
} bench_workload;

extern const bench_workload bench_workloads[];
extern const size_t bench_workload_count;

/* NULL: no such workload. */
const bench_workload *bench_workload_find(const char *name);
weir_sync *bench_open(const bench_workload *one);
/* Before the records: what they are joined with. */
void bench_prepare(const bench_workload *one, weir_sync *sync);
/* Pipes the records, and reads the output; returns how many records the output has. */
size_t bench_feed(const bench_workload *one, weir_sync *sync, const fixture_text *text,
                  size_t records);

/* The process ends if it is not good. */
void bench_must(bool good, const char *what);

#endif
