/* SPDX-License-Identifier: Apache-2.0
 *
 * Kafka Streams' layouts of keys, on topics and in changelogs. All numbers are big-endian. A writer
 * appends to `out`, which keeps a failure. A reader borrows from `bytes`; false: too short, or a
 * length in it is wrong.
 *
 *     on a topic        windowed     key | start 8
 *                       session      key | end 8 | start 8
 *     in a changelog    window       key | start 8 | sequence 4      (WindowKeySchema)
 *                       session      key | end 8 | start 8           (SessionKeySchema)
 *                       shared join  time 8 | side 1 | key           (TimestampedKeyAndJoinSide)
 *                       buffer       0 | time 8 | key | sequence 4   (stream-table join with grace,
 *                                    PrefixedWindowKeySchemas.TimeFirstWindowKeySchema)
 *                       subscription length 4 | foreign key | primary key       (CombinedKey) */
#ifndef WEIR_STATE_KEYS_H
#define WEIR_STATE_KEYS_H

#include "core/buf.h"

/* Bytes behind the key of a window or session store; they begin with the time of the row. */
#define WEIR__WINDOW_SUFFIX ((size_t)12)
#define WEIR__SESSION_SUFFIX ((size_t)16)

typedef struct weir__window_key {
    weir_slice key;
    int64_t start_ms;
    int32_t sequence; /* 0 without duplicates; not in the key on a topic */
} weir__window_key;

void weir__window_topic_key(weir_buf *out, weir_slice key, int64_t start_ms);
bool weir__window_topic_key_read(weir_slice bytes, weir__window_key *out);
void weir__window_store_key(weir_buf *out, const weir__window_key *key);
bool weir__window_store_key_read(weir_slice bytes, weir__window_key *out);

typedef struct weir__session_key {
    weir_slice key;
    int64_t start_ms;
    int64_t end_ms;
} weir__session_key;

/* The same on topics and in stores. */
void weir__session_store_key(weir_buf *out, const weir__session_key *key);
bool weir__session_store_key_read(weir_slice bytes, weir__session_key *out);

typedef struct weir__join_key {
    int64_t time_ms;
    bool left; /* side of the record: 1 left, 0 right */
    weir_slice key;
} weir__join_key;

/* Of the store that both sides of a left or outer join of streams share. */
void weir__shared_join_key(weir_buf *out, const weir__join_key *key);
bool weir__shared_join_key_read(weir_slice bytes, weir__join_key *out);

typedef struct weir__buffer_key {
    int64_t time_ms;
    weir_slice key;
    int32_t sequence;
} weir__buffer_key;

void weir__grace_buffer_key(weir_buf *out, const weir__buffer_key *key);
bool weir__grace_buffer_key_read(weir_slice bytes, weir__buffer_key *out);

typedef struct weir__subscription_key {
    weir_slice foreign_key;
    weir_slice primary_key;
} weir__subscription_key;

void weir__subscription_store_key(weir_buf *out, const weir__subscription_key *key);
bool weir__subscription_store_key_read(weir_slice bytes, weir__subscription_key *out);
/* What all subscriptions of a foreign key begin with. */
void weir__subscription_prefix(weir_buf *out, weir_slice foreign_key);

#endif
