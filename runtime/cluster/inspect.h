/* SPDX-License-Identifier: Apache-2.0
 *
 * Inspection of a running application, for the test driver: what each thread has and what it waits
 * for. A snapshot is borrowed for the call of the function that gets it; during the call the thread
 * is between two iterations of its loop. */
#ifndef WEIR_CLUSTER_INSPECT_H
#define WEIR_CLUSTER_INSPECT_H

#include <pthread.h>

#include "core/buf.h"
#include "process/graph.h"

typedef struct weir__snapshot_partition {
    const char *topic;
    int32_t partition;
    int64_t next_offset;      /* of the next record to be processed; negative: not known */
    int64_t committed_offset; /* as committed by this task or found at its start; -1: none */
    int64_t end_offset;       /* as last reported by the broker; -1: not known */
    size_t buffered;
    bool paused;
} weir__snapshot_partition;

typedef struct weir__snapshot_store {
    const char *name;
    const char *changelog; /* NULL: none */
    int32_t partition;     /* of the changelog */
    bool whole;            /* fully restored */
    int64_t position;      /* of the restore */
    int64_t end;
    const struct weir__task *task;
    int index; /* in the topology */
} weir__snapshot_store;

typedef struct weir__snapshot_task {
    const char *name;  /* "0_1" */
    const char *state; /* "RUNNING" */
    const weir__snapshot_partition *partitions;
    size_t partition_count;
    const weir__snapshot_store *stores;
    size_t store_count;
    uint64_t processed;
    int64_t stream_time_ms;
    const char *waits_for; /* in words; "" when it can process */
} weir__snapshot_task;

typedef struct weir__snapshot_thread {
    const char *name;
    const char *state;
    int32_t generation;    /* of the group; -1: none */
    const char *waits_for; /* in words */
    const char *trouble;   /* the failures that are being retried, in words; "": none */
    const weir__snapshot_task *tasks;
    size_t task_count;
} weir__snapshot_thread;

/* Calls fn for each stream thread, in order. WEIR_ETIMEOUT: a thread kept its lock for timeout_ms
 * (wall clock); fn was called for the others. WEIR_ESTATE: not started. Not from a
 * callback of the application. */
weir_err weir__app_inspect(weir_app *app, int64_t timeout_ms,
                           void (*fn)(const weir__snapshot_thread *thread, void *user), void *user,
                           weir_error *error);

/* Reads a store of a running task, through its cache, in the form in which it is stored: rows of
 * timestamped stores begin with 8 bytes of timestamp. Only within fn, as is the use of the
 * iterator. WEIR_EINVAL: rows as of a time, but the store is not versioned. */
weir_err weir__snapshot_store_range(const weir__snapshot_store *store,
                                    const weir__rows_wanted *wanted, weir__kv_iter **out,
                                    weir_error *error);

/* Calls fn for these rows of a global table's store, while its thread waits; a code other than
 * WEIR_OK ends it and is returned. WEIR_ENOTFOUND: there is no global store of that name. */
weir_err weir__app_global_range(weir_app *app, const char *store, const weir__rows_wanted *wanted,
                                weir_err (*fn)(weir_slice key, weir_slice row, void *user),
                                void *user, weir_error *error);
/* The global tables have all records of the partition below `offset`, or do not read it. The
 * application must be started. Any thread. */
bool weir__app_globals_have_read(const weir_app *app, const char *topic, int32_t partition,
                                 int64_t offset);

/* What a stream thread is doing. */
typedef struct weir__snapshot_place {
    const char *thread; /* "a-StreamThread-1" */
    const char *step;   /* docs/steps.md; NULL: none yet */
    const char *task;   /* "0_1"; NULL: no node runs */
    const char *node;
    const char *topic; /* of the record that it has; NULL: none */
    int32_t partition;
    int64_t offset;
} weir__snapshot_place;

/* Reads the place of the stream thread with that handle; false: there is none. Takes no lock and
 * allocates nothing: it works for a thread that is blocked, and in a signal handler. */
bool weir__app_place(const weir_app *app, pthread_t handle, weir__snapshot_place *out);

/* Appends what each thread and task does or waits for, a line each. */
void weir__app_explain(weir_app *app, int64_t timeout_ms, weir_buf *out);

#endif
