/* SPDX-License-Identifier: Apache-2.0
 *
 * The interface of ThreadSanitizer, by weak symbols: without it all functions here do nothing. */
#include "sim/tsan.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "sim/real.h"

void __tsan_ignore_thread_begin(void) __attribute__((weak));
void __tsan_ignore_thread_end(void) __attribute__((weak));
void __tsan_acquire(void *object) __attribute__((weak));
void __tsan_release(void *object) __attribute__((weak));
void __tsan_mutex_pre_lock(void *mutex, unsigned flags) __attribute__((weak));
void __tsan_mutex_post_lock(void *mutex, unsigned flags, int recursion) __attribute__((weak));
void __tsan_func_entry(void *caller) __attribute__((weak));
void __tsan_func_exit(void *unused) __attribute__((weak)); /* as gcc declares it */
const char *__tsan_default_options(void);

#define TRY_LOCK_FAILED (1U << 5) /* __tsan_mutex_try_lock_failed */

/* librdkafka and RocksDB are not instrumented: their atomics are invisible, so what they do through
 * intercepted functions (free, memcpy) would look like races. The option suppresses all reports of
 * these functions, whoever calls them: weir__tsan_check_order. */
INTERPOSE const char *__tsan_default_options(void)
{
    return "ignore_noninstrumented_modules=1";
}

bool weir__tsan_runs(void)
{
    return __tsan_acquire != NULL;
}

void weir__tsan_ignore_begin(void)
{
    if (__tsan_ignore_thread_begin) {
        __tsan_ignore_thread_begin();
    }
}

void weir__tsan_ignore_end(void)
{
    if (__tsan_ignore_thread_end) {
        __tsan_ignore_thread_end();
    }
}

void weir__tsan_release(const void *object)
{
    if (__tsan_release) {
        __tsan_release((void *)(uintptr_t)object);
    }
}

void weir__tsan_acquire(const void *object)
{
    if (__tsan_acquire) {
        __tsan_acquire((void *)(uintptr_t)object);
    }
}

void weir__tsan_check_order(const void *mutex)
{
    if (__tsan_mutex_pre_lock && __tsan_mutex_post_lock) {
        __tsan_mutex_pre_lock((void *)(uintptr_t)mutex, 0);
        __tsan_mutex_post_lock((void *)(uintptr_t)mutex, TRY_LOCK_FAILED, 0);
    }
}

void weir__tsan_enter(const void *caller)
{
    if (__tsan_func_entry) {
        __tsan_func_entry((void *)(uintptr_t)caller);
    }
}

void weir__tsan_leave(void)
{
    if (__tsan_func_exit) {
        __tsan_func_exit(NULL);
    }
}

void *weir__sim_calloc(size_t bytes)
{
    weir__tsan_ignore_begin();
    void *memory = calloc(1, bytes);
    weir__tsan_ignore_end();
    return memory;
}

void *weir__sim_realloc(void *memory, size_t bytes)
{
    weir__tsan_ignore_begin();
    memory = realloc(memory, bytes);
    weir__tsan_ignore_end();
    weir_assert(memory);
    return memory;
}

void weir__sim_free(void *memory)
{
    weir__tsan_ignore_begin();
    free(memory);
    weir__tsan_ignore_end();
}

void weir__sim_copy(void *to, const void *from, size_t bytes)
{
    weir__tsan_ignore_begin();
    memcpy(to, from, bytes);
    weir__tsan_ignore_end();
}
