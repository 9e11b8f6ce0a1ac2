/* SPDX-License-Identifier: Apache-2.0
 *
 * How alike two names are, for messages that ask "did you mean ...?". */
#ifndef WEIR_CORE_NEAREST_H
#define WEIR_CORE_NEAREST_H

#include <stddef.h>

#define WEIR__NEAREST_BYTES_MAX 249 /* as long as a topic's name may be */

/* Levenshtein's distance in bytes. Longer names are compared by their beginning. */
size_t weir__edit_distance(const char *a, const char *b);

#endif
