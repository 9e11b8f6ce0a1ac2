/* SPDX-License-Identifier: Apache-2.0
 *
 * Inspection of the stream threads. A thread holds its lock except while it waits for records, so
 * a caller that gets the lock sees the thread between two steps of its loop. Tasks, membership and
 * consumer are read only while the thread is open: it opens and closes them without the lock. */
#include "cluster/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cluster/app.h"
#include "core/clock.h"
#include "core/error.h"
#include "state/cache.h"

#define WAITS_FOR_MAX 192
#define DROPPED_SHOWN 32 /* nodes and reasons */

/* ---- What is shown ---- */

static void explain_hold(const weir__task *task, char out[WAITS_FOR_MAX])
{
    const weir__record_queue *waits_for = NULL;
    weir__wait_reason reason = weir__task_last_reason(task, &waits_for);
    if (reason == WEIR__WAIT_NONE || reason == WEIR__WAIT_EMPTY) {
        snprintf(out, WAITS_FOR_MAX, "%s", reason == WEIR__WAIT_EMPTY ? "waits for records" : "");
        return;
    }
    weir_assert(waits_for != NULL);
    if (reason == WEIR__WAIT_UNKNOWN) {
        snprintf(out, WAITS_FOR_MAX, "waits for the end offset of %s-%d", waits_for->topic,
                 waits_for->partition);
    } else if (reason == WEIR__WAIT_LAG) {
        snprintf(out, WAITS_FOR_MAX, "waits for records of %s-%d: %" PRId64 " are on their way",
                 waits_for->topic, waits_for->partition, waits_for->lag);
    } else {
        snprintf(out, WAITS_FOR_MAX,
                 "waits for records of %s-%d: max.task.idle.ms holds it for %" PRId64 " ms",
                 waits_for->topic, waits_for->partition,
                 waits_for->idle_until_ms - task->env->now_ms);
    }
}

static void explain_task(const weir__task *task, char out[WAITS_FOR_MAX])
{
    switch (task->state) {
    case WEIR__TASK_CREATED:
        snprintf(out, WAITS_FOR_MAX,
                 "waits for its state directory, which another thread or "
                 "process has open");
        return;
    case WEIR__TASK_RUNNING:
        explain_hold(task, out);
        return;
    case WEIR__TASK_SUSPENDED:
        snprintf(out, WAITS_FOR_MAX, "%s",
                 task->verify ? "waits for its committed offsets, to verify them"
                              : "waits for a rebalance");
        return;
    case WEIR__TASK_RESTORING:
    case WEIR__TASK_CLOSED:
        break;
    }
    snprintf(out, WAITS_FOR_MAX, "waits for its committed offsets");
    for (size_t i = 0; i < task->stores.count; i++) {
        const weir__task_store *store = &task->stores.items[i];
        if (store->restore != WEIR__RESTORE_DONE) {
            snprintf(out, WAITS_FOR_MAX, "restores %s from %s-%d: %" PRId64 " of %" PRId64,
                     store->spec->name, store->topic, store->partition, store->position,
                     store->end);
        }
    }
}

/* Everything shown of a thread, in one arena. */
typedef struct thread_snapshot {
    weir__arena arena;
    weir__stream_thread *thread;
} thread_snapshot;

static weir__snapshot_partition *show_partitions(thread_snapshot *snapshot, const weir__task *task)
{
    weir__snapshot_partition *all =
        weir__arena_alloc(&snapshot->arena, (task->queue_count + 1) * sizeof(*all));
    for (size_t i = 0; all != NULL && i < task->queue_count; i++) {
        const weir__record_queue *queue = &task->queues[i];
        all[i] = (weir__snapshot_partition){
            .topic = queue->topic,
            .partition = queue->partition,
            .next_offset = queue->next_offset,
            .committed_offset = queue->committed_offset,
            .end_offset = weir__consumer_end_offset(
                task->env->consumer, (weir__topic_partition){queue->topic, queue->partition}),
            .buffered = weir__record_queue_size(queue),
            .paused = queue->paused};
    }
    return all;
}

static weir__snapshot_store *show_stores(thread_snapshot *snapshot, const weir__task *task)
{
    weir__snapshot_store *all =
        weir__arena_alloc(&snapshot->arena, (task->stores.count + 1) * sizeof(*all));
    for (size_t i = 0; all != NULL && i < task->stores.count; i++) {
        const weir__task_store *store = &task->stores.items[i];
        all[i] = (weir__snapshot_store){.name = store->spec->name,
                                        .changelog = store->topic,
                                        .partition = store->partition,
                                        .whole = store->restore == WEIR__RESTORE_DONE,
                                        .position = store->position,
                                        .end = store->end,
                                        .task = task,
                                        .index = store->spec->index};
    }
    return all;
}

static bool show_task(thread_snapshot *snapshot, const weir__task *task, weir__snapshot_task *out)
{
    char *waits_for = weir__arena_alloc(&snapshot->arena, WAITS_FOR_MAX);
    *out = (weir__snapshot_task){.name = task->name,
                                 .state = weir__task_state_name(task->state),
                                 .partitions = show_partitions(snapshot, task),
                                 .partition_count = task->queue_count,
                                 .stores = show_stores(snapshot, task),
                                 .store_count = task->stores.count,
                                 .processed = task->processed,
                                 .stream_time_ms = task->stream_time_ms,
                                 .waits_for = waits_for};
    if (waits_for == NULL || out->partitions == NULL || out->stores == NULL) {
        return false;
    }
    explain_task(task, waits_for);
    return true;
}

static void put_trouble(weir_buf *out, const char *what, const weir__retry *retry)
{
    if (retry->since_ms != 0) {
        weir__buf_printf(out, "%s%s has failed for %" PRId64 " ms: %s", out->len > 0 ? "; " : "",
                         what, weir__wall_ms() - retry->since_ms, retry->last.message);
    }
}

/* NULL: no memory. */
static const char *show_trouble(thread_snapshot *snapshot)
{
    const weir__stream_thread *thread = snapshot->thread;
    weir_buf text = {0};
    put_trouble(&text, "looking for its topics", &thread->enter_retry);
    if (thread->open) {
        put_trouble(&text, "telling the group", &thread->membership.retry);
        put_trouble(&text, "opening its tasks", &thread->worker.tasks.retry);
        put_trouble(&text, "the restore", &thread->worker.restore_retry);
        put_trouble(&text, "the commit", &thread->worker.commit_retry);
    }
    char *kept =
        text.err == WEIR_OK ? weir__arena_strdup(&snapshot->arena, weir__buf_text(&text)) : NULL;
    weir__buf_fini(&text);
    return kept;
}

static bool show_thread(thread_snapshot *snapshot, weir__snapshot_thread *out)
{
    weir__stream_thread *thread = snapshot->thread;
    weir__thread_state state = atomic_load(&thread->state);
    *out = (weir__snapshot_thread){.name = thread->name,
                                   .state = weir__thread_state_name(state),
                                   .generation = -1,
                                   .waits_for = "",
                                   .trouble = show_trouble(snapshot)};
    if (!thread->open || out->trouble == NULL) {
        return out->trouble != NULL;
    }
    const weir__membership *membership = &thread->membership;
    if (membership->state != WEIR__MEMBER_OUT) {
        out->generation = membership->generation;
    }
    if (membership->state != WEIR__MEMBER_ASSIGNED) {
        out->waits_for = weir__membership_waits_for(membership);
    }
    weir__snapshot_task *tasks =
        weir__arena_alloc(&snapshot->arena, (thread->worker.tasks.count + 1) * sizeof(*tasks));
    if (tasks == NULL) {
        return false;
    }
    out->tasks = tasks;
    for (size_t i = 0; i < thread->worker.tasks.count; i++) {
        if (!show_task(snapshot, thread->worker.tasks.tasks[i], &tasks[i])) {
            return false;
        }
        out->task_count++;
    }
    return true;
}

/* ---- Showing it ---- */

static weir_err look_at(weir__stream_thread *thread, const struct timespec *end,
                        void (*fn)(const weir__snapshot_thread *thread, void *user), void *user,
                        weir_error *error)
{
    if (pthread_mutex_timedlock(&thread->lock, end) != 0) {
        const char *step = atomic_load(&thread->step);
        return weir__error_set(error, WEIR_ETIMEOUT,
                               "%s %s does not come to the end of its step '%s' and has not polled "
                               "for %" PRId64 " ms: the group goes on without it after "
                               "max.poll.interval.ms",
                               thread->name, weir__thread_state_name(atomic_load(&thread->state)),
                               step != NULL ? step : "start",
                               weir__wall_ms() - atomic_load(&thread->polled_ms));
    }
    thread_snapshot snapshot = {.thread = thread};
    weir__snapshot_thread seen;
    weir_err err = WEIR_OK;
    if (show_thread(&snapshot, &seen)) {
        fn(&seen, user);
    } else {
        err = weir__error_set(error, WEIR_ENOMEM, "%s cannot be shown", thread->name);
    }
    weir__arena_fini(&snapshot.arena);
    pthread_mutex_unlock(&thread->lock);
    return err;
}

weir_err weir__app_inspect(weir_app *app, int64_t timeout_ms,
                           void (*fn)(const weir__snapshot_thread *thread, void *user), void *user,
                           weir_error *error)
{
    weir_err err = WEIR_OK;
    struct timespec end = weir__wall_deadline(timeout_ms);
    if (pthread_mutex_timedlock(&app->closing, &end) != 0) {
        return weir__error_set(error, WEIR_ETIMEOUT, "the application starts or closes");
    }
    if (!app->open) {
        err = weir__error_set(error, WEIR_ESTATE, "the application is not started");
    }
    for (int i = 0; app->open && i < app->thread_count; i++) {
        weir_err one = look_at(&app->threads[i], &end, fn, user, error);
        err = err != WEIR_OK ? err : one;
    }
    pthread_mutex_unlock(&app->closing);
    return err;
}

/* ---- Without a lock ---- */

static void find_node(const weir__stream_thread *thread, weir__snapshot_place *out)
{
    for (size_t i = 0; thread->open && thread->worker.open_tasks && i < thread->worker.tasks.count;
         i++) {
        const weir__task *task = thread->worker.tasks.tasks[i];
        if (task == NULL || task->graph == NULL) {
            continue;
        }
        weir__graph_place place = weir__graph_at(task->graph);
        if (place.node != NULL) {
            out->task = task->name;
            out->node = place.node;
            out->topic = place.at.topic;
            out->partition = place.at.partition;
            out->offset = place.at.offset;
            return;
        }
    }
}

bool weir__app_place(const weir_app *app, pthread_t handle, weir__snapshot_place *out)
{
    for (int i = 0; app->threads != NULL && i < app->thread_count; i++) {
        const weir__stream_thread *thread = &app->threads[i];
        if (atomic_load(&thread->started) && pthread_equal(thread->handle, handle)) {
            *out =
                (weir__snapshot_place){.thread = thread->name, .step = atomic_load(&thread->step)};
            find_node(thread, out);
            return true;
        }
    }
    return false;
}

/* ---- Stores ---- */

weir_err weir__snapshot_store_range(const weir__snapshot_store *store,
                                    const weir__rows_wanted *wanted, weir__kv_iter **out,
                                    weir_error *error)
{
    if (store->task->state != WEIR__TASK_RUNNING) {
        return weir__error_set(error, WEIR_ESTATE, "task %s is %s", store->task->name,
                               weir__task_state_name(store->task->state));
    }
    return weir__graph_store_range(store->task->graph, store->index, wanted, out, error);
}

bool weir__app_globals_have_read(const weir_app *app, const char *topic, int32_t partition,
                                 int64_t offset)
{
    return app->global == NULL ||
           weir__global_thread_has_read(app->global, topic, partition, offset);
}

static const weir__store_spec *global_store_of(const weir_app *app, const char *name)
{
    const weir_topology *topology = app->instance.topology;
    for (size_t i = 0; i < topology->store_count; i++) {
        const weir__store_spec *spec = &topology->stores[i];
        if (spec->subtopology == WEIR__GLOBAL_TASK && strcmp(spec->name, name) == 0) {
            return spec;
        }
    }
    return NULL;
}

weir_err weir__app_global_range(weir_app *app, const char *store, const weir__rows_wanted *wanted,
                                weir_err (*fn)(weir_slice key, weir_slice row, void *user),
                                void *user, weir_error *error)
{
    const weir__store_spec *spec = global_store_of(app, store);
    weir_err err = WEIR_OK;
    pthread_mutex_lock(&app->closing);
    if (spec == NULL) {
        err = weir__error_set(error, WEIR_ENOTFOUND, "there is no global store '%s'", store);
    } else if (!app->open || app->global == NULL) {
        err = weir__error_set(error, WEIR_ESTATE, "the application is not started");
    } else {
        weir__graph *graph = weir__global_thread_graph(app->global);
        err = weir__graph_store_scan(graph, spec->index, wanted, fn, user, error);
    }
    pthread_mutex_unlock(&app->closing);
    return err;
}

/* ---- In words ---- */

static void explain_thread(const weir__snapshot_thread *thread, void *user)
{
    weir_buf *out = user;
    weir__buf_printf(out, "%s %s", thread->name, thread->state);
    if (thread->generation >= 0) {
        weir__buf_printf(out, ", generation %d", thread->generation);
    }
    weir__buf_printf(out, "%s%s\n", thread->waits_for[0] != '\0' ? ", " : "", thread->waits_for);
    if (thread->trouble[0] != '\0') {
        weir__buf_printf(out, "  %s\n", thread->trouble);
    }
    for (size_t i = 0; i < thread->task_count; i++) {
        const weir__snapshot_task *task = &thread->tasks[i];
        weir__buf_printf(out, "  task %s %s%s%s; buffered:", task->name, task->state,
                         task->waits_for[0] != '\0' ? ", " : "", task->waits_for);
        for (size_t p = 0; p < task->partition_count; p++) {
            const weir__snapshot_partition *part = &task->partitions[p];
            weir__buf_printf(
                out, " %s-%d: %zu%s (next %" PRId64 ", committed %" PRId64 ", end %" PRId64 ")",
                part->topic, part->partition, part->buffered, part->paused ? " paused" : "",
                part->next_offset, part->committed_offset, part->end_offset);
        }
        weir__buf_printf(out, "\n");
    }
}

static void explain_dropped(const weir_app *app, weir_buf *out)
{
    weir_dropped_records dropped[DROPPED_SHOWN];
    size_t count = weir_app_dropped_records(app, dropped, DROPPED_SHOWN);
    for (size_t i = 0; i < count && i < DROPPED_SHOWN; i++) {
        weir__buf_printf(out, "dropped records of node '%s': %" PRIu64 " (%s)\n", dropped[i].node,
                         dropped[i].count, weir_drop_reason_str(dropped[i].reason));
    }
    if (count > DROPPED_SHOWN) {
        weir__buf_printf(out, "dropped records of more nodes: %zu lines left out\n",
                         count - DROPPED_SHOWN);
    }
}

void weir__app_explain(weir_app *app, int64_t timeout_ms, weir_buf *out)
{
    weir_error error = {0};
    weir__buf_printf(out, "%s %s\n", app->instance.application,
                     weir_state_name(weir_app_state(app)));
    if (weir__app_inspect(app, timeout_ms, explain_thread, out, &error) != WEIR_OK) {
        weir__buf_printf(out, "%s\n", error.message);
    }
    explain_dropped(app, out);
    weir__placement_explain(app->instance.placement, out);
}
