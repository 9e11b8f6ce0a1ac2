/* SPDX-License-Identifier: Apache-2.0
 *
 * Idempotent producers (KIP-98): a partition knows the last batches of each producer, so that a
 * batch retried after a lost answer is not appended twice, and batches are appended in sequence. */
#ifndef WEIR_MOCKBROKER_IDEMPOTENCE_H
#define WEIR_MOCKBROKER_IDEMPOTENCE_H

#include "wire/records.h"

#define WEIR__KNOWN_BATCHES 5 /* as many as a producer may have in flight */

typedef struct weir__known_batch {
    int32_t sequence;
    int32_t count;
    int64_t base; /* offset; -1: not appended yet */
} weir__known_batch;

typedef struct weir__known_producer {
    int64_t id;
    int16_t epoch;
    int batch_count;
    weir__known_batch batches[WEIR__KNOWN_BATCHES]; /* oldest first */
} weir__known_producer;

/* Zero-initialised is empty. */
typedef struct weir__known_producers {
    weir__known_producer *items;
    size_t count;
} weir__known_producers;

void weir__known_producers_fini(weir__known_producers *known);

/* Decides about a batch: 0 and *base -1: append it; 0 and *base >= 0: it was appended there; else
 * Kafka's error code. */
int16_t weir__known_check(const weir__known_producers *known, const weir__batch_header *batch,
                          int64_t *base);
/* A batch that passed the check is about to be appended. WEIR_ENOMEM. */
weir_err weir__known_begin(weir__known_producers *known, const weir__batch_header *batch);
/* It was appended at `base`; -1: it was not. */
void weir__known_end(weir__known_producers *known, const weir__batch_header *batch, int64_t base);

#endif
