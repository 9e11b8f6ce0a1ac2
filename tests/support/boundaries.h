/* SPDX-License-Identifier: Apache-2.0
 *
 * Values at which arithmetic on times breaks: the ends of int64, zero, and the last integers that a
 * double holds exactly. */
#ifndef WEIR_TESTS_SUPPORT_BOUNDARIES_H
#define WEIR_TESTS_SUPPORT_BOUNDARIES_H

#include <stddef.h>
#include <stdint.h>

#define BOUNDARY_DOUBLE ((int64_t)1 << 53)

static const int64_t boundaries[] = {
    INT64_MIN,           INT64_MIN + 1, -1,        0, 1, BOUNDARY_DOUBLE - 1, BOUNDARY_DOUBLE,
    BOUNDARY_DOUBLE + 1, INT64_MAX - 1, INT64_MAX,
};

#define BOUNDARY_COUNT (sizeof boundaries / sizeof boundaries[0])

#endif
