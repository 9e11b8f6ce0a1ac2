/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker runs tasks. It has the clients, the record cache, the task set, and the steps of an
 * iteration that work on tasks. It has no thread, no lock and no group, and it reads no clock: its
 * caller (a stream thread) sets env.now_ms and calls the steps in order. */
#ifndef WEIR_CLUSTER_WORKER_H
#define WEIR_CLUSTER_WORKER_H

#include "cluster/instance.h"
#include "cluster/retry.h"
#include "cluster/task_set.h"

typedef struct weir__worker {
    const weir__instance *instance;
    const char *name; /* of the thread: in log lines and steps; borrowed */
    int number;       /* of the thread, from 1: in client ids */
    weir__task_env env;
    weir__task_set tasks;
    bool open_tasks;      /* the task set is valid */
    int64_t committed_ms; /* when a commit was last tried */
    int64_t purged_ms;
    int64_t noted_ms; /* when the use of the tasks' folders was last noted */
    weir__retry commit_retry;
    weir__retry restore_retry;
} weir__worker;

/* All but the copied events is borrowed until the worker is closed. */
typedef struct weir__worker_opts {
    const weir__instance *instance;
    const char *name;
    int number;
    weir__consumer_events events;
    _Atomic(const char *) *step; /* where the thread's current step is stored; NULL: nowhere */
} weir__worker_opts;

/* Creates the cache, the clients and the task set, at the time `now_ms`. Close it also after a
 * failure. */
weir_err weir__worker_open(weir__worker *worker, const weir__worker_opts *opts, int64_t now_ms,
                           weir_error *error);
/* The tasks must be closed. The consumer leaves its group first. */
void weir__worker_close(weir__worker *worker);
/* Drops the producer's in-flight records; there must be no tasks, or only CREATED ones. */
weir_err weir__worker_renew_producer(weir__worker *worker, weir_error *error);

/* When there is work to do even if no record arrives; now_ms: at once; INT64_MAX: never. */
int64_t weir__worker_due_ms(weir__worker *worker);
/* Adds a record to the queue of its task. Consumes the message. */
weir_err weir__worker_add(weir__worker *worker, weir__message *message,
                          const weir__message_view *view, weir_error *error);
/* Pauses the queues that are too full and resumes the others. */
void weir__worker_pause_full(weir__worker *worker);
/* Processes until the budget is spent or every task waits. */
weir_err weir__worker_process(weir__worker *worker, weir_error *error);
/* After a poll that fetched records, or an assignment: what the tasks know of the records that they
 * wait for is out of date. weir__worker_process calls it. */
void weir__worker_fetched(weir__worker *worker);
/* Processes one record of the next task that has one; *done: there was one. */
weir_err weir__worker_process_one(weir__worker *worker, bool *done, weir_error *error);
/* Runs the punctuations that are due by wall clock. Punctuations by stream time run in
 * weir__worker_process, after the record that makes them due. */
weir_err weir__worker_punctuate(weir__worker *worker, weir_error *error);
/* commit.interval.ms has passed, a commit is to be tried again, or a processor asked for one. */
bool weir__worker_commit_is_due(const weir__worker *worker);
/* WEIR_EFENCED: the group has removed this member, or another producer has fenced this one; the
 * caller must close the tasks. */
weir_err weir__worker_commit(weir__worker *worker, weir_error *error);
/* The commit itself, without its times. Aborts a transaction that cannot be committed, see
 * _recover. */
weir_err weir__worker_commit_tasks(weir__worker *worker, weir_error *error);
/* The same before tasks are suspended or closed: a transaction that cannot be committed now is
 * aborted, since it cannot be committed later. */
weir_err weir__worker_commit_last(weir__worker *worker, weir_error *error);
/* After a step with the outcome `err`: if the transaction has failed, aborts it and makes the tasks
 * again that had records in it; *error then is that failure. WEIR_OK: the worker goes on.
 * WEIR_EFENCED: as _commit. Without a failed transaction it returns `err`, *error unchanged. */
weir_err weir__worker_recover(weir__worker *worker, weir_err err, weir_error *error);
/* Notes, from time to time, that the folders of the tasks are in use: their age is then known after
 * a crash. */
void weir__worker_note_used(weir__worker *worker);
/* Restores a slice, and starts the tasks whose stores are restored. */
weir_err weir__worker_restore(weir__worker *worker, weir_error *error);

/* Moves fetch positions outside their log to its start or end, as auto.offset.reset says.
 * WEIR_ERANGE: auto.offset.reset is none. */
weir_err weir__worker_skip_missing(weir__worker *worker, weir_error *error);
/* The offsets at which the running tasks continue: *out is malloc'ed, with room for one more. */
weir_err weir__worker_positions(const weir__worker *worker, weir__offset **out, size_t *count,
                                weir_error *error);

#endif
