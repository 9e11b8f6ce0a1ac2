/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers, and other values that differ from run to run. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sim/engine.h"
#include "sim/libraries.h"
#include "sim/real.h"

#define ENTROPY_BYTES_MAX 256 /* of a call of getentropy */

const char *const weir__interposed_random[] = {
    "rand",
    "rand_r",
    "random",
    "srand",
    "srandom",
    "drand48",
    "lrand48",
    "mrand48",
    "getrandom",
    "getentropy",
    "arc4random",
    "arc4random_buf",
    "arc4random_uniform",
    "sched_getcpu",
    "__snprintf_chk",
    NULL,
};

static bool simulated(void)
{
    return weir__managed() != NULL;
}

static uint64_t draw(void)
{
    return weir_sim_random(WEIR_SIM_LIBRARY);
}

static int draw31(void)
{
    return (int)(draw() >> 33);
}

static void fill(weir_sim_stream stream, void *out, size_t len)
{
    for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
        uint64_t word = weir_sim_random(stream);
        memcpy((uint8_t *)out + i, &word, len - i < sizeof word ? len - i : sizeof word);
    }
}

void weir__random_fill(const void *caller, void *out, size_t len)
{
    fill(weir__outlives_run(caller) ? WEIR_SIM_RESEEDING : WEIR_SIM_ENTROPY, out, len);
}

INTERPOSE int rand(void)
{
    return simulated() ? draw31() : REAL(rand)();
}

/* The seed is not used: callers make it of the time and of addresses. */
INTERPOSE int rand_r(unsigned *seed)
{
    return simulated() ? draw31() : REAL(rand_r)(seed);
}

INTERPOSE long random(void)
{
    return simulated() ? draw31() : REAL(random)();
}

INTERPOSE void srand(unsigned seed)
{
    if (!simulated()) {
        REAL(srand)(seed);
    }
}

INTERPOSE void srandom(unsigned seed)
{
    if (!simulated()) {
        REAL(srandom)(seed);
    }
}

INTERPOSE double drand48(void)
{
    return simulated() ? (double)(draw() >> 11) / (double)(1ULL << 53) : REAL(drand48)();
}

INTERPOSE long lrand48(void)
{
    return simulated() ? draw31() : REAL(lrand48)();
}

INTERPOSE long mrand48(void)
{
    return simulated() ? (int32_t)(draw() >> 32) : REAL(mrand48)();
}

INTERPOSE ssize_t getrandom(void *out, size_t len, unsigned flags)
{
    if (!simulated()) {
        return REAL(getrandom)(out, len, flags);
    }
    weir__random_fill(CALLER(), out, len);
    return (ssize_t)len;
}

INTERPOSE int getentropy(void *out, size_t len)
{
    if (!simulated()) {
        return REAL(getentropy)(out, len);
    }
    if (len > ENTROPY_BYTES_MAX) {
        errno = EIO;
        return -1;
    }
    weir__random_fill(CALLER(), out, len);
    return 0;
}

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 36)
INTERPOSE uint32_t arc4random(void)
{
    return simulated() ? (uint32_t)(draw() >> 32) : REAL(arc4random)();
}

INTERPOSE void arc4random_buf(void *out, size_t len)
{
    if (simulated()) {
        fill(WEIR_SIM_LIBRARY, out, len);
    } else {
        REAL(arc4random_buf)(out, len);
    }
}

INTERPOSE uint32_t arc4random_uniform(uint32_t bound)
{
    return simulated() ? (uint32_t)(bound ? draw() % bound : 0) : REAL(arc4random_uniform)(bound);
}
#endif

/* std::random_device::operator(): it reads the processor's generator. */
unsigned weir__random_device(void *device) __asm__("_ZNSt13random_device9_M_getvalEv");

INTERPOSE unsigned weir__random_device(void *device)
{
    if (simulated()) {
        return (unsigned)(draw() >> 32);
    }
    static unsigned (*real)(void *);
    if (!real) {
        real = (unsigned (*)(void *))weir__real("_ZNSt13random_device9_M_getvalEv");
    }
    return real(device);
}

/* RocksDB spreads its arenas by processor. */
INTERPOSE int sched_getcpu(void)
{
    return simulated() ? 0 : REAL(sched_getcpu)();
}

int __snprintf_chk(char *out, size_t len, int flag, size_t size, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The mock cluster makes member ids by "%p", and assignors sort by them: it gets numbers that count
 * up instead of addresses. */
INTERPOSE int __snprintf_chk(char *out, size_t len, int flag, size_t size, const char *format, ...)
{
    (void)flag;
    va_list args;
    weir_assert(len <= size);
    va_start(args, format);
    int written;
    if (simulated() && strcmp(format, "%p") == 0 &&
        weir__caller_of(CALLER()) == WEIR__CALLER_RDKAFKA) {
        written = snprintf(out, len, "0x%012llx", (unsigned long long)++weir__the_sim.pointers);
    } else {
        written = vsnprintf(out, len, format, args);
    }
    va_end(args);
    return written;
}
