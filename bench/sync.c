/* SPDX-License-Identifier: Apache-2.0
 *
 * The synchronous driver: records a second (each piped by itself, outputs read after every
 * hundred), the time to create and close a driver, a whole process of a test of 1,000 records, and
 * the bare loops below a word count. One JSON object a case and figure.
 *
 *     bench-sync [--records N] [--rounds N] [--only CASE] [--lines FILE] [--part PART]
 *
 * FILE: the lines of the input; without it the ones of fixtures/text.h. PART: records, opens, cold,
 * limits, or names: only that. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/sync/limits.h"
#include "bench/sync/workloads.h"

#define ROUNDS_MAX 100
#define LINES ((size_t)100000)
#define OPENS 1000 /* drivers to a figure: one alone is too short to measure */
#define COLD_RECORDS 1000
#define COLD_NAME_MAX 64

extern char **environ;

typedef struct settings {
    size_t records;
    size_t rounds;
    const char *only;
    const char *lines;
    const char *part;
    const char *cold; /* the workload of the process that is measured */
} settings;

static double ns_of(struct timespec time)
{
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return ns_of(now);
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void report(const char *bench, const char *name, const char *unit, double *figures,
                   size_t count)
{
    qsort(figures, count, sizeof *figures, by_size);
    printf("{\"bench\":\"%s\",\"case\":\"%s\",\"min\":%.1f,\"median\":%.1f,\"max\":%.1f,"
           "\"unit\":\"%s\"}\n",
           bench, name, figures[0], figures[count / 2], figures[count - 1], unit);
    fflush(stdout);
}

/* ---- Records, drivers --------------------------------------------------------------------- */

typedef struct sample {
    double wall_ns;
    double cpu_ns; /* of this thread: the driver has no other */
} sample;

static sample begin(void)
{
    return (sample){clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_THREAD_CPUTIME_ID)};
}

static sample since(sample start)
{
    sample now = begin();
    return (sample){now.wall_ns - start.wall_ns, now.cpu_ns - start.cpu_ns};
}

/* *outputs: how many records came out; NULL: not wanted. */
static sample feed(const bench_workload *one, const fixture_text *text, size_t records,
                   size_t *outputs)
{
    weir_sync *sync = bench_open(one);
    bench_prepare(one, sync);
    sample start = begin();
    size_t read = bench_feed(one, sync, text, records);
    sample taken = since(start);
    bench_must(read > 0, "nothing came out");
    weir_sync_free(sync);
    if (outputs != NULL) {
        *outputs = read;
    }
    return taken;
}

/* A workload without a memory store has no name of its own for it. */
static void run_workload(const bench_workload *one, const fixture_text *text, const settings *set)
{
    double wall[ROUNDS_MAX];
    double cpu[ROUNDS_MAX];
    size_t outputs = 0;
    (void)feed(one, text, set->records / 10 + 1, NULL);
    for (size_t i = 0; i < set->rounds; i++) {
        sample taken = feed(one, text, set->records, &outputs);
        wall[i] = (double)set->records * 1e9 / taken.wall_ns;
        cpu[i] = (double)set->records * 1e9 / taken.cpu_ns;
    }
    report("sync", one->name, "records/s", wall, set->rounds);
    report("sync-cpu", one->name, "records/cpu_s", cpu, set->rounds);
    printf("{\"bench\":\"sync-outputs\",\"case\":\"%s\",\"count\":%zu}\n", one->name, outputs);
}

static void run_open(const bench_workload *one, const settings *set)
{
    double wall[ROUNDS_MAX];
    for (size_t i = 0; i < set->rounds; i++) {
        sample start = begin();
        for (size_t n = 0; n < OPENS; n++) {
            weir_sync_free(bench_open(one));
        }
        wall[i] = since(start).cpu_ns / OPENS / 1e3;
    }
    report("sync-open-close", one->name, "cpu_us", wall, set->rounds);
}

/* ---- A whole process ---------------------------------------------------------------------- */

/* This program again, with the workload to be run: from its start to its end. */
static sample cold(const char *program, const bench_workload *one)
{
    char records[COLD_NAME_MAX];
    snprintf(records, sizeof records, "%d", COLD_RECORDS);
    char *argv[] = {(char *)(uintptr_t)program,
                    "--cold",
                    (char *)(uintptr_t)one->name,
                    "--records",
                    records,
                    NULL};
    pid_t child = 0;
    int status = 0;
    struct rusage used;
    double start = clock_ns(CLOCK_MONOTONIC);
    bench_must(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environ) == 0, "spawn");
    bench_must(wait4(child, &status, 0, &used) == child && status == 0, "the cold process failed");
    double cpu_us = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
                    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    return (sample){clock_ns(CLOCK_MONOTONIC) - start, cpu_us * 1e3};
}

static void run_cold(const char *program, const bench_workload *one, const settings *set)
{
    double wall[ROUNDS_MAX];
    double cpu[ROUNDS_MAX];
    for (size_t i = 0; i < set->rounds; i++) {
        sample taken = cold(program, one);
        wall[i] = taken.wall_ns / 1e6;
        cpu[i] = taken.cpu_ns / 1e6;
    }
    report("sync-cold", one->name, "ms", wall, set->rounds);
    report("sync-cold-cpu", one->name, "cpu_ms", cpu, set->rounds);
}

/* ---- Bare loops --------------------------------------------------------------------------- */

static void run_limit(const char *name, size_t (*count)(const fixture_text *text, size_t records),
                      const fixture_text *text, const settings *set)
{
    double cpu[ROUNDS_MAX];
    for (size_t i = 0; i < set->rounds; i++) {
        sample start = begin();
        bench_must(count(text, set->records) > 0, "no words");
        cpu[i] = (double)set->records * 1e9 / since(start).cpu_ns;
    }
    report("sync-limit", name, "records/cpu_s", cpu, set->rounds);
}

/* ---- Program ------------------------------------------------------------------------------ */

static settings read_settings(int argc, char **argv)
{
    settings set = {.records = 100000, .rounds = 5};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value == NULL) {
            bench_must(false, "an option without a value");
        } else if (strcmp(argv[i], "--records") == 0) {
            set.records = strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--rounds") == 0) {
            set.rounds = strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0) {
            set.only = value;
        } else if (strcmp(argv[i], "--lines") == 0) {
            set.lines = value;
        } else if (strcmp(argv[i], "--part") == 0) {
            set.part = value;
        } else if (strcmp(argv[i], "--cold") == 0) {
            set.cold = value;
        } else {
            bench_must(false, "usage: bench-sync [--records N] [--rounds N] [--only CASE] "
                              "[--lines FILE] [--part PART]");
        }
    }
    bench_must(set.records > 0 && set.rounds > 0 && set.rounds <= ROUNDS_MAX,
               "--records > 0, --rounds 1 to 100");
    return set;
}

static void make_text(fixture_text *text, const settings *set)
{
    weir_error error = {0};
    size_t count = set->records < LINES ? set->records : LINES;
    weir_err err = set->lines != NULL ? fixture_text_read(text, set->lines, &error)
                                      : fixture_text_make(text, count, 1, &error);
    bench_must(err == WEIR_OK && text->count > 0, error.message);
}

static bool has(const char *wanted, const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

static void run_case(const bench_workload *one, const fixture_text *text, const char *program,
                     const settings *set)
{
    if (has(set->part, "records")) {
        run_workload(one, text, set);
    }
    if (has(set->part, "opens")) {
        run_open(one, set);
    }
    if (has(set->part, "cold")) {
        run_cold(program, one, set);
    }
    if (set->part != NULL && has(set->part, "names")) {
        printf("%s\n", one->name);
    }
}

static void run_all(const fixture_text *text, const char *program, const settings *set)
{
    for (size_t i = 0; i < bench_workload_count; i++) {
        if (has(set->only, bench_workloads[i].name)) {
            run_case(&bench_workloads[i], text, program, set);
        }
    }
    if (has(set->only, "limits") && has(set->part, "limits")) {
        run_limit("hash-map", bench_count_in_map, text, set);
        run_limit("rocksdb", bench_count_in_rocksdb, text, set);
    }
}

int main(int argc, char **argv)
{
    settings set = read_settings(argc, argv);
    fixture_text text = {0};
    make_text(&text, &set);
    if (set.cold != NULL) {
        const bench_workload *one = bench_workload_find(set.cold);
        bench_must(one != NULL, "no such case");
        (void)feed(one, &text, set.records, NULL);
    } else {
        run_all(&text, argv[0], &set);
    }
    fixture_text_fini(&text);
    return 0;
}
