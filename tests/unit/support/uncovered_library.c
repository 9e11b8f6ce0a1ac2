/* SPDX-License-Identifier: Apache-2.0
 *
 * A library that waits in ways that the simulation does not cover. */
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>

int weir_test_uncovered(sem_t *semaphore, int epoll, pthread_mutex_t *mutex);

__attribute__((visibility("default"))) int weir_test_uncovered(sem_t *semaphore, int epoll,
                                                               pthread_mutex_t *mutex)
{
    struct epoll_event event;
    return sem_wait(semaphore) + epoll_wait(epoll, &event, 1, -1) + pthread_mutex_lock(mutex);
}
