/* SPDX-License-Identifier: Apache-2.0
 *
 * The life cycle of managed threads. A thread ends in the destructor of a thread-local key, in the
 * last round of destructors but one. So other destructors (C++ thread_local, RocksDB's per-thread
 * state) run before, as part of the managed thread, also after pthread_exit. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include "sim/engine.h"
#include "sim/real.h"

#define OS_NAME_SIZE 16 /* with the NUL */
#define LAST_ROUND (_POSIX_THREAD_DESTRUCTOR_ITERATIONS - 1)
/* Handles for code that uses them as random seeds: the same in every run, unlike addresses. */
#define STABLE_HANDLE_BASE ((pthread_t)1 << 20)

/* LeakSanitizer's; NULL without it. */
void __lsan_register_root_region(const void *begin, size_t bytes) __attribute__((weak));

static pthread_key_t end_key;
static pthread_once_t end_key_once = PTHREAD_ONCE_INIT;

static void end_of_thread(void *arg)
{
    weir__thread *thread = arg;
    if (++thread->rounds < LAST_ROUND) {
        pthread_setspecific(end_key, thread);
        return;
    }
    weir__leave(thread);
}

static void make_end_key(void)
{
    int error = pthread_key_create(&end_key, end_of_thread);
    weir_assert(!error);
}

/* ---- The list of threads ---- */

weir__thread *weir__thread_new(weir_host *home, const char *name)
{
    weir__sim *sim = &weir__the_sim;
    _Static_assert(_Alignof(weir__thread) <= _Alignof(max_align_t), "calloc aligns the stack");
    weir__thread *thread = weir__sim_calloc(sizeof *thread);
    if (!thread) {
        return NULL;
    }
    thread->id = sim->next_id++;
    thread->branch = sim->branch;
    thread->home = home;
    thread->acting = home;
    thread->deadline_us = WEIR__NEVER;
    if (name) {
        weir__thread_set_name(thread, name);
    }
    if (sim->opts.policy == WEIR_SIM_PCT) {
        thread->priority = sim->lowest + (weir_sim_random(WEIR_SIM_SCHEDULE) >> 2);
    }
    thread->prev = sim->last;
    *(sim->last ? &sim->last->next : &sim->first) = thread;
    sim->last = thread;
    sim->thread_count++;
    return thread;
}

static void unlink_thread(weir__thread *thread)
{
    weir__sim *sim = &weir__the_sim;
    *(thread->prev ? &thread->prev->next : &sim->first) = thread->next;
    *(thread->next ? &thread->next->prev : &sim->last) = thread->prev;
    sim->thread_count--;
}

static void free_thread(weir__thread *thread)
{
    if (thread->stack) {
        weir__stack_give(thread->stack);
    }
    weir__crash_stack_free(thread->crash_stack);
    weir__sim_free(thread->held);
    weir__sim_free(thread);
}

pthread_t weir__stable_handle(const weir__thread *thread)
{
    return STABLE_HANDLE_BASE + (pthread_t)thread->id;
}

weir__thread *weir__thread_of(pthread_t handle)
{
    for (weir__thread *thread = weir__the_sim.first; thread; thread = thread->next) {
        if (pthread_equal(thread->handle, handle) ||
            pthread_equal(weir__stable_handle(thread), handle)) {
            return thread;
        }
    }
    return NULL;
}

void weir__thread_set_name(weir__thread *thread, const char *name)
{
    weir__tsan_ignore_begin();
    snprintf(thread->name, sizeof thread->name, "%s", name);
    weir__tsan_ignore_end();
}

/* Gives the OS thread the managed thread's name, truncated, so that tools show it. */
void weir__thread_show_name(const weir__thread *thread)
{
    char name[OS_NAME_SIZE];
    if (thread->name[0] && weir__the_sim.backend == &weir__backend_threads &&
        thread != weir__the_sim.main) {
        snprintf(name, sizeof name, "%.*s", OS_NAME_SIZE - 1, thread->name);
        REAL(pthread_setname_np)(thread->handle, name);
    }
}

void weir__thread_name(const weir__thread *thread, char out[WEIR_SIM_NAME_MAX])
{
    weir__tsan_ignore_begin();
    if (thread->name[0]) {
        snprintf(out, WEIR_SIM_NAME_MAX, "%s", thread->name);
    } else {
        snprintf(out, WEIR_SIM_NAME_MAX, "t%d", thread->id);
    }
    weir__tsan_ignore_end();
}

/* ---- Start ---- */

static void *run(void *arg)
{
    weir__thread *thread = arg;
    pthread_setspecific(end_key, thread);
    weir__the_sim.backend->begin(thread);
    weir__self = thread;
    weir__thread_show_name(thread);
    if (thread->fn_c11) {
        thread->result = (void *)(intptr_t)thread->fn_c11(thread->arg);
    } else {
        thread->result = thread->fn(thread->arg);
    }
    return thread->result;
}

/* Attributes of our own: joinable, so that the simulation can wait for the end of the OS thread. */
static int create(weir__thread *thread, const pthread_attr_t *attr)
{
    pthread_attr_t own;
    size_t stack_bytes;
    int detach_state;
    int error = pthread_attr_init(&own);
    if (error) {
        return error;
    }
    if (attr) {
        pthread_attr_getdetachstate(attr, &detach_state);
        thread->detached = detach_state == PTHREAD_CREATE_DETACHED;
        pthread_attr_getstacksize(attr, &stack_bytes);
        pthread_attr_setstacksize(&own, stack_bytes);
    } else if (thread->serves && !weir__tsan_runs()) { /* which needs twice as much */
        thread->stack = weir__stack_take();
    }
    if (thread->stack) {
        pthread_attr_setstack(&own, thread->stack, WEIR__STACK_BYTES);
    }
    /* A signal handler on a parked thread would use thread-locals that another thread is using, so
     * signals are blocked. A real thread must receive the signals of its own faults. */
    sigset_t all, before;
    sigfillset(&all);
    if (weir__the_sim.backend == &weir__backend_threads) {
        weir__crash_signals(&all);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = REAL(pthread_create)(&thread->handle, &own, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&own);
    return error;
}

int weir__thread_start(weir__thread *thread, const pthread_attr_t *attr)
{
    REAL(pthread_once)(&end_key_once, make_end_key);
    int error = create(thread, attr);
    if (error) {
        unlink_thread(thread);
        free_thread(thread);
        return error;
    }
    weir__the_sim.backend->await(thread);
    thread->state = WEIR__RUNNABLE;
    if (!thread->late) {
        weir__enqueue(thread);
    }
    return 0;
}

/* ---- End ---- */

/* True if the OS thread is in this process: a branch has only those that it made itself. */
static bool is_here(const weir__thread *thread)
{
    return thread->branch == weir__the_sim.branch;
}

/* Waits until the OS thread has exited: before, it may still use its park stack. */
static void await_exit(weir__thread *thread)
{
    if (!thread->gone && is_here(thread)) {
        REAL(pthread_join)(thread->handle, NULL);
    }
    thread->gone = true;
}

static void reap(weir__thread *thread)
{
    await_exit(thread);
    free_thread(thread);
}

void weir__threads_settle(void)
{
    weir__threads_reap();
    for (weir__thread *thread = weir__the_sim.first; thread; thread = thread->next) {
        if (thread->state == WEIR__DONE) {
            await_exit(thread);
        }
    }
}

void weir__threads_reap(void)
{
    weir__sim *sim = &weir__the_sim;
    while (sim->ended_count) {
        reap(sim->ended[--sim->ended_count]);
    }
}

/* The exits of OS threads are waited for later, several at once, which costs less than one by one.
 */
void weir__thread_retire(weir__thread *thread)
{
    weir__sim *sim = &weir__the_sim;
    unlink_thread(thread);
    if (sim->ended_count == sizeof sim->ended / sizeof *sim->ended) {
        weir__threads_reap();
    }
    sim->ended[sim->ended_count++] = thread;
}

int weir__thread_join(weir__thread *self, weir__thread *other, void **result)
{
    if (other == self) {
        return EDEADLK;
    }
    if (other->joined || other->detached) {
        return EINVAL;
    }
    other->joined = true;
    if (other->late) {
        other->late = false;
        weir__enqueue(other);
    }
    while (other->state != WEIR__DONE) {
        bool woken = weir__wait_object(self, WEIR__WAIT_JOIN, other, WEIR__NEVER);
        weir_assert(woken || weir__the_sim.running); /* otherwise `other` never ends */
    }
    if (result) {
        *result = other->result;
    }
    if (weir__the_sim.backend->join_at_once && is_here(other)) {
        unlink_thread(other);
        reap(other);
    } else {
        weir__thread_retire(other);
    }
    return 0;
}

/* Memory that a thread of a crashed host points to is in use. LeakSanitizer scans its stack and
 * thread-locals, but finds them through AddressSanitizer by the kernel's thread id. Where a thread
 * that ended earlier had the same id (a busy machine reuses ids within seconds), it finds that one
 * and scans nothing. So the stacks are registered here. */
static void keep_reachable(const weir__thread *thread)
{
    pthread_attr_t attr;
    void *low;
    size_t bytes;
    if (!__lsan_register_root_region || thread->state == WEIR__DONE ||
        pthread_getattr_np(thread->handle, &attr)) {
        return;
    }
    if (!pthread_attr_getstack(&attr, &low, &bytes)) { /* thread-locals are at its upper end */
        char *end = (char *)low + bytes;
        char *from = thread->context.stack ? thread->context.stack : low;
        __lsan_register_root_region(from, (size_t)(end - from));
    }
    pthread_attr_destroy(&attr);
}

/* Threads of hosts end with the simulation; those of the driver's host (library pools) stay, to be
 * joined at exit or to serve the next simulation. */
void weir__threads_stop(void)
{
    static weir_host ended_host = {.name = "ended"};
    weir__sim *sim = &weir__the_sim;
    for (weir__thread *thread = sim->first, *next; thread; thread = next) {
        next = thread->next;
        if (thread->home != &sim->hosts[0] && thread->state == WEIR__DONE) {
            weir__thread_retire(thread); /* the thread that would have joined it has ended */
        } else if (thread->home != &sim->hosts[0]) {
            if (thread->home != &ended_host) {
                keep_reachable(thread);
            }
            thread->home = &ended_host;
            thread->acting = &ended_host;
            weir__timer_disarm(&thread->timer);
            weir__dequeue(thread);
            thread->lease = NULL;
            thread->id = -1; /* ids start again in the next simulation */
            sim->halted_hosts++;
        } else {
            thread->acting = &sim->hosts[0];
        }
    }
    weir__threads_reap();
}
