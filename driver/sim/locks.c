/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks. The state of a lock is libc's, so that threads that are not managed can use it, too. A
 * managed thread tries to take it, and waits in the simulation, never in the kernel.
 *
 * Each thread has a list of the locks that it holds. A thread of a halted host (crashed or paused)
 * may hold a lock that belongs to the process rather than to its host, for example one of RocksDB's
 * pool. When a thread of another host waits for that lock, the holder gets a lease: it runs until
 * it has released the lock. */
#include "sim/locks.h"

#include <errno.h>
#include <sched.h>

#include "sim/real.h"

void weir__held_add(weir__thread *self, const void *lock)
{
    if (self->held_count == self->held_capacity) {
        size_t capacity = self->held_capacity ? self->held_capacity * 2 : 16;
        self->held = weir__sim_realloc(self->held, capacity * sizeof *self->held);
        self->held_capacity = capacity;
    }
    self->held[self->held_count++] = lock;
}

void weir__held_remove(weir__thread *self, const void *lock)
{
    for (size_t i = self->held_count; i-- > 0;) {
        if (self->held[i] == lock) {
            for (self->held_count--; i < self->held_count; i++) {
                self->held[i] = self->held[i + 1];
            }
            return;
        }
    }
}

bool weir__holds(const weir__thread *thread, const void *lock)
{
    for (size_t i = thread->held_count; i-- > 0;) {
        if (thread->held[i] == lock) {
            return true;
        }
    }
    return false;
}

weir__thread *weir__holder(const void *lock)
{
    for (weir__thread *thread = weir__the_sim.first; thread; thread = thread->next) {
        if (weir__holds(thread, lock)) {
            return thread;
        }
    }
    return NULL;
}

/* ---- Leases ---- */

static void grant(weir__thread *thread, const void *lock)
{
    thread->lease = lock;
    if (thread->state == WEIR__RUNNABLE) {
        weir__enqueue(thread);
    } else if (thread->state == WEIR__BLOCKED && thread->deadline_us != WEIR__NEVER) {
        weir__timer_arm(&thread->timer, thread->deadline_us);
    }
}

static bool wanted(const void *lock)
{
    for (weir__waiter *waiter = weir__bucket(lock)->first; waiter; waiter = waiter->next) {
        if (waiter->object == lock && !weir__is_halted(waiter->thread)) {
            return true;
        }
    }
    return false;
}

void weir__lease_where_needed(weir__thread *thread)
{
    for (size_t i = 0; i < thread->held_count; i++) {
        if (wanted(thread->held[i])) {
            grant(thread, thread->held[i]);
            return;
        }
    }
}

static void lease_to_holders(const void *lock)
{
    for (weir__thread *thread = weir__the_sim.first; thread; thread = thread->next) {
        if (weir__is_halted(thread) && weir__holds(thread, lock)) {
            grant(thread, lock);
        }
    }
}

static void end_lease(weir__thread *self)
{
    self->lease = NULL;
    if (!weir__is_halted(self)) {
        return;
    }
    weir__lease_where_needed(self);
    if (!self->lease) {
        weir__wait_while_halted(self);
    }
}

/* ---- Acquire and release ---- */

int weir__lock_acquire(weir__thread *self, const weir__lock_class *class, void *lock,
                       int64_t deadline_us)
{
    for (;;) {
        int error = class->attempt(lock);
        if (error == 0 || error == EOWNERDEAD) {
            weir__held_add(self, lock);
            return error;
        }
        if (error != EBUSY) {
            return error;
        }
        if (!weir__holder(lock)) {
            /* A thread that is not managed holds it. */
            REAL(sched_yield)();
            weir__yield(self);
        } else {
            if (weir__the_sim.halted_hosts) {
                lease_to_holders(lock);
            }
            weir__the_sim.lock_waits++;
            bool woken = weir__wait_object(self, class->wait, lock, deadline_us);
            weir__the_sim.lock_waits--;
            if (!woken && deadline_us != WEIR__NEVER) {
                return ETIMEDOUT;
            }
        }
    }
}

void weir__lock_released(weir__thread *self, void *lock)
{
    weir__held_remove(self, lock);
    if (weir__the_sim.lock_waits) {
        weir__wake_for_lock(lock);
    }
    if (self->lease == lock && !weir__holds(self, lock)) {
        end_lease(self);
    }
}

static int try_mutex(void *lock)
{
    return REAL(pthread_mutex_trylock)(lock);
}

static const weir__lock_class mutex_class = {WEIR__WAIT_MUTEX, try_mutex};

/* ThreadSanitizer does not look for lock cycles at a trylock, which cannot wait. */
static int lock_free_mutex(void *lock)
{
    return weir__holder(lock) ? EBUSY : REAL(pthread_mutex_lock)(lock);
}

static const weir__lock_class checked_class = {WEIR__WAIT_MUTEX, lock_free_mutex};

static int lock_mutex(weir__thread *self, const weir__lock_class *class, pthread_mutex_t *mutex,
                      int64_t deadline_us)
{
    if (weir__holds(self, mutex)) {
        /* An error-checking mutex returns EDEADLK. On a normal one, which is not recursive, the
         * thread blocks for good, and the report of the deadlock shows it. */
        static const struct timespec past = {0, 0};
        if (REAL(pthread_mutex_trylock)(mutex) == 0) {
            weir__held_add(self, mutex);
            return 0;
        }
        if (REAL(pthread_mutex_clocklock)(mutex, CLOCK_MONOTONIC, &past) == EDEADLK) {
            return EDEADLK;
        }
    }
    return weir__lock_acquire(self, class, mutex, deadline_us);
}

int weir__mutex_lock(weir__thread *self, pthread_mutex_t *mutex, int64_t deadline_us)
{
    return lock_mutex(self, &mutex_class, mutex, deadline_us);
}

int weir__mutex_lock_checked(weir__thread *self, pthread_mutex_t *mutex)
{
    weir__tsan_check_order(mutex);
    return lock_mutex(self, &checked_class, mutex, WEIR__NEVER);
}

int weir__mutex_unlock(weir__thread *self, pthread_mutex_t *mutex)
{
    int error = REAL(pthread_mutex_unlock)(mutex);
    if (!error) {
        weir__lock_released(self, mutex);
    }
    return error;
}
