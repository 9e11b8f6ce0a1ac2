/* SPDX-License-Identifier: Apache-2.0
 *
 * Branches: a fork by system call copies the one OS thread, and with it every managed thread, since
 * all of them are stacks in its memory. libc's fork would free the stacks of the parked threads,
 * which do not exist in the child. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/engine.h"
#include "sim/real.h"

/* Functions of libgcov. A weak reference does not link them: weir::driver (and pkg-config's
 * weir-driver) have the linker options that do. */
#ifdef WEIR_COVERAGE
#define IF_COVERAGE
#else
#define IF_COVERAGE __attribute__((weak))
#endif
void __gcov_reset(void) IF_COVERAGE;
void __gcov_dump(void) IF_COVERAGE;

static void reset_coverage(void)
{
#ifndef WEIR_COVERAGE
    if (!__gcov_reset) {
        return;
    }
#endif
    __gcov_reset();
}

static void dump_coverage(void)
{
#ifndef WEIR_COVERAGE
    if (!__gcov_dump) {
        return;
    }
#endif
    __gcov_dump();
}

int weir_sim_branch(uint64_t reseed)
{
    weir__sim *sim = &weir__the_sim;
    weir_assert(sim->running);
    if (sim->backend != &weir__backend_borrowed) {
        errno = ENOTSUP;
        return -1;
    }
    fflush(NULL);           /* the parent alone must write what is buffered now */
    weir__threads_settle(); /* an exiting thread holds locks of libc, which the child would inherit
                             */
    long child = REAL(syscall)(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
    if (child != 0) {
        return (int)child;
    }
    sim->branch++;
    sim->process = REAL(syscall)(SYS_getpid);
    weir__watchdog_in_branch();
    reset_coverage();
    if (reseed) {
        for (int i = 0; i < WEIR_SIM_STREAM_COUNT; i++) {
            sim->random[i] ^= weir__mix(reseed + (uint64_t)i);
        }
    }
    return 0;
}

bool weir_sim_in_branch(void)
{
    return weir__the_sim.branch > 0;
}

_Noreturn void weir_sim_branch_exit(int status)
{
    fflush(NULL);
    dump_coverage();
    REAL(_exit)(status);
    __builtin_unreachable();
}
