/* SPDX-License-Identifier: Apache-2.0
 *
 * The same seed gives the same run, event for event: in a process of its own, with addresses of its
 * own, and after other clusters in the same process. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/word_count.h"
#include "scenarios/lib/failover.h"
#include "support/child_hash.h"
#include "support/cluster.h"

#define LINES 60
#define RUNS 5
#define SEEDS 10

static weir_cluster *new_cluster(const weir_cluster_opts *opts)
{
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(opts, &error);
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        _exit(1);
    }
    return cluster;
}

static uint64_t run_one(const weir_cluster_opts *opts, const weir_failover_plan *plan)
{
    weir_cluster *cluster = new_cluster(opts);
    weir_failover *run = weir_failover_new();
    weir_failover_run(run, cluster, plan);
    uint64_t hash = weir_cluster_trace_hash(cluster);
    weir_cluster_free(cluster);
    weir_failover_free(run);
    return hash;
}

static _Noreturn void answer(uint64_t hash, int out)
{
    _exit(write(out, &hash, sizeof hash) == sizeof hash ? 0 : 1);
}

static void run_child(const void *opts, int out)
{
    weir_failover_plan plan = weir_failover_plan_plain(LINES);
    answer(run_one(opts, &plan), out);
}

/* The trace hash of the failover scenario. */
static uint64_t hash_of(const weir_cluster_opts *opts)
{
    return child_hash(run_child, opts);
}

/* ---- After other clusters of the same process ----------------------------------------------- */

/* A cluster that a failed test left: one instance works, one has crashed, records are in flight. */
static void leave_one_in_the_middle(uint64_t seed, weir_policy policy)
{
    weir_cluster *cluster = new_cluster(&(weir_cluster_opts){.seed = seed, .policy = policy});
    weir_input lines = weir_cluster_input(cluster, "lines", 2, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", 2, &weir_string, &weir_i64);
    weir_instance *a = weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_cluster_start(cluster, "b", fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_input_text(lines, NULL, "one two three");
    weir_cluster_run_for(cluster, 200);
    weir_host_crash(weir_instance_host(a), WEIR_DISK_AS_IT_WAS);
    weir_input_text(lines, NULL, "four five six");
    weir_cluster_free(cluster);
}

typedef struct after {
    weir_policy policy;
    char before; /* 's': the same; 'o': another; 'm': one in the middle; '-': none */
} after;

static void run_after(const void *arg, int out)
{
    const after *what = arg;
    weir_cluster_opts opts = {.seed = 42, .policy = what->policy};
    weir_failover_plan plan = weir_failover_plan_plain(LINES);
    weir_failover_plan other = weir_failover_plan_plain(LINES / 2);
    other.memory_stores = true;
    other.threads = 2;
    if (what->before == 's') {
        run_one(&opts, &plan);
    } else if (what->before == 'o') {
        run_one(&(weir_cluster_opts){.seed = 7, .policy = WEIR_POLICY_RANDOM}, &other);
    } else if (what->before == 'm') {
        leave_one_in_the_middle(8, what->policy);
    }
    answer(run_one(&opts, &plan), out);
}

static void a_trace_does_not_depend_on_the_clusters_before(void **state)
{
    (void)state;
    for (weir_policy policy = WEIR_POLICY_FIFO; policy <= WEIR_POLICY_PCT; policy++) {
        uint64_t alone = child_hash(run_after, &(after){policy, '-'});
        assert_int_equal(child_hash(run_after, &(after){policy, 's'}), alone);
        assert_int_equal(child_hash(run_after, &(after){policy, 'o'}), alone);
        assert_int_equal(child_hash(run_after, &(after){policy, 'm'}), alone);
    }
}

/* ---- In processes of their own -------------------------------------------------------------- */

static void a_seed_gives_the_same_trace_every_time(void **state)
{
    (void)state;
    weir_cluster_opts opts = {.seed = 42, .policy = WEIR_POLICY_RANDOM};
    uint64_t first = hash_of(&opts);
    for (int i = 1; i < RUNS; i++) {
        assert_int_equal(hash_of(&opts), first);
    }
}

static void the_plain_schedule_gives_the_same_trace_every_time(void **state)
{
    (void)state;
    weir_cluster_opts opts = {.seed = 42, .policy = WEIR_POLICY_FIFO};
    assert_int_equal(hash_of(&opts), hash_of(&opts));
}

static void seeds_give_different_traces(void **state)
{
    (void)state;
    uint64_t hashes[SEEDS];
    for (size_t i = 0; i < SEEDS; i++) {
        hashes[i] =
            hash_of(&(weir_cluster_opts){.seed = 100 + (uint64_t)i, .policy = WEIR_POLICY_RANDOM});
        for (size_t before = 0; before < i; before++) {
            assert_int_not_equal(hashes[i], hashes[before]);
        }
    }
}

static void real_threads_give_the_same_trace_as_borrowed_ones(void **state)
{
    (void)state;
    for (weir_policy policy = WEIR_POLICY_FIFO; policy <= WEIR_POLICY_RANDOM; policy++) {
        weir_cluster_opts opts = {.seed = 7, .policy = policy, .threads = WEIR_THREADS_BORROWED};
        uint64_t borrowed = hash_of(&opts);
        opts.threads = WEIR_THREADS_REAL;
        assert_int_equal(hash_of(&opts), borrowed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_does_not_depend_on_the_clusters_before),
        cmocka_unit_test(a_seed_gives_the_same_trace_every_time),
        cmocka_unit_test(the_plain_schedule_gives_the_same_trace_every_time),
        cmocka_unit_test(seeds_give_different_traces),
        cmocka_unit_test(real_threads_give_the_same_trace_as_borrowed_ones),
    };
    return cmocka_run_group_tests_name("determinism", tests, NULL, NULL);
}
