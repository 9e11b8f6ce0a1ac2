/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances: each is an application on a host of its own, which can be started, closed, crashed and
 * started again. */
#include <stdlib.h>

#include "cluster/cluster.h"
#include "core/error.h"
#include "core/saturate.h"
#include "topology/topology.h"

/* The memory of crashed instances. Their threads still point to it, so it can never be freed. This
 * list keeps it reachable, so that leak checkers do not report it. */
typedef struct crashed_instance {
    weir_app *app;
    weir_topology *topology;
    weir_config *config;
    struct crashed_instance *next;
} crashed_instance;
static crashed_instance *crashed_instances;

static void job_main(void *arg)
{
    weir_instance *instance = arg;
    instance->job(instance, instance->job_arg);
    instance->busy = false;
    weir_sim_notify();
}

bool weir__instance_do(weir_instance *instance, void (*job)(weir_instance *instance, void *arg),
                       void *arg, int64_t bound_ms)
{
    if (instance->busy) {
        return false; /* an earlier job has not ended */
    }
    instance->job = job;
    instance->job_arg = arg;
    instance->busy = true;
    weir_sim_order_writes();
    if (weir_sim_host_run(instance->host, "main", job_main, instance) != WEIR_OK) {
        instance->busy = false;
        return false;
    }
    return weir__wait_while(&instance->busy, instance->host, bound_ms);
}

static weir_err make_config(weir_instance *instance, weir_error *error)
{
    weir_cluster *cluster = instance->cluster;
    char threads[16];
    snprintf(threads, sizeof threads, "%d", instance->opts.threads);
    const char *const own[] = {
        "application.id",
        cluster->opts.application,
        "bootstrap.servers",
        weir_mock_bootstrap(cluster->mock),
        "client.id",
        instance->name,
        "state.dir",
        instance->directory,
        instance->opts.threads > 0 ? "num.stream.threads" : NULL,
        threads,
        NULL,
    };
    instance->config = weir__must(weir_config_new());
    weir_err err = weir__config_set_list(instance->config, own, error);
    err =
        err != WEIR_OK ? err : weir__config_set_list(instance->config, cluster->opts.config, error);
    err = err != WEIR_OK ? err
                         : weir__config_set_list(instance->config, instance->opts.config, error);
    const char *application =
        err == WEIR_OK ? weir__config_text(instance->config, "application.id") : NULL;
    if (application != NULL &&
        (instance->application == NULL || strcmp(instance->application, application) != 0)) {
        instance->application = weir__must(weir__arena_strdup(&cluster->driver.arena, application));
    }
    return err;
}

/* Collects the names of source topics, then of repartition topics. */
static void list_topics(weir_instance *instance)
{
    weir_cluster *cluster = instance->cluster;
    const weir_topology *topology = instance->topology;
    size_t sources = 0;
    const char **names = weir__must(weir__topology_source_topics(topology, &sources));
    const char **topics = weir__must(weir__arena_alloc(
        &cluster->driver.arena, (sources + topology->repartition_count + 1) * sizeof *topics));
    size_t count = 0;
    for (size_t i = 0; i < sources; i++) {
        topics[count++] = weir__must(weir__arena_strdup(&cluster->driver.arena, names[i]));
    }
    for (size_t i = 0; i < topology->repartition_count; i++) {
        weir__topic_ref topic = {topology->repartitions[i].name, true};
        char *name = weir__must(weir__topic_name(cluster->opts.application, topic));
        topics[count++] = weir__must(weir__arena_strdup(&cluster->driver.arena, name));
        free(name);
    }
    free((void *)names);
    instance->topics = topics;
    instance->topic_count = count;
}

/* Allocated in the arena, since the job may outlive the call that waits for it. */
struct outcome {
    weir_err err;
    weir_error error;
};

static void start_app(weir_instance *instance, void *arg)
{
    struct outcome *outcome = arg;
    weir_app_opts opts = weir__instance_callbacks(instance);
    instance->app = weir_app_new(instance->topology, instance->config, &opts, &outcome->error);
    outcome->err = instance->app != NULL ? weir_app_start(instance->app, &outcome->error)
                                         : outcome->error.code;
}

static void free_app(weir_instance *instance, void *arg)
{
    (void)arg;
    weir_app_free(instance->app);
    instance->app = NULL;
}

/* Frees the application, its topology and its configuration when it is closed. */
static void drop(weir_instance *instance)
{
    weir_topology_free(instance->topology);
    weir_config_free(instance->config);
    instance->topology = NULL;
    instance->config = NULL;
    instance->life = WEIR__CLOSED;
    instance->state = WEIR_STATE_NOT_RUNNING;
}

static void bury(weir_instance *instance)
{
    crashed_instance *crashed = weir__must(calloc(1, sizeof *crashed));
    *crashed =
        (crashed_instance){instance->app, instance->topology, instance->config, crashed_instances};
    crashed_instances = crashed;
    instance->app = NULL;
    instance->topology = NULL;
    instance->config = NULL;
}

static weir_err build(weir_instance *instance, weir_error *error)
{
    weir_err err = weir__folder_make(instance->directory, error);
    err = err != WEIR_OK ? err : make_config(instance, error);
    if (err == WEIR_OK) {
        *error = (weir_error){0}; /* the caller's may be uninitialised */
        instance->topology = instance->topology_fn != NULL
                                 ? instance->topology_fn(instance->config, error)
                                 : instance->build(instance->config, error, instance->build_user);
        err = instance->topology != NULL ? WEIR_OK : error->code;
    }
    if (err == WEIR_OK && instance->topology == NULL) {
        err = weir__error_set(error, WEIR_EINVAL,
                              "the topology function returned NULL and set no error");
    }
    if (err == WEIR_OK) {
        list_topics(instance);
        weir__checkers_topology(instance);
    }
    return err;
}

/* Builds the topology and starts the application on instance->host. */
static weir_err bring_up(weir_instance *instance, weir_error *error)
{
    struct outcome *outcome =
        weir__must(weir__arena_alloc(&instance->cluster->driver.arena, sizeof *outcome));
    weir_err err = build(instance, error);
    if (err != WEIR_OK) {
        drop(instance);
        return err;
    }
    instance->life = WEIR__ALIVE;
    instance->state = WEIR_STATE_CREATED;
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_START,
                                   .instance = instance->name,
                                   .application = instance->application});
    if (!weir__instance_do(instance, start_app, outcome, WEIR__RETRY_MS)) {
        if (instance->life == WEIR__CRASHED) {
            return WEIR_OK; /* the test has crashed it meanwhile */
        }
        weir_host_crash(instance->host, WEIR_DISK_AS_IT_WAS);
        return weir__error_set(error, WEIR_ETIMEOUT, "weir_app_start does not return");
    }
    if (outcome->err != WEIR_OK) {
        *error = outcome->error;
        weir__instance_do(instance, free_app, NULL, WEIR__RETRY_MS);
        drop(instance);
    }
    return outcome->err;
}

weir_instance *weir_cluster_instance(const weir_cluster *cluster, const char *name)
{
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(name != NULL, __func__, "name")) {
        return NULL;
    }
    for (size_t i = 0; i < cluster->instance_count; i++) {
        if (strcmp(cluster->instances[i]->name, name) == 0) {
            return cluster->instances[i];
        }
    }
    return NULL;
}

static weir_err new_host(weir_instance *instance, weir_error *error)
{
    instance->host = weir_sim_host_new(instance->name);
    instance->busy = false;
    return instance->host != NULL
               ? WEIR_OK
               : weir__error_set(error, WEIR_ELIMIT, "more than %d hosts", WEIR_SIM_HOST_MAX);
}

static weir_err check_instance_opts(const weir_instance_opts *opts, weir_error *error)
{
    if (opts != NULL && opts->threads < 0) {
        return weir__error_set(error, WEIR_EINVAL, "weir_instance_opts.threads is negative: %d",
                               opts->threads);
    }
    return weir__error_pairs(error, opts != NULL ? opts->config : NULL,
                             "weir_instance_opts.config");
}

static weir_err check_name(const weir_cluster *cluster, const char *name, weir_error *error)
{
    if (weir_cluster_instance(cluster, name) != NULL) {
        return weir__error_set(error, WEIR_EEXISTS,
                               "instance '%s': there is one of that name already "
                               "(weir_instance_restart starts it again)",
                               name);
    }
    if (name[0] == '\0' || strlen(name) >= WEIR_SIM_NAME_MAX || strchr(name, '/') != NULL) {
        return weir__error_set(error, WEIR_EINVAL,
                               "instance '%s': the name must have 1 to %d bytes and no '/'", name,
                               WEIR_SIM_NAME_MAX - 1);
    }
    return cluster->instance_count < WEIR__INSTANCES_MAX
               ? WEIR_OK
               : weir__error_set(error, WEIR_ELIMIT, "instance '%s': more than %zu instances", name,
                                 WEIR__INSTANCES_MAX);
}

static weir_err check_start(const weir_cluster *cluster, const char *name,
                            weir_topology_fn topology, const weir_instance_opts *opts,
                            weir_error *error)
{
    bool without = topology == NULL && (opts == NULL || opts->build == NULL);
    if (cluster == NULL || name == NULL || without) {
        return weir__error_null(error, "weir_cluster_try_start",
                                cluster == NULL ? "cluster"
                                : name == NULL  ? "name"
                                                : "topology");
    }
    weir_err err = check_name(cluster, name, error);
    return err != WEIR_OK ? err : check_instance_opts(opts, error);
}

weir_instance *weir_cluster_try_start(weir_cluster *cluster, const char *name,
                                      weir_topology_fn topology, const weir_instance_opts *opts,
                                      weir_error *error)
{
    weir_error own;
    error = error != NULL ? error : &own;
    if (check_start(cluster, name, topology, opts, error) != WEIR_OK) {
        return NULL;
    }
    weir_instance *instance = weir__must(calloc(1, sizeof *instance));
    instance->cluster = cluster;
    instance->topology_fn = topology;
    pthread_mutex_init(&instance->warnings_lock, NULL);
    snprintf(instance->name, sizeof instance->name, "%s", name);
    snprintf(instance->directory, sizeof instance->directory, "%.*s/%s", (int)(WEIR__PATH_MAX / 2),
             cluster->root, name);
    weir__instance_set_opts(instance, opts);
    weir_err err = new_host(instance, error);
    /* Listed before it starts, so that weir_cluster_free frees it if the start fails half-way. */
    cluster->instances[cluster->instance_count++] = instance;
    err = err != WEIR_OK ? err : bring_up(instance, error);
    if (err != WEIR_OK) {
        weir__error_prefix(error, err, "instance '%s'", name);
        return NULL;
    }
    return instance;
}

void weir__instance_set_opts(weir_instance *instance, const weir_instance_opts *opts)
{
    if (opts != NULL) {
        instance->opts = *opts;
        if (opts->build != NULL) {
            instance->build = opts->build;
            instance->build_user = opts->build_user;
        }
        instance->opts.config = weir__copy_list(instance->cluster, opts->config);
    }
}

weir_instance *weir_cluster_start(weir_cluster *cluster, const char *name,
                                  weir_topology_fn topology, const weir_instance_opts *opts)
{
    weir_error error = {0};
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(name != NULL, __func__, "name") ||
        !weir__given(topology != NULL || (opts != NULL && opts->build != NULL), __func__,
                     "topology")) {
        return NULL;
    }
    weir__inputs_flush(cluster);
    weir_instance *instance = weir_cluster_try_start(cluster, name, topology, opts, &error);
    if (instance == NULL) {
        weir__cluster_fail(cluster, "cannot start: %s", error.message);
    }
    return instance;
}

const char *weir_instance_name(const weir_instance *instance)
{
    return weir__given(instance != NULL, __func__, "instance") ? instance->name : NULL;
}

weir_host *weir_instance_host(const weir_instance *instance)
{
    return weir__given(instance != NULL, __func__, "instance") ? instance->host : NULL;
}

weir_state weir_instance_state(const weir_instance *instance)
{
    return weir__given(instance != NULL, __func__, "instance") && instance->life == WEIR__ALIVE
               ? instance->state
               : WEIR_STATE_NOT_RUNNING;
}

size_t weir_instance_dropped_records(const weir_instance *instance, weir_dropped_records *out,
                                     size_t max)
{
    return weir__given(instance != NULL, __func__, "instance") && instance->life == WEIR__ALIVE
               ? weir_app_dropped_records(instance->app, out, max)
               : 0;
}

const char *weir_instance_directory(const weir_instance *instance)
{
    return weir__given(instance != NULL, __func__, "instance") ? instance->directory : NULL;
}

struct closing {
    int64_t timeout_ms;
    weir_err err;
};

static void close_app(weir_instance *instance, void *arg)
{
    struct closing *closing = arg;
    closing->err = weir_app_close(instance->app, closing->timeout_ms);
    if (closing->err == WEIR_OK) {
        free_app(instance, NULL);
    }
}

weir_err weir_instance_close(weir_instance *instance, int64_t timeout_ms)
{
    if (!weir__given(instance != NULL, __func__, "instance")) {
        return WEIR_EINVAL;
    }
    struct closing *closing =
        weir__must(weir__arena_alloc(&instance->cluster->driver.arena, sizeof *closing));
    *closing = (struct closing){timeout_ms, WEIR_ETIMEOUT};
    if (instance->life != WEIR__ALIVE) {
        return WEIR_OK;
    }
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_CLOSE,
                                   .instance = instance->name,
                                   .application = instance->application});
    int64_t bound_ms = timeout_ms < 0 ? INT64_MAX : weir__add_sat(timeout_ms, WEIR_SECONDS(1));
    if (!weir__instance_do(instance, close_app, closing, bound_ms)) {
        return WEIR_ETIMEOUT;
    }
    if (closing->err == WEIR_OK) {
        instance->died_ms = weir_cluster_now_ms(instance->cluster);
        drop(instance);
    }
    return closing->err;
}

void weir__instance_crashed(weir_instance *instance, weir_disk disk)
{
    char old[WEIR__PATH_MAX];
    weir_error error;
    memcpy(old, instance->directory, sizeof old);
    /* The crashed instance's files stay open, and RocksDB holds a lock on them: the next start gets
     * a copy in a new directory. */
    snprintf(instance->directory, sizeof instance->directory, "%.*s/%s.%d",
             (int)(WEIR__PATH_MAX / 2), instance->cluster->root, instance->name,
             ++instance->crashes);
    if (disk == WEIR_DISK_AS_IT_WAS &&
        weir__folder_copy(old, instance->directory, &error) != WEIR_OK) {
        weir__cluster_fail(instance->cluster, "crash of '%s': %s", instance->name, error.message);
    }
    instance->died_ms = weir_cluster_now_ms(instance->cluster);
    instance->paused = false;
    instance->cut_from = 0;
    bury(instance);
    instance->life = WEIR__CRASHED; /* last: a thread that reads it then reads the rest */
}

void weir_instance_restart_with(weir_instance *instance, const weir_instance_opts *opts)
{
    weir_error error = {0};
    weir_err err = WEIR_OK;
    if (!weir__given(instance != NULL, __func__, "instance")) {
        return;
    }
    weir__inputs_flush(instance->cluster);
    if (instance->life == WEIR__ALIVE) {
        weir__cluster_fail(instance->cluster, "restart: instance '%s' still runs", instance->name);
        return;
    }
    if (check_instance_opts(opts, &error) != WEIR_OK) {
        weir__cluster_fail(instance->cluster, "cannot restart '%s': %s", instance->name,
                           error.message);
        return;
    }
    weir__instance_set_opts(instance, opts);
    if (instance->life == WEIR__CRASHED) {
        err = new_host(instance, &error);
    }
    err = err != WEIR_OK ? err : bring_up(instance, &error);
    if (err != WEIR_OK) {
        weir__cluster_fail(instance->cluster, "cannot restart '%s': %s", instance->name,
                           error.message);
    }
}

void weir_instance_restart(weir_instance *instance)
{
    if (!weir__given(instance != NULL, __func__, "instance")) {
        return;
    }
    weir_instance_restart_with(instance, NULL);
}

void weir_instance_wipe(weir_instance *instance)
{
    if (!weir__given(instance != NULL, __func__, "instance")) {
        return;
    }
    if (instance->life == WEIR__ALIVE) {
        weir__cluster_fail(instance->cluster, "wipe: instance '%s' still runs", instance->name);
        return;
    }
    weir__folder_remove(instance->directory);
}

void weir__instance_end(weir_instance *instance)
{
    if (instance->life == WEIR__ALIVE && instance->paused) {
        weir_host_crash(instance->host, WEIR_DISK_WIPED);
    }
    if (instance->life == WEIR__ALIVE) {
        weir_host_heal(instance->host);
        if (weir_instance_close(instance, WEIR__RETRY_MS) != WEIR_OK) {
            weir_host_crash(instance->host, WEIR_DISK_WIPED);
        }
    }
}

void weir__instance_free(weir_instance *instance)
{
    pthread_mutex_destroy(&instance->warnings_lock);
    weir__buf_fini(&instance->words);
    free(instance);
}
