/* SPDX-License-Identifier: Apache-2.0
 *
 * Which record comes next, and when punctuations and commits happen, follows Kafka's
 * TopologyTestDriver: after each record a commit, if it flushes something; then the records that
 * were sent to topics of the topology are queued; then those of global tables are applied. */
#include "sync/run.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"

#define POLL_MAX 256
#define UNCOMMITTED_MAX 100 /* records without a commit, when it cannot be seen */

int64_t weir__sync_now_ms(const weir__sync *sync)
{
    return sync->worker.env.now_ms;
}

/* ---- Steps ---- */

/* Nothing is to be read as long as no record is sent. */
static weir_err poll(weir__sync *sync, weir_error *error)
{
    weir__message *messages[POLL_MAX];
    size_t count = POLL_MAX;
    weir_err err = WEIR_OK;
    sync->polled = weir__loopback_size(sync->loopback);
    while (err == WEIR_OK && count == POLL_MAX) {
        err = weir__consumer_poll(sync->worker.env.consumer, 0, messages, POLL_MAX, &count, error);
        for (size_t i = 0; i < count; i++) {
            if (err == WEIR_OK) {
                err = weir__worker_add(&sync->worker, messages[i], &messages[i]->view, error);
            } else {
                weir__message_free(messages[i]);
            }
        }
        if (count > 0) {
            weir__worker_fetched(&sync->worker);
        }
    }
    return err;
}

static weir_err poll_globals(weir__sync *sync, weir_error *error)
{
    size_t count = 1;
    weir_err err = WEIR_OK;
    while (sync->globals != NULL && err == WEIR_OK && count > 0) {
        err = weir__globals_poll(sync->globals, weir__sync_now_ms(sync), &count, error);
    }
    return err;
}

static weir_err assign(weir__sync *sync, weir_error *error)
{
    weir__offset *offsets = NULL;
    size_t count = 0;
    weir_err err = weir__worker_positions(&sync->worker, &offsets, &count, error);
    if (err == WEIR_OK) {
        err = weir__consumer_assign(sync->worker.env.consumer, offsets, count, error);
    }
    if (err == WEIR_OK) {
        sync->worker.tasks.assign_due = false;
        sync->polled = SIZE_MAX;
        weir__worker_fetched(&sync->worker);
    }
    free(offsets);
    return err;
}

/* Brings new tasks, also those made again after a damage, to RUNNING. */
static weir_err restore(weir__sync *sync, weir_error *error)
{
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && !weir__task_set_is_running(&sync->worker.tasks)) {
        err = weir__worker_restore(&sync->worker, error);
    }
    return err == WEIR_OK && sync->worker.tasks.assign_due ? assign(sync, error) : err;
}

static weir_err commit_if_due(weir__sync *sync, weir_error *error)
{
    return !sync->commit_interval || weir__worker_commit_is_due(&sync->worker)
               ? weir__worker_commit(&sync->worker, error)
               : WEIR_OK;
}

/* A commit that only commits offsets cannot be seen, unless a task is made again after a damage: it
 * then reads the records since the last commit again. */
static weir_err commit_after_record(weir__sync *sync, weir_error *error)
{
    bool unseen = !sync->commit_interval && !weir__task_set_flushes(&sync->worker.tasks);
    sync->uncommitted = unseen ? sync->uncommitted + 1 : 0;
    if (unseen && sync->uncommitted < UNCOMMITTED_MAX) {
        return WEIR_OK;
    }
    sync->uncommitted = 0;
    return commit_if_due(sync, error);
}

void weir__sync_commit_rest(weir__sync *sync)
{
    weir_error error;
    if (sync->uncommitted > 0 && weir__sync_check(sync, &error) == WEIR_OK) {
        (void)weir__worker_commit(&sync->worker, &error);
    }
    sync->uncommitted = 0;
}

/* As long as there is a record. */
static weir_err run_tasks(weir__sync *sync, weir_error *error)
{
    bool done = true;
    weir_err err = WEIR_OK;
    while (done && err == WEIR_OK) {
        done = false;
        if (sync->worker.tasks.assign_due || !weir__task_set_is_running(&sync->worker.tasks)) {
            err = restore(sync, error);
        }
        if (err == WEIR_OK && sync->polled != weir__loopback_size(sync->loopback)) {
            err = poll(sync, error);
        }
        err = err == WEIR_OK ? poll_globals(sync, error) : err;
        err = err == WEIR_OK ? weir__worker_process_one(&sync->worker, &done, error) : err;
        err = err == WEIR_OK && done ? commit_after_record(sync, error) : err;
    }
    return err;
}

/* The topology may have made a topic that one of its patterns matches. */
static weir_err run(weir__sync *sync, weir_error *error)
{
    bool changed = true;
    weir_err err = WEIR_OK;
    while (changed && err == WEIR_OK) {
        err = run_tasks(sync, error);
        changed = false;
        err = err == WEIR_OK ? weir__sync_follow_topics(sync, &changed, error) : err;
    }
    return err;
}

/* A failure is kept: the tasks are not in order after it. Not reached if the caller jumps out of a
 * callback: `running` then stays set. */
static weir_err end(weir__sync *sync, weir_err err, const weir_error *error)
{
    sync->running = false;
    if (err != WEIR_OK && sync->failed.code == WEIR_OK) {
        sync->failed = *error;
    }
    return err;
}

weir_err weir__sync_check(const weir__sync *sync, weir_error *error)
{
    if (sync->failed.code != WEIR_OK) {
        *error = sync->failed;
        return sync->failed.code;
    }
    if (sync->running) {
        return weir__error_set(error, WEIR_ESTATE,
                               "a callback of the topology cannot send or advance the clock, and "
                               "after a jump out of a callback nothing more is processed");
    }
    return WEIR_OK;
}

weir_err weir__sync_run(weir__sync *sync, weir_error *error)
{
    sync->running = true;
    return end(sync, run(sync, error), error);
}

/* ---- Calls ---- */

static bool is_read(const weir__loopback_topic *topic)
{
    return topic->partitions[0].position[WEIR__MAIN_CONSUMER] >= 0 ||
           topic->partitions[0].position[WEIR__GLOBAL_CONSUMER] >= 0;
}

static weir_err follow_new_topic(weir__sync *sync, const char *topic, weir_error *error)
{
    bool changed = false;
    weir_err err = weir__sync_make_matching(sync, topic, error);
    if (err == WEIR_OK) {
        err = weir__sync_follow_topics(sync, &changed, error);
    }
    return err == WEIR_OK && changed ? restore(sync, error) : err;
}

weir_err weir__sync_pipe(weir__sync *sync, const weir__outgoing *record, weir_error *error)
{
    weir_err err = weir__sync_check(sync, error);
    if (err == WEIR_OK && sync->has_patterns) {
        err = follow_new_topic(sync, record->topic, error);
    }
    weir__loopback_topic *topic = weir__loopback_find(sync->loopback, record->topic);
    if (err == WEIR_OK && (topic == NULL || !is_read(topic))) {
        const char *nearest = topic == NULL ? weir__sync_nearest_topic(sync, record->topic) : NULL;
        return weir__error_set(error, WEIR_ENOTFOUND, "no source reads topic '%s'%s%s%s",
                               record->topic, nearest != NULL ? " (did you mean '" : "",
                               nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    }
    if (err == WEIR_OK) {
        err = weir__loopback_append(sync->loopback, topic, record, error);
    }
    return err == WEIR_OK ? weir__sync_run(sync, error) : err;
}

weir_err weir__sync_advance(weir__sync *sync, int64_t ms, weir_error *error)
{
    weir_err err = weir__sync_check(sync, error);
    if (err != WEIR_OK) {
        return err;
    }
    sync->running = true;
    sync->worker.env.now_ms = weir__add_sat(sync->worker.env.now_ms, ms);
    err = weir__worker_punctuate(&sync->worker, error);
    err = err == WEIR_OK ? commit_if_due(sync, error) : err;
    err = err == WEIR_OK ? run(sync, error) : err;
    return end(sync, err, error);
}

weir_err weir__sync_commit(weir__sync *sync, weir_error *error)
{
    weir_err err = weir__sync_check(sync, error);
    if (err != WEIR_OK) {
        return err;
    }
    sync->running = true;
    err = weir__worker_commit(&sync->worker, error);
    err = err == WEIR_OK ? run(sync, error) : err;
    return end(sync, err, error);
}
