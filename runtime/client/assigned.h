/* SPDX-License-Identifier: Apache-2.0
 *
 * The partitions assigned to a consumer: how far each is read, and the records held back for those
 * that are paused.
 *
 * librdkafka drops what it has fetched of a partition when that is paused, and fetches it again
 * after. So a pause is first ours alone: what still comes is held here, and only when that is much
 * is librdkafka told (`stopped`). */
#ifndef WEIR_CLIENT_ASSIGNED_H
#define WEIR_CLIENT_ASSIGNED_H

#include "client/kafka.h"

/* More records or bytes than this held of one partition: librdkafka must stop fetching it. */
#define WEIR__HELD_RECORDS_MAX ((size_t)10000)
#define WEIR__HELD_BYTES_MAX ((size_t)16 << 20)

typedef struct weir__assigned {
    char *topic; /* owned */
    int32_t partition;
    int64_t start;        /* as assigned: an offset, WEIR__OFFSET_BEGINNING or _END */
    int64_t fetched;      /* next offset to come from librdkafka; -1: not known yet */
    bool heard;           /* something was fetched since it was assigned */
    bool paused;          /* by the caller */
    bool stopped;         /* librdkafka was told to pause */
    weir__message *first; /* held, in order of offset */
    weir__message *last;
    size_t held_records;
    size_t held_bytes;
} weir__assigned;

/* Sorted by topic and partition. Zero-initialised is empty. */
typedef struct weir__assigned_list {
    weir__assigned *items;
    size_t count;
    size_t held_records; /* of all */
    size_t turn;         /* whose held records are next, so that all get their turn */
    size_t recent;       /* found last */
} weir__assigned_list;

/* A list of these partitions, each from its offset. WEIR_EINVAL names one that comes twice or has
 * an offset that is none. `*out` untouched on failure. */
weir_err weir__assigned_make(const weir__offset *partitions, size_t count, weir__assigned_list *out,
                             weir_error *error);
void weir__assigned_fini(weir__assigned_list *list);

/* NULL when there is none. */
weir__assigned *weir__assigned_find(weir__assigned_list *list, const char *topic,
                                    int32_t partition);
/* Offset of the next record for the caller; -1: not known yet. */
int64_t weir__assigned_position(const weir__assigned *at);

void weir__assigned_keep(weir__assigned_list *list, weir__assigned *at, weir__message *message);
/* True when librdkafka should stop fetching it. */
bool weir__assigned_is_full(const weir__assigned *at);
/* Moves up to `max` held records of partitions that are not paused to `out`; returns how many. */
size_t weir__assigned_take(weir__assigned_list *list, weir__message **out, size_t max);
/* Moves state, held records and pause of `from` to `to` (the same partition). */
void weir__assigned_move(weir__assigned_list *from_list, weir__assigned *from,
                         weir__assigned_list *to_list, weir__assigned *to);

#endif
