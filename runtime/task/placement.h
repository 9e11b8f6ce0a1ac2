/* SPDX-License-Identifier: Apache-2.0
 *
 * The partitions of keys in the topics of joins. A join finds a key only if all its topics have the
 * key in the partition of the same number (co-partitioning). But librdkafka's producers (kcat)
 * choose the partition by CRC32 by default, Kafka's clients and Weir by murmur2. The first keys of
 * each topic of a join are therefore compared with murmur2, and a warning names a topic that
 * differs from the other one. */
#ifndef WEIR_TASK_PLACEMENT_H
#define WEIR_TASK_PLACEMENT_H

#include "core/buf.h"
#include "core/log.h"
#include "topology/topology.h"

#define WEIR__PLACEMENT_RECORDS_MAX 1000 /* sampled, of a partition */

/* Of an instance, shared by its threads. */
typedef struct weir__placement weir__placement;

/* Borrows `topology`. *out NULL: it joins no topics. */
weir_err weir__placement_new(const weir_topology *topology, const char *application,
                             weir__placement **out);
void weir__placement_free(weir__placement *placement); /* NULL allowed */

/* The number of a topic (real name) of a join; -1: no join reads it, or `placement` is NULL. Any
 * thread. */
int weir__placement_find(const weir__placement *placement, const char *topic);

typedef struct weir__placed_key {
    int topic; /* weir__placement_find; not -1 */
    weir_slice key;
    int32_t partition;
    int32_t partitions; /* of the topic */
    int64_t offset;     /* -1: it is from a store */
} weir__placed_key;

/* Adds a key to the sample of its topic; warns once a topic. Any thread. */
void weir__placement_add(weir__placement *placement, const weir__placed_key *key,
                         const weir__log *log, const char *thread);

/* Appends the warnings so far, a line each. NULL allowed. Any thread. */
void weir__placement_explain(weir__placement *placement, weir_buf *out);

#endif
