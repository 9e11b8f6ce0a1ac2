/* SPDX-License-Identifier: Apache-2.0
 *
 * The commit. Its steps have this order, so that a crash between any two of them loses nothing:
 *
 *   1. flush-caches    writes the changes of the record caches downstream, to stores and
 *                      changelogs, and those of suppress buffers to their changelogs
 *   2. flush-producer  waits until the brokers have acknowledged all records in flight
 *   3. commit-offsets  commits the offsets of the input, which is not read again then; exactly once
 *                      (guarantee.h): send-offsets, commit-transaction
 *   4. commit-stores   gives each store the changelog offset of its content; exactly once, in one
 *                      write with its rows since the last commit
 *
 * After a crash before 3, records are processed again (at least once); what a transaction wrote
 * before is aborted (exactly once). After a crash before 4, changelog records are restored again.
 */
#include "task/commit.h"

#include <string.h>

#include "core/error.h"
#include "task/metadata.h"

#define FLUSH_LIMIT_MS 60000
#define FLUSH_SLICE_MS 500 /* between two checks of the membership */

typedef struct pending {
    weir__record_queue *queue;
    int64_t offset;
    int64_t time_ms;
} pending;

typedef struct commit_run {
    weir__task_env *env;
    weir__task **tasks; /* those with something to commit */
    size_t task_count;
    pending *pendings;
    weir__offset *offsets; /* the offsets to commit, parallel to pendings */
    size_t count;
} commit_run;

/* All records below this offset were processed. With an empty queue it is the consumer's position,
 * which is also past offsets without a record (control records, compacted records). During a poll
 * the position may be past records that are not in the queue yet, so it is not used then. */
static int64_t offset_to_commit(const weir__task *task, const weir__record_queue *queue)
{
    if (weir__record_queue_size(queue) > 0 || queue->next_offset < 0 || task->env->polling) {
        return queue->next_offset;
    }
    int64_t position = weir__consumer_position(
        task->env->consumer, (weir__topic_partition){queue->topic, queue->partition});
    return position > queue->next_offset ? position : queue->next_offset;
}

static weir_err flush_tasks(commit_run *commit, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < commit->task_count && err == WEIR_OK; i++) {
        weir__task *task = commit->tasks[i];
        weir__step(&commit->env->observer, WEIR_STEP_FLUSH_CACHES, task->name, NULL);
        err = weir__graph_flush(task->graph, error);
        if (err != WEIR_OK) {
            weir__error_prefix(error, err, "task %s: flush", task->name);
        }
    }
    return err;
}

weir_err weir__flush_producer(const weir__task_env *env, weir__producer *producer,
                              weir_error *error)
{
    for (int64_t waited_ms = 0;; waited_ms += FLUSH_SLICE_MS) {
        weir_err err = weir__producer_flush(producer, FLUSH_SLICE_MS, error);
        if (err != WEIR_ETIMEOUT || waited_ms >= FLUSH_LIMIT_MS) {
            return err;
        }
        if (weir__consumer_has_left(env->consumer)) {
            return weir__error_set(error, WEIR_EFENCED,
                                   "the group went on without this member while it waited for the "
                                   "brokers");
        }
    }
}

static weir_err flush_producer(weir__task_env *env, weir_error *error)
{
    weir__step(&env->observer, WEIR_STEP_FLUSH_PRODUCER, NULL, NULL);
    weir_err err = weir__flush_producer(env, env->producer, error);
    if (env->first_send_failure.code != WEIR_OK) {
        /* The record is lost, so this commit must not be retried, whatever the cause was. */
        err = weir__error_set(error, WEIR_EBROKER, "%s", env->first_send_failure.message);
        env->first_send_failure.code = WEIR_OK;
    }
    return err;
}

/* Leaves out the tasks whose records were not delivered: their input must be processed again. A
 * transaction is committed for all tasks or for none. */
static weir_err leave_out_undelivered(commit_run *commit, weir_error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < commit->task_count; i++) {
        const weir_error *undelivered = &commit->tasks[i]->output->undelivered;
        if (undelivered->code == WEIR_OK) {
            commit->tasks[kept++] = commit->tasks[i];
        } else if (commit->env->guarantee->transactional) {
            weir__transaction_failed(commit->env, WEIR_EABORTABLE, undelivered->message);
            return weir__error_set(error, WEIR_EABORTABLE,
                                   "task %s: a record was not delivered: %s",
                                   commit->tasks[i]->name, undelivered->message);
        }
    }
    commit->task_count = kept;
    return WEIR_OK;
}

static weir_err collect_offsets(commit_run *commit)
{
    for (size_t i = 0; i < commit->task_count; i++) {
        weir__task *task = commit->tasks[i];
        for (size_t q = 0; q < task->queue_count; q++) {
            weir__record_queue *queue = &task->queues[q];
            int64_t offset = offset_to_commit(task, queue);
            if (offset < 0 || (offset == queue->committed_offset &&
                               queue->partition_time_ms == queue->committed_time_ms)) {
                continue;
            }
            pending *one = &commit->pendings[commit->count];
            one->queue = queue;
            one->offset = offset;
            one->time_ms = queue->partition_time_ms;
            weir__offset *to = &commit->offsets[commit->count++];
            *to = (weir__offset){.at = {queue->topic, queue->partition}, .offset = offset};
            to->metadata = weir__commit_metadata_encode(&commit->env->commit, one->time_ms,
                                                        weir__graph_kept_times(task->graph));
            if (to->metadata == NULL) {
                return WEIR_ENOMEM;
            }
        }
    }
    return WEIR_OK;
}

static weir_err commit_offsets(commit_run *commit, weir_error *error)
{
    if (collect_offsets(commit) != WEIR_OK) {
        return weir__error_set(error, WEIR_ENOMEM, "commit");
    }
    weir_err err =
        commit->env->guarantee->commit(commit->env, commit->offsets, commit->count, error);
    if (err != WEIR_OK) {
        return err;
    }
    for (size_t i = 0; i < commit->count; i++) {
        const pending *one = &commit->pendings[i];
        one->queue->committed_offset = one->offset;
        one->queue->committed_time_ms = one->time_ms;
        if (one->queue->next_offset < one->offset) {
            /* The consumer's position. The next commit, perhaps during a poll, must not go back. */
            one->queue->next_offset = one->offset;
        }
    }
    for (size_t i = 0; i < commit->task_count; i++) {
        commit->tasks[i]->touched = false;
        commit->tasks[i]->commit_requested = false;
    }
    return WEIR_OK;
}

/* A source table has what was processed of its topic. */
static void cover_source_topics(weir__task *task)
{
    for (size_t i = 0; i < task->stores.count; i++) {
        weir__task_store *store = &task->stores.items[i];
        for (size_t q = 0; store->spec->source_topic != NULL && q < task->queue_count; q++) {
            const weir__record_queue *queue = &task->queues[q];
            if (queue->committed_offset > 0 && strcmp(queue->topic, store->topic) == 0) {
                store->covered = queue->committed_offset - 1;
            }
        }
    }
}

static weir_err commit_stores(commit_run *commit, weir_error *error)
{
    for (size_t i = 0; i < commit->task_count; i++) {
        weir__task *task = commit->tasks[i];
        if (task->stores.count == 0) {
            continue;
        }
        weir__step(&commit->env->observer, WEIR_STEP_COMMIT_STORES, task->name, NULL);
        cover_source_topics(task);
        weir_err err = weir__task_stores_commit(&task->stores, error);
        if (err != WEIR_OK) {
            return weir__error_prefix(error, err, "task %s: commit of its stores", task->name);
        }
    }
    return WEIR_OK;
}

/* As in Kafka Streams, the offset behind a transaction marker at the end of a partition is
 * committed, too: otherwise the group would lag behind its own repartition topics for ever. */
static bool is_behind_marker(const weir__task *task)
{
    bool behind = false;
    for (size_t q = 0; task->env->guarantee->transactional && q < task->queue_count; q++) {
        const weir__record_queue *queue = &task->queues[q];
        behind = behind || (queue->committed_offset >= 0 &&
                            offset_to_commit(task, queue) > queue->committed_offset);
    }
    return behind;
}

static bool has_something(const weir__task *task)
{
    return task->touched || task->commit_requested || is_behind_marker(task);
}

static weir_err take_touched(commit_run *commit, weir__task *const *tasks, size_t count)
{
    size_t queues = 0;
    weir__arena *arena = &commit->env->commit;
    commit->tasks = weir__arena_alloc_unzeroed(arena, (count + 1) * sizeof(*commit->tasks));
    for (size_t i = 0; i < count && commit->tasks != NULL; i++) {
        if (tasks[i]->state == WEIR__TASK_RUNNING && has_something(tasks[i])) {
            commit->tasks[commit->task_count++] = tasks[i];
            queues += tasks[i]->queue_count;
        }
    }
    commit->pendings = weir__arena_alloc_unzeroed(arena, (queues + 1) * sizeof(*commit->pendings));
    commit->offsets = weir__arena_alloc_unzeroed(arena, (queues + 1) * sizeof(*commit->offsets));
    return commit->tasks != NULL && commit->pendings != NULL && commit->offsets != NULL
               ? WEIR_OK
               : WEIR_ENOMEM;
}

weir_err weir__commit_tasks(weir__task_env *env, weir__task *const *tasks, size_t count,
                            weir_error *error)
{
    commit_run commit = {.env = env};
    weir_err err = take_touched(&commit, tasks, count);
    if (err != WEIR_OK) {
        weir__error_set(error, err, "commit");
        goto done;
    }
    if (commit.task_count == 0 && !env->transaction.open) {
        goto done;
    }
    err = flush_tasks(&commit, error);
    if (err == WEIR_OK) {
        err = flush_producer(env, error);
    }
    if (err == WEIR_OK) {
        err = leave_out_undelivered(&commit, error);
    }
    if (err == WEIR_OK) {
        err = commit_offsets(&commit, error);
    }
    if (err == WEIR_OK) {
        err = commit_stores(&commit, error);
    }
done:
    weir__arena_reset(&env->commit);
    return err;
}
