/* SPDX-License-Identifier: Apache-2.0
 *
 * What a consumer with isolation.level=read_committed gets to see. */
#ifndef WEIR_SCENARIOS_COMMITTED_H
#define WEIR_SCENARIOS_COMMITTED_H

#include <weir/driver.h>

/* No transaction is open or waits for its markers, so that a reader gets everything. */
bool weir_scenario_no_transactions(weir_cluster *cluster, void *unused);

/* The last count (i64) of each word in a topic, as a reader of committed records has it. Fails the
 * test when a count is not greater than the one before it: it was read twice, or its state was
 * torn from it. Waits until no transaction is open. */
weir_rows *weir_scenario_committed_counts(weir_cluster *cluster, const char *topic);

#endif
