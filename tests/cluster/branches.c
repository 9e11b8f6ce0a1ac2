/* SPDX-License-Identifier: Apache-2.0
 *
 * Branches of a cluster: crash points and exploration on a small scale, and what they need. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures/word_count.h"
#include "scenarios/lib/crash_points.h"
#include "scenarios/lib/explore.h"
#include "support/child_hash.h"
#include "support/cluster.h"

#define LINES 100
#define BRANCH_EVERY 50 /* steps */

/* Branches need threads that are switched in user space: a fork copies only one real thread. */
static void skip_with_real_threads(void)
{
    const char *threads = getenv("WEIR_THREADS");
    bool real = threads != NULL && strcmp(threads, "real") == 0;
#if defined(__SANITIZE_THREAD__)
    real = true;
#endif
    if (real) {
        print_message("skipped: branches need WEIR_THREADS=borrowed\n");
        skip();
    }
}

static void an_instance_may_crash_at_steps_of_every_kind(void **state)
{
    (void)state;
    skip_with_real_threads();
    assert_true(weir_crash_points_run(
        &(weir_crash_points_opts){.seed = 1, .policy = WEIR_POLICY_FIFO, .every = 30}));
}

static void an_instance_may_crash_at_every_kind_of_step_of_a_transaction(void **state)
{
    (void)state;
    skip_with_real_threads();
    assert_true(weir_crash_points_run(&(weir_crash_points_opts){
        .seed = 1, .policy = WEIR_POLICY_FIFO, .exactly_once = true, .every = 30}));
}

static void schedules_from_the_middle_of_a_rebalance_all_converge(void **state)
{
    (void)state;
    skip_with_real_threads();
    for (size_t i = 0; weir_explore_name(i) != NULL; i++) {
        assert_true(weir_explore_run(
            &(weir_explore_opts){.name = weir_explore_name(i), .seed = 2, .branches = 3}));
    }
}

/* ---- What branches need ------------------------------------------------------------------- */

struct leaving {
    weir_cluster *cluster;
    uint64_t steps;
    uint64_t every; /* 0: no branches */
    int failures;
    bool crashed;
};

/* Branches that crash the instance, start it again from its copy of the disk, and end. */
static void branch_at_step(const weir_step *step, void *user)
{
    struct leaving *leaving = user;
    (void)step;
    if (leaving->every == 0 || leaving->crashed || ++leaving->steps % leaving->every != 0) {
        return;
    }
    weir_error error = {0};
    int status = -1;
    int child = weir_cluster_branch(leaving->cluster, 0, &error);
    if (child == 0) {
        leaving->crashed = true;
        weir_host_crash(weir_instance_host(weir_cluster_instance(leaving->cluster, "a")),
                        WEIR_DISK_AS_IT_WAS);
    }
    leaving->failures += child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

static bool crashed_or_caught_up(weir_cluster *cluster, void *arg)
{
    return ((struct leaving *)arg)->crashed || weir_caught_up(cluster, NULL);
}

/* Runs in a process of its own, so that the hash depends on this run only; writes the hash of its
 * trace. */
static void run_and_branch(const void *arg, int out)
{
    uint64_t every = *(const uint64_t *)arg;
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.seed = 5, .policy = WEIR_POLICY_RANDOM, .branches = true}, &error);
    struct leaving leaving = {.cluster = cluster, .every = every};
    weir_input lines = weir_cluster_input(cluster, "lines", 2, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", 2, &weir_string, &weir_i64);
    for (int i = 0; i < LINES; i++) {
        weir_input_text(lines, NULL, "hello world");
    }
    weir_cluster_start(cluster, "a", fixture_word_count,
                       &(weir_instance_opts){.app = {.on_step = branch_at_step, .user = &leaving}});
    bool held = weir_cluster_run_until(cluster, crashed_or_caught_up, &leaving, WEIR_MINUTES(1));
    if (leaving.crashed) {
        weir_instance_restart(weir_cluster_instance(cluster, "a"));
        held = weir_cluster_run_until(cluster, weir_caught_up, NULL, WEIR_MINUTES(2));
        weir_cluster_branch_end(cluster, held ? 0 : 1);
    }
    uint64_t hash = weir_cluster_trace_hash(cluster);
    leaving.every = 0; /* no branches while it closes */
    weir_cluster_free(cluster);
    _exit(held && leaving.failures == 0 && leaving.steps >= every &&
                  write(out, &hash, sizeof hash) == sizeof hash
              ? 0
              : 1);
}

static uint64_t hash_of(uint64_t every)
{
    return child_hash(run_and_branch, &every);
}

static void a_run_is_the_same_with_and_without_branches(void **state)
{
    (void)state;
    skip_with_real_threads();
    assert_int_equal(hash_of(0), hash_of(BRANCH_EVERY));
}

static size_t entries(const char *path)
{
    size_t count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static void a_branch_has_a_disk_of_its_own(void **state)
{
    skip_with_real_threads();
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.branches = true});
    weir_error error;
    int status = -1;
    weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", 1, &weir_string, &weir_i64);
    weir_instance *a = weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    size_t before = entries(weir_instance_directory(a));
    int child = weir_cluster_branch(cluster, 1, &error);
    if (child == 0) {
        bool closed = weir_instance_close(a, WEIR_SECONDS(30)) == WEIR_OK;
        weir_instance_wipe(a);
        weir_cluster_branch_end(cluster, closed ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(entries(weir_instance_directory(a)), before);
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);
}

static void a_cluster_branches_only_when_it_was_made_for_it(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_error error;
    assert_int_equal(weir_cluster_branch(cluster, 1, &error), -1);
    assert_int_equal(error.code, WEIR_ESTATE);
    assert_null(weir_cluster_instance(cluster, "a"));
}

/* In a process of its own, since threads are the same for all clusters of one. They are named, so
 * that the environment cannot choose others. */
static void branch_with_real_threads(const void *arg, int out)
{
    (void)arg;
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.branches = true, .threads = WEIR_THREADS_REAL}, &error);
    bool refused = cluster != NULL && weir_cluster_branch(cluster, 1, &error) == -1;
    uint64_t was_refused = refused && error.code == WEIR_EUNSUPPORTED &&
                           strstr(error.message, "WEIR_THREADS_BORROWED") != NULL;
    weir_cluster_free(cluster);
    _exit(write(out, &was_refused, sizeof was_refused) == sizeof was_refused ? 0 : 1);
}

static void a_branch_with_real_threads_is_refused_and_says_why(void **state)
{
    (void)state;
    assert_int_equal(child_hash(branch_with_real_threads, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_the_same_with_and_without_branches),
        cmocka_unit_test(a_branch_with_real_threads_is_refused_and_says_why),
        cluster_test(a_branch_has_a_disk_of_its_own),
        cluster_test(a_cluster_branches_only_when_it_was_made_for_it),
        cmocka_unit_test(an_instance_may_crash_at_steps_of_every_kind),
        cmocka_unit_test(an_instance_may_crash_at_every_kind_of_step_of_a_transaction),
        cmocka_unit_test(schedules_from_the_middle_of_a_rebalance_all_converge),
    };
    return cmocka_run_group_tests_name("branches", tests, NULL, NULL);
}
