/* SPDX-License-Identifier: Apache-2.0
 *
 * A library that calls only what the simulation covers. */
#include <poll.h>
#include <pthread.h>

int weir_test_covered(struct pollfd *fd, pthread_mutex_t *mutex);

__attribute__((visibility("default"))) int weir_test_covered(struct pollfd *fd,
                                                             pthread_mutex_t *mutex)
{
    return poll(fd, 1, -1) + pthread_mutex_lock(mutex);
}
