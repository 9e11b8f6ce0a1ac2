/* SPDX-License-Identifier: Apache-2.0
 *
 * The commit of the tasks, and the tasks that must process records again. */
#include "cluster/task_set_parts.h"
#include "core/error.h"
#include "task/commit.h"

#define REBUILDS_MAX 100 /* a disk that fails again and again must stop the thread */

/* As Kafka does after the answer RETRY (KIP-1065): the record itself is not sent again, since later
 * ones of its task may have been written. */
static weir_err revive_undelivered(weir__task_set *set, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < set->count && err == WEIR_OK; i++) {
        const weir__task *task = set->tasks[i];
        if (task->state == WEIR__TASK_RUNNING && task->output->undelivered.code != WEIR_OK) {
            weir__log_write(set->env->log, WEIR__LOG_WARNING,
                            "%s: task %s: a record was not delivered: the task restores its state "
                            "and processes the records since its last commit again: %s",
                            set->env->observer.thread, task->name,
                            task->output->undelivered.message);
            err = weir__task_set_replace(set, i, true, error);
        }
    }
    return err;
}

weir_err weir__task_set_commit(weir__task_set *set, weir_error *error)
{
    weir_err err = weir__commit_tasks(set->env, set->tasks, set->count, error);
    /* A transaction is aborted for all tasks: weir__task_set_revive. */
    bool goes_on =
        !set->env->guarantee->transactional && (err == WEIR_OK || weir_err_is_retriable(err));
    weir_err revived = goes_on ? revive_undelivered(set, error) : WEIR_OK;
    return revived != WEIR_OK ? revived : err;
}

static bool is_damaged(const weir__task *task)
{
    for (size_t i = 0; i < task->stores.count; i++) {
        if (task->stores.items[i].inner != NULL &&
            weir__kv_is_damaged(task->stores.items[i].inner)) {
            return true;
        }
    }
    return false;
}

weir_err weir__task_set_rebuild_damaged(weir__task_set *set, weir_err err, weir_error *error)
{
    bool rebuilt = false;
    for (size_t i = 0; err == WEIR_ECORRUPT && i < set->count; i++) {
        if (!is_damaged(set->tasks[i]) || set->rebuilt == REBUILDS_MAX) {
            continue;
        }
        weir__log_write(set->env->log, WEIR__LOG_WARNING,
                        "%s: task %s: its state is damaged: it is wiped and restored from its "
                        "changelogs: %s",
                        set->env->observer.thread, set->tasks[i]->name, error->message);
        weir_err replaced = weir__task_set_replace(set, i, true, error);
        if (replaced != WEIR_OK) {
            return replaced;
        }
        weir__transaction_failed(set->env, WEIR_EABORTABLE, error->message);
        set->rebuilt++;
        rebuilt = true;
    }
    return rebuilt ? WEIR_OK : err;
}

/* A store that is closed forgets what was not committed: it is the one of the last commit. */
weir_err weir__task_set_revive(weir__task_set *set, bool all, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < set->count && err == WEIR_OK; i++) {
        const weir__task *task = set->tasks[i];
        bool used = task->state == WEIR__TASK_RUNNING && task->touched;
        if (used || (all && task->state != WEIR__TASK_CREATED)) {
            err = weir__task_set_replace(set, i, false, error);
        }
    }
    return err;
}
