/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests about topics and logs, each observed as one line (or a few): what was asked, then what
 * the broker answered. */
#ifndef WEIR_TESTS_PROTOCOL_REQUESTS_H
#define WEIR_TESTS_PROTOCOL_REQUESTS_H

#include "batches.h"

/* ---- Topics ---- */
/* Creates a topic and waits until its partitions can be read. Observed only if it fails. `config`:
 * name, value, ..., NULL; or NULL. */
void create_topic(run *r, const char *topic, int32_t partitions, const char *const *config);

/* ---- Produce ---- */
typedef struct produce_part {
    const char *topic;
    int32_t partition;
    const batch *batch;
    const batch *second;  /* NULL: none; a second batch in the same partition's data */
    const uint8_t *bytes; /* instead of batches: `byte_count` bytes */
    size_t byte_count;
} produce_part;
#define PARTS_MAX 8
typedef struct produce_request {
    int16_t acks;    /* added to -1 */
    int16_t version; /* 0: 7 */
    const char *txn; /* as the broker knows it; NULL: that of the first batch's producer */
    produce_part parts[PARTS_MAX]; /* up to the first without a topic */
} produce_request;
void produce_all(run *r, const produce_request *wanted);
/* One batch. */
void produce(run *r, const char *topic, int32_t partition, const batch *b);
/* Values without a producer, quietly: the set-up of a scenario. One batch each; NULL ends. */
void fill(run *r, const char *topic, int32_t partition, const char *const *values);

/* ---- Fetch ---- */
typedef struct fetch_part {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int32_t bytes_max; /* 0: 1 MiB */
    int32_t epoch;     /* added to -1 */
} fetch_part;
typedef struct fetch_request {
    bool committed; /* read_committed */
    int32_t bytes_max;
    int32_t bytes_min;
    int32_t wait_ms;
    int32_t session;
    int32_t session_epoch; /* added to -1: no session */
    fetch_part parts[PARTS_MAX];
} fetch_request;
/* The session id of the answer. */
int32_t fetch_all(run *r, const fetch_request *wanted);
/* The same on a connection, in two steps. */
bool fetch_send(connection *c, const fetch_request *wanted);
int32_t fetch_receive(connection *c);
/* One partition from an offset on. */
void fetch(run *r, const char *topic, int32_t partition, int64_t offset);
void fetch_committed(run *r, const char *topic, int32_t partition, int64_t offset);

/* ---- ListOffsets ---- */
#define TIME_LATEST (-1)
#define TIME_EARLIEST (-2)
#define TIME_OF_LARGEST (-3)
/* `time_ms` >= 0 counts from the run's origin. */
void list_offset(run *r, const char *topic, int32_t partition, int64_t time_ms);
void list_stable_offset(run *r, const char *topic, int32_t partition, int64_t time_ms);
/* The offset, or minus (the error code + 1): quietly. */
int64_t look_up_offset(run *r, const char *topic, int32_t partition, bool committed,
                       int64_t time_ms);
/* Waits until no transaction is open in the partition: until the last stable offset is the end. */
void settle(run *r, const char *topic, int32_t partition);

/* ---- DeleteRecords ---- */
void delete_records(run *r, const char *topic, int32_t partition, int64_t before);

#endif
