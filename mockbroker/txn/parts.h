/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of one transaction: a set in the order in which they were added. */
#ifndef WEIR_MOCKBROKER_TXN_PARTS_H
#define WEIR_MOCKBROKER_TXN_PARTS_H

#include "txns.h"

bool weir__txn_parts_has(const weir__map *parts, const weir__txn_part *part);
/* Adds what is not there yet. On failure nothing is added. */
weir_err weir__txn_parts_add(weir__map *parts, const weir__txn_part *added, size_t count);
void weir__txn_parts_remove(weir__map *parts, const weir__map_entry *entry);
void weir__txn_parts_fini(weir__map *parts);

#endif
