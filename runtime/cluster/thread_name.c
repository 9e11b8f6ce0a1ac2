/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets the name of the calling thread, truncated to the system's limit. */
#include "cluster/thread_name.h"

#include <pthread.h>
#include <string.h>

#define SYSTEM_NAME_MAX ((size_t)15)

void weir__thread_name_set(const char *name)
{
    size_t len = strlen(name);
    const char *tail = len > SYSTEM_NAME_MAX ? name + len - SYSTEM_NAME_MAX : name;
    (void)pthread_setname_np(pthread_self(), *tail == '-' ? tail + 1 : tail);
}
