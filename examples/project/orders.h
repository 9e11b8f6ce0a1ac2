/* SPDX-License-Identifier: Apache-2.0
 *
 * What each customer has spent: reads the topics `customers` and `orders`, writes `enriched`,
 * `spent` and `reminders`. */
#ifndef ORDERS_H
#define ORDERS_H

#include <weir/processor.h>

#define ORDERS_REMINDER_MS 60000

/* Each minute it forwards the last order of each customer, from the store "last-orders". */
extern const weir_processor_ops orders_reminder_ops;

weir_topology *orders_topology(const weir_config *config, weir_error *error);

#endif
