/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocations that fail when a test wants it. The linker passes the allocations of the program to
 * the functions here (tests/CMakeLists.txt), so one file of it includes this. */
#ifndef WEIR_TESTS_FAILING_ALLOCATIONS_H
#define WEIR_TESTS_FAILING_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static _Thread_local int allocations_left =
    -1; /* of this thread, before the one that fails; -1: none fails */

static bool fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* The allocation number `n` from now on fails. */
static void fail_allocation(int n)
{
    allocations_left = n;
}

/* None fails any more. False: there were no more than n. */
static bool allocation_failed(void)
{
    bool failed = allocations_left < 0;
    allocations_left = -1;
    return failed;
}

#endif
