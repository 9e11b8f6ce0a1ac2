/* SPDX-License-Identifier: Apache-2.0
 *
 * The cost of making a branch, before its own work, in CPU time of run and branch together; one
 * JSON object per line. The moment is that of `scripts/explore failover`: two instances count
 * words, one has crashed, the other's tasks are revoked before it gets all.
 *
 *     bench-branches [--branches N] */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenarios/lib/branches.h"
#include "scenarios/lib/rebalance.h"

#define BRANCHES_DEFAULT 100
#define BRANCHES_MAX 10000

struct bench {
    weir_branched run;
    uint64_t count;
    bool begun;
};

static void on_step(weir_rebalance *run, weir_instance *instance, const weir_step *step, void *user)
{
    struct bench *bench = user;
    (void)instance;
    if (bench->begun || weir_rebalance_phase_now(run) != WEIR_REBALANCE_LEAVING ||
        step->kind != WEIR_STEP_SUSPEND) {
        return;
    }
    bench->begun = true;
    for (uint64_t i = 1; i <= bench->count; i++) {
        if (weir_branches_take(bench->run.branches, bench->run.cluster, i, i, "suspend")) {
            weir_branches_end(bench->run.branches, bench->run.cluster, NULL);
        }
    }
}

static bool print(const struct bench *bench, bool memory)
{
    int64_t median_us;
    int64_t worst_us;
    weir_branches_cost(bench->run.branches, &median_us, &worst_us);
    printf("{\"bench\":\"branch\",\"store\":\"%s\",\"branches\":%" PRIu64
           ",\"cpu_us_median\":%" PRId64 ",\"cpu_us_worst\":%" PRId64 "}\n",
           memory ? "memory" : "rocksdb", weir_branches_passed(bench->run.branches), median_us,
           worst_us);
    fflush(stdout);
    return bench->begun && weir_branches_passed(bench->run.branches) == bench->count;
}

/* In a process of its own, so that no run depends on the memory of another. */
static bool run(uint64_t count, bool memory)
{
    struct bench bench = {.count = count};
    weir_branches_opts branches = {.jobs = 1, .command = "bench-branches"};
    weir_rebalance *rebalance = weir_rebalance_new();
    bool ok = false;
    if (rebalance != NULL && weir_branched_start(&bench.run, &branches, 1, WEIR_POLICY_FIFO)) {
        weir_rebalance_run(rebalance, bench.run.cluster,
                           &(weir_rebalance_plan){
                               .lines = 60,
                               .partitions = 4,
                               .threads = 2,
                               .commit_interval_ms = 1000,
                               .cache_bytes = 10 << 20,
                               .memory_stores = memory,
                               .crash_b = true,
                               .on_step = on_step,
                               .user = &bench,
                           });
        weir_branches_collect(bench.run.branches);
        ok = print(&bench, memory);
    }
    weir_branched_free(&bench.run);
    weir_rebalance_free(rebalance);
    return ok;
}

static bool run_apart(uint64_t count, bool memory)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(run(count, memory) ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int main(int argc, char **argv)
{
    uint64_t count = BRANCHES_DEFAULT;
    if (argc == 3 && strcmp(argv[1], "--branches") == 0) {
        count = strtoull(argv[2], NULL, 10);
    }
    if ((argc != 1 && argc != 3) || count < 1 || count > BRANCHES_MAX) {
        fprintf(stderr, "usage: bench-branches [--branches 1..%d]\n", BRANCHES_MAX);
        return 2;
    }
    return run_apart(count, true) && run_apart(count, false) ? 0 : 1;
}
