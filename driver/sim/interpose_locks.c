/* SPDX-License-Identifier: Apache-2.0
 *
 * Mutexes, read-write locks and once. */
#include <errno.h>
#include <stddef.h>
#include <threads.h>

#include "sim/libraries.h"
#include "sim/locks.h"
#include "sim/real.h"

const char *const weir__interposed_locks[] = {
    "pthread_mutex_lock",
    "pthread_mutex_trylock",
    "pthread_mutex_timedlock",
    "pthread_mutex_clocklock",
    "pthread_mutex_unlock",
    "mtx_lock",
    "mtx_trylock",
    "mtx_timedlock",
    "mtx_unlock",
    "pthread_rwlock_rdlock",
    "pthread_rwlock_wrlock",
    "pthread_rwlock_tryrdlock",
    "pthread_rwlock_trywrlock",
    "pthread_rwlock_timedrdlock",
    "pthread_rwlock_timedwrlock",
    "pthread_rwlock_clockrdlock",
    "pthread_rwlock_clockwrlock",
    "pthread_rwlock_unlock",
    "pthread_once",
    "call_once",
    NULL,
};

/* The managed thread that takes a lock; NULL: none. Locks of RocksDB are no scheduling points:
 * their number depends on what the process did before (RocksDB numbers its thread-locals for all
 * databases, those of earlier clusters too). Its writes to files are scheduling points instead. */
static weir__thread *taker(const void *caller)
{
    weir__thread *self = weir__synced();
    if (self && weir__caller_of(caller) != WEIR__CALLER_ROCKSDB) {
        weir__switch_point(self);
    }
    return self;
}

/* In glibc and musl a C11 mutex is a pthread mutex, and its functions are aliases. */
_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t is a pthread_mutex_t");

static int thrd_result(int error)
{
    return error == 0           ? thrd_success
           : error == EBUSY     ? thrd_busy
           : error == ETIMEDOUT ? thrd_timedout
           : error == ENOMEM    ? thrd_nomem
                                : thrd_error;
}

/* ---- Mutexes ---- */

static int lock_mutex(const void *caller, pthread_mutex_t *mutex)
{
    weir__thread *self = taker(caller);
    if (!self) {
        return REAL(pthread_mutex_lock)(mutex);
    }
    if (weir__tsan_runs() && weir__caller_of(caller) == WEIR__CALLER_PROGRAM) {
        weir__tsan_enter(caller);
        int error = weir__mutex_lock_checked(self, mutex);
        weir__tsan_leave();
        return error;
    }
    return weir__mutex_lock(self, mutex, WEIR__NEVER);
}

INTERPOSE int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return lock_mutex(CALLER(), mutex);
}

INTERPOSE int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    weir__thread *self = weir__synced();
    int error = REAL(pthread_mutex_trylock)(mutex);
    if (!self) {
        return error;
    }
    if (error == 0 || error == EOWNERDEAD) {
        weir__held_add(self, mutex);
    } else if (error == EBUSY) {
        weir__spin(self, WEIR__SPIN_COST_US); /* the caller may be spinning on it */
    }
    return error;
}

INTERPOSE int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                                      const struct timespec *restrict until)
{
    weir__thread *self = taker(CALLER());
    return self ? weir__mutex_lock(self, mutex, weir__deadline_on(self, CLOCK_REALTIME, until))
                : REAL(pthread_mutex_timedlock)(mutex, until);
}

INTERPOSE int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                      const struct timespec *restrict until)
{
    weir__thread *self = taker(CALLER());
    return self ? weir__mutex_lock(self, mutex, weir__deadline_on(self, clock, until))
                : REAL(pthread_mutex_clocklock)(mutex, clock, until);
}

INTERPOSE int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    weir__thread *self = weir__synced();
    return self ? weir__mutex_unlock(self, mutex) : REAL(pthread_mutex_unlock)(mutex);
}

INTERPOSE int mtx_lock(mtx_t *mutex)
{
    return thrd_result(lock_mutex(CALLER(), (pthread_mutex_t *)mutex));
}

INTERPOSE int mtx_trylock(mtx_t *mutex)
{
    return thrd_result(pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

INTERPOSE int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    return thrd_result(pthread_mutex_timedlock((pthread_mutex_t *)mutex, until));
}

INTERPOSE int mtx_unlock(mtx_t *mutex)
{
    return thrd_result(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

/* ---- Read-write locks ---- */

static int try_read(void *lock)
{
    return REAL(pthread_rwlock_tryrdlock)(lock);
}

static int try_write(void *lock)
{
    return REAL(pthread_rwlock_trywrlock)(lock);
}

static const weir__lock_class read_class = {WEIR__WAIT_READ_LOCK, try_read};
static const weir__lock_class write_class = {WEIR__WAIT_WRITE_LOCK, try_write};

INTERPOSE int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    weir__thread *self = taker(CALLER());
    return self ? weir__lock_acquire(self, &read_class, lock, WEIR__NEVER)
                : REAL(pthread_rwlock_rdlock)(lock);
}

INTERPOSE int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    weir__thread *self = taker(CALLER());
    return self ? weir__lock_acquire(self, &write_class, lock, WEIR__NEVER)
                : REAL(pthread_rwlock_wrlock)(lock);
}

static int tried(weir__thread *self, pthread_rwlock_t *lock, int error)
{
    if (self && error == 0) {
        weir__held_add(self, lock);
    } else if (self && error == EBUSY) {
        weir__spin(self, WEIR__SPIN_COST_US);
    }
    return error;
}

INTERPOSE int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    return tried(weir__synced(), lock, REAL(pthread_rwlock_tryrdlock)(lock));
}

INTERPOSE int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    return tried(weir__synced(), lock, REAL(pthread_rwlock_trywrlock)(lock));
}

INTERPOSE int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                                         const struct timespec *restrict until)
{
    weir__thread *self = taker(CALLER());
    return self ? weir__lock_acquire(self, &read_class, lock,
                                     weir__deadline_on(self, CLOCK_REALTIME, until))
                : REAL(pthread_rwlock_timedrdlock)(lock, until);
}

INTERPOSE int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                                         const struct timespec *restrict until)
{
    weir__thread *self = taker(CALLER());
    return self ? weir__lock_acquire(self, &write_class, lock,
                                     weir__deadline_on(self, CLOCK_REALTIME, until))
                : REAL(pthread_rwlock_timedwrlock)(lock, until);
}

INTERPOSE int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                                         const struct timespec *restrict until)
{
    weir__thread *self = taker(CALLER());
    return self ? weir__lock_acquire(self, &read_class, lock, weir__deadline_on(self, clock, until))
                : REAL(pthread_rwlock_clockrdlock)(lock, clock, until);
}

INTERPOSE int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                                         const struct timespec *restrict until)
{
    weir__thread *self = taker(CALLER());
    return self
               ? weir__lock_acquire(self, &write_class, lock, weir__deadline_on(self, clock, until))
               : REAL(pthread_rwlock_clockwrlock)(lock, clock, until);
}

INTERPOSE int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    weir__thread *self = weir__synced();
    int error = REAL(pthread_rwlock_unlock)(lock);
    if (self && !error) {
        weir__lock_released(self, lock);
    }
    return error;
}

/* ---- Once ---- */

/* The routine of a once may block, and libc would let other threads wait for it in the kernel. So a
 * once in progress is kept in the list of locks that its thread holds. */

typedef struct once_scope {
    weir__thread *self;
    void *once;
} once_scope;

/* Called also if an exception leaves the routine (std::call_once). */
static void end_once(once_scope *scope)
{
    weir__lock_released(scope->self, scope->once); /* each waiter wakes the next */
}

static int try_once(void *once)
{
    return weir__holder(once) ? EBUSY : 0;
}

static const weir__lock_class once_class = {WEIR__WAIT_ONCE, try_once};

static int run_once(weir__thread *self, pthread_once_t *once, void (*routine)(void))
{
    weir__lock_acquire(self, &once_class, once, WEIR__NEVER);
    once_scope scope __attribute__((cleanup(end_once), unused)) = {self, once};
    return REAL(pthread_once)(once, routine);
}

INTERPOSE int pthread_once(pthread_once_t *once, void (*routine)(void))
{
    weir__thread *self = taker(CALLER());
    return self ? run_once(self, once, routine) : REAL(pthread_once)(once, routine);
}

INTERPOSE void call_once(once_flag *flag, void (*routine)(void))
{
    pthread_once((pthread_once_t *)flag, routine);
}
