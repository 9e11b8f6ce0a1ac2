/* SPDX-License-Identifier: Apache-2.0
 *
 * The client port without brokers: topics in memory, and the consumers, producer and admin client
 * over them. A record that is sent is delivered at once, and the next poll returns it. One thread
 * at a time. */
#ifndef WEIR_DRIVER_SYNC_LOOPBACK_H
#define WEIR_DRIVER_SYNC_LOOPBACK_H

#include "client/port.h"
#include "core/arena.h"
#include "core/map.h"

typedef struct weir__loopback weir__loopback;

/* A record of a topic. Valid as long as the loopback. All records are kept, so they are small: the
 * headers, the key and the value follow in the same memory. */
typedef struct weir__loopback_record {
    struct weir__loopback_partition *partition;
    int64_t offset;
    int64_t timestamp_ms;
    size_t sequence;     /* among the records of all topics, from 0 */
    uint32_t key_size;   /* WEIR__LOOPBACK_NULL: null */
    uint32_t value_size; /* the same */
    uint32_t header_count;
    uint32_t headers_size; /* with the bytes of names and values */
    bool piped;            /* by weir__loopback_append, not by a producer */
    bool internal;         /* to a repartition topic or a changelog */
} weir__loopback_record;

#define WEIR__LOOPBACK_NULL UINT32_MAX

enum { WEIR__LOOPBACK_ROLES = WEIR__GLOBAL_CONSUMER + 1 };

typedef struct weir__loopback_partition {
    struct weir__loopback_topic *topic;
    int32_t number;
    weir__loopback_record **records; /* by offset */
    int64_t count;
    int64_t capacity;
    int64_t start;     /* offset of the first record that is not deleted */
    int64_t committed; /* -1: none */
    char *metadata;    /* of the committed offset; NULL: none */
    size_t metadata_capacity;
    int64_t position[WEIR__LOOPBACK_ROLES]; /* of the consumer of that role; -1: not assigned */
    bool paused[WEIR__LOOPBACK_ROLES];
} weir__loopback_partition;

typedef struct weir__loopback_topic {
    const char *name;
    weir__loopback_partition *partitions;
    int32_t count;
    int32_t turn; /* partition of the next record without a key */
} weir__loopback_topic;

/* `partitions`: of a topic that is made when a record is sent to it. NULL: out of memory. */
weir__loopback *weir__loopback_new(int32_t partitions);
void weir__loopback_free(weir__loopback *loopback); /* its clients must be closed; NULL allowed */

/* As an implementation of the port: for weir__instance.client. */
const weir__client *weir__loopback_client(const weir__loopback *loopback);

/* NULL: no such topic. */
weir__loopback_topic *weir__loopback_find(weir__loopback *loopback, const char *topic);
/* An existing topic stays as it is. NULL: out of memory. */
weir__loopback_topic *weir__loopback_make(weir__loopback *loopback, const char *topic,
                                          int32_t partitions);
/* Calls fn for each topic, in order of creation. */
void weir__loopback_each(const weir__loopback *loopback,
                         void (*fn)(const weir__loopback_topic *topic, void *user), void *user);

/* Appends a copy to the topic (the name in *record is not used). `partition` -1 in *record: that of
 * the key, without a key the next one. */
weir_err weir__loopback_append(weir__loopback *loopback, weir__loopback_topic *topic,
                               const weir__outgoing *record, weir_error *error);
/* The records of all topics, in the order in which they were appended. */
size_t weir__loopback_size(const weir__loopback *loopback);
/* Their bytes: keys, values and headers. */
size_t weir__loopback_bytes(const weir__loopback *loopback);
/* How many there were when the last one came that the main consumer reads. */
size_t weir__loopback_unread_end(const weir__loopback *loopback);
const weir__loopback_record *weir__loopback_at(const weir__loopback *loopback, size_t sequence);
/* The whole record. As valid as the record. */
weir__message_view weir__loopback_view(const weir__loopback_record *record);

#endif
