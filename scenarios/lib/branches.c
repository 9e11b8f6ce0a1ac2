/* SPDX-License-Identifier: Apache-2.0
 *
 * Branches are child processes. Each has a slot in memory that it shares with the run: pipes made
 * here would be pipes of the simulation. */
#include "scenarios/lib/branches.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64
#define REPORT_MAX ((size_t)16384)
#define PLACE_MAX ((size_t)256)
#define BRANCH_SECONDS_MAX 120 /* of real time */

/* Shared. */
typedef struct slot {
    int64_t run_us;    /* spent by the run on the branch */
    int64_t branch_us; /* spent by the branch before its own work */
    char report[REPORT_MAX];
} slot;

typedef struct running {
    pid_t pid; /* 0: free */
    uint64_t number;
    char place[PLACE_MAX];
} running;

struct weir_branches {
    weir_branches_opts opts;
    slot *slots;
    running running[JOBS_MAX];
    int self; /* this is the branch in that slot; -1: the run */
    uint64_t passed;
    uint64_t failed;
    int64_t *costs_us;
    size_t cost_count;
    size_t cost_capacity;
};

/* CPU time of this process: other work on the machine does not count. (The
 * simulation interposes libc's clock functions.) */
static int64_t cpu_us(void)
{
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

weir_branches *weir_branches_new(const weir_branches_opts *opts)
{
    weir_branches *branches = calloc(1, sizeof *branches);
    void *slots = mmap(NULL, JOBS_MAX * sizeof(slot), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (branches == NULL || slots == MAP_FAILED) {
        free(branches);
        return NULL;
    }
    branches->opts = *opts;
    branches->opts.jobs = opts->jobs > 0 ? opts->jobs : (int)sysconf(_SC_NPROCESSORS_ONLN);
    branches->opts.jobs = branches->opts.jobs < JOBS_MAX ? branches->opts.jobs : JOBS_MAX;
    branches->slots = slots;
    branches->self = -1;
    return branches;
}

void weir_branches_free(weir_branches *branches)
{
    if (branches != NULL) {
        munmap(branches->slots, JOBS_MAX * sizeof(slot));
        free(branches->costs_us);
        free(branches);
    }
}

static void keep_cost(weir_branches *branches, int64_t us)
{
    if (branches->cost_count == branches->cost_capacity) {
        size_t capacity = branches->cost_capacity != 0 ? 2 * branches->cost_capacity : 256;
        int64_t *more = realloc(branches->costs_us, capacity * sizeof *more);
        if (more == NULL) {
            return;
        }
        branches->costs_us = more;
        branches->cost_capacity = capacity;
    }
    branches->costs_us[branches->cost_count++] = us;
}

static void finish(weir_branches *branches, int at, int status)
{
    running *branch = &branches->running[at];
    slot *shared = &branches->slots[at];
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status)) {
        snprintf(shared->report, REPORT_MAX, "killed by signal %d%s", WTERMSIG(status),
                 WTERMSIG(status) == SIGALRM ? " (took too long in real time)" : "");
    } else if (!ok && shared->report[0] == '\0') {
        snprintf(shared->report, REPORT_MAX, "ended with status %d", WEXITSTATUS(status));
    }
    if (!ok) {
        printf("branch %" PRIu64 " FAILED: %s\n  %s\n  repeat with: %s %" PRIu64 "\n",
               branch->number, branch->place, shared->report, branches->opts.command,
               branch->number);
    } else if (branches->opts.verbose) {
        printf("branch %" PRIu64 " ok: %s\n", branch->number, branch->place);
    }
    fflush(stdout);
    branches->passed += ok;
    branches->failed += !ok;
    keep_cost(branches, shared->run_us + shared->branch_us);
    branch->pid = 0;
}

/* Waits for one branch to end; false: none is running. */
static bool reap(weir_branches *branches)
{
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, 0)) < 0 && errno == EINTR) {
    }
    for (int i = 0; i < branches->opts.jobs && pid > 0; i++) {
        if (branches->running[i].pid == pid) {
            finish(branches, i, status);
        }
    }
    return pid > 0;
}

static int free_slot(weir_branches *branches)
{
    for (;;) {
        for (int i = 0; i < branches->opts.jobs; i++) {
            if (branches->running[i].pid == 0) {
                return i;
            }
        }
        if (!reap(branches)) {
            return -1;
        }
    }
}

bool weir_branches_take(weir_branches *branches, weir_cluster *cluster, uint64_t number,
                        uint64_t reseed, const char *place)
{
    weir_error error = {0};
    int at = free_slot(branches);
    if (at < 0) {
        weir_cluster_fail(cluster, "branch %" PRIu64 ": no slot is free", number);
        return false;
    }
    running *branch = &branches->running[at];
    slot *shared = &branches->slots[at];
    branch->number = number;
    snprintf(branch->place, sizeof branch->place, "%s", place);
    memset(shared, 0, sizeof *shared);
    int64_t begin_us = cpu_us();
    int child = weir_cluster_branch(cluster, reseed, &error);
    if (child == 0) {
        alarm(BRANCH_SECONDS_MAX);
        branches->self = at;
        shared->branch_us = cpu_us();
        return true;
    }
    if (child < 0) {
        weir_cluster_fail(cluster, "branch %" PRIu64 ": %s", number, error.message);
        return false;
    }
    branch->pid = child;
    shared->run_us = cpu_us() - begin_us;
    return false;
}

void weir_branches_end(weir_branches *branches, weir_cluster *cluster, const char *failure)
{
    if (failure != NULL) {
        const char *command = strstr(failure, "; repeat with: "); /* of the whole run */
        const char *line = strchr(failure, '\n');
        snprintf(branches->slots[branches->self].report, REPORT_MAX, "%s",
                 command != NULL && line != NULL && command < line ? line + 1 : failure);
    }
    weir_cluster_branch_end(cluster, failure != NULL ? 1 : 0);
}

bool weir_branches_inside(const weir_branches *branches)
{
    return branches->self >= 0;
}

void weir_branches_collect(weir_branches *branches)
{
    while (reap(branches)) {
    }
}

uint64_t weir_branches_passed(const weir_branches *branches)
{
    return branches->passed;
}

uint64_t weir_branches_failed(const weir_branches *branches)
{
    return branches->failed;
}

static int compare(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

void weir_branches_cost(const weir_branches *branches, int64_t *median_us, int64_t *worst_us)
{
    *median_us = 0;
    *worst_us = 0;
    if (branches->cost_count > 0) {
        qsort(branches->costs_us, branches->cost_count, sizeof *branches->costs_us, compare);
        *median_us = branches->costs_us[branches->cost_count / 2];
        *worst_us = branches->costs_us[branches->cost_count - 1];
    }
}

/* ---- A whole run -------------------------------------------------------------------------- */

static void failed(const char *file, int line, const char *message, void *user)
{
    weir_branched *run = user;
    (void)file;
    (void)line;
    if (weir_branches_inside(run->branches)) {
        weir_branches_end(run->branches, run->cluster, message);
    }
    printf("the run itself FAILED: %s\n", message);
    exit(1);
}

bool weir_branched_start(weir_branched *run, const weir_branches_opts *opts, uint64_t seed,
                         weir_policy policy)
{
    weir_error error = {.message = "out of memory"};
    *run = (weir_branched){.branches = weir_branches_new(opts)};
    if (run->branches != NULL) {
        weir_cluster_opts cluster = {
            .seed = seed, .policy = policy, .branches = true, .on_failure = failed, .user = run};
        run->cluster = weir_cluster_new(&cluster, &error);
    }
    if (run->cluster == NULL) {
        printf("cannot start: %s\n", error.message);
    }
    return run->cluster != NULL;
}

void weir_branched_end(weir_branched *run)
{
    int64_t median_us;
    int64_t worst_us;
    if (weir_branches_inside(run->branches)) {
        weir_branches_end(run->branches, run->cluster, NULL);
    }
    weir_branches_collect(run->branches);
    weir_branches_cost(run->branches, &median_us, &worst_us);
    printf("making a branch takes %" PRId64 " us, at most %" PRId64 "\n", median_us, worst_us);
}

void weir_branched_free(weir_branched *run)
{
    weir_cluster_free(run->cluster);
    weir_branches_free(run->branches);
}
