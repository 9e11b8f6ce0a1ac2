/* SPDX-License-Identifier: Apache-2.0
 *
 * The life cycle of a task: its states, and the transitions between them. */
#include "task/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/reset.h"
#include "core/saturate.h"
#include "task/inputs.h"
#include "task/metadata.h"
#include "task/process.h"
#include "task/sample.h"

const char *weir__task_state_name(weir__task_state state)
{
    static const char *const names[] = {"CREATED", "RESTORING", "RUNNING", "SUSPENDED", "CLOSED"};
    return names[state];
}

static void set_state(weir__task *task, weir__task_state to)
{
    static const bool allowed[][5] = {
        /*                        CREATED RESTORING RUNNING SUSPENDED CLOSED */
        [WEIR__TASK_CREATED] = {false, true, false, false, true},
        [WEIR__TASK_RESTORING] = {false, false, true, true, true},
        [WEIR__TASK_RUNNING] = {false, false, false, true, true},
        [WEIR__TASK_SUSPENDED] = {false, true, true, false, true},
        [WEIR__TASK_CLOSED] = {false, false, false, false, false},
    };
    weir_assert(allowed[task->state][to]);
    weir__log_write(task->env->log, WEIR__LOG_DEBUG, "%s: task %s: %s -> %s",
                    task->env->observer.thread, task->name, weir__task_state_name(task->state),
                    weir__task_state_name(to));
    task->state = to;
}

static const weir__subtopology *subtopology_of(const weir__task *task)
{
    return &task->env->topology->subtopologies[task->id.subtopology];
}

/* ---- Creation ---- */

const char *weir__task_name(const weir_topology *topology, weir__task_id id,
                            char out[WEIR__TASK_NAME_SIZE])
{
    snprintf(out, WEIR__TASK_NAME_SIZE, "%d_%d", topology->subtopologies[id.subtopology].id,
             id.partition);
    return out;
}

weir_err weir__task_new(weir__task_env *env, weir__task_id id, const weir__task_topics *topics,
                        weir__task **out, weir_error *error)
{
    if (id.subtopology < 0 || (size_t)id.subtopology >= env->topology->subtopology_count ||
        id.partition < 0) {
        return weir__error_set(error, WEIR_ETOPOLOGY,
                               "this topology has no task %d of sub-topology %d", id.partition,
                               id.subtopology);
    }
    weir__task *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "task");
    }
    task->id = id;
    task->env = env;
    task->state = WEIR__TASK_CREATED;
    task->stream_time_ms = -1;
    weir__task_name(env->topology, id, task->name);
    task->stores = (weir__task_stores){.env = env, .task = task->name};
    weir_err err = weir__task_inputs_open(task, topics);
    if (err != WEIR_OK) {
        weir__error_set(error, err, "task %s", task->name);
        weir__task_free(task);
        return err;
    }
    *out = task;
    return WEIR_OK;
}

void weir__task_free(weir__task *task)
{
    if (task == NULL) {
        return;
    }
    weir_assert(task->graph == NULL);
    weir__task_inputs_close(task);
    free(task);
}

/* ---- CREATED -> RESTORING -> RUNNING ---- */

weir_err weir__task_open(weir__task *task, weir_error *error)
{
    const weir__subtopology *sub = subtopology_of(task);
    weir_err err = WEIR_OK;
    if (sub->store_count > 0 && task->env->directory != NULL) {
        err = weir__directory_lock_task(task->env->directory, task->name, error);
        task->locked = err == WEIR_OK;
    }
    if (err == WEIR_OK) {
        err = weir__task_output_open(task->env, task->name, &task->output, error);
        task->stores.output = task->output;
    }
    if (err == WEIR_OK) {
        weir__graph_host host = weir__task_graph_host(task);
        err =
            weir__graph_new(task->env->topology, task->id.subtopology, &host, &task->graph, error);
    }
    if (err == WEIR_OK && task->env->globals != NULL) {
        err = weir__graph_set_globals(task->graph, task->env->globals, error);
    }
    if (err == WEIR_OK) {
        err = weir__task_stores_open(&task->stores, sub, task->id.partition, task->graph, error);
    }
    if (err != WEIR_OK) {
        weir__graph_free(task->graph);
        task->graph = NULL;
        weir__task_stores_fini(&task->stores);
        if (task->locked) {
            weir__directory_unlock_task(task->env->directory, task->name);
            task->locked = false;
        }
        return err;
    }
    set_state(task, WEIR__TASK_RESTORING);
    return WEIR_OK;
}

weir__reset weir__task_reset(const weir__task *task, const weir__record_queue *queue)
{
    const char *own = task->env->topology->nodes[queue->source].source.auto_offset_reset;
    if (queue->repartition) {
        return (weir__reset){.kind = WEIR__RESET_EARLIEST};
    }
    return own != NULL ? weir__reset_of(own) : task->env->settings.reset;
}

weir_err weir__task_reset_offset(const weir__task *task, const weir__record_queue *queue,
                                 weir__reset reset, int64_t *out, weir_error *error)
{
    const weir__topic_partition at = {queue->topic, queue->partition};
    int64_t start = 0;
    int64_t end = 0;
    weir_assert(reset.kind != WEIR__RESET_NONE);
    if (reset.kind == WEIR__RESET_BY_DURATION) {
        int64_t time_ms = weir__sub_sat(task->env->now_ms, reset.ago_ms);
        return weir__admin_query_time(task->env->admin, at, time_ms > 0 ? time_ms : 0, out, error);
    }
    weir_err err = weir__admin_query_offsets(task->env->admin, at, &start, &end, error);
    if (err == WEIR_OK) {
        *out = reset.kind == WEIR__RESET_LATEST ? end : start;
    }
    return err;
}

/* Sets start_offset of each queue that has no committed offset. For auto.offset.reset latest and by
 * duration it asks the broker for the offset and commits it with the next commit: a later owner
 * then continues from there. */
static weir_err find_starts(weir__task *task, const weir__offset *committed, weir_error *error)
{
    for (size_t i = 0; i < task->queue_count; i++) {
        weir__record_queue *queue = &task->queues[i];
        weir__reset reset = weir__task_reset(task, queue);
        queue->start_offset =
            committed[i].offset >= 0 ? committed[i].offset : WEIR__OFFSET_BEGINNING;
        if (committed[i].offset >= 0 || reset.kind == WEIR__RESET_EARLIEST) {
            continue;
        }
        if (reset.kind == WEIR__RESET_NONE) {
            return weir__error_set(error, WEIR_ERANGE,
                                   "task %s: the group has no committed offset for %s-%d, and "
                                   "auto.offset.reset is none: set it to earliest or latest, or "
                                   "auto_offset_reset of the source",
                                   task->name, queue->topic, queue->partition);
        }
        weir_err err = weir__task_reset_offset(task, queue, reset, &queue->start_offset, error);
        if (err != WEIR_OK) {
            return err;
        }
        /* Committed at once: after a crash the start is not chosen again, past records that came
         * meanwhile. */
        task->touched = true;
        task->commit_requested = true;
    }
    return WEIR_OK;
}

/* The times that the graph keeps, of which one cannot be restored. */
typedef struct restored_times {
    weir__graph *graph;
    weir_err err;
} restored_times;

static void restore_time(weir_slice name, int64_t ms, void *user)
{
    restored_times *restored = user;
    weir_err err = weir__graph_restore_time(restored->graph, name, ms);
    restored->err = err != WEIR_OK ? err : restored->err;
}

weir_err weir__task_start(weir__task *task, const weir__offset *committed, weir_error *error)
{
    weir_err found = find_starts(task, committed, error);
    if (found != WEIR_OK) {
        return found;
    }
    restored_times restored = {.graph = task->graph};
    for (size_t i = 0; i < task->queue_count; i++) {
        weir__record_queue *queue = &task->queues[i];
        int64_t offset = committed[i].offset;
        int64_t time_ms =
            weir__commit_metadata_decode(committed[i].metadata, restore_time, &restored);
        weir__record_queue_start(queue, queue->start_offset, time_ms);
        queue->committed_offset = offset;
        queue->committed_time_ms = time_ms;
        if (time_ms > task->stream_time_ms) {
            task->stream_time_ms = time_ms;
        }
    }
    if (restored.err != WEIR_OK) {
        return weir__error_set(error, restored.err,
                               "task %s: no memory for the times that were committed", task->name);
    }
    weir__chooser_clear(&task->chooser);
    if (!task->graph_open) {
        weir_err err = weir__graph_open(task->graph, error);
        if (err != WEIR_OK) {
            return err;
        }
        task->graph_open = true;
        weir__sample_tables(task);
    }
    set_state(task, WEIR__TASK_RUNNING);
    return WEIR_OK;
}

/* ---- SUSPENDED and back ---- */

void weir__task_suspend(weir__task *task)
{
    weir__step(&task->env->observer, WEIR_STEP_SUSPEND, task->name, NULL);
    for (size_t i = 0; i < task->queue_count; i++) {
        weir__record_queue_clear(&task->queues[i]);
        task->queues[i].paused = false;
    }
    weir__chooser_clear(&task->chooser);
    set_state(task, WEIR__TASK_SUSPENDED);
}

void weir__task_resume(weir__task *task)
{
    set_state(task, task->graph_open ? WEIR__TASK_RUNNING : WEIR__TASK_RESTORING);
}

weir_err weir__task_unchanged(weir__task *task, const weir__offset *committed, bool *out,
                              weir_error *error)
{
    bool same = !task->touched;
    for (size_t i = 0; i < task->queue_count && same; i++) {
        same = committed[i].offset == task->queues[i].committed_offset;
    }
    for (size_t i = 0; i < task->stores.count && same; i++) {
        const weir__task_store *store = &task->stores.items[i];
        if (store->acks == NULL) {
            continue;
        }
        int64_t start = 0;
        int64_t end = 0;
        weir_err err = weir__admin_query_offsets(
            task->env->admin, (weir__topic_partition){store->topic, store->partition}, &start, &end,
            error);
        if (err != WEIR_OK) {
            return err;
        }
        /* Without an acknowledged record, the end is that of the restore. */
        int64_t known = store->acks->acked != WEIR__NO_OFFSET ? weir__add_sat(store->acks->acked, 1)
                                                              : store->end;
        same = end == known;
    }
    *out = same;
    return WEIR_OK;
}

void weir__task_close(weir__task *task, bool clean, bool wipe)
{
    weir__step(&task->env->observer, WEIR_STEP_CLOSE, task->name, clean ? "clean" : "dirty");
    for (size_t i = 0; i < task->queue_count; i++) {
        weir__record_queue_clear(&task->queues[i]);
    }
    weir__chooser_clear(&task->chooser);
    if (wipe) {
        weir__task_stores_spare(&task->stores);
        weir__task_stores_discard(&task->stores);
    }
    weir__graph_free(task->graph);
    task->graph = NULL;
    task->graph_open = false;
    if (wipe) {
        weir__task_stores_wipe(&task->stores);
    }
    weir__task_stores_fini(&task->stores);
    if (task->locked) {
        weir__directory_unlock_task(task->env->directory, task->name);
        task->locked = false;
    }
    set_state(task, WEIR__TASK_CLOSED);
}
