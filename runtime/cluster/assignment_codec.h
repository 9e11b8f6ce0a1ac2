/* SPDX-License-Identifier: Apache-2.0
 *
 * The records of the topic <application.id>-assignment, and their bytes. In each generation of the
 * group every member writes a join record. The leader reads them and then writes the assignment
 * record. */
#ifndef WEIR_CLUSTER_ASSIGNMENT_CODEC_H
#define WEIR_CLUSTER_ASSIGNMENT_CODEC_H

#include "client/client.h"
#include "core/arena.h"
#include "core/buf.h"
#include "task/task_id.h"

/* Progress of a task that ran on the member until this rebalance. */
#define WEIR__PROGRESS_RUNNING ((int64_t)-2)

/* A task whose state a member has, and how much of it: the sum over its changelogs of the offsets
 * that it holds, or WEIR__PROGRESS_RUNNING. */
typedef struct weir__task_progress {
    weir__task_id id;
    int64_t progress;
} weir__task_progress;

typedef struct weir__join_record {
    int32_t generation;
    const char *member_id;
    const char *process_id;             /* members of one instance have the same */
    bool shutdown;                      /* all members must stop: WEIR_SHUTDOWN_APPLICATION */
    const weir__topic_partition *given; /* the partitions that the group assigned */
    size_t given_count;
    const weir__task_progress *tasks;
    size_t task_count;
} weir__join_record;

typedef struct weir__topic_count {
    const char *topic;
    int32_t partitions;
} weir__topic_count;

typedef struct weir__member_tasks {
    const char *member_id;
    const weir__task_id *active; /* in order */
    size_t active_count;
} weir__member_tasks;

typedef struct weir__assignment {
    int32_t generation;
    const char *leader; /* its member id */
    weir_err err;       /* not WEIR_OK: the topology cannot run, all members fail with this */
    const char *message;
    const char *const *fingerprint; /* of the leader's topology: see cluster/fingerprint.h */
    size_t fingerprint_lines;
    const weir__topic_count *topics; /* all source and repartition topics, by name */
    size_t topic_count;
    const weir__member_tasks *members; /* by member id */
    size_t member_count;
} weir__assignment;

typedef enum weir__assignment_kind {
    WEIR__JOIN_RECORD,
    WEIR__ASSIGNMENT_RECORD,
} weir__assignment_kind;

typedef struct weir__assignment_record {
    weir__assignment_kind kind;
    union {
        weir__join_record join;
        weir__assignment assignment;
    };
} weir__assignment_record;

/* Append the value of a record. WEIR_ENOMEM or WEIR_ELIMIT. */
weir_err weir__join_encode(const weir__join_record *join, weir_buf *out);
weir_err weir__assignment_encode(const weir__assignment *assignment, weir_buf *out);
/* *out is allocated in `arena` and borrows nothing. WEIR_EDECODE: the value is no such record.
 * WEIR_EUNSUPPORTED: the record has a later version. */
weir_err weir__assignment_record_decode(weir_slice value, weir__arena *arena,
                                        weir__assignment_record *out, weir_error *error);

#endif
