/* SPDX-License-Identifier: Apache-2.0
 *
 * The borrowed backend: one OS thread runs all managed threads. Each managed thread has an OS
 * thread of its own, which parks at once on a small stack and lends its real stack and its
 * thread-locals. A switch changes only registers. When the thread's function has ended, its OS
 * thread gets both back and exits.
 *
 *      OS thread of t            the OS thread that runs
 *      begin: park ...
 *                                switch to t: uses t's stack and thread pointer
 *                                t ends, switch to u
 *                                u: release t
 *      ... resume, exit */
#include "sim/engine.h"

/* The stack of the ended thread is in use until the switch is complete, so the next thread releases
 * it. */
static weir__thread *leaving;

static void set_and_wake(int *word)
{
    __atomic_store_n(word, 1, __ATOMIC_RELEASE);
    weir__futex_wake(word);
}

static void release_leaving(void)
{
    if (leaving) {
        weir__thread *thread = leaving;
        leaving = NULL;
        set_and_wake(&thread->release);
    }
}

/* Runs on the park stack while the thread's own stack and thread-locals are used by another OS
 * thread: nothing here may touch them. */
__attribute__((no_sanitize("address", "undefined", "thread"))) static void park(void *arg)
{
    weir__thread *thread = arg;
    __atomic_store_n(&thread->parked, 1, __ATOMIC_RELEASE);
    weir__futex_wake(&thread->parked);
    while (!__atomic_load_n(&thread->release, __ATOMIC_ACQUIRE)) {
        weir__futex_wait(&thread->release, 0);
    }
    weir__context_resume(&thread->context);
}

static void begin(weir__thread *thread)
{
    weir__context_park(&thread->context, thread->park_stack + WEIR__PARK_STACK, park, thread);
    release_leaving();
}

static void await(weir__thread *thread)
{
    while (!__atomic_load_n(&thread->parked, __ATOMIC_ACQUIRE)) {
        weir__futex_wait(&thread->parked, 0);
    }
}

static void swap(weir__thread *from, weir__thread *to)
{
    weir__context_switch(&from->context, &to->context);
    release_leaving();
}

static void leave(weir__thread *from, weir__thread *to)
{
    leaving = from;
    weir__context_switch(&from->context, &to->context);
}

const weir__backend weir__backend_borrowed = {begin, await, swap, leave, false};
