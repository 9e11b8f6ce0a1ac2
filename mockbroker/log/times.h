/* SPDX-License-Identifier: Apache-2.0
 *
 * The timestamps of a partition's log, for ListOffsets by time: librdkafka's mock cluster has no
 * such lookup. */
#ifndef WEIR_MOCKBROKER_TIMES_H
#define WEIR_MOCKBROKER_TIMES_H

#include "core/buf.h"

/* A record of the log. A compressed batch has one entry: its base offset and greatest timestamp. */
typedef struct weir__time {
    int64_t offset;
    int64_t timestamp_ms;
    bool compressed; /* a batch of more than one timestamp */
} weir__time;

/* By offset. Zero-initialised: empty. */
typedef struct weir__times {
    weir__time *items;
    size_t count;
    size_t capacity;
} weir__times;

void weir__times_fini(weir__times *times);
/* Adds the records of a batch that the log has from offset `base` on. */
weir_err weir__times_add(weir__times *times, weir_slice batch, int64_t base);
/* Removes the records up to that offset. */
void weir__times_trim(weir__times *times, int64_t last_offset);
/* The first record from `start` on of that time or later; -1: none. WEIR_EUNSUPPORTED: it is in a
 * compressed batch. */
weir_err weir__times_find(const weir__times *times, int64_t start, int64_t time_ms,
                          int64_t *offset);

#endif
