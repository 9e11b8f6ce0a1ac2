/* SPDX-License-Identifier: Apache-2.0
 *
 * Marks memory that is allocated but must not be accessed: AddressSanitizer reports an access.
 * Without AddressSanitizer these functions do nothing. */
#ifndef WEIR_CORE_POISON_H
#define WEIR_CORE_POISON_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define WEIR__ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR__ADDRESS_SANITIZER 1
#endif
#endif

#ifdef WEIR__ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>

#define WEIR__POISON_GAP ((size_t)64) /* between two areas */

static inline void weir__poison(const void *at, size_t size)
{
    __asan_poison_memory_region(at, size);
}

static inline void weir__unpoison(const void *at, size_t size)
{
    __asan_unpoison_memory_region(at, size);
}
#else
#define WEIR__POISON_GAP ((size_t)0)

static inline void weir__poison(const void *at, size_t size)
{
    (void)at;
    (void)size;
}

static inline void weir__unpoison(const void *at, size_t size)
{
    (void)at;
    (void)size;
}
#endif

#endif
