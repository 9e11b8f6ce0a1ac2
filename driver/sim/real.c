/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks up the real functions behind the interposed ones. */
#include "sim/real.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "core/error.h"
#include "sim/tsan.h"

void *weir__real(const char *name)
{
    void *found = NULL;
#if defined(__x86_64__) && defined(__GLIBC__)
    if (strncmp(name, "pthread_cond_", 13) == 0 && !weir__tsan_runs()) {
        /* glibc also has the condition variables of 2002; without a version dlsym may return
         * those. ThreadSanitizer's functions have no version, so dlvsym would pass them by: it
         * would take the mutex for held during a wait. */
        found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    }
#endif
    if (!found) {
        found = dlsym(RTLD_NEXT, name);
    }
    weir_assert(found);
    return found;
}
