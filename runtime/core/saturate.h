/* SPDX-License-Identifier: Apache-2.0
 *
 * Arithmetic on times and offsets from records, brokers and users. It is defined for all of int64:
 * a result that does not fit becomes the nearest int64, unless its function says otherwise. */
#ifndef WEIR_CORE_SATURATE_H
#define WEIR_CORE_SATURATE_H

#include <stdint.h>

static inline int64_t weir__add_sat(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum)) {
        return sum;
    }
    return b < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t weir__sub_sat(int64_t a, int64_t b)
{
    int64_t difference;
    if (!__builtin_sub_overflow(a, b, &difference)) {
        return difference;
    }
    return b < 0 ? INT64_MAX : INT64_MIN;
}

static inline int64_t weir__mul_sat(int64_t a, int64_t b)
{
    int64_t product;
    if (!__builtin_mul_overflow(a, b, &product)) {
        return product;
    }
    return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
}

static inline int64_t weir__earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t weir__later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Modulo 2^64, like Java's long: a record batch stores a timestamp as base + delta. */
static inline int64_t weir__add_wrap(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

#endif
