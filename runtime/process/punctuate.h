/* SPDX-License-Identifier: Apache-2.0
 *
 * Scheduled punctuations of a graph for one kind of time (KIP-138): a binary heap by due time. */
#ifndef WEIR_PROCESS_PUNCTUATE_H
#define WEIR_PROCESS_PUNCTUATE_H

#include <weir/processor.h>

typedef struct weir__punctuations {
    struct weir__punctuation **heap;
    size_t count;
    size_t capacity;
    struct weir__punctuation *free;   /* places of punctuations that ended; used again */
    struct weir__punctuation *firing; /* not in the heap; its place there is kept */
} weir__punctuations;

/* Handles become invalid. A punctuation still fires if the caller jumped out of its call. */
void weir__punctuations_fini(weir__punctuations *all);

#endif
