/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens an instance without threads and a group: what a leader and a stream thread do before the
 * tasks run. */
#include "sync/sync.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/internal_topics.h"
#include "core/error.h"
#include "core/nearest.h"
#include "sync/run.h"
#include "topology/pattern.h"

#define THREAD "sync" /* in log lines and steps */

/* ---- Topics ---- */

static int32_t count_of(const weir__sync_opts *opts, const char *topic)
{
    for (size_t i = 0; i < opts->topic_count; i++) {
        if (strcmp(opts->topics[i].topic, topic) == 0) {
            return opts->topics[i].partitions;
        }
    }
    return opts->partitions > 0 ? opts->partitions : 1;
}

static weir_err make_topic(weir__sync *sync, const char *topic, int32_t partitions,
                           weir_error *error)
{
    if (partitions < 1 || partitions > WEIR__SYNC_PARTITIONS_MAX) {
        return weir__error_set(error, WEIR_EINVAL, "topic %s: %d partitions, not 1 to %d", topic,
                               (int)partitions, WEIR__SYNC_PARTITIONS_MAX);
    }
    return weir__loopback_make(sync->loopback, topic, partitions) != NULL
               ? WEIR_OK
               : weir__error_set(error, WEIR_ENOMEM, "topic %s", topic);
}

/* Those that the options name; others are made when a record is sent to them. */
static weir_err make_matching_topics(weir__sync *sync, const weir__sync_opts *opts,
                                     const weir__node *node, bool *several, weir_error *error)
{
    weir_err err = WEIR_OK;
    *several = *several || opts->partitions > 1;
    for (size_t i = 0; i < opts->topic_count && err == WEIR_OK; i++) {
        const weir__topic_count *topic = &opts->topics[i];
        if (weir__pattern_matches(node->pattern, topic->topic)) {
            *several = *several || topic->partitions > 1;
            err = make_topic(sync, topic->topic, topic->partitions, error);
        }
    }
    return err;
}

/* The topics of the sources and sinks, those of global tables too. *several: one that a source of a
 * task reads has more than one partition. */
static weir_err make_node_topics(weir__sync *sync, const weir__sync_opts *opts,
                                 const weir__node *node, bool *several, weir_error *error)
{
    weir_err err = WEIR_OK;
    if (node->pattern != NULL) {
        return make_matching_topics(sync, opts, node, several, error);
    }
    for (size_t i = 0; i < node->topic_count && err == WEIR_OK; i++) {
        if (node->topics[i].internal) {
            continue;
        }
        int32_t partitions = count_of(opts, node->topics[i].name);
        bool read = node->kind == WEIR__SOURCE && node->subtopology >= 0;
        *several = *several || (read && partitions > 1);
        err = make_topic(sync, node->topics[i].name, partitions, error);
    }
    return err;
}

struct nearest {
    const char *wanted;
    const char *name; /* NULL: none is near */
    size_t distance;
};

static void look_at(const weir__loopback_topic *topic, void *user)
{
    struct nearest *nearest = user;
    size_t distance = weir__edit_distance(nearest->wanted, topic->name);
    if (distance < nearest->distance) {
        nearest->name = topic->name;
        nearest->distance = distance;
    }
}

const char *weir__sync_nearest_topic(const weir__sync *sync, const char *topic)
{
    struct nearest nearest = {.wanted = topic, .distance = strlen(topic) / 2 + 1};
    weir__loopback_each(sync->loopback, look_at, &nearest);
    return nearest.distance > 0 ? nearest.name : NULL;
}

/* Fails if the options name a topic that no node reads or writes: a count that counts for nothing.
 */
static weir_err check_names(const weir__sync *sync, const weir__sync_opts *opts, weir_error *error)
{
    for (size_t i = 0; i < opts->topic_count; i++) {
        const char *name = opts->topics[i].topic;
        if (weir__loopback_find(sync->loopback, name) == NULL) {
            const char *nearest = weir__sync_nearest_topic(sync, name);
            return weir__error_set(
                error, WEIR_ENOTFOUND,
                "weir_sync_opts.topics: no node reads or writes topic '%s'%s%s%s", name,
                nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                nearest != NULL ? "'?)" : "");
        }
    }
    return WEIR_OK;
}

static weir_err make_topics(weir__sync *sync, const weir__sync_opts *opts, bool *several,
                            weir_error *error)
{
    const weir_topology *topology = opts->topology;
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < topology->node_count && err == WEIR_OK; i++) {
        const weir__node *node = &topology->nodes[i];
        if (node->kind == WEIR__SOURCE || node->kind == WEIR__SINK) {
            err = make_node_topics(sync, opts, node, several, error);
        }
    }
    return err == WEIR_OK ? check_names(sync, opts, error) : err;
}

/* ---- Instance ---- */

/* A test that passes prints nothing; a failure shows the warnings. */
static void on_log(int level, const char *text, void *user)
{
    weir__sync *sync = user;
    const weir_app_opts *app = &sync->instance.opts;
    if (level <= WEIR__LOG_LEVEL_WARNING) {
        weir__warnings_note(&sync->warnings, text);
    }
    if (app->on_log != NULL) {
        app->on_log(level, text, app->user);
    }
}

static weir_err open_instance(weir__sync *sync, const weir__sync_opts *opts, weir_error *error)
{
    weir__instance *instance = &sync->instance;
    *instance = (weir__instance){.topology = sync->topology,
                                 .config = opts->config,
                                 .client = weir__loopback_client(sync->loopback),
                                 .opts = opts->app,
                                 .client_id = THREAD,
                                 .process_id = THREAD,
                                 .drops = weir__drop_counts_new(sync->topology)};
    if (instance->drops == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "application");
    }
    weir__instance_read(instance);
    instance->log.fn = on_log;
    instance->log.user = sync;
    weir__instance_share_memory(instance, 1);
    if (!opts->commit_interval) {
        instance->cache_bytes = WEIR__NO_CACHE;
    }
    if (weir__topology_has_persistent(sync->topology, instance->settings.memory_stores)) {
        weir_err err = weir__directory_open(weir__config_text(opts->config, "state.dir"),
                                            instance->application, &instance->directory, error);
        if (err != WEIR_OK) {
            return err;
        }
    }
    weir__client_opts admin = {.client = instance->client,
                               .config = opts->config,
                               .client_id = THREAD,
                               .log = instance->log};
    return weir__admin_new(&admin, &instance->admin, error);
}

static weir_err open_globals(weir__sync *sync, int64_t now_ms, weir_error *error)
{
    if (!weir__topology_has_globals(sync->topology)) {
        return WEIR_OK;
    }
    weir_err err = weir__globals_open(&sync->instance, THREAD, now_ms, &sync->globals, error);
    if (err == WEIR_OK) {
        sync->instance.globals = weir__globals_graph(sync->globals);
    }
    return err;
}

/* ---- Tasks ---- */

static weir_err make_tasks(weir__sync *sync, const int32_t *counts, weir_error *error)
{
    size_t total = 0;
    for (size_t i = 0; i < sync->topology->subtopology_count; i++) {
        total += (size_t)counts[i];
    }
    weir__task_id *ids = weir__arena_alloc(&sync->arena, (total + 1) * sizeof *ids);
    if (ids == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "tasks");
    }
    size_t count = 0;
    for (size_t i = 0; i < sync->topology->subtopology_count; i++) {
        for (int32_t p = 0; p < counts[i]; p++) {
            ids[count++] = (weir__task_id){.subtopology = (int32_t)i, .partition = p};
        }
    }
    sync->tasks = (weir__member_tasks){.member_id = THREAD, .active = ids, .active_count = count};
    return WEIR_OK;
}

static weir_err start_tasks(weir__sync *sync, weir_error *error)
{
    weir__topic_plan plan = {0};
    weir_err err = weir__internal_topics_prepare(&sync->instance, &sync->arena, &plan, error);
    if (err == WEIR_OK) {
        err = make_tasks(sync, plan.tasks, error);
    }
    if (err != WEIR_OK) {
        return err;
    }
    sync->assignment = (weir__assignment){.generation = sync->assignment.generation + 1,
                                          .leader = THREAD,
                                          .message = "",
                                          .topics = plan.topics,
                                          .topic_count = plan.topic_count,
                                          .members = &sync->tasks,
                                          .member_count = 1};
    return weir__task_set_take(&sync->worker.tasks, &sync->assignment, &sync->tasks, error);
}

static bool is_read(const weir__loopback_topic *topic)
{
    return topic->partitions[0].position[WEIR__MAIN_CONSUMER] >= 0;
}

struct unread {
    const weir__sync *sync;
    bool found;
};

static void look_for_unread(const weir__loopback_topic *topic, void *user)
{
    struct unread *unread = user;
    const weir__sync *sync = unread->sync;
    unread->found =
        unread->found ||
        (!is_read(topic) && weir__topology_matching(sync->topology, sync->instance.application,
                                                    topic->name, NULL) != NULL);
}

weir_err weir__sync_follow_topics(weir__sync *sync, bool *changed, weir_error *error)
{
    struct unread unread = {.sync = sync};
    *changed = false;
    if (!sync->has_patterns) {
        return WEIR_OK;
    }
    weir__loopback_each(sync->loopback, look_for_unread, &unread);
    if (!unread.found) {
        return WEIR_OK;
    }
    weir_err err = weir__worker_commit(&sync->worker, error);
    if (err != WEIR_OK) {
        return err;
    }
    *changed = true;
    weir__task_set_suspend(&sync->worker.tasks);
    return start_tasks(sync, error);
}

weir_err weir__sync_make_matching(weir__sync *sync, const char *topic, weir_error *error)
{
    if (weir__loopback_find(sync->loopback, topic) != NULL ||
        weir__topology_matching(sync->topology, sync->instance.application, topic, NULL) == NULL) {
        return WEIR_OK;
    }
    return make_topic(sync, topic, sync->partitions, error);
}

/* ---- Life ---- */

weir_err weir__sync_open(weir__sync *sync, const weir__sync_opts *opts, weir_error *error)
{
    bool several = false;
    *sync = (weir__sync){.topology = opts->topology,
                         .polled = SIZE_MAX,
                         .records_max = opts->records_max > 0 ? opts->records_max : SIZE_MAX,
                         .bytes_max = opts->bytes_max > 0 ? opts->bytes_max : SIZE_MAX,
                         .commit_interval = opts->commit_interval,
                         .discard = opts->discard,
                         .partitions = opts->partitions > 0 ? opts->partitions : 1};
    sync->has_patterns = weir__topology_has_patterns(opts->topology);
    sync->loopback = weir__loopback_new(sync->partitions);
    weir_err err = sync->loopback != NULL ? make_topics(sync, opts, &several, error)
                                          : weir__error_set(error, WEIR_ENOMEM, "topics");
    if (err == WEIR_OK && !several) {
        sync->merged = weir__topology_merged(opts->topology);
        sync->topology = sync->merged;
        err = sync->merged != NULL ? WEIR_OK : weir__error_set(error, WEIR_ENOMEM, "topology");
    }
    if (err == WEIR_OK) {
        err = open_instance(sync, opts, error);
    }
    if (err == WEIR_OK) {
        err = open_globals(sync, opts->start_ms, error);
    }
    if (err == WEIR_OK) {
        weir__worker_opts worker = {.instance = &sync->instance, .name = THREAD, .number = 1};
        sync->worker_open = true;
        err = weir__worker_open(&sync->worker, &worker, opts->start_ms, error);
    }
    if (err == WEIR_OK) {
        err = start_tasks(sync, error);
    }
    return err == WEIR_OK ? weir__sync_run(sync, error) : err;
}

void weir__sync_close(weir__sync *sync)
{
    weir__instance *instance = &sync->instance;
    if (sync->worker_open) {
        if (sync->worker.open_tasks) {
            if (instance->directory != NULL && !sync->discard) {
                weir__sync_commit_rest(sync);
            }
            for (size_t i = 0; sync->discard && i < sync->worker.tasks.count; i++) {
                weir__task_stores_discard(&sync->worker.tasks.tasks[i]->stores);
            }
            weir__task_set_close(&sync->worker.tasks, false);
        }
        weir__worker_close(&sync->worker);
    }
    weir__globals_close(sync->globals);
    weir__admin_close(instance->admin);
    weir__directory_close(instance->directory);
    weir__drop_counts_free(instance->drops);
    weir__loopback_free(sync->loopback);
    weir__arena_fini(&sync->arena);
    weir_topology_free(sync->merged);
    *sync = (weir__sync){0};
}
