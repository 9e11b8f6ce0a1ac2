/* SPDX-License-Identifier: Apache-2.0
 *
 * A topology on the synchronous driver, for tests that look inside: tasks, graphs, and every record
 * that was sent, in order. */
#ifndef WEIR_TESTS_SUPPORT_DRIVEN_H
#define WEIR_TESTS_SUPPORT_DRIVEN_H

#include "sync/sync.h"

#define DRIVEN_APPLICATION "conformance"
#define DRIVEN_SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Members up to the blank line are set before driven_open; zeros: defaults. */
typedef struct driven_record {
    weir__message_view view;
    bool internal; /* to a repartition topic or a changelog */
} driven_record;

typedef struct driven {
    const char *const *settings; /* name, value, ..., NULL */
    size_t cache_bytes;          /* > 0: commits only in driven_commit */
    int32_t partitions;

    weir__sync sync;
    weir_config *config;
    char directory[64];   /* of the stores on RocksDB */
    driven_record **sent; /* by the topology */
    size_t sent_count;
    size_t seen;    /* records of the loopback */
    char log[1024]; /* last line */
    weir_error error;
} driven;

/* Stores without a backend of their own are in memory. Close it also after a failure. */
weir_err driven_open(driven *d, const weir_topology *topology, int64_t start_ms);
void driven_close(driven *d);

weir_err driven_pipe_record(driven *d, const char *topic, weir_slice key, weir_slice value,
                            int64_t timestamp_ms, const weir_header *headers, size_t header_count);
weir_err driven_pipe(driven *d, const char *topic, const char *key, const char *value,
                     int64_t timestamp_ms);
weir_err driven_advance(driven *d, int64_t ms);
weir_err driven_commit(driven *d);

/* The record sent as number `index`; fails the test if there are not so many. */
const weir__message_view *driven_sent(const driven *d, size_t index);
/* The first task. */
weir__task *driven_task(const driven *d);
/* Dropped records, without those that a repartition drops: Kafka does not count these. */
size_t driven_dropped(const driven *d);

#endif
