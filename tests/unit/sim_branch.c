/* SPDX-License-Identifier: Apache-2.0
 *
 * Branches: copies of the whole simulation, which run on independently. */
#include <sys/wait.h>

#include "sim/engine.h"
#include "unit/support/sim.h"

static bool end;
static int rolls[3];

static void *roll(void *arg)
{
    int *own = arg;
    while (!end) {
        weir_sim_sleep_us(10 * MS + rand() % 1000);
        *own = (*own * 31 + rand() % 6) % 100000;
        weir_sim_trace("roll", "%d", *own);
    }
    return NULL;
}

static void start_rolling(pthread_t threads[3])
{
    end = false;
    memset(rolls, 0, sizeof rolls);
    for (int i = 0; i < 3; i++) {
        threads[i] = spawn(roll, &rolls[i]);
    }
}

static void stop_rolling(const pthread_t threads[3])
{
    end = true;
    for (int i = 0; i < 3; i++) {
        join(threads[i]);
    }
}

/* What a branch reports to its parent. */
typedef struct branch_end {
    uint64_t hash;
    int64_t us;
} branch_end;

static branch_end run_branch(uint64_t reseed, const pthread_t threads[3])
{
    branch_end out = {0, 0};
    int ends[2];
    int status;
    /* The system call makes a real pipe. A pipe of the simulation is memory, which a branch copies.
     */
    assert_int_equal(syscall(SYS_pipe2, ends, 0), 0);
    int child = weir_sim_branch(reseed);
    assert_true(child >= 0);
    if (child == 0) {
        sleep(5);
        stop_rolling(threads);
        pthread_t more[3];
        start_rolling(more);
        sleep(1);
        stop_rolling(more);
        out = (branch_end){weir_sim_trace_hash(), weir_sim_now_us()};
        bool written = write(ends[1], &out, sizeof out) == sizeof out;
        weir_sim_branch_exit(written && weir_sim_in_branch() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &out, sizeof out), sizeof out);
    close(ends[0]);
    close(ends[1]);
    return out;
}

static void branches_diverge_by_their_seed_and_repeat_with_it(void **state)
{
    (void)state;
    if (UNDER_TSAN) {
        skip();
    }
    pthread_t threads[3];
    start_rolling(threads);
    sleep(1);
    branch_end first = run_branch(1, threads);
    branch_end second = run_branch(2, threads);
    branch_end again = run_branch(1, threads);
    assert_true(first.hash != second.hash);
    assert_true(first.hash == again.hash);
    assert_true(first.us == again.us);
    assert_true(first.us > 7 * SECOND);
    stop_rolling(threads);
}

static void the_parent_continues_as_if_it_had_not_branched(void **state)
{
    (void)state;
    if (UNDER_TSAN) {
        skip();
    }
    pthread_t threads[3];
    uint64_t hashes[2];
    for (int run = 0; run < 2; run++) {
        start_rolling(threads);
        sleep(1);
        if (run == 1) {
            run_branch(9, threads);
            assert_false(weir_sim_in_branch());
        }
        sleep(1);
        stop_rolling(threads);
        hashes[run] = weir_sim_trace_hash();
        weir_sim_stop();
        start((weir_sim_opts){.seed = 1, .policy = WEIR_SIM_RANDOM});
    }
    assert_true(hashes[0] == hashes[1]);
}

static void a_branch_may_branch(void **state)
{
    (void)state;
    if (UNDER_TSAN) {
        skip();
    }
    int status;
    int child = weir_sim_branch(1);
    if (child == 0) {
        int grandchild = weir_sim_branch(2);
        if (grandchild == 0) {
            weir_sim_sleep_us(SECOND);
            weir_sim_branch_exit(7);
        }
        waitpid(grandchild, &status, 0);
        weir_sim_branch_exit(WEXITSTATUS(status) + 1);
    }
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 8);
}

static void *nothing(void *arg)
{
    return arg;
}

/* What belonged to threads of the branch is used again only when they have ended. */
static _Noreturn void churn(void)
{
    for (int round = 0; round < 200; round++) {
        pthread_t threads[20];
        void *blocks[20];
        for (int i = 0; i < 20; i++) {
            threads[i] = spawn(nothing, NULL);
        }
        for (int i = 0; i < 20; i++) {
            join(threads[i]);
            blocks[i] = memset(malloc(sizeof(weir__thread)), 0xAA, sizeof(weir__thread));
        }
        for (int i = 0; i < 20; i++) {
            free(blocks[i]);
        }
    }
    weir_sim_branch_exit(0);
}

static void threads_may_begin_and_end_in_a_branch_and_in_its_branch(void **state)
{
    (void)state;
    if (UNDER_TSAN) {
        skip();
    }
    int status;
    int child = weir_sim_branch(1);
    if (child == 0) {
        pthread_t before = spawn(nothing, NULL);
        int grandchild = weir_sim_branch(2);
        join(before);
        if (grandchild > 0) {
            waitpid(grandchild, &status, 0);
            weir_assert(status == 0);
        }
        churn();
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(branches_diverge_by_their_seed_and_repeat_with_it,
                                        start_random, stop),
        cmocka_unit_test_setup_teardown(the_parent_continues_as_if_it_had_not_branched,
                                        start_random, stop),
        simulated(a_branch_may_branch),
        simulated(threads_may_begin_and_end_in_a_branch_and_in_its_branch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
