/* SPDX-License-Identifier: Apache-2.0
 *
 * The similarity of two names, for messages that ask "did you mean ...?". */
#ifndef WEIR_CORE_NEAREST_H
#define WEIR_CORE_NEAREST_H

#include <stddef.h>

#define WEIR__NEAREST_BYTES_MAX 249 /* the maximum length of a topic's name */

/* Levenshtein distance in bytes. Only the first WEIR__NEAREST_BYTES_MAX bytes are compared. */
size_t weir__edit_distance(const char *a, const char *b);

#endif
