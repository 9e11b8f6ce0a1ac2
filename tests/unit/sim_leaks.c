/* SPDX-License-Identifier: Apache-2.0
 *
 * What LeakSanitizer is given of the stacks of threads that never run again. */
#include <sys/wait.h>

#include "unit/support/sim.h"

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void hold_memory(void *arg)
{
    (void)arg;
    void *volatile held = malloc(77);
    for (;;) {
        weir_sim_sleep_us(held ? SECOND : MS);
    }
}

/* In a copy of the process LeakSanitizer finds none of the threads. The same happens if it takes a
 * thread for an earlier one with the same thread id. */
static void memory_of_a_crashed_thread_is_no_leak(void **state)
{
    (void)state;
    if (!__lsan_do_recoverable_leak_check) {
        skip();
    }
    weir_host *host = weir_sim_host_new("a");
    assert_int_equal(weir_sim_host_run(host, "holder", hold_memory, NULL), WEIR_OK);
    weir_sim_sleep_us(MS);
    weir_sim_host_crash(host);
    weir_sim_stop();
    pid_t copy = (pid_t)syscall(SYS_fork);
    if (copy == 0) {
        _exit(__lsan_do_recoverable_leak_check() ? 1 : 0);
    }
    int status = -1;
    assert_int_equal(waitpid(copy, &status, 0), copy);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        simulated(memory_of_a_crashed_thread_is_no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
