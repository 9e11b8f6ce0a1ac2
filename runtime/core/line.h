/* SPDX-License-Identifier: Apache-2.0
 *
 * Text in a buffer of fixed size, cut where it does not fit. */
#ifndef WEIR_CORE_LINE_H
#define WEIR_CORE_LINE_H

#include <stddef.h>

/* A line being written. Terminated from the first put on. */
typedef struct weir__line {
    char *out;
    size_t size; /* at least 1 */
    size_t len;
} weir__line;

void weir__line_put(weir__line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
