/* SPDX-License-Identifier: Apache-2.0
 *
 * Two runs of one plan: what the profile promises to be equal. */
#ifndef WEIR_TESTS_FUZZ_COMPARE_H
#define WEIR_TESTS_FUZZ_COMPARE_H

#include "random/generate.h"
#include "replay/run.h"

#define FUZZ_TEXT_MAX 16384

/* The first difference, with what is around it; "": none. Both runs have their drivers still. */
void fuzz_compare(fuzz_profile profile, case_run *a, case_run *b, yyjson_val *root,
                  char difference[FUZZ_TEXT_MAX]);

#endif
