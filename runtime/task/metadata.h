/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata of a committed offset, as Kafka Streams writes it: the partition time, with which
 * stream time continues after a restart, and up to when tables have emitted their closed windows.
 *
 *     byte 02 | partition time 8 | number of tables 4 | each: length 4 | name of its store | time 8
 *
 * in base64; numbers are big-endian. Without such tables it ends behind the partition time:
 * "AgAAAYvP5W/Q" is 02 0000018bcfe56fd0. */
#ifndef WEIR_TASK_METADATA_H
#define WEIR_TASK_METADATA_H

#include "core/arena.h"
#include "core/buf.h"

#define WEIR__COMMIT_METADATA_SIZE 13 /* without tables, with the terminator */
/* Of a text; offset.metadata.max.bytes of the brokers. */
#define WEIR__COMMIT_METADATA_MAX ((size_t)4096)

/* A table that emits windows when they close. */
typedef struct weir__emitted {
    weir_slice store;
    int64_t close_ms; /* windows that close by then have been emitted; >= 0 */
} weir__emitted;

void weir__commit_metadata_encode(int64_t partition_time_ms, char out[WEIR__COMMIT_METADATA_SIZE]);
/* The text with tables, in `arena`; NULL when out of memory. Tables for which there is no room are
 * left out. */
const char *weir__commit_metadata_text(int64_t partition_time_ms, const weir__emitted *tables,
                                       size_t count, weir__arena *arena);
/* Returns the partition time; -1 for NULL and for other metadata. */
int64_t weir__commit_metadata_decode(const char *text);
/* Calls fn for each table; text as above. */
void weir__commit_metadata_tables(const char *text,
                                  void (*fn)(const weir__emitted *table, void *user), void *user);

#endif
