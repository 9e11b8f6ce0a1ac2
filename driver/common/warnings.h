/* SPDX-License-Identifier: Apache-2.0
 *
 * The last warnings of an application: a failure of the test shows them. */
#ifndef WEIR_DRIVER_COMMON_WARNINGS_H
#define WEIR_DRIVER_COMMON_WARNINGS_H

#include "core/buf.h"

#define WEIR__WARNINGS_MAX ((size_t)4)
#define WEIR__WARNING_SIZE ((size_t)512)
#define WEIR__LOG_LEVEL_WARNING 4 /* syslog's number: lines up to it are warnings */

/* Zeros: none. Not locked. */
typedef struct weir__warnings {
    struct weir__warning {
        char text[WEIR__WARNING_SIZE];
        size_t times;
    } last[WEIR__WARNINGS_MAX]; /* a ring */
    size_t count;               /* of all that were put into the ring */
} weir__warnings;

/* Keeps the line, which is truncated. A line that is there is only counted. A line that contains
 * what an earlier one says ("<thread>: <what>") takes its place. */
void weir__warnings_note(weir__warnings *warnings, const char *text);
/* A kept line contains that text. */
bool weir__warnings_have(const weir__warnings *warnings, const char *what);
/* Appends the kept lines, oldest first, each between `before` and `after`. */
void weir__warnings_put(const weir__warnings *warnings, const char *before, const char *after,
                        weir_buf *out);

#endif
