/* SPDX-License-Identifier: Apache-2.0
 *
 * A recorded case, and one run of its plan on a driver. */
#ifndef WEIR_TESTS_CONFORMANCE_RUN_H
#define WEIR_TESTS_CONFORMANCE_RUN_H

#include <weir/driver_io.h>
#include <weir/plans.h>
#include <yyjson.h>

#define RUN_APPLICATION "conformance"
#define RUN_TEXT_MAX 4096
#define RUN_PAIRS_MAX 32

typedef enum run_driver { RUN_SYNC, RUN_CLUSTER } run_driver;

typedef struct recorded_case {
    const char *name;
    yyjson_val *root;
    weir_plan *plan;
    int32_t partitions;      /* of all topics; 0: 1 */
    const char *cache_bytes; /* of the record cache, on the synchronous driver; NULL: no cache */
} recorded_case;

/* A record that the topology sent, and the step that made it. */
typedef struct sent {
    int step;
    char *topic;
    weir_slice key;
    weir_slice value;
    int64_t timestamp_ms;
    weir_header *headers;
    size_t header_count;
} sent;

typedef enum run_end { RUN_FINISHED, RUN_NOT_BUILT, RUN_NOT_STARTED, RUN_FAILED } run_end;

/* What a run did; everything is allocated. */
typedef struct case_run {
    run_driver driver;
    run_end end;
    int step;                 /* RUN_FAILED: the step that failed; else the number of steps */
    char error[RUN_TEXT_MAX]; /* of RUN_NOT_BUILT, RUN_NOT_STARTED, RUN_FAILED */
    char skip[RUN_TEXT_MAX];  /* "": it ran; else why it did not */
    char *describe;
    sent *records;
    size_t count;
    uint64_t dropped;
    /* Of the driver that ran it, while the run is compared. */
    /* `as_of_ms`: of a versioned store; NULL: its present rows. */
    weir_rows *(*store_rows)(struct case_run *run, const char *store, const weir_serde *key,
                             const int64_t *as_of_ms);
    void (*close)(struct case_run *run);
    void *state;
} case_run;

/* ---- case.c ---- */
const char *case_text(yyjson_val *of, const char *member);
int64_t case_number(yyjson_val *of, const char *member);
/* A datum; hexadecimal ones are allocated by malloc. Free them with datum_free. */
weir_slice datum_bytes(yyjson_val *datum);
void datum_free(yyjson_val *datum, weir_slice bytes);

/* ---- steps.c: what both drivers do alike ---- */
/* Name, value, ..., NULL: settings of the case that a driver passes on; `pairs` has room for
 * RUN_PAIRS_MAX; returns the number of texts. */
size_t run_settings(const recorded_case *of, const char **pairs);
/* Builds the topology, describes it, notes how that ended; false: it could not be built. */
bool run_describe(case_run *run, const recorded_case *of);
/* Sends the record of a step. */
weir_err run_pipe(weir_input input, yyjson_val *step, weir_error *error);
/* Adds a copy of a record whose key and value are slices. */
void run_note(case_run *run, int step, const char *topic, const weir_row *record);
/* Counts as Kafka does: a record without a key that a repartition filters is not counted. */
void run_count_dropped(case_run *run, const weir_dropped_records *dropped, size_t count);
void run_free(case_run *run);

/* Sets run->skip if the plan shows what Java's driver does and a cluster cannot. */
void skip_on_cluster(case_run *run, const recorded_case *of);

/* On a cluster: tasks of several sub-topologies write to the topic, so that the order within a step
 * is not determined. */
bool several_tasks_write(const case_run *run, const char *topic);

/* ---- The drivers ---- */
void run_on_sync(case_run *run, const recorded_case *of);
void run_on_cluster(case_run *run, const recorded_case *of);

/* ---- describe.c ---- */
/* Names that Kafka numbers: ten digits behind '-' do not count. */
void strip_numbers(char *text);
/* A copy without numbers, in which lists that are sets are sorted. Allocated by malloc. */
char *normal_description(const char *text);

/* ---- compare.c ---- */
/* The first difference from what Kafka Streams gave, with what is around it; "": none. */
void compare_run(case_run *run, const recorded_case *of, char difference[RUN_TEXT_MAX]);

/* Of a failure of the driver itself: reports it as the result of the case, ends the process. The
 * program's. */
void report_failure(const char *file, int line, const char *message, void *user);

#endif
