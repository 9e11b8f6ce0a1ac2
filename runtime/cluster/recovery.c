/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker does when its transaction cannot be committed. A transaction has the records of all
 * tasks of the thread, so all of them process their records again (Kafka Streams:
 * TaskCorruptedException, TaskMigratedException). */
#include "cluster/worker.h"
#include "core/error.h"

static weir_err revive(weir__worker *worker, weir_error *error)
{
    weir__task_env *env = &worker->env;
    weir_err aborted = WEIR_EFATAL;
    if (env->transaction.failed.code == WEIR_EABORTABLE) {
        aborted = env->guarantee->abort_transaction(env, error);
    }
    if (aborted == WEIR_OK) {
        return weir__task_set_revive(&worker->tasks, false, error);
    }
    if (aborted == WEIR_EFENCED) {
        return aborted;
    }
    weir__log_write(env->log, WEIR__LOG_WARNING, "%s: its producer is replaced: %s", worker->name,
                    error->message);
    weir_err err = weir__task_set_revive(&worker->tasks, true, error);
    return err == WEIR_OK ? weir__worker_renew_producer(worker, error) : err;
}

weir_err weir__worker_recover(weir__worker *worker, weir_err err, weir_error *error)
{
    const weir_error *failed = &worker->env.transaction.failed;
    if (failed->code == WEIR_OK) {
        return err;
    }
    *error = *failed;
    if (failed->code == WEIR_EFENCED) {
        return WEIR_EFENCED;
    }
    weir__log_write(worker->env.log, WEIR__LOG_WARNING,
                    "%s: the transaction is aborted, and its records are processed again: %s",
                    worker->name, error->message);
    return revive(worker, error);
}

weir_err weir__worker_commit_tasks(weir__worker *worker, weir_error *error)
{
    weir_err err = weir__task_set_rebuild_damaged(
        &worker->tasks, weir__task_set_commit(&worker->tasks, error), error);
    return weir__worker_recover(worker, err, error);
}

weir_err weir__worker_commit_last(weir__worker *worker, weir_error *error)
{
    weir_err err = weir__worker_commit_tasks(worker, error);
    if (!weir_err_is_retriable(err) || !worker->env.transaction.open) {
        return err;
    }
    weir__transaction_failed(&worker->env, WEIR_EABORTABLE, error->message);
    return weir__worker_recover(worker, err, error);
}
