/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a cluster: options, start and end of simulation, brokers and instances. */
#include <stdlib.h>

#include "cluster/cluster.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"

#define BROKERS_DEFAULT 3
#define FAILURE_MAX ((size_t)4096)
#define WATCHDOG_SECONDS_MAX 1000000
#define VIRTUAL_MAX_MS ((int64_t)200 * 365 * 24 * 3600 * 1000)

/* The cluster of this process. There is only one, since a simulation interposes libc. Faults on
 * hosts find their cluster here. */
static weir_cluster *current;

weir_cluster *weir__cluster_current(void)
{
    return current;
}

/* The drawn seed is the same for all clusters of a process, as WEIR_SEED, which repeats it, is. */
static uint64_t drawn_seed(void)
{
    static uint64_t seed;
    if (seed == 0) {
        weir__random_bytes(&seed, sizeof seed);
        seed = seed % 1000000 + 1; /* a short number, since people type it */
    }
    return seed;
}

static weir_err pick_seed(const weir_cluster_opts *opts, uint64_t *seed, weir_error *error)
{
    const char *text = getenv("WEIR_SEED");
    char *end = NULL;
    if (opts->seed != 0 || text == NULL) {
        *seed = opts->seed != 0 ? opts->seed : drawn_seed();
        return WEIR_OK;
    }
    *seed = strtoull(text, &end, 0);
    return *end == '\0' && *seed != 0
               ? WEIR_OK
               : weir__error_set(error, WEIR_ECONFIG, "WEIR_SEED=%s is not a positive number",
                                 text);
}

/* The index in `names` of the environment variable's value; 0: not set; -1: unknown value. */
static int environment_choice(const char *variable, const char *const *names)
{
    const char *text = getenv(variable);
    if (text == NULL || text[0] == '\0') {
        return 0;
    }
    for (int i = 1; names[i] != NULL; i++) {
        if (strcmp(text, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static weir_err pick_policy(const weir_cluster_opts *opts, weir_sim_opts *sim, weir_error *error)
{
    static const char *const names[] = {"", "fifo", "random", "pct", NULL};
    int policy = opts->policy != WEIR_POLICY_DEFAULT ? (int)opts->policy
                                                     : environment_choice("WEIR_POLICY", names);
    switch (policy) {
    case WEIR_POLICY_DEFAULT:
    case WEIR_POLICY_FIFO:
        sim->policy = WEIR_SIM_FIFO;
        return WEIR_OK;
    case WEIR_POLICY_RANDOM:
        sim->policy = WEIR_SIM_RANDOM;
        return WEIR_OK;
    case WEIR_POLICY_PCT:
        sim->policy = WEIR_SIM_PCT;
        return WEIR_OK;
    default:
        return opts->policy != WEIR_POLICY_DEFAULT
                   ? weir__error_set(error, WEIR_EINVAL, "weir_cluster_opts.policy: no policy %d",
                                     policy)
                   : weir__error_set(error, WEIR_ECONFIG,
                                     "WEIR_POLICY must be fifo, random or pct");
    }
}

static weir_err pick_threads(const weir_cluster_opts *opts, weir_sim_opts *sim, weir_error *error)
{
    static const char *const names[] = {"", "borrowed", "real", NULL};
    int threads = opts->threads != WEIR_THREADS_DEFAULT ? (int)opts->threads
                                                        : environment_choice("WEIR_THREADS", names);
    if (opts->threads < WEIR_THREADS_DEFAULT || opts->threads > WEIR_THREADS_REAL) {
        return weir__error_set(error, WEIR_EINVAL, "weir_cluster_opts.threads: no kind %d",
                               (int)opts->threads);
    }
    if (threads < 0) {
        return weir__error_set(error, WEIR_ECONFIG, "WEIR_THREADS must be borrowed or real");
    }
#if defined(__SANITIZE_THREAD__)
    bool real = threads != WEIR_THREADS_BORROWED;
#else
    bool real = threads == WEIR_THREADS_REAL;
#endif
    sim->backend = real ? WEIR_SIM_THREADS : WEIR_SIM_BORROWED;
    return WEIR_OK;
}

/* Reads WEIR_WATCHDOG, in seconds; if it is not set, the simulation's default counts. */
static weir_err pick_watchdog(weir_sim_opts *sim, weir_error *error)
{
    const char *text = getenv("WEIR_WATCHDOG");
    char *end = NULL;
    if (text == NULL || text[0] == '\0') {
        return WEIR_OK;
    }
    long seconds = strtol(text, &end, 10);
    if (*end != '\0' || seconds < 0 || seconds > WATCHDOG_SECONDS_MAX) {
        return weir__error_set(error, WEIR_ECONFIG,
                               "WEIR_WATCHDOG=%s is not a number of seconds up to %d (0: none)",
                               text, WATCHDOG_SECONDS_MAX);
    }
    sim->watchdog_ms = seconds > 0 ? WEIR_SECONDS(seconds) : -1;
    return WEIR_OK;
}

/* Called when the simulation cannot continue: the test's thread gets the error. */
static void stuck(weir_sim_stuck why, const char *report, void *user)
{
    if (why == WEIR_SIM_CRASHED) {
        weir__crash_fail(user);
        return;
    }
    static const char *const texts[] = {
        [WEIR_SIM_DEADLOCK] = "deadlock: no thread can run and nothing is due",
        [WEIR_SIM_LIVELOCK] = "livelock: nothing useful has happened for too long",
        [WEIR_SIM_OVERLONG] = "the run is longer than max_virtual_ms",
    };
    weir_cluster *cluster = user;
    weir__buf_reset(&cluster->explanation);
    weir__explain_callbacks(cluster, &cluster->explanation);
    weir__cluster_fail(cluster, "%s\n%s%s", texts[why], weir__buf_text(&cluster->explanation),
                       report);
}

static weir_err start_simulation(weir_cluster *cluster, weir_error *error)
{
    const weir_cluster_opts *opts = &cluster->opts;
    if (opts->max_virtual_ms < 0 || opts->livelock_ms < 0) {
        return weir__error_set(
            error, WEIR_EINVAL, "%s: %lld is negative",
            opts->max_virtual_ms < 0 ? "max_virtual_ms" : "livelock_ms",
            (long long)(opts->max_virtual_ms < 0 ? opts->max_virtual_ms : opts->livelock_ms));
    }
    int64_t virtual_ms =
        opts->max_virtual_ms < VIRTUAL_MAX_MS ? opts->max_virtual_ms : VIRTUAL_MAX_MS;
    weir_sim_opts sim = {
        .seed = cluster->seed,
        .epoch_ms = cluster->start_ms,
        .max_virtual_us = virtual_ms * 1000,
        .livelock_us = weir__mul_sat(opts->livelock_ms, 1000),
        .on_stuck = stuck,
        .on_crash = weir__on_crash,
        .on_assertion = weir__on_assertion,
        .user = cluster,
    };
    weir_err err = pick_policy(opts, &sim, error);
    err = err != WEIR_OK ? err : pick_threads(opts, &sim, error);
    err = err != WEIR_OK ? err : pick_watchdog(&sim, error);
    err = err != WEIR_OK ? err : weir__warm_up(sim.backend, error);
    return err != WEIR_OK ? err : weir_sim_start(&sim, error);
}

static void on_broker_event(const weir_mock_event *event, void *user)
{
    (void)user;
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_BROKER, .broker = event});
    if (event->kind == WEIR_MOCK_FETCH) {
        return; /* a fetch changes nothing that a predicate can read */
    }
    if (event->kind == WEIR_MOCK_PRODUCE || event->kind == WEIR_MOCK_OFFSET_COMMIT) {
        weir_sim_progress();
    }
    weir_sim_notify();
}

static void on_broker_failure(const char *message, void *user)
{
    (void)user; /* the waiting call reads it with weir_mock_failure */
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_BROKER_FAILURE, .reason = message});
    weir_sim_notify();
}

static weir_err start_brokers(weir_cluster *cluster, weir_error *error)
{
    weir_mock_opts opts = {
        .brokers = cluster->opts.brokers,
        .auto_create_topics = cluster->opts.auto_create_topics,
        .group_initial_delay_ms = cluster->opts.group_initial_delay_ms,
        .log_bytes_max = cluster->opts.log_bytes_max,
        .retention_check_ms = -1, /* tests have records of any time */
        .on_failure = on_broker_failure,
        .on_event = on_broker_event,
        .user = cluster,
    };
    cluster->mock = weir_mock_new(&opts, error);
    return cluster->mock != NULL ? WEIR_OK : WEIR_EBROKER;
}

static weir_err make_root(weir_cluster *cluster, weir_error *error)
{
    const char *directory = cluster->opts.directory;
    if (cluster->opts.branches) {
        return directory == NULL ? weir__branches_prepare(cluster, error)
                                 : weir__error_set(error, WEIR_EINVAL,
                                                   "branches need a directory of their own: "
                                                   "`directory` must be NULL");
    }
    if (directory == NULL) {
        weir_err err = weir__folder_fresh(cluster->root, sizeof cluster->root, error);
        cluster->own_root = err == WEIR_OK;
        return err;
    }
    size_t len = strlen(directory);
    if (len >= sizeof cluster->root / 2) {
        return weir__error_set(error, WEIR_ELIMIT, "%s: path too long", directory);
    }
    memcpy(cluster->root, directory, len + 1);
    return WEIR_OK;
}

static const char *const *copy_list(weir__arena *arena, const char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL) {
        count++;
    }
    const char **copy = weir__must(weir__arena_alloc(arena, (count + 1) * sizeof *copy));
    for (size_t i = 0; i < count; i++) {
        copy[i] = weir__must(weir__arena_strdup(arena, list[i]));
    }
    return copy;
}

const char *const *weir__copy_list(weir_cluster *cluster, const char *const *list)
{
    return copy_list(&cluster->driver.arena, list);
}

static void copy_opts(weir_cluster *cluster, const weir_cluster_opts *opts)
{
    weir__arena *arena = &cluster->driver.arena;
    const char *application = opts->application != NULL ? opts->application : "app";
    cluster->opts = *opts;
    cluster->start_ms = opts->start.given ? opts->start.ms : WEIR_CLUSTER_START_MS;
    cluster->opts.brokers = opts->brokers != 0 ? opts->brokers : BROKERS_DEFAULT;
    cluster->opts.application = weir__must(weir__arena_strdup(arena, application));
    cluster->opts.config = copy_list(arena, opts->config);
    if (opts->directory != NULL) {
        cluster->opts.directory = weir__must(weir__arena_strdup(arena, opts->directory));
    }
}

static void make_seed_line(weir_cluster *cluster)
{
    weir_buf text = {0};
    if (cluster->repeat[0] != '\0') {
        weir__buf_printf(&text, "seed %llu; repeat with: %s\n", (unsigned long long)cluster->seed,
                         cluster->repeat);
    }
    cluster->seed_line = weir__must(strdup(weir__buf_text(&text)));
    weir__buf_fini(&text);
}

const char *weir__seed_line(const weir_cluster *cluster)
{
    return cluster->seed_line;
}

static weir_err check_opts(const weir_cluster_opts *opts, weir_error *error)
{
    if (opts->max_virtual_ms < 0 || opts->livelock_ms < 0) {
        return weir__error_set(error, WEIR_EINVAL, "weir_cluster_opts.%s is negative",
                               opts->max_virtual_ms < 0 ? "max_virtual_ms" : "livelock_ms");
    }
    if ((opts->application != NULL && opts->application[0] == '\0') ||
        (opts->directory != NULL && opts->directory[0] == '\0')) {
        return weir__error_set(error, WEIR_EINVAL, "weir_cluster_opts.%s is empty",
                               opts->application != NULL && opts->application[0] == '\0'
                                   ? "application"
                                   : "directory");
    }
    if (opts->start.given ? opts->start.ms < WEIR_CLUSTER_START_MIN_MS ||
                                opts->start.ms > WEIR_CLUSTER_START_MAX_MS
                          : opts->start.ms != 0) {
        return weir__error_set(error, WEIR_EINVAL, "weir_cluster_opts.start: %s WEIR_AT(%lld)",
                               opts->start.given
                                   ? "the wall clock begins on 1970-01-02 or later, since clients "
                                     "subtract durations from it, and in 2059 or earlier:"
                                   : "a time is given with",
                               (long long)opts->start.ms);
    }
    return weir__error_pairs(error, opts->config, "weir_cluster_opts.config");
}

weir_cluster *weir_cluster_new(const weir_cluster_opts *opts, weir_error *error)
{
    weir_cluster_opts defaults = {0};
    weir_error local;
    opts = opts != NULL ? opts : &defaults;
    error = error != NULL ? error : &local;
    if (current != NULL) {
        weir__error_set(error, WEIR_ESTATE, "this process has a cluster already: free it first");
        weir__cluster_not_made(opts);
        weir__driver_not_made_because(error->message);
        return NULL;
    }
    weir__cluster_not_made(opts);
    weir__place_leave(&(weir__place){0}); /* the last test may have jumped out of a call */
    if (check_opts(opts, error) != WEIR_OK) {
        weir__driver_not_made_because(error->message);
        return NULL;
    }
    weir_cluster *cluster = weir__must(calloc(1, sizeof *cluster));
    cluster->driver.ops = &weir__cluster_driver_ops;
    cluster->driver.on_failure = opts->on_failure;
    cluster->driver.user = opts->user;
    copy_opts(cluster, opts);
    weir_err err = pick_seed(opts, &cluster->seed, error);
    cluster->repeat = opts->repeat_command != NULL ? weir__must(strdup(opts->repeat_command))
                                                   : weir__repeat_command(cluster->seed);
    make_seed_line(cluster);
    err = err != WEIR_OK ? err : start_simulation(cluster, error);
    current = cluster;
    weir__driver_set_current(&cluster->driver);
    err = err != WEIR_OK ? err : make_root(cluster, error);
    err = err != WEIR_OK ? err : start_brokers(cluster, error);
    if (err != WEIR_OK) {
        weir__driver_not_made_because(error->message);
        weir_cluster_free(cluster);
        return NULL;
    }
    weir__cluster_not_made(NULL);
    weir__trace_from_environment(cluster);
    return cluster;
}

static void free_memory(weir_cluster *cluster)
{
    for (size_t i = 0; i < cluster->instance_count; i++) {
        weir__instance_free(cluster->instances[i]);
    }
    weir__checkers_end(cluster);
    weir__buf_fini(&cluster->explanation);
    weir__driver_fini(&cluster->driver);
    free(cluster->repeat);
    free(cluster->seed_line);
    free(cluster);
}

void weir_cluster_free(weir_cluster *cluster)
{
    if (cluster == NULL) {
        return;
    }
    char failure[FAILURE_MAX]; /* on the stack: on_failure may jump away */
    bool fails = weir__faults_unfired(cluster, failure, sizeof failure);
    weir_failure_fn on_failure = cluster->opts.on_failure;
    void *user = cluster->opts.user;
    bool failed = cluster->driver.failing;
    cluster->driver.failing = true; /* failures during the clean-up are not reported */
    for (size_t i = 0; i < cluster->instance_count; i++) {
        weir__instance_end(cluster->instances[i]);
    }
    weir__inputs_close(cluster);
    weir_mock_free(cluster->mock);
    weir__trace_end(cluster);
    if (weir_sim_running()) {
        weir_sim_sleep_us(WEIR__POOLS_REST_US);
        weir_sim_stop();
    }
    const char *violation = weir__checkers_news(cluster); /* closing is part of the run */
    if (violation != NULL && !failed) {
        snprintf(failure, sizeof failure, "%s%s", weir__seed_line(cluster), violation);
        fails = true;
    }
    if (cluster->own_root) {
        weir__folder_remove(cluster->root);
    }
    weir__branches_end(cluster);
    current = NULL;
    weir__driver_set_current(NULL);
    free_memory(cluster);
    if (fails) {
        weir__driver_not_made(true, on_failure, user);
        weir__driver_fail(NULL, "%s", failure);
        weir__driver_not_made(false, NULL, NULL);
    }
}

uint64_t weir_cluster_seed(const weir_cluster *cluster)
{
    return weir__given(cluster != NULL, __func__, "cluster") ? cluster->seed : 0;
}

const char *weir_cluster_application(const weir_cluster *cluster)
{
    return weir__given(cluster != NULL, __func__, "cluster") ? cluster->opts.application : NULL;
}

weir_mock *weir_cluster_mock(weir_cluster *cluster)
{
    return weir__given(cluster != NULL, __func__, "cluster") ? cluster->mock : NULL;
}

int64_t weir_cluster_now_ms(const weir_cluster *cluster)
{
    return weir__given(cluster != NULL, __func__, "cluster") && weir_sim_running()
               ? weir_sim_now_us() / 1000
               : 0;
}

int64_t weir_cluster_wall_clock_ms(const weir_cluster *cluster)
{
    return weir__given(cluster != NULL, __func__, "cluster")
               ? cluster->start_ms + weir_cluster_now_ms(cluster)
               : 0;
}

uint64_t weir_cluster_random(weir_cluster *cluster)
{
    return weir__given(cluster != NULL, __func__, "cluster") ? weir_sim_random(WEIR_SIM_TEST) : 0;
}

const char *weir_cluster_repeat_command(const weir_cluster *cluster)
{
    return weir__given(cluster != NULL, __func__, "cluster") ? cluster->repeat : NULL;
}
