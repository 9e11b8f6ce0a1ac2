/* SPDX-License-Identifier: Apache-2.0
 *
 * Levenshtein distance, one row of the matrix at a time. */
#include "core/nearest.h"

#include <string.h>

size_t weir__edit_distance(const char *a, const char *b)
{
    size_t row[WEIR__NEAREST_BYTES_MAX + 1];
    size_t a_len = strnlen(a, WEIR__NEAREST_BYTES_MAX);
    size_t b_len = strnlen(b, WEIR__NEAREST_BYTES_MAX);
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
            size_t insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replace < insert ? replace : insert;
        }
    }
    return row[b_len];
}
