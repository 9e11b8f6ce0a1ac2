/* SPDX-License-Identifier: Apache-2.0
 *
 * Time and randomness by the system calls that the driver interposes. */
#include "core/clock.h"

#include <sys/random.h>
#include <time.h>

#include "core/error.h"
#include "core/saturate.h"

int64_t weir__wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timespec weir__wall_deadline(int64_t timeout_ms)
{
    int64_t end_ms = weir__add_sat(weir__wall_ms(), timeout_ms);
    return (struct timespec){.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};
}

int64_t weir__monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void weir__random_bytes(void *out, unsigned len)
{
    weir_assert(len <= 256); /* up to here getrandom is never interrupted and never short */
    ssize_t got = getrandom(out, len, 0);
    weir_assert(got == (ssize_t)len);
}
