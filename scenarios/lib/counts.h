/* SPDX-License-Identifier: Apache-2.0
 *
 * The expected result of a word count, as rows of the driver. */
#ifndef WEIR_SCENARIOS_COUNTS_H
#define WEIR_SCENARIOS_COUNTS_H

#include <weir/driver.h>

#include "fixtures/text.h"

/* Word -> i64, counted in a plain loop. */
weir_rows *weir_scenario_counts(weir_cluster *cluster, const weir_slice *lines, size_t count);
/* Adds `by` to each word of a line. */
void weir_scenario_count_line(weir_rows *counts, weir_slice line, int64_t by);

/* Fails the test unless each word is counted as expected, or higher by at most what `extra` says:
 * records that were in flight when something failed may count twice, none may be lost. */
void weir_scenario_check_counts(weir_cluster *cluster, const weir_rows *actual,
                                const weir_rows *expected, const weir_rows *extra);

#endif
