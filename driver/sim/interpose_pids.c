/* SPDX-License-Identifier: Apache-2.0
 *
 * Process ids: each host has one that comes from the seed. The test itself, on the driver's host,
 * keeps the real one, by which its files in /tmp may be named; and syscall(SYS_getpid) always gives
 * the real one, for debuggers. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/engine.h"
#include "sim/libraries.h"
#include "sim/real.h"

#define PID_MIN (1 << 23) /* above what Linux gives: a signal never hits another process by it */
#define PIDS (1 << 23)
#define TID_MIN (PID_MIN + PIDS)
#define PARENT 1

const char *const weir__interposed_pids[] = {"getpid", "gettid", "getppid", "kill", NULL};

/* 0: it sees the real ones. */
static pid_t own_pid(const void *caller)
{
    const weir__thread *self = weir__managed();
    if (!self || !self->home->id || weir__outlives_run(caller) ||
        weir__caller_of(caller) == WEIR__CALLER_TOOL) {
        return 0;
    }
    uint64_t first = weir__mix(weir__the_sim.opts.seed) % (PIDS - WEIR_SIM_HOST_MAX);
    return PID_MIN + (pid_t)first + self->home->id;
}

/* A branch goes on as its parent would: generators are not to see a fork. */
INTERPOSE pid_t getpid(void)
{
    if (weir__managed() && weir__outlives_run(CALLER())) {
        return (pid_t)weir__the_sim.started;
    }
    pid_t own = own_pid(CALLER());
    return own ? own : REAL(getpid)();
}

INTERPOSE pid_t gettid(void)
{
    return own_pid(CALLER()) ? TID_MIN + weir__self->id : REAL(gettid)();
}

INTERPOSE pid_t getppid(void)
{
    return own_pid(CALLER()) ? PARENT : REAL(getppid)();
}

/* A host has no process of its own: what it sends to itself goes to the test's. Its parent is not
 * the init process of the machine, which a test of root could end. */
INTERPOSE int kill(pid_t pid, int number)
{
    pid_t own = own_pid(CALLER());
    if (own && pid == PARENT) {
        errno = EPERM;
        return -1;
    }
    return REAL(kill)(own && pid == own ? (pid_t)REAL(syscall)(SYS_getpid) : pid, number);
}
