/* SPDX-License-Identifier: Apache-2.0
 *
 * The partitions assigned to a consumer: the position of each, and the records kept for paused
 * partitions.
 *
 * librdkafka drops the fetched records of a partition that is paused, and fetches them again when
 * it is resumed. A pause is therefore local at first: records that still arrive are kept here.
 * librdkafka is paused only when many have been kept (`stopped`). */
#ifndef WEIR_CLIENT_ASSIGNED_H
#define WEIR_CLIENT_ASSIGNED_H

#include "client/kafka.h"

/* With this many kept records or bytes of one partition, librdkafka must stop fetching it. */
#define WEIR__HELD_RECORDS_MAX ((size_t)10000)
#define WEIR__HELD_BYTES_MAX ((size_t)16 << 20)

typedef struct weir__assigned {
    char *topic; /* owned */
    int32_t partition;
    int64_t start;        /* as assigned: an offset, WEIR__OFFSET_BEGINNING or _END */
    int64_t fetched;      /* next offset that librdkafka will return; -1: not known yet */
    int64_t reached;      /* the end of what can be read, when it was last reached; -1: not yet */
    bool seen;            /* a record or the end was fetched since it was assigned */
    bool paused;          /* by the caller */
    bool stopped;         /* paused in librdkafka */
    weir__message *first; /* kept records, in order of offset */
    weir__message *last;
    size_t held_records;
    size_t held_bytes;
} weir__assigned;

/* Sorted by topic and partition. Zero-initialised is empty. */
typedef struct weir__assigned_list {
    weir__assigned *items;
    size_t count;
    size_t held_records; /* of all */
    size_t turn;         /* partition to take kept records from next (round robin) */
    size_t recent;       /* index of the partition found last */
} weir__assigned_list;

/* Makes a list of these partitions, each from its offset. WEIR_EINVAL names a partition that is
 * listed twice or has an invalid offset. `*out` is not changed on failure. */
weir_err weir__assigned_make(const weir__offset *partitions, size_t count, weir__assigned_list *out,
                             weir_error *error);
void weir__assigned_fini(weir__assigned_list *list);

/* NULL: not assigned. */
weir__assigned *weir__assigned_find(weir__assigned_list *list, const char *topic,
                                    int32_t partition);
/* Offset of the next record for the caller; -1: not known yet. */
int64_t weir__assigned_position(const weir__assigned *at);

void weir__assigned_keep(weir__assigned_list *list, weir__assigned *at, weir__message *message);
/* True when librdkafka should stop fetching it. */
bool weir__assigned_is_full(const weir__assigned *at);
/* Moves up to `max` kept records of partitions that are not paused to `out`; returns their number.
 */
size_t weir__assigned_take(weir__assigned_list *list, weir__message **out, size_t max);
/* Moves state, kept records and pause of `from` to `to` (the same partition). */
void weir__assigned_move(weir__assigned_list *from_list, weir__assigned *from,
                         weir__assigned_list *to_list, weir__assigned *to);

#endif
