/* SPDX-License-Identifier: Apache-2.0
 *
 * Scheduled punctuations of a graph for one kind of time (KIP-138): a binary heap by due time. */
#ifndef WEIR_PROCESS_PUNCTUATE_H
#define WEIR_PROCESS_PUNCTUATE_H

#include <weir/processor.h>

typedef struct weir__punctuations {
    weir_punctuator **heap;
    size_t count;
    size_t capacity;
} weir__punctuations;

void weir__punctuations_fini(weir__punctuations *all);

#endif
