/* SPDX-License-Identifier: Apache-2.0
 *
 * What each customer has spent: reads the topics `customers` and `orders`, writes `enriched`,
 * `spent` and `reminders`. */
#ifndef ORDERS_H
#define ORDERS_H

#include <weir/weir.h>

#define ORDERS_REMINDER_MS 60000

weir_topology *orders_topology(const weir_config *config, weir_error *error);

#endif
