/* SPDX-License-Identifier: Apache-2.0
 *
 * Observations in files, and the comparison of two. */
#ifndef WEIR_TESTS_PROTOCOL_COMPARE_H
#define WEIR_TESTS_PROTOCOL_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The content of a file, to be freed; NULL: it cannot be read. */
char *read_text(const char *path);
/* False: it cannot be written; the reason is printed. */
bool write_text(const char *path, const char *text);

/* Prints the lines in which two texts differ, each with the name of its side, and a few around. */
void print_differences(const char *left_name, const char *left, const char *right_name,
                       const char *right);
/* The first line of `right` that is not in its place in `left`, or of `left` if `right` ends before
 * it; a copy, to be freed. NULL: they are the same. */
char *first_difference(const char *left, const char *right);

#endif
