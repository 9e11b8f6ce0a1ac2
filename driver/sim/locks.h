/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks of managed threads: libc's own lock words, tried without blocking. */
#ifndef WEIR_DRIVER_SIM_LOCKS_H
#define WEIR_DRIVER_SIM_LOCKS_H

#include "sim/engine.h"

/* attempt() returns 0, EBUSY, or another error, which ends the attempt. */
typedef struct weir__lock_class {
    weir__wait wait;
    int (*attempt)(void *lock);
} weir__lock_class;

/* 0, ETIMEDOUT or the error of attempt(). */
int weir__lock_acquire(weir__thread *self, const weir__lock_class *class, void *lock,
                       int64_t deadline_us);
/* Called after the lock word was released: lets one waiter try. */
void weir__lock_released(weir__thread *self, void *lock);

/* pthread_mutex_lock and _unlock of a managed thread. */
int weir__mutex_lock(weir__thread *self, pthread_mutex_t *mutex, int64_t deadline_us);
/* Without a deadline; ThreadSanitizer looks for lock cycles. The mutex is not shared with threads
 * that are not managed. */
int weir__mutex_lock_checked(weir__thread *self, pthread_mutex_t *mutex);
int weir__mutex_unlock(weir__thread *self, pthread_mutex_t *mutex);

#endif
