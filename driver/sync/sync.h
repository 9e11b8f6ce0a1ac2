/* SPDX-License-Identifier: Apache-2.0
 *
 * The synchronous driver: the tasks of a topology over the loopback, on the caller's thread, by a
 * clock that the caller sets. The worker, the tasks and the global tables are those of an instance;
 * only the threads and the group are left out. */
#ifndef WEIR_DRIVER_SYNC_SYNC_H
#define WEIR_DRIVER_SYNC_SYNC_H

#include "cluster/globals.h"
#include "cluster/worker.h"
#include "common/warnings.h"
#include "sync/loopback.h"

#define WEIR__SYNC_PARTITIONS_MAX 1000 /* of a topic: each may be a task with stores of its own */

/* Zeros: defaults. */
typedef struct weir__sync_opts {
    const weir_topology *topology; /* borrowed */
    const weir_config *config;     /* borrowed; checked by the caller */
    weir_app_opts app;
    /* Of topics without a count of their own. 0: 1. */
    int32_t partitions;
    /* Topics that exist at the start, with their partitions. If every source topic has one
     * partition, the whole topology is one task, as in Kafka's TopologyTestDriver. */
    const weir__topic_count *topics;
    size_t topic_count;
    int64_t start_ms;     /* wall clock, >= 0 */
    size_t records_max;   /* of a call; 0: no limit */
    size_t bytes_max;     /* the same */
    bool commit_interval; /* commits as an instance does, with caches; else after each record */
    bool discard;         /* state.dir is deleted afterwards: stores need not be written to it */
} weir__sync_opts;

/* A call that processes: what it has done so far, for its limits. */
typedef struct weir__sync_call {
    size_t records; /* that the tasks have read */
    size_t from;    /* records of all topics when it began */
    size_t bytes;   /* the same */
} weir__sync_call;

typedef struct weir__sync {
    weir__instance instance;
    const weir_topology *topology; /* the one that runs */
    weir_topology *merged;         /* NULL: several tasks */
    weir__loopback *loopback;
    weir__globals *globals; /* NULL: none */
    weir__worker worker;
    weir__arena arena; /* of the assignment */
    weir__assignment assignment;
    weir__member_tasks tasks;
    int32_t partitions; /* of topics that are made when a record is sent to them */
    weir_error failed;  /* the first failure; nothing is processed after it */
    size_t uncommitted; /* records since the last commit, which would have flushed nothing */
    size_t polled;      /* weir__loopback_unread_end at the last poll; SIZE_MAX: poll */
    weir__sync_call call;
    size_t records_max; /* of a call */
    size_t bytes_max;   /* the same */
    bool has_patterns;  /* of topics: a source reads all that match */
    bool commit_interval;
    bool discard;
    bool worker_open;
    bool running;            /* callbacks of the topology may be on the stack */
    weir__warnings warnings; /* that the instance has logged */
} weir__sync;

/* `error` must not be NULL, here and below. */
/* Makes the topics, opens the stores and processors. Close it also after a failure. */
weir_err weir__sync_open(weir__sync *sync, const weir__sync_opts *opts, weir_error *error);
void weir__sync_close(weir__sync *sync);

/* The topic whose name is nearest, for errors; NULL: none is near. */
const char *weir__sync_nearest_topic(const weir__sync *sync, const char *topic);
int64_t weir__sync_now_ms(const weir__sync *sync);
/* The kept failure of an earlier call; or WEIR_ESTATE, as below. */
weir_err weir__sync_check(const weir__sync *sync, weir_error *error);
/* Appends the record and processes until every task waits. WEIR_ENOTFOUND: no source reads the
 * topic. WEIR_ESTATE, here and below: a callback of the topology calls it, or the caller jumped out
 * of a callback. WEIR_ELIMIT: records_max or bytes_max. Another error is that of a task; each later
 * call returns it, too, as it does a limit. */
weir_err weir__sync_pipe(weir__sync *sync, const weir__outgoing *record, weir_error *error);
/* Makes a topic that a pattern matches, unless it exists. */
weir_err weir__sync_make_matching(weir__sync *sync, const char *topic, weir_error *error);
/* If patterns match topics that are not read yet, the tasks read them from now on (*changed), as
 * after a rebalance. */
weir_err weir__sync_follow_topics(weir__sync *sync, bool *changed, weir_error *error);
/* Advances the wall clock (ms >= 0), fires the punctuations that are due, once, and processes what
 * they sent. */
weir_err weir__sync_advance(weir__sync *sync, int64_t ms, weir_error *error);
/* Commits, and processes what that sent. */
weir_err weir__sync_commit(weir__sync *sync, weir_error *error);

#endif
