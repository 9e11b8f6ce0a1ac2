/* SPDX-License-Identifier: Apache-2.0
 *
 * The ID mapping's data through the driver, and the expected output. */
#ifndef WEIR_SCENARIOS_IDENTITIES_H
#define WEIR_SCENARIOS_IDENTITIES_H

#include <weir/driver.h>

/* The topics of the ID mapping, as JSON texts. */
typedef struct weir_scenario_ids {
    weir_input registrations;
    weir_input events;
    weir_output identities;
} weir_scenario_ids;

weir_scenario_ids weir_scenario_ids_new(weir_cluster *cluster, int32_t partitions);
/* Sends registrations, or events about `phones` phones, numbers from..to-1. */
void weir_scenario_register(weir_scenario_ids ids, size_t from, size_t to);
void weir_scenario_happen(weir_scenario_ids ids, size_t from, size_t to, size_t phones);

/* How often each text occurs: text -> i64. */
weir_rows *weir_scenario_bag(weir_cluster *cluster, const weir_rows *values);
/* The bag of identities that events 0..events-1 must give, with all `phones` registered. */
weir_rows *weir_scenario_identities(weir_cluster *cluster, size_t events, size_t phones);
/* The index of the next identity, from `index` on, that a registration has completed; the number of
 * rows: none. `identities`: rows with texts. */
size_t weir_scenario_next_completed(const weir_rows *identities, size_t index);

#endif
