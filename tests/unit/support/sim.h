/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the simulation share: fixtures, threads, and the real clock. */
#ifndef WEIR_TESTS_UNIT_SUPPORT_SIM_H
#define WEIR_TESTS_UNIT_SUPPORT_SIM_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/sim.h"

/* Under ThreadSanitizer the simulation runs on real threads, which cannot branch. */
#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN true
#elif defined(__has_feature)
#define UNDER_TSAN (__has_feature(thread_sanitizer))
#else
#define UNDER_TSAN false
#endif

#define MS ((int64_t)1000)
#define SECOND ((int64_t)1000000)

static inline void start(weir_sim_opts opts)
{
    weir_error error;
    if (weir_sim_start(&opts, &error)) {
        fail_msg("%s", error.message);
    }
}

static inline int start_fifo(void **state)
{
    (void)state;
    start((weir_sim_opts){.seed = 1});
    return 0;
}

static inline int start_random(void **state)
{
    (void)state;
    start((weir_sim_opts){.seed = 1, .policy = WEIR_SIM_RANDOM});
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    weir_sim_stop();
    return 0;
}

#define simulated(test) cmocka_unit_test_setup_teardown(test, start_fifo, stop)

static inline pthread_t spawn(void *(*fn)(void *arg), void *arg)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, fn, arg), 0);
    return thread;
}

static inline void *join(pthread_t thread)
{
    void *result;
    assert_int_equal(pthread_join(thread, &result), 0);
    return result;
}

/* A system call reads the clock, since the simulation replaces clock_gettime(). */
static inline double real_ms(void)
{
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

#endif
