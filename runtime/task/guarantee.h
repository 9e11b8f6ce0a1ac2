/* SPDX-License-Identifier: Apache-2.0
 *
 * processing.guarantee as a strategy of the one commit path: how the records of a thread's tasks
 * and the offsets of their input take effect.
 *
 *     at least once   The records take effect when they are sent. The commit then commits the
 *                     offsets with the consumer.
 *     exactly once    All records since the last commit, of all tasks of the thread, are one
 *                     transaction of its producer. The commit adds the offsets and commits it
 *                     (KIP-447). What cannot be committed is aborted for all tasks. */
#ifndef WEIR_TASK_GUARANTEE_H
#define WEIR_TASK_GUARANTEE_H

#include "client/client.h"

struct weir__task_env;

/* The transaction of a thread. At least once it stays zero. */
typedef struct weir__transaction {
    bool ready;    /* the producer has its producer id: a transaction may begin */
    bool open;     /* from the first record or offset to the end of commit or abort */
    bool aborting; /* delivery reports of the records that are dropped */
    /* Why the open transaction cannot be committed. WEIR_EABORTABLE: it must be aborted.
     * WEIR_EFENCED: another producer or member has the place of this one. WEIR_EFATAL: the producer
     * is of no use any more. WEIR_OK: it can be committed. */
    weir_error failed;
} weir__transaction;

typedef struct weir__guarantee {
    bool transactional;
    /* Before tasks are opened: ends what an earlier producer of this name left, so that committed
     * offsets and changelogs are final. NULL: nothing to do. WEIR_ETIMEOUT, WEIR_ERETRY: again. */
    weir_err (*prepare)(struct weir__task_env *env, weir_error *error);
    /* Before a record is sent if no transaction is open: begins one. NULL: nothing to do. */
    weir_err (*before_send)(struct weir__task_env *env, weir_error *error);
    /* Commits the offsets, and with them the records sent. After a temporary failure it may be
     * called again with these offsets or later ones. */
    weir_err (*commit)(struct weir__task_env *env, const weir__offset *offsets, size_t count,
                       weir_error *error);
    /* Drops the records sent since the last commit; then the tasks that sent them must be made
     * again. WEIR_OK if nothing is open. After another failure than WEIR_EFENCED only a new
     * producer ends the transaction. NULL: nothing can be dropped. */
    weir_err (*abort_transaction)(struct weir__task_env *env, weir_error *error);
} weir__guarantee;

extern const weir__guarantee weir__at_least_once;
extern const weir__guarantee weir__exactly_once;

/* Sends a record of a task, in the transaction if there are any; else as weir__producer_send. */
weir_err weir__task_send(struct weir__task_env *env, const weir__outgoing *record,
                         const weir__delivery *delivery, weir_error *error);

/* True for the failures that end a transaction: WEIR_EABORTABLE, WEIR_EFENCED, WEIR_EFATAL. */
bool weir__ends_transaction(weir_err err);
/* Notes such a failure, unless there is one. Another one, or none open: does nothing. */
void weir__transaction_failed(struct weir__task_env *env, weir_err err, const char *message);

#endif
