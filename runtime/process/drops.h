/* SPDX-License-Identifier: Apache-2.0
 *
 * Dropped records of an instance: one count a node and reason, shared by all its threads. The first
 * record of each is logged as a warning, later ones at level debug. */
#ifndef WEIR_PROCESS_DROPS_H
#define WEIR_PROCESS_DROPS_H

#include "core/log.h"
#include "process/graph.h"

typedef struct weir__drop_counts weir__drop_counts;

/* Borrows `topology`. NULL: out of memory. */
weir__drop_counts *weir__drop_counts_new(const weir_topology *topology);
void weir__drop_counts_free(weir__drop_counts *counts); /* NULL allowed */

/* Counts the record and tells of it. `thread` and `task` say who dropped it; `task` NULL: it
 * is not known any more. Any thread. */
void weir__drop_count(weir__drop_counts *counts, const weir__log *log, const char *thread,
                      const char *task, const weir__dropped *dropped);

/* As weir_app_dropped_records. Any thread. */
size_t weir__drop_counts_read(const weir__drop_counts *counts, weir_dropped_records *out,
                              size_t max);

#endif
