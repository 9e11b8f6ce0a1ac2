/* SPDX-License-Identifier: Apache-2.0
 *
 * Condition variables, and the futex calls of libstdc++ (guards of static objects, std::future). */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <threads.h>
#include <unistd.h>

#include "core/saturate.h"
#include "sim/locks.h"
#include "sim/real.h"

const char *const weir__interposed_conds[] = {
    "pthread_cond_wait",
    "pthread_cond_timedwait",
    "pthread_cond_clockwait",
    "pthread_cond_signal",
    "pthread_cond_broadcast",
    "cnd_wait",
    "cnd_timedwait",
    "cnd_signal",
    "cnd_broadcast",
    "syscall",
    NULL,
};

_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "cnd_t is a pthread_cond_t");

/* After the end of a simulation the main thread may also wait for threads that were never managed.
 * So it waits in the simulation only while that has threads to run, and then returns spuriously, as
 * POSIX allows for condition variables. */
static bool waits_here(const weir__thread *self)
{
    return weir__the_sim.running || self != weir__the_sim.main || weir__anybody_else();
}

static int wait_here(weir__thread *self, pthread_cond_t *cond, pthread_mutex_t *mutex,
                     int64_t deadline_us)
{
    int error = weir__mutex_unlock(self, mutex);
    if (error) {
        return error;
    }
    bool woken = weir__wait_object(self, WEIR__WAIT_COND, cond, deadline_us);
    error = weir__mutex_lock(self, mutex, WEIR__NEVER);
    if (error) {
        return error;
    }
    return woken || deadline_us == WEIR__NEVER ? 0 : ETIMEDOUT;
}

INTERPOSE int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    weir__thread *self = weir__synced();
    return self && waits_here(self) ? wait_here(self, cond, mutex, WEIR__NEVER)
                                    : REAL(pthread_cond_wait)(cond, mutex);
}

INTERPOSE int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                     const struct timespec *restrict until)
{
    weir__thread *self = weir__synced();
    return self && waits_here(self) ? wait_here(self, cond, mutex, weir__deadline_of(self, until))
                                    : REAL(pthread_cond_timedwait)(cond, mutex, until);
}

INTERPOSE int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                                     clockid_t clock, const struct timespec *restrict until)
{
    weir__thread *self = weir__synced();
    return self && waits_here(self)
               ? wait_here(self, cond, mutex, weir__deadline_on(self, clock, until))
               : REAL(pthread_cond_clockwait)(cond, mutex, clock, until);
}

INTERPOSE int pthread_cond_signal(pthread_cond_t *cond)
{
    const weir__thread *self = weir__synced();
    if (self) {
        weir__wake_object(cond, 1);
    }
    return !self || !weir__the_sim.running ? REAL(pthread_cond_signal)(cond) : 0;
}

INTERPOSE int pthread_cond_broadcast(pthread_cond_t *cond)
{
    const weir__thread *self = weir__synced();
    if (self) {
        weir__wake_object(cond, INT_MAX);
    }
    return !self || !weir__the_sim.running ? REAL(pthread_cond_broadcast)(cond) : 0;
}

static int thrd_result(int error)
{
    return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

INTERPOSE int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    return thrd_result(pthread_cond_wait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex));
}

INTERPOSE int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex,
                            const struct timespec *restrict until)
{
    return thrd_result(
        pthread_cond_timedwait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex, until));
}

INTERPOSE int cnd_signal(cnd_t *cond)
{
    return thrd_result(pthread_cond_signal((pthread_cond_t *)cond));
}

INTERPOSE int cnd_broadcast(cnd_t *cond)
{
    return thrd_result(pthread_cond_broadcast((pthread_cond_t *)cond));
}

/* ---- syscall() ---- */

/* The six argument registers of a system call. */
typedef struct arguments {
    long at[6];
} arguments;

static long futex_wait(weir__thread *self, const arguments *a, bool relative)
{
    const int *word = (const int *)a->at[0];
    const struct timespec *timeout = (const struct timespec *)a->at[3];
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != (int)a->at[2]) {
        errno = EAGAIN;
        return -1;
    }
    int64_t deadline_us = WEIR__NEVER;
    if (timeout && relative) {
        deadline_us = weir__after_us(
            weir__add_sat(weir__mul_sat(timeout->tv_sec, 1000000), timeout->tv_nsec / 1000));
    } else if (timeout) {
        bool wall = ((int)a->at[1] & FUTEX_CLOCK_REALTIME) != 0;
        deadline_us = weir__deadline_on(self, wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, timeout);
    }
    if (!weir__wait_object(self, WEIR__WAIT_FUTEX, word, deadline_us) &&
        deadline_us != WEIR__NEVER) {
        errno = ETIMEDOUT;
        return -1;
    }
    weir__tsan_acquire(word);
    return 0;
}

/* Reads all six arguments, even those that were not passed, as libc does. */
__attribute__((no_sanitize("address"))) INTERPOSE long syscall(long number, ...)
{
    arguments a;
    va_list args;
    va_start(args, number);
    for (size_t i = 0; i < sizeof a.at / sizeof *a.at; i++) {
        a.at[i] = va_arg(args, long);
    }
    va_end(args);
    weir__thread *self = weir__synced();
    if (self && number == SYS_futex) {
        switch ((int)a.at[1] & FUTEX_CMD_MASK) {
        case FUTEX_WAIT:
        case FUTEX_WAIT_BITSET:
            return futex_wait(self, &a, ((int)a.at[1] & FUTEX_CMD_MASK) == FUTEX_WAIT);
        case FUTEX_WAKE:
            weir__tsan_release((const void *)a.at[0]);
            weir__wake_object((const void *)a.at[0], (int)a.at[2]);
            break; /* threads that are not managed may wait too */
        default:
            break;
        }
    }
    if (weir__managed() && number == SYS_getrandom) {
        weir__random_fill(CALLER(), (void *)a.at[0], (size_t)a.at[1]);
        return a.at[1];
    }
    return REAL(syscall)(number, a.at[0], a.at[1], a.at[2], a.at[3], a.at[4], a.at[5]);
}
