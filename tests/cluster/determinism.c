/* SPDX-License-Identifier: Apache-2.0
 *
 * The same seed gives the same run, event for event; each run is in a process of its own, with
 * addresses of its own. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/lib/failover.h"
#include "support/child_hash.h"
#include "support/cluster.h"

#define LINES 60
#define RUNS 5
#define SEEDS 10

static void run_child(const void *opts, int out)
{
    weir_error error = {0};
    weir_failover_plan plan = weir_failover_plan_plain(LINES);
    weir_cluster *cluster = weir_cluster_new(opts, &error);
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        _exit(1);
    }
    weir_failover_run(weir_failover_new(), cluster, &plan);
    uint64_t hash = weir_cluster_trace_hash(cluster);
    weir_cluster_free(cluster);
    _exit(write(out, &hash, sizeof hash) == sizeof hash ? 0 : 1);
}

/* The trace hash of the failover scenario. */
static uint64_t hash_of(const weir_cluster_opts *opts)
{
    return child_hash(run_child, opts);
}

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
        cmocka_unit_test(a_seed_gives_the_same_trace_every_time),
        cmocka_unit_test(the_plain_schedule_gives_the_same_trace_every_time),
        cmocka_unit_test(seeds_give_different_traces),
        cmocka_unit_test(real_threads_give_the_same_trace_as_borrowed_ones),
    };
    return cmocka_run_group_tests_name("determinism", tests, NULL, NULL);
}
