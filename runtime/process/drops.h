/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings that an instance logs once, shared by all its threads. Dropped records: one count a node
 * and reason; the first record of each is logged as a warning, later ones at level debug. Iterators
 * that callbacks left open: one warning a node and store. */
#ifndef WEIR_PROCESS_DROPS_H
#define WEIR_PROCESS_DROPS_H

#include "core/log.h"
#include "process/graph.h"

typedef struct weir__drop_counts weir__drop_counts;

/* Borrows `topology`. NULL: out of memory. */
weir__drop_counts *weir__drop_counts_new(const weir_topology *topology);
void weir__drop_counts_free(weir__drop_counts *counts); /* NULL allowed */

/* Counts and logs the record. `thread` and `task` dropped it; `task` NULL: it is not known any
 * more. Any thread. */
void weir__drop_count(weir__drop_counts *counts, const weir__log *log, const char *thread,
                      const char *task, const weir__dropped *dropped);

/* A callback of `node` (NULL: of no node) returned with an iterator of the store open. Any thread.
 */
void weir__left_open_warn(weir__drop_counts *counts, const weir__log *log, const char *thread,
                          const char *task, const weir__node *node, const weir__store_spec *store);

/* As weir_app_dropped_records. Any thread. */
size_t weir__drop_counts_read(const weir__drop_counts *counts, weir_dropped_records *out,
                              size_t max);

#endif
