/* SPDX-License-Identifier: Apache-2.0
 *
 * Kafka Streams' layouts of values, on internal topics and in changelogs. All numbers are
 * big-endian; null is absent, or a length of -1. A writer appends to `out`, which keeps a failure.
 * A reader borrows from `bytes`; false: they are not of that layout. */
#ifndef WEIR_STATE_VALUES_H
#define WEIR_STATE_VALUES_H

#include <weir/processor.h>

#include "core/arena.h"
#include "core/buf.h"

#define WEIR__FOREIGN_HASH_SIZE ((size_t)16)

/* From the left to the right side of a foreign-key join (SubscriptionWrapperSerde).
 *
 *     version 1, 0x80 set without hash | instruction 1 | hash 16 | primary key | partition 4 */
typedef struct weir__subscription {
    uint8_t instruction; /* 0 to 3 */
    const uint8_t *hash; /* of the left value, WEIR__FOREIGN_HASH_SIZE bytes; NULL: deleted */
    weir_slice primary_key;
    int32_t partition; /* of the primary key */
} weir__subscription;

void weir__subscription_put(weir_buf *out, const weir__subscription *subscription);
bool weir__subscription_read(weir_slice bytes, weir__subscription *out);

/* The answer (SubscriptionResponseWrapperSerde): version 0, 0x80 set without hash | hash 16 |
 * value. An empty value is null. */
typedef struct weir__subscription_answer {
    const uint8_t *hash;
    weir_slice value;
} weir__subscription_answer;

void weir__subscription_answer_put(weir_buf *out, const weir__subscription_answer *answer);
bool weir__subscription_answer_read(weir_slice bytes, weir__subscription_answer *out);

/* A row of the store that both sides of a join share (ListSerde of LeftOrRightValue): all values of
 * a key, time and side.
 *
 *     1 | count 4 | each: length 4 | side 1 (1 left, 0 right) | value */
typedef struct weir__join_value {
    bool left;
    weir_slice value;
} weir__join_value;

/* Reads an item at a time. */
typedef struct weir__join_values {
    weir__reader reader;
    size_t left; /* items not read yet */
} weir__join_values;

void weir__join_values_put(weir_buf *out, const weir__join_value *items, size_t count);
/* Appends the list (null: an empty one) with one item more. False: it is not of that layout. */
bool weir__join_values_add(weir_buf *out, weir_slice list, const weir__join_value *item);
bool weir__join_values_open(weir_slice bytes, weir__join_values *out);
/* False at the end, and for bytes that are no item: then `values->reader.failed` is set. */
bool weir__join_values_next(weir__join_values *values, weir__join_value *out);

/* A row in the changelog of a buffer of suppress or of a stream-table join with grace
 * (BufferValue).
 *
 *     timestamp 8 | offset 8 | topic | partition 4 | headers | prior | old | new | place 8
 *     topic: length 4, bytes    headers: count 4, each name and value with a length of 4
 *     prior, old, new: length 4, bytes; the length of old is -2 when it equals prior */
typedef struct weir__buffered_value {
    int64_t timestamp_ms;
    int64_t offset;
    weir_slice topic; /* not null */
    int32_t partition;
    const weir_header *headers;
    size_t header_count;
    weir_slice prior_value;
    weir_slice old_value;
    weir_slice new_value;
    int64_t place_ms;
} weir__buffered_value;

void weir__buffered_value_put(weir_buf *out, const weir__buffered_value *value);
/* Headers are allocated in `arena`. WEIR_ECORRUPT: no such row. WEIR_ENOMEM. */
weir_err weir__buffered_value_read(weir_slice bytes, weir__arena *arena, weir__buffered_value *out);
/* Only place_ms. False: too short. */
bool weir__buffered_value_place(weir_slice bytes, int64_t *place_ms);
/* The size of a row of a buffer as Kafka counts it (InMemoryTimeOrderedKeyValueChangeBuffer.
 * computeRecordSize): without lengths and counts. `bytes` are of the layout above. */
size_t weir__buffered_value_size(weir_slice key, weir_slice bytes);

#endif
