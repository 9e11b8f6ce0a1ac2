/* SPDX-License-Identifier: Apache-2.0
 *
 * Which record comes next, and when punctuations and commits happen, follows Kafka's
 * TopologyTestDriver: after each record a commit, if it flushes something; then the records that
 * were sent to topics of the topology are queued; then those of global tables are applied. */
#include "sync/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"

#define POLL_MAX 256
#define UNCOMMITTED_MAX 100 /* records without a commit, when it cannot be seen */

int64_t weir__sync_now_ms(const weir__sync *sync)
{
    return sync->worker.env.now_ms;
}

/* ---- Limits ---- */

static void begin(weir__sync *sync)
{
    sync->running = true;
    sync->call = (weir__sync_call){.from = weir__loopback_size(sync->loopback),
                                   .bytes = weir__loopback_bytes(sync->loopback)};
}

#define NAMED_MAX 3 /* topics in the text */

/* The topics that the topology writes to and reads, those with most records first. */
struct rewritten {
    size_t from; /* records before are not of the call */
    const weir__loopback_topic *topics[NAMED_MAX];
    size_t counts[NAMED_MAX];
};

static void count_rewritten(const weir__loopback_topic *topic, void *user)
{
    struct rewritten *all = user;
    size_t count = 0;
    for (int32_t i = 0; i < topic->count; i++) {
        const weir__loopback_partition *partition = &topic->partitions[i];
        bool read = partition->position[WEIR__MAIN_CONSUMER] >= 0;
        for (int64_t at = partition->count - 1;
             read && at >= 0 && partition->records[at]->sequence >= all->from; at--) {
            count += partition->records[at]->piped ? 0 : 1;
        }
    }
    for (size_t i = 0; i < NAMED_MAX && count > 0; i++) {
        if (count > all->counts[i]) {
            const weir__loopback_topic *other = all->topics[i];
            size_t others = all->counts[i];
            all->topics[i] = topic;
            all->counts[i] = count;
            topic = other;
            count = others;
        }
    }
}

static weir_err over_limit(const weir__sync *sync, const char *limit, weir_error *error)
{
    struct rewritten all = {.from = sync->call.from};
    weir_buf text = {0};
    weir__loopback_each(sync->loopback, count_rewritten, &all);
    for (size_t i = 0; i < NAMED_MAX && all.counts[i] > 0; i++) {
        weir__buf_printf(&text, "%s '%s' (%zu times)",
                         i == 0 ? "; the topology writes to and reads" : ",", all.topics[i]->name,
                         all.counts[i]);
    }
    weir__error_set(error, WEIR_ELIMIT, "%s%s", limit, weir__buf_text(&text));
    weir__buf_fini(&text);
    return WEIR_ELIMIT;
}

/* Each loop of a topology through its topics reads them. */
static weir_err check_limits(const weir__sync *sync, weir_error *error)
{
    char limit[128];
    if (sync->call.records > sync->records_max) {
        snprintf(limit, sizeof limit,
                 "a call reads more than %zu records (weir_sync_opts.records_max)",
                 sync->records_max);
        return over_limit(sync, limit, error);
    }
    if (weir__loopback_bytes(sync->loopback) - sync->call.bytes > sync->bytes_max) {
        snprintf(limit, sizeof limit,
                 "a call writes more than %zu bytes (weir_sync_opts.bytes_max)", sync->bytes_max);
        return over_limit(sync, limit, error);
    }
    return WEIR_OK;
}

/* ---- Steps ---- */

/* Nothing is to be read as long as no record is sent to a topic that a task reads. Records that
 * cannot be decoded may be sent elsewhere when they are added. */
static weir_err poll(weir__sync *sync, weir_error *error)
{
    weir__message *messages[POLL_MAX];
    size_t count = POLL_MAX;
    weir_err err = WEIR_OK;
    sync->polled = weir__loopback_unread_end(sync->loopback);
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
        sync->call.records += count;
        err = err == WEIR_OK ? check_limits(sync, error) : err;
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

/* A stream thread tries again later; here no time passes, so the attempt has failed. */
static weir_err check_retries(const weir__sync *sync, weir_error *error)
{
    const weir__worker *worker = &sync->worker;
    const weir__retry *retries[] = {&worker->tasks.retry, &worker->restore_retry};
    for (size_t i = 0; i < sizeof retries / sizeof retries[0]; i++) {
        if (retries[i]->next_ms > worker->env.now_ms) {
            *error = retries[i]->last;
            return error->code;
        }
    }
    return worker->tasks.waits_for_lock
               ? weir__error_set(error, WEIR_ELOCKED, "the state of a task is in use elsewhere")
               : WEIR_OK;
}

/* Brings new tasks, also those made again after a damage, to RUNNING. */
static weir_err restore(weir__sync *sync, weir_error *error)
{
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && !weir__task_set_is_running(&sync->worker.tasks)) {
        err = weir__worker_restore(&sync->worker, error);
        err = err == WEIR_OK ? check_retries(sync, error) : err;
    }
    return err == WEIR_OK && sync->worker.tasks.assign_due ? assign(sync, error) : err;
}

static weir_err commit_if_due(weir__sync *sync, weir_error *error)
{
    return !sync->commit_interval || weir__worker_commit_is_due(&sync->worker)
               ? weir__worker_commit(&sync->worker, error)
               : WEIR_OK;
}

/* A commit that only commits offsets cannot be seen (that of a transaction can, if the next record
 * fails), unless a task is made again after a damage: it
 * then reads the records since the last commit again. */
static weir_err commit_after_record(weir__sync *sync, weir_error *error)
{
    bool unseen = !sync->commit_interval && !sync->worker.env.guarantee->transactional &&
                  !weir__task_set_flushes(&sync->worker.tasks);
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

/* As long as there is a record, in a topic or in a task. */
static weir_err run_tasks(weir__sync *sync, weir_error *error)
{
    bool done = true;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && (done || sync->polled != weir__loopback_unread_end(sync->loopback))) {
        done = false;
        if (sync->worker.tasks.assign_due || !weir__task_set_is_running(&sync->worker.tasks)) {
            err = restore(sync, error);
        }
        if (err == WEIR_OK && sync->polled != weir__loopback_unread_end(sync->loopback)) {
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

/* A failure is kept: the tasks are not in order after it. What the call sent in a transaction is
 * dropped. Not reached if the caller jumps out of a
 * callback: `running` then stays set. */
static weir_err end(weir__sync *sync, weir_err err, const weir_error *error)
{
    weir__task_env *env = &sync->worker.env;
    weir_error ignored;
    sync->running = false;
    if (err != WEIR_OK && env->guarantee->abort_transaction != NULL) {
        (void)env->guarantee->abort_transaction(env, &ignored); /* in memory it does not fail */
    }
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
    begin(sync);
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
    begin(sync);
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
    begin(sync);
    err = weir__worker_commit(&sync->worker, error);
    err = err == WEIR_OK ? run(sync, error) : err;
    return end(sync, err, error);
}
