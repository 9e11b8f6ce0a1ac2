/* SPDX-License-Identifier: Apache-2.0
 *
 * Record batches as a client writes them, also wrong ones, and as it reads them from Fetch. Written
 * apart from the mock broker's own code, so that a mistake there cannot hide here. */
#ifndef WEIR_TESTS_PROTOCOL_BATCHES_H
#define WEIR_TESTS_PROTOCOL_BATCHES_H

#include "run.h"

#define RECORDS_MAX 8

#define ATTRIBUTE_LOG_APPEND_TIME 0x08
#define ATTRIBUTE_TRANSACTIONAL 0x10
#define ATTRIBUTE_CONTROL 0x20

typedef struct producer {
    int64_t id;
    int16_t epoch;
    const char *txn; /* transactional.id as the broker knows it; NULL: none */
} producer;
#define NO_PRODUCER ((producer){-1, -1, NULL})

/* A batch to be produced; zero is right for every field that a scenario does not choose. */
typedef struct batch {
    const char *values[RECORDS_MAX]; /* up to the first NULL */
    const char *keys[RECORDS_MAX];   /* NULL: null */
    int64_t times_ms[RECORDS_MAX];   /* from the run's origin */
    const producer *by;              /* NULL: none */
    int32_t sequence;                /* of the first record, with a producer */
    size_t padding;                  /* bytes added to the first value */
    int16_t attributes;              /* compression */
    int64_t base_offset;
    int8_t magic;            /* added to 2 */
    int32_t count_more;      /* added to the count of the header */
    int32_t last_delta_more; /* added to the last offset delta */
    uint32_t crc_flip;
    bool transactional;
    bool control;
} batch;

void put_batch(run *r, weir_buf *out, const batch *b);
int batch_count(const batch *b);

/* Observes the batches of a Fetch answer, one line each: offsets, producer, kind, records. */
void see_batches(run *r, weir_slice bytes);

#endif
