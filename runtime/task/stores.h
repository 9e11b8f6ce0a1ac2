/* SPDX-License-Identifier: Apache-2.0
 *
 * The stores of a task and their changelogs: the layers of a store, the changelog of its changes,
 * and the offset up to which the changelog has them. */
#ifndef WEIR_TASK_STORES_H
#define WEIR_TASK_STORES_H

#include "task/output.h"

/* The delivery reports of the thread's producer for a changelog partition. It is valid as long as
 * the producer, since delivery reports may arrive after the task is closed. */
typedef struct weir__changelog_acks {
    weir__task_env *env;
    weir__task_output *output;  /* of the task that opened it last */
    weir__delivery on_delivery; /* the delivery report of its records; user: this */
    int64_t acked;              /* offset of the last record delivered; WEIR__NO_OFFSET: none */
    size_t in_flight;
} weir__changelog_acks;

typedef enum weir__restore_state {
    WEIR__RESTORE_NONE,   /* not started */
    WEIR__RESTORE_ACTIVE, /* in progress */
    WEIR__RESTORE_DONE,
} weir__restore_state;

typedef struct weir__task_store {
    const weir__store_spec *spec;
    weir__kv *inner; /* memory or RocksDB, below the other layers; the graph closes it */
    bool persistent;
    /* The changelog, or the topic of a source table; topic NULL: the store has none. */
    char *topic;
    int32_t partition;
    weir__changelog_acks *acks; /* NULL: nothing is written to the topic */
    int64_t covered; /* without acks: the offset up to which the rows have the topic, as acked */
    int64_t partition_time_ms; /* of a restore from the topic of a source table */
    weir__graph *graph;
    weir__task_env *env;
    const char *task; /* its name */
    weir__task_output *output;
    weir__arena memory; /* of a change that is logged; empty otherwise */
    /* Restore. */
    weir__restore_state restore;
    int64_t start;    /* first offset of this restore */
    int64_t position; /* next offset to be read */
    int64_t end;      /* fixed at the start */
    int64_t restored; /* records */
    int64_t as_of_ms; /* when the rows last matched the changelog; 0: not read yet */
    bool as_of_noted; /* as_of_ms is written to the store */
    bool spared;      /* weir__task_stores_wipe keeps it: no changelog has its rows */
} weir__task_store;

typedef struct weir__task_stores {
    weir__task_env *env;
    const char *task;          /* its name */
    weir__task_output *output; /* from RESTORING on */
    weir__task_store *items;
    size_t count;
} weir__task_stores;

/* Opens the stores of a sub-topology for one partition and hands their layers to `graph`. */
weir_err weir__task_stores_open(weir__task_stores *stores, const weir__subtopology *sub,
                                int32_t partition, weir__graph *graph, weir_error *error);
/* After the graph is freed (which closes the stores). */
void weir__task_stores_fini(weir__task_stores *stores);

/* The last step of a commit, when the records of the changelogs are delivered and the offsets of
 * the input are committed (exactly once: the transaction is). Each store gets the offset of its
 * changelog; exactly once, in one atomic write with its rows since the last commit. After a failure
 * some stores may have theirs: each has the rows that its offset says. */
weir_err weir__task_stores_commit(weir__task_stores *stores, weir_error *error);
/* Exactly once, after the transaction was aborted: drops all changes since the last commit, also
 * those in caches, and what is to be logged. The processors must be opened again (they may have
 * read the dropped rows). After a failure it may be repeated, or the task be closed. */
weir_err weir__task_stores_rollback(weir__task_stores *stores, weir_error *error);
/* True if the stores of the thread have more changes since the last commit than
 * statestore.uncommitted.max.bytes allows: it should commit. */
static inline bool weir__task_stores_are_full(const weir__task_env *env)
{
    return env->uncommitted.bytes > env->uncommitted.max_bytes;
}

/* Before the graph is freed, if the stores are deleted then: what they have not written yet need
 * not be. Not of those that are spared. */
void weir__task_stores_discard(weir__task_stores *stores);
/* Before the graph is freed, if the stores are to be wiped then: spares those without a changelog
 * that are not damaged. */
void weir__task_stores_spare(weir__task_stores *stores);
/* Deletes the other stores from the disk; they must be closed. */
void weir__task_stores_wipe(weir__task_stores *stores);

#endif
