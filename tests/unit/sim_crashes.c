/* SPDX-License-Identifier: Apache-2.0
 *
 * A crash or a wait inside the report of a crash ends the process. */
#include <signal.h>
#include <sys/wait.h>

#include "unit/support/sim.h"

#define WATCHDOG_MS 100

static int *volatile nowhere;

__attribute__((no_sanitize("undefined"))) static void crash_here(void *arg)
{
    (void)arg;
    *nowhere = 1;
}

static bool crash_again(const weir_sim_crash *crash, void *user)
{
    (void)crash;
    crash_here(user);
    return true;
}

static bool raise_again(const weir_sim_crash *crash, void *user)
{
    (void)crash;
    (void)user;
    raise(SIGFPE);
    return true;
}

static bool loop(const weir_sim_crash *crash, void *user)
{
    (void)crash;
    (void)user;
    for (volatile bool ends = false; !ends;) {
    }
    return true;
}

/* Blocks for good, like an on_crash that waits for a lock which the crashed thread holds. */
static bool wait_for_nothing(const weir_sim_crash *crash, void *user)
{
    char byte;
    int ends[2];
    (void)crash;
    (void)user;
    return syscall(SYS_pipe2, ends, 0) == 0 && syscall(SYS_read, ends[0], &byte, 1) == 0;
}

static void run_crash(bool (*on_crash)(const weir_sim_crash *crash, void *user))
{
    start((weir_sim_opts){.seed = 1, .on_crash = on_crash, .watchdog_ms = WATCHDOG_MS});
    weir_host *host = weir_sim_host_new("a");
    assert_int_equal(weir_sim_host_run(host, "crasher", crash_here, NULL), WEIR_OK);
    weir_sim_sleep_us(SECOND);
}

/* The signal that ends the process. */
static int end_of(bool (*on_crash)(const weir_sim_crash *crash, void *user))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_crash(on_crash);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return WTERMSIG(status);
}

static void a_report_that_crashes_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(end_of(crash_again), SIGSEGV);
    assert_int_equal(end_of(raise_again), SIGFPE);
}

static void a_report_that_does_not_end_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(end_of(loop), SIGABRT);
    assert_int_equal(end_of(wait_for_nothing), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_that_crashes_ends_the_process),
        cmocka_unit_test(a_report_that_does_not_end_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
