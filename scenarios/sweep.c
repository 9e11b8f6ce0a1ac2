/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a scenario once for each seed, each run in a child process of its own, several at a time:
 *
 *     scenario-sweep failover --seeds 1..100 [--guarantee exactly-once|at-least-once]
 *                    [--repeats N] [--jobs N] [--verbose]
 *
 * The seed determines everything: schedule, sizes, settings, faults. With --repeats each seed runs
 * N times, and must give the same trace each time; else the first event that differs is printed.
 * With
 * --guarantee at-least-once the scenario exactly-once counts duplicates. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenarios/lib/first_difference.h"
#include "scenarios/swarm/run.h"

#define REPORT_MAX                                                                                 \
    ((size_t)16384) /* fits into a pipe, so that a child never waits for the parent */
#define JOBS_MAX 64
#define REPEATS_MAX 100000
#define SEEDS_MAX 10000000
#define CHILD_SECONDS_MAX 120 /* of real time */

/* ---- One seed, in a child ----------------------------------------------------------------- */

typedef struct child {
    int out;
    uint64_t seed;
    char plan[WEIR_SWARM_PLAN_TEXT_MAX];
} child;

static void child_failed(const char *file, int line, const char *message, void *user)
{
    const child *self = user;
    (void)file;
    (void)line;
    dprintf(self->out, "seed %" PRIu64 " FAILED\n  plan: %s\n  %.*s\n", self->seed, self->plan,
            (int)(REPORT_MAX / 2), message);
    _exit(1);
}

static int64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct sweep {
    const swarm_scenario *scenario;
    bool at_least_once; /* the scenario is for exactly-once */
    uint64_t first;
    uint64_t last;
    int jobs;
    bool verbose;
    uint64_t repeats;
    uint64_t runs;  /* run r is of seed first + r / repeats */
    char **reports; /* by run; printed in order */
    bool *failures;
    uint64_t *hashes;
    FILE **traces; /* by run, while they may be compared; all NULL without repeats */
    char difference[FIRST_DIFFERENCE_MAX]; /* of the seed that is printed next */
    uint64_t printed;
    uint64_t failed;          /* seeds */
    uint64_t duplicates;      /* of all runs */
    uint64_t with_duplicates; /* runs */
};

/* `trace`: the file that gets the events; NULL: none. */
static _Noreturn void child_main(const struct sweep *sweep, uint64_t seed, int out, FILE *trace)
{
    const swarm_scenario *scenario = sweep->scenario;
    child self = {.out = out, .seed = seed};
    weir_error error = {0};
    alarm(CHILD_SECONDS_MAX);
    int64_t begin = real_ms();
    swarm_plan plan = swarm_plan_draw(scenario, seed);
    plan.exactly_once = plan.exactly_once && !sweep->at_least_once;
    swarm_plan_describe(&plan, self.plan, sizeof self.plan);
    weir_cluster_opts opts = swarm_cluster_opts(&plan);
    opts.repeat_command = ""; /* report_seed prints it, also for a child that crashed */
    opts.on_failure = child_failed;
    opts.user = &self;
    weir_cluster *cluster = weir_cluster_new(&opts, &error);
    if (cluster == NULL) {
        child_failed(NULL, 0, error.message, &self);
        _exit(1);
    }
    if (trace != NULL) {
        weir_cluster_trace_to(cluster, trace, WEIR_TRACE_TEXT);
    }
    swarm_run *run = swarm_run_new(scenario, &plan, cluster);
    if (run == NULL) {
        child_failed(NULL, 0, "out of memory", &self);
        _exit(1);
    }
    swarm_run_all(run); /* ends with the process */
    uint64_t hash = weir_cluster_trace_hash(cluster);
    int64_t virtual_ms = weir_cluster_now_ms(cluster);
    int64_t duplicates = swarm_run_duplicates(run);
    weir_cluster_free(cluster);
    if (trace != NULL && fclose(trace) != 0) {
        child_failed(NULL, 0, "the trace cannot be written", &self);
    }
    dprintf(out,
            "seed %" PRIu64 " trace %016" PRIx64 " virtual_ms %" PRId64 " real_ms %" PRId64
            " duplicates %" PRId64 " ok\n",
            seed, hash, virtual_ms, real_ms() - begin, duplicates);
    _exit(0);
}

/* ---- All seeds ---------------------------------------------------------------------------- */

typedef struct running {
    pid_t pid; /* 0: free */
    uint64_t run;
    int in;
} running;

static uint64_t seed_of(const struct sweep *sweep, uint64_t run)
{
    return sweep->first + run / sweep->repeats;
}

static bool start_child(struct sweep *sweep, running *slot, uint64_t run)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    if (sweep->repeats > 1 && (sweep->traces[run] = tmpfile()) == NULL) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child_main(sweep, seed_of(sweep, run), ends[1], sweep->traces[run]);
    }
    close(ends[1]);
    *slot = (running){pid, run, ends[0]};
    if (pid < 0) {
        close(ends[0]);
        slot->pid = 0;
    }
    return pid > 0;
}

/* All runs of a seed have ended. The seed has failed if a run failed or traces differ. */
static void report_seed(struct sweep *sweep, uint64_t last_run)
{
    uint64_t first_run = last_run + 1 - sweep->repeats;
    bool failed = false;
    for (uint64_t run = first_run; run <= last_run; run++) {
        failed = failed || sweep->failures[run];
        if (!sweep->failures[run] && sweep->hashes[run] != sweep->hashes[first_run]) {
            printf("seed %" PRIu64 " FAILED: run %" PRIu64 " gave another trace than the first\n",
                   seed_of(sweep, run), run - first_run + 1);
            fputs(sweep->difference, stdout);
            failed = true;
            break;
        }
    }
    if (failed) {
        sweep->failed++;
        printf("  repeat with: scripts/sweep %s --seeds %" PRIu64 "..%" PRIu64 "%s --verbose\n",
               sweep->scenario->name, seed_of(sweep, last_run), seed_of(sweep, last_run),
               sweep->at_least_once ? " --guarantee at-least-once" : "");
    }
}

static void drop_trace(struct sweep *sweep, uint64_t run)
{
    if (sweep->traces[run] != NULL) {
        fclose(sweep->traces[run]);
        sweep->traces[run] = NULL;
    }
}

/* Handles the runs in order. The first trace of a seed is kept until all others are compared. */
static void compare_trace(struct sweep *sweep, uint64_t run)
{
    uint64_t first_run = run - run % sweep->repeats;
    if (run == first_run) {
        sweep->difference[0] = '\0';
    } else {
        bool differs = !sweep->failures[run] && !sweep->failures[first_run] &&
                       sweep->hashes[run] != sweep->hashes[first_run];
        if (differs && sweep->difference[0] == '\0') {
            first_difference(sweep->traces[first_run], sweep->traces[run], sweep->difference,
                             sizeof sweep->difference);
        }
        drop_trace(sweep, run);
    }
    if ((run + 1) % sweep->repeats == 0) {
        drop_trace(sweep, first_run);
    }
}

static void print_ready(struct sweep *sweep)
{
    while (sweep->printed < sweep->runs && sweep->reports[sweep->printed] != NULL) {
        uint64_t run = sweep->printed++;
        if (sweep->verbose || sweep->failures[run]) {
            fputs(sweep->reports[run], stdout);
        }
        free(sweep->reports[run]);
        compare_trace(sweep, run);
        if (sweep->printed % sweep->repeats == 0) {
            report_seed(sweep, run);
        }
    }
    fflush(stdout);
}

static void end_child(struct sweep *sweep, running *slot, int status)
{
    char *report = calloc(1, REPORT_MAX);
    size_t used = 0;
    ssize_t got;
    while (report != NULL && used < REPORT_MAX - 1 &&
           (got = read(slot->in, report + used, REPORT_MAX - 1 - used)) > 0) {
        used += (size_t)got;
    }
    close(slot->in);
    if (report == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0 && used > 0;
    if (WIFSIGNALED(status)) {
        snprintf(report + used, REPORT_MAX - used,
                 "seed %" PRIu64 " FAILED: killed by signal %d%s\n", seed_of(sweep, slot->run),
                 WTERMSIG(status),
                 WTERMSIG(status) == SIGALRM ? " (took too long in real time)" : "");
    } else if (used == 0) {
        snprintf(report, REPORT_MAX, "seed %" PRIu64 " FAILED: ended without a word\n",
                 seed_of(sweep, slot->run));
    }
    const char *trace = strstr(report, " trace ");
    sweep->reports[slot->run] = report;
    sweep->failures[slot->run] = !ok;
    sweep->hashes[slot->run] = ok && trace != NULL ? strtoull(trace + 7, NULL, 16) : 0;
    const char *duplicates = strstr(report, " duplicates ");
    uint64_t more = ok && duplicates != NULL ? strtoull(duplicates + 12, NULL, 10) : 0;
    sweep->duplicates += more;
    sweep->with_duplicates += more > 0 ? 1 : 0;
    slot->pid = 0;
    print_ready(sweep);
}

static void reap(struct sweep *sweep, running *slots)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    for (int i = 0; i < sweep->jobs; i++) {
        if (pid > 0 && slots[i].pid == pid) {
            end_child(sweep, &slots[i], status);
        }
    }
}

static running *free_slot(const struct sweep *sweep, running *slots)
{
    for (int i = 0; i < sweep->jobs; i++) {
        if (slots[i].pid == 0) {
            return &slots[i];
        }
    }
    return NULL;
}

static int compare_hashes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t different_traces(struct sweep *sweep)
{
    uint64_t different = 0;
    qsort(sweep->hashes, sweep->runs, sizeof *sweep->hashes, compare_hashes);
    for (uint64_t run = 0; run < sweep->runs; run++) {
        bool new = run == 0 || sweep->hashes[run] != sweep->hashes[run - 1];
        different += sweep->hashes[run] != 0 && new ? 1 : 0;
    }
    return different;
}

static int run_sweep(struct sweep *sweep)
{
    running slots[JOBS_MAX] = {{0}};
    uint64_t seeds = sweep->last - sweep->first + 1;
    sweep->runs = seeds * sweep->repeats;
    sweep->reports = calloc(sweep->runs, sizeof *sweep->reports);
    sweep->failures = calloc(sweep->runs, sizeof *sweep->failures);
    sweep->hashes = calloc(sweep->runs, sizeof *sweep->hashes);
    sweep->traces = calloc(sweep->runs, sizeof(FILE *));
    if (sweep->reports == NULL || sweep->failures == NULL || sweep->hashes == NULL ||
        sweep->traces == NULL) {
        fputs("too many seeds\n", stderr);
        return 2;
    }
    uint64_t next = 0;
    while (sweep->printed < sweep->runs) {
        running *slot = free_slot(sweep, slots);
        if (slot == NULL || next == sweep->runs) {
            reap(sweep, slots);
        } else if (!start_child(sweep, slot, next++)) {
            perror("cannot start a child");
            return 2;
        }
    }
    printf("%" PRIu64 " runs, %" PRIu64 " different traces\n", sweep->runs,
           different_traces(sweep));
    if (sweep->at_least_once) {
        printf("at least once: %" PRIu64 " duplicates, in %" PRIu64 " of the runs\n",
               sweep->duplicates, sweep->with_duplicates);
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", seeds - sweep->failed, sweep->failed);
    return sweep->failed == 0 ? 0 : 1;
}

static int usage(void)
{
    fputs("usage: sweep SCENARIO --seeds FIRST..LAST "
          "[--guarantee exactly-once|at-least-once]\n"
          "             [--repeats N] [--jobs N] [--verbose]\nscenarios:",
          stderr);
    const swarm_scenario *scenario;
    for (size_t i = 0; (scenario = swarm_scenario_at(i)) != NULL; i++) {
        fprintf(stderr, " %s", scenario->name);
    }
    fputs("\n", stderr);
    return 2;
}

static bool parse_seeds(const char *text, struct sweep *sweep)
{
    char *end;
    sweep->first = strtoull(text, &end, 10);
    sweep->last = sweep->first;
    if (strncmp(end, "..", 2) == 0) {
        sweep->last = strtoull(end + 2, &end, 10);
    }
    return *end == '\0' && sweep->first > 0 && sweep->last >= sweep->first;
}

static bool parse(int argc, char **argv, struct sweep *sweep)
{
    bool guarantee = false;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argument, "--verbose") == 0) {
            sweep->verbose = true;
        } else if (strcmp(argument, "--seeds") == 0 && parse_seeds(value, sweep)) {
            i++;
        } else if (strcmp(argument, "--guarantee") == 0) {
            sweep->at_least_once = strcmp(value, "at-least-once") == 0;
            if (!sweep->at_least_once && strcmp(value, "exactly-once") != 0) {
                return false;
            }
            guarantee = true;
            i++;
        } else if (strcmp(argument, "--jobs") == 0) {
            sweep->jobs = (int)strtol(value, NULL, 10);
            i++;
        } else if (strcmp(argument, "--repeats") == 0) {
            sweep->repeats = strtoull(value, NULL, 10);
            i++;
        } else {
            sweep->scenario = swarm_scenario_find(argument);
            if (sweep->scenario == NULL) {
                return false;
            }
        }
    }
    if (guarantee && (sweep->scenario == NULL || !sweep->scenario->exactly_once)) {
        return false;
    }
    return sweep->scenario != NULL && sweep->first > 0 && sweep->jobs > 0 &&
           sweep->jobs <= JOBS_MAX && sweep->repeats > 0 && sweep->repeats <= REPEATS_MAX &&
           sweep->last - sweep->first < SEEDS_MAX;
}

int main(int argc, char **argv)
{
    struct sweep sweep = {.jobs = (int)sysconf(_SC_NPROCESSORS_ONLN), .repeats = 1};
    sweep.jobs = sweep.jobs > JOBS_MAX ? JOBS_MAX : sweep.jobs;
    int status = parse(argc, argv, &sweep) ? run_sweep(&sweep) : usage();
    free(sweep.reports);
    free(sweep.failures);
    free(sweep.hashes);
    free(sweep.traces);
    return status;
}
