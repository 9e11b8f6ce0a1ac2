/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the comparison share. */
#ifndef WEIR_TESTS_CONFORMANCE_COMPARE_H
#define WEIR_TESTS_CONFORMANCE_COMPARE_H

#include "replay/run.h"

typedef struct comparison {
    case_run *run;
    const recorded_case *of;
    char *difference;
} comparison;

/* Keeps the first difference. */
void differ(comparison *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool same_datum(yyjson_val *datum, weir_slice actual);
/* Null first, then as memcmp, then the shorter first. */
int by_bytes(weir_slice a, weir_slice b);

void compare_stores(comparison *c, yyjson_val *stores);

#endif
