/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks and sleeps. The caller's address distinguishes tools (sanitizers, profilers), which read
 * the real clock, and the program, whose wall clock the test may stop. */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "sim/engine.h"
#include "sim/libraries.h"
#include "sim/real.h"

const char *const weir__interposed_time[] = {
    "clock_gettime", "gettimeofday",    "timespec_get", "time",  "clock",
    "nanosleep",     "clock_nanosleep", "usleep",       "sleep", "thrd_sleep",
    "sched_yield",   "thrd_yield",      NULL,
};

/* The managed thread that reads the clock; NULL: the call reads the real clock. */
static weir__thread *simulated(const void *caller)
{
    weir__thread *self = weir__managed();
    return self && weir__caller_of(caller) != WEIR__CALLER_TOOL ? self : NULL;
}

/* A read of the clock takes virtual time, so that a thread that waits by reading it makes progress.
 */
static int64_t read_wall(weir__thread *self, const void *caller)
{
    weir__spin(self, WEIR__READ_COST_US);
    return weir__wall_us(self, weir__caller_of(caller) == WEIR__CALLER_PROGRAM);
}

static int64_t read_monotonic(weir__thread *self)
{
    weir__spin(self, WEIR__READ_COST_US);
    return WEIR__MONOTONIC_BASE_US + weir__the_sim.now_us;
}

static struct timespec timespec_of(int64_t us)
{
    return (struct timespec){us / 1000000, us % 1000000 * 1000};
}

static bool is_wall(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

INTERPOSE int clock_gettime(clockid_t clock, struct timespec *out)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(clock_gettime)(clock, out);
    }
    *out = timespec_of(is_wall(clock) ? read_wall(self, CALLER()) : read_monotonic(self));
    return 0;
}

INTERPOSE int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(gettimeofday)(out, zone);
    }
    int64_t us = read_wall(self, CALLER());
    *out = (struct timeval){us / 1000000, us % 1000000};
    return 0;
}

INTERPOSE int timespec_get(struct timespec *out, int base)
{
    weir__thread *self = simulated(CALLER());
    if (!self || base != TIME_UTC) {
        return REAL(timespec_get)(out, base);
    }
    *out = timespec_of(read_wall(self, CALLER()));
    return base;
}

/* Reads of whole seconds take no time, except for the program's own: no other thread waits by such
 * reads. The number of reads of OpenSSL's generator, inside librdkafka, depends on how often the
 * process has used it. */
static int64_t read_seconds(weir__thread *self, const void *caller)
{
    weir__caller from = weir__caller_of(caller);
    int64_t us =
        from == WEIR__CALLER_PROGRAM ? read_wall(self, caller) : weir__wall_us(self, false);
    return us / 1000000;
}

INTERPOSE time_t time(time_t *out)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(time)(out);
    }
    time_t now = (time_t)read_seconds(self, CALLER());
    if (out) {
        *out = now;
    }
    return now;
}

INTERPOSE clock_t clock(void)
{
    weir__thread *self = simulated(CALLER());
    return self ? (clock_t)read_monotonic(self) : REAL(clock)();
}

/* ---- Sleeps ---- */

static int sleep_for(weir__thread *self, const struct timespec *length)
{
    if (length->tv_sec < 0 || length->tv_nsec < 0 || length->tv_nsec > 999999999) {
        return EINVAL;
    }
    int64_t us;
    if (__builtin_mul_overflow((int64_t)length->tv_sec, (int64_t)1000000, &us) ||
        __builtin_add_overflow(us, (int64_t)(length->tv_nsec + 999) / 1000, &us)) {
        us = WEIR__NEVER;
    }
    weir__block(self, WEIR__WAIT_SLEEP, weir__after_us(us));
    return 0;
}

INTERPOSE int nanosleep(const struct timespec *length, struct timespec *left)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(nanosleep)(length, left);
    }
    int error = sleep_for(self, length);
    errno = error ? error : errno;
    return error ? -1 : 0;
}

INTERPOSE int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
                              struct timespec *left)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(clock_nanosleep)(clock, flags, until, left);
    }
    if (!(flags & TIMER_ABSTIME)) {
        return sleep_for(self, until);
    }
    clockid_t base = is_wall(clock) ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    weir__block(self, WEIR__WAIT_SLEEP, weir__deadline_on(self, base, until));
    return 0;
}

INTERPOSE int usleep(useconds_t us)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(usleep)(us);
    }
    weir__block(self, WEIR__WAIT_SLEEP, weir__after_us(us));
    return 0;
}

INTERPOSE unsigned sleep(unsigned seconds)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(sleep)(seconds);
    }
    weir__block(self, WEIR__WAIT_SLEEP, weir__after_us((int64_t)seconds * 1000000));
    return 0;
}

INTERPOSE int thrd_sleep(const struct timespec *length, struct timespec *left)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(thrd_sleep)(length, left);
    }
    return sleep_for(self, length) ? -2 : 0;
}

INTERPOSE int sched_yield(void)
{
    weir__thread *self = simulated(CALLER());
    if (!self) {
        return REAL(sched_yield)();
    }
    weir__spin(self, WEIR__SPIN_COST_US);
    weir__yield(self);
    return 0;
}

INTERPOSE void thrd_yield(void)
{
    sched_yield();
}
