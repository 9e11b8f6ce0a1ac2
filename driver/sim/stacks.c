/* SPDX-License-Identifier: Apache-2.0
 *
 * Stacks of the threads that librdkafka makes, some eighty in a small cluster. They are parts of a
 * few large mappings, and are reused. A mapping for each stack would cost more than most of these
 * threads do: the kernel maps, guards and unmaps it, and copies two mappings for it in a branch. */
#include <sys/mman.h>

#include "sim/engine.h"

#define GUARD_BYTES ((size_t)64 << 10)
#define SLOT_BYTES (GUARD_BYTES + WEIR__STACK_BYTES)
#define MAPPING_BYTES (64 * SLOT_BYTES)
#ifndef MADV_GUARD_INSTALL /* Linux 6.13 */
#define MADV_GUARD_INSTALL 102
#endif

static struct {
    void **free; /* given back */
    size_t count;
    size_t capacity;
    unsigned char *next; /* the unused part of the last mapping */
    unsigned char *end;
} pool;

/* Guards the end of a stack, so that an overflow does not reach another stack. Older kernels split
 * the mapping for that. */
static bool guard(unsigned char *slot)
{
    return madvise(slot, GUARD_BYTES, MADV_GUARD_INSTALL) == 0 ||
           mprotect(slot, GUARD_BYTES, PROT_NONE) == 0;
}

void *weir__stack_take(void)
{
    if (pool.count > 0) {
        return pool.free[--pool.count];
    }
    if (pool.next == pool.end) {
        void *slots = mmap(NULL, MAPPING_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
        if (slots == MAP_FAILED) {
            return NULL;
        }
        pool.next = slots;
        pool.end = pool.next + MAPPING_BYTES;
    }
    unsigned char *slot = pool.next;
    pool.next += SLOT_BYTES;
    return guard(slot) ? slot + GUARD_BYTES : NULL;
}

void weir__stack_give(void *stack)
{
    if (pool.count == pool.capacity) {
        pool.capacity = pool.capacity ? 2 * pool.capacity : 64;
        pool.free = weir__sim_realloc(pool.free, pool.capacity * sizeof *pool.free);
    }
    pool.free[pool.count++] = stack;
}
