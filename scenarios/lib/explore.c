/* SPDX-License-Identifier: Apache-2.0
 *
 * Exploration of the rebalance scenario. */
#include "scenarios/lib/explore.h"

#include <inttypes.h>
#include <string.h>

#include "scenarios/lib/rebalance.h"

#define PLACE_MAX ((size_t)256)
#define COMMAND_MAX ((size_t)128)
#define LATENCY_MS_MAX 20
#define RESEED ((uint64_t)1000003) /* far from the seeds that users type */

/* Where the branches begin: the first such step in that phase. */
typedef struct moment {
    const char *name;
    weir_rebalance_phase phase;
    weir_step_kind kind;
    bool crash_b;
} moment;

static const moment moments[] = {
    {"join", WEIR_REBALANCE_JOINING, WEIR_STEP_SUSPEND, false},
    {"sync", WEIR_REBALANCE_JOINING, WEIR_STEP_ASSIGNMENT_PUBLISHED, false},
    {"take", WEIR_REBALANCE_JOINING, WEIR_STEP_ASSIGNMENT_TAKEN, false},
    {"restore", WEIR_REBALANCE_JOINING, WEIR_STEP_RESTORE, false},
    {"leave", WEIR_REBALANCE_LEAVING, WEIR_STEP_CLOSE, false},
    {"failover", WEIR_REBALANCE_LEAVING, WEIR_STEP_SUSPEND, true},
    {"takeover", WEIR_REBALANCE_LEAVING, WEIR_STEP_ASSIGNMENT_TAKEN, true},
};
#define MOMENT_COUNT (sizeof moments / sizeof moments[0])

typedef struct exploration {
    weir_explore_opts opts;
    const moment *moment;
    weir_branched run;
    bool begun;
} exploration;

const char *weir_explore_name(size_t index)
{
    return index < MOMENT_COUNT ? moments[index].name : NULL;
}

/* In the branch: varies what the schedule alone does not change. */
static void choose_latencies(weir_cluster *cluster)
{
    static const char *const names[] = {"a", "b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        weir_instance *instance = weir_cluster_instance(cluster, names[i]);
        int64_t latency_ms = (int64_t)(weir_cluster_random(cluster) % LATENCY_MS_MAX);
        weir_host_latency(weir_instance_host(instance), latency_ms);
    }
}

static void branch_off(exploration *all, const char *place)
{
    for (uint64_t i = 1; i <= all->opts.branches; i++) {
        if (all->opts.branch != 0 && all->opts.branch != i) {
            continue;
        }
        if (weir_branches_take(all->run.branches, all->run.cluster, i, RESEED + i, place)) {
            choose_latencies(all->run.cluster);
            return;
        }
    }
}

static void on_step(weir_rebalance *run, weir_instance *instance, const weir_step *step, void *user)
{
    exploration *all = user;
    const moment *at = all->moment;
    if (all->begun || weir_rebalance_phase_now(run) != at->phase || step->kind != at->kind) {
        return;
    }
    char place[PLACE_MAX];
    all->begun = true;
    snprintf(place, sizeof place, "from %s%s%s on %s at %" PRId64 " ms", weir_step_name(step->kind),
             step->task != NULL ? ", task " : "", step->task != NULL ? step->task : "",
             weir_instance_name(instance), weir_cluster_now_ms(all->run.cluster));
    branch_off(all, place);
}

static bool print_result(const exploration *all)
{
    uint64_t passed = weir_branches_passed(all->run.branches);
    uint64_t failures = weir_branches_failed(all->run.branches);
    if (!all->begun) {
        printf("the run never came to '%s'\n", all->moment->name);
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", passed, failures);
    return failures == 0 && passed > 0;
}

static const moment *find_moment(const char *name)
{
    for (size_t i = 0; i < MOMENT_COUNT; i++) {
        if (strcmp(moments[i].name, name) == 0) {
            return &moments[i];
        }
    }
    printf("there is no moment '%s'\n", name);
    return NULL;
}

bool weir_explore_run(const weir_explore_opts *opts)
{
    char command[COMMAND_MAX];
    exploration all = {.opts = *opts, .moment = find_moment(opts->name)};
    weir_rebalance *run = weir_rebalance_new();
    snprintf(command, sizeof command,
             "scripts/explore %s --seed %" PRIu64 " --branches %" PRIu64 "%s --branch", opts->name,
             opts->seed, opts->branches, opts->memory_stores ? " --memory" : "");
    bool ok = false;
    weir_branches_opts branches = {
        .jobs = opts->jobs, .command = command, .verbose = opts->verbose};
    if (run != NULL && all.moment != NULL &&
        weir_branched_start(&all.run, &branches, opts->seed, WEIR_POLICY_RANDOM)) {
        weir_rebalance_plan plan = {
            .lines = 60,
            .partitions = 4,
            .threads = 2,
            .commit_interval_ms = 1000,
            .cache_bytes = 10 << 20,
            .memory_stores = opts->memory_stores,
            .crash_b = all.moment->crash_b,
            .on_step = on_step,
            .user = &all,
        };
        weir_rebalance_run(run, all.run.cluster, &plan);
        weir_branched_end(&all.run);
        ok = print_result(&all);
    }
    weir_branched_free(&all.run);
    weir_rebalance_free(run);
    return ok;
}
