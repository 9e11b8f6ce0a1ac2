/* SPDX-License-Identifier: Apache-2.0
 *
 * Crash points. After odd ones the crashed instance starts again from its directory, after even
 * ones the other instance takes over its tasks. */
#include "scenarios/lib/crash_points.h"

#include <inttypes.h>
#include <string.h>

#include "scenarios/lib/rebalance.h"

#define FIRST_OF_KIND 3
#define PLACE_MAX ((size_t)256)
#define STEP_MAX ((size_t)128)
#define COMMAND_MAX ((size_t)128)

typedef enum guarantees {
    AT_LEAST_ONCE = 1,
    EXACTLY_ONCE = 2,
    BOTH = AT_LEAST_ONCE | EXACTLY_ONCE,
} guarantees;

/* A run with that guarantee must have all of these, and has no others. */
static const struct {
    weir_step_kind kind;
    guarantees with;
} kinds[] = {
    {WEIR_STEP_POLL, BOTH},
    {WEIR_STEP_PROCESS, BOTH},
    {WEIR_STEP_PUNCTUATE, BOTH},
    {WEIR_STEP_FLUSH_CACHES, BOTH},
    {WEIR_STEP_FLUSH_PRODUCER, BOTH},
    {WEIR_STEP_COMMIT_OFFSETS, AT_LEAST_ONCE},
    {WEIR_STEP_BEGIN_TRANSACTION, EXACTLY_ONCE},
    {WEIR_STEP_SEND_OFFSETS, EXACTLY_ONCE},
    {WEIR_STEP_COMMIT_TRANSACTION, EXACTLY_ONCE},
    {WEIR_STEP_ABORT_TRANSACTION, EXACTLY_ONCE},
    {WEIR_STEP_COMMIT_STORES, BOTH},
    {WEIR_STEP_JOIN, BOTH},
    {WEIR_STEP_SYNC, BOTH},
    {WEIR_STEP_SUSPEND, BOTH},
    {WEIR_STEP_RESTORE, BOTH},
    {WEIR_STEP_CLOSE, BOTH},
    {WEIR_STEP_ASSIGNMENT_PUBLISHED, BOTH},
    {WEIR_STEP_ASSIGNMENT_TAKEN, BOTH},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

typedef struct points {
    weir_crash_points_opts opts;
    weir_branched run;
    uint64_t steps;
    uint64_t seen[KIND_COUNT];
} points;

static bool occurs(const points *all, size_t kind)
{
    return (kinds[kind].with & (all->opts.exactly_once ? EXACTLY_ONCE : AT_LEAST_ONCE)) != 0;
}

/* KIND_COUNT: the run must not have it. */
static size_t kind_of(const points *all, const weir_step *step)
{
    size_t kind = 0;
    while (kind < KIND_COUNT && (kinds[kind].kind != step->kind || !occurs(all, kind))) {
        kind++;
    }
    return kind;
}

static bool wanted(const points *all, size_t kind)
{
    if (all->opts.point != 0) {
        return all->steps == all->opts.point;
    }
    return all->opts.every == 0 || all->steps % all->opts.every == 0 ||
           all->seen[kind] <= FIRST_OF_KIND;
}

static void on_step(weir_rebalance *run, weir_instance *instance, const weir_step *step, void *user)
{
    points *all = user;
    size_t kind = kind_of(all, step);
    if (weir_branches_inside(all->run.branches)) {
        return;
    }
    all->steps++;
    if (kind == KIND_COUNT) {
        weir_cluster_fail(all->run.cluster, "a step of a kind that the guarantee does not have: %s",
                          weir_step_name(step->kind));
        return;
    }
    all->seen[kind]++;
    if (!wanted(all, kind)) {
        return;
    }
    bool restart = all->steps % 2 == 1;
    char place[PLACE_MAX];
    char text[STEP_MAX];
    weir_step_text(step, text, sizeof text);
    snprintf(place, sizeof place, "%s number %" PRIu64 "%s%s, on %s at %" PRId64 " ms, then %s",
             weir_step_name(step->kind), all->seen[kind], text[0] != '\0' ? ", " : "", text,
             weir_instance_name(instance), weir_cluster_now_ms(all->run.cluster),
             restart ? "restarted" : "left to the other");
    if (weir_branches_take(all->run.branches, all->run.cluster, all->steps, 0, place)) {
        weir_rebalance_crash(run, instance, restart);
    }
}

/* False: some kind of step never occurred. */
static bool print_kinds(const points *all)
{
    bool whole = true;
    const char *separator = "steps: ";
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (occurs(all, i)) {
            printf("%s%s %" PRIu64, separator, weir_step_name(kinds[i].kind), all->seen[i]);
            separator = ", ";
            whole = whole && all->seen[i] > 0;
        }
    }
    printf("\n");
    if (!whole) {
        printf("FAILED: the run does not have all kinds of steps\n");
    }
    return whole;
}

static bool print_result(const points *all)
{
    uint64_t passed = weir_branches_passed(all->run.branches);
    uint64_t failures = weir_branches_failed(all->run.branches);
    bool whole = print_kinds(all);
    printf("%" PRIu64 " of %" PRIu64 " crash points passed\n", passed, passed + failures);
    return whole && failures == 0 && passed > 0;
}

bool weir_crash_points_run(const weir_crash_points_opts *opts)
{
    static const char *const policies[] = {"", "fifo", "random", "pct"};
    char command[COMMAND_MAX];
    points all = {.opts = *opts};
    weir_rebalance *run = weir_rebalance_new();
    weir_rebalance_plan plan = {
        .lines = 24,
        .partitions = 2,
        .threads = 1,
        .commit_interval_ms = 1000,
        .cache_bytes = 10 << 20,
        .memory_stores = opts->memory_stores,
        .exactly_once = opts->exactly_once,
        .close_all = true,
        .on_step = on_step,
        .user = &all,
    };
    snprintf(command, sizeof command,
             "scripts/crash-points --seed %" PRIu64 " --policy %s%s%s --point", opts->seed,
             policies[opts->policy], opts->memory_stores ? " --memory" : "",
             opts->exactly_once ? " --guarantee exactly-once" : "");
    bool ok = false;
    weir_branches_opts branches = {
        .jobs = opts->jobs, .command = command, .verbose = opts->verbose};
    if (run != NULL && weir_branched_start(&all.run, &branches, opts->seed, opts->policy)) {
        weir_rebalance_run(run, all.run.cluster, &plan);
        weir_branched_end(&all.run);
        ok = print_result(&all);
    }
    weir_branched_free(&all.run);
    weir_rebalance_free(run);
    return ok;
}
