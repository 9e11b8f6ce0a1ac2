/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads backend: real threads, of which only the one with the baton runs. The baton is passed
 * by futex system calls, which ThreadSanitizer does not see: for it only the program's own locks
 * order the threads. There are two exceptions: a test's thread that returns from weir_sim_wait and
 * similar calls is ordered after what the other threads did before, and weir_sim_order_writes
 * orders the other threads after what its caller did. */
#include "sim/engine.h"

static void take(weir__thread *thread)
{
    while (!__atomic_load_n(&thread->baton, __ATOMIC_ACQUIRE)) {
        weir__futex_wait(&thread->baton, 0);
    }
    __atomic_store_n(&thread->baton, 0, __ATOMIC_RELAXED);
    weir__tsan_acquire(&weir__the_sim.ordered);
}

static void give(weir__thread *thread)
{
    weir__tsan_release(&weir__the_sim);
    __atomic_store_n(&thread->baton, 1, __ATOMIC_RELEASE);
    weir__futex_wake(&thread->baton);
}

static void begin(weir__thread *thread)
{
    thread->crash_stack = weir__crash_stack_new();
    take(thread);
}

static void await(weir__thread *thread)
{
    (void)thread; /* the baton may be given before the thread waits for it */
}

static void swap(weir__thread *from, weir__thread *to)
{
    give(to);
    take(from);
}

static void leave(weir__thread *from, weir__thread *to)
{
    (void)from;
    give(to);
}

const weir__backend weir__backend_threads = {begin, await, swap, leave, true};
