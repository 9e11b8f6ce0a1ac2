/* SPDX-License-Identifier: Apache-2.0
 *
 * The application (weir_app): its states, the start of its threads, and its close. */
#include "cluster/app.h"
#include "cluster/cleaner.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/error.h"
#include "task/restore.h"
#include "topology/pattern.h"

const char *weir_state_name(weir_state state)
{
    static const char *const names[] = {
        "CREATED",     "REBALANCING",   "RUNNING", "PENDING_SHUTDOWN",
        "NOT_RUNNING", "PENDING_ERROR", "ERROR"};
    return state >= WEIR_STATE_CREATED && state <= WEIR_STATE_ERROR ? names[state] : "?";
}

weir_state weir_app_state(const weir_app *app)
{
    return app != NULL ? atomic_load(&app->state) : WEIR_STATE_NOT_RUNNING;
}

/* Under `lock`. */
static void set_state(weir_app *app, weir_state to)
{
    static const bool allowed[][7] = {
        /*                           CREAT  REBAL  RUN    P_SHUT NOT_R  P_ERR  ERROR */
        [WEIR_STATE_CREATED] = {false, true, false, true, false, false, false},
        [WEIR_STATE_REBALANCING] = {false, false, true, true, false, true, false},
        [WEIR_STATE_RUNNING] = {false, true, false, true, false, true, false},
        [WEIR_STATE_PENDING_SHUTDOWN] = {false, false, false, false, true, false, false},
        [WEIR_STATE_NOT_RUNNING] = {false, false, false, false, false, false, false},
        [WEIR_STATE_PENDING_ERROR] = {false, false, false, false, false, false, true},
        [WEIR_STATE_ERROR] = {false, false, false, true, false, false, false},
    };
    weir_state from = atomic_load(&app->state);
    if (from == to) {
        return;
    }
    weir_assert(allowed[from][to]);
    atomic_store(&app->state, to);
    weir__log_write(&app->instance.log, WEIR__LOG_INFO, "%s: %s -> %s", app->instance.application,
                    weir_state_name(from), weir_state_name(to));
    if (app->instance.opts.on_state != NULL) {
        app->instance.opts.on_state(from, to, app->instance.opts.user);
    }
}

/* ---- Callbacks of the threads ---- */

static bool all_threads_are(const weir_app *app, weir__thread_state state)
{
    for (int i = 0; i < app->thread_count; i++) {
        if (atomic_load(&app->threads[i].state) != state) {
            return false;
        }
    }
    return true;
}

static bool all_have_ended(const weir_app *app)
{
    return all_threads_are(app, WEIR__THREAD_DEAD) &&
           (app->global == NULL || weir__global_thread_has_ended(app->global));
}

static void on_thread_state(weir_app *app)
{
    pthread_mutex_lock(&app->lock);
    weir_state state = atomic_load(&app->state);
    if (state == WEIR_STATE_RUNNING || state == WEIR_STATE_REBALANCING) {
        set_state(app, all_threads_are(app, WEIR__THREAD_RUNNING) ? WEIR_STATE_RUNNING
                                                                  : WEIR_STATE_REBALANCING);
    } else if (state == WEIR_STATE_PENDING_ERROR && all_have_ended(app)) {
        set_state(app, WEIR_STATE_ERROR);
    }
    pthread_cond_broadcast(&app->changed);
    pthread_mutex_unlock(&app->lock);
}

static void stop_threads(weir_app *app)
{
    for (int i = 0; i < app->thread_count; i++) {
        weir__stream_thread_stop(&app->threads[i]);
    }
    if (app->global != NULL) {
        weir__global_thread_stop(app->global);
    }
}

static void fail(weir_app *app)
{
    pthread_mutex_lock(&app->lock);
    weir_state state = atomic_load(&app->state);
    if (state == WEIR_STATE_RUNNING || state == WEIR_STATE_REBALANCING) {
        set_state(app, WEIR_STATE_PENDING_ERROR);
        stop_threads(app);
    }
    pthread_mutex_unlock(&app->lock);
}

static weir_uncaught on_failure(weir_app *app, const char *thread, bool replaceable,
                                const weir_error *error)
{
    weir_uncaught reply = WEIR_SHUTDOWN_CLIENT;
    if (app->instance.opts.on_uncaught != NULL) {
        reply = app->instance.opts.on_uncaught(thread, error, app->instance.opts.user);
    }
    if (reply == WEIR_REPLACE_THREAD && replaceable) {
        return reply;
    }
    fail(app);
    return reply;
}

static void on_stop_asked(weir_app *app)
{
    weir__log_write(&app->instance.log, WEIR__LOG_ERROR,
                    "%s: another member asked all instances of the application to stop",
                    app->instance.client_id);
    fail(app);
}

/* ---- New and free ---- */

static void count_threads(weir_app *app)
{
    weir__instance *instance = &app->instance;
    app->thread_count = (int)weir__config_i64(app->config, "num.stream.threads");
    size_t sources = 0;
    const char **topics = weir__topology_source_topics(instance->topology, &sources);
    free(topics);
    if (sources == 0 && !weir__topology_has_patterns(instance->topology)) {
        app->thread_count = 0; /* only global tables: there are no tasks */
    }
    weir__instance_share_memory(instance, (size_t)app->thread_count);
}

/* Frees what weir_app_new created; nothing is open. */
static void dispose(weir_app *app)
{
    pthread_cond_destroy(&app->changed);
    pthread_mutex_destroy(&app->closing);
    pthread_mutex_destroy(&app->lock);
    weir_config_free(app->config);
    weir__placement_free(app->instance.placement);
    weir__drop_counts_free(app->instance.drops);
    free(app);
}

/* Logs the remarks on settings that were accepted. */
static void log_notes(const weir_app *app, const char *notes)
{
    for (const char *end; (end = strchr(notes, '\n')) != NULL; notes = end + 1) {
        weir__log_write(&app->instance.log, WEIR__LOG_WARNING, "settings: %.*s", (int)(end - notes),
                        notes);
    }
}

static weir_app *make_app(weir_topology *topology, const weir_config *config,
                          const weir_app_opts *opts, weir_error *error)
{
    weir_app *app = calloc(1, sizeof *app);
    weir__drop_counts *drops = weir__drop_counts_new(topology);
    if (app != NULL) {
        app->config = weir__config_copy(config);
    }
    if (app == NULL || app->config == NULL || drops == NULL) {
        weir__drop_counts_free(drops);
        weir_config_free(app != NULL ? app->config : NULL);
        free(app);
        weir__error_set(error, WEIR_ENOMEM, "application");
        return NULL;
    }
    pthread_mutex_init(&app->lock, NULL);
    pthread_mutex_init(&app->closing, NULL);
    pthread_cond_init(&app->changed, NULL);
    atomic_init(&app->state, WEIR_STATE_CREATED);
    app->instance = (weir__instance){.app = app,
                                     .topology = topology,
                                     .config = app->config,
                                     .drops = drops,
                                     .on_thread_state = on_thread_state,
                                     .on_failure = on_failure,
                                     .on_stop_asked = on_stop_asked};
    if (opts != NULL) {
        app->instance.opts = *opts;
    }
    weir__instance_read(&app->instance);
    count_threads(app);
    if (weir__placement_new(topology, app->instance.application, &app->instance.placement) !=
        WEIR_OK) {
        dispose(app);
        weir__error_set(error, WEIR_ENOMEM, "application");
        return NULL;
    }
    return app;
}

weir_app *weir_app_new(weir_topology *topology, const weir_config *config,
                       const weir_app_opts *opts, weir_error *error)
{
    if (topology == NULL) {
        weir__error_set(error, WEIR_EINVAL,
                        "weir_app_new: topology is NULL: what should have built it failed");
        return NULL;
    }
    if (config == NULL) {
        weir__error_null(error, __func__, "config");
        return NULL;
    }
    weir_buf notes = {0}; /* of the check */
    weir_app *app = NULL;
    if (weir__config_check(config, error) == WEIR_OK &&
        weir__topology_check_names(topology, weir__config_text(config, "application.id"), error) ==
            WEIR_OK &&
        weir__client_check(config, &notes, error) == WEIR_OK) {
        app = make_app(topology, config, opts, error);
    }
    if (app != NULL) {
        log_notes(app, weir__config_notes(app->config));
        log_notes(app, weir__buf_text(&notes));
    }
    weir__buf_fini(&notes);
    return app;
}

void weir_app_free(weir_app *app)
{
    if (app != NULL) {
        (void)weir_app_close(app, -1);
        dispose(app);
    }
}

size_t weir_app_dropped_records(const weir_app *app, weir_dropped_records *out, size_t max)
{
    return app != NULL ? weir__drop_counts_read(app->instance.drops, out, out != NULL ? max : 0)
                       : 0;
}

/* ---- Start ---- */

static weir_err open_directory(weir_app *app, weir_error *error)
{
    weir__instance *instance = &app->instance;
    weir_err err = weir__directory_open(weir__config_text(app->config, "state.dir"),
                                        instance->application, &instance->directory, error);
    if (err != WEIR_OK) {
        return err;
    }
    instance->process_id = weir__directory_process_id(instance->directory);
    const char *own = weir__config_text(app->config, "client.id");
    weir_buf id = {0};
    if (own != NULL) {
        weir__buf_put_text(&id, own);
    } else {
        weir__buf_printf(&id, "%s-%s", instance->application, instance->process_id);
    }
    app->client_id = id.err == WEIR_OK ? strdup(weir__buf_text(&id)) : NULL;
    weir__buf_fini(&id);
    instance->client_id = app->client_id;
    return app->client_id != NULL ? WEIR_OK : weir__error_set(error, WEIR_ENOMEM, "client id");
}

static weir_err open_admin(weir_app *app, weir_error *error)
{
    weir_buf id = {0};
    weir__buf_printf(&id, "%s-admin", app->client_id);
    weir__client_opts opts = {.client = app->instance.client,
                              .config = app->config,
                              .client_id = weir__buf_text(&id),
                              .log = app->instance.log};
    weir_err err = id.err == WEIR_OK ? weir__admin_new(&opts, &app->instance.admin, error)
                                     : weir__error_set(error, id.err, "admin client");
    weir__buf_fini(&id);
    return err;
}

static weir_err make_threads(weir_app *app, weir_error *error)
{
    app->threads = calloc((size_t)app->thread_count + 1, sizeof(*app->threads));
    weir_err err = app->threads != NULL ? WEIR_OK : WEIR_ENOMEM;
    for (int i = 0; i < app->thread_count && err == WEIR_OK; i++) {
        err = weir__stream_thread_init(&app->threads[i], &app->instance, i + 1);
    }
    return err == WEIR_OK ? WEIR_OK : weir__error_set(error, err, "stream threads");
}

/* Closes what start opened; the stream threads must have ended, or never started. */
static void close_all(weir_app *app)
{
    for (int i = 0; app->threads != NULL && i < app->thread_count; i++) {
        if (app->threads[i].instance != NULL) {
            weir__stream_thread_join(&app->threads[i]);
            weir__stream_thread_fini(&app->threads[i]);
        }
    }
    free(app->threads);
    app->threads = NULL;
    weir__global_thread_close(app->global);
    app->global = NULL;
    app->instance.globals = NULL;
    weir__cleaner_free(app->instance.cleaner);
    app->instance.cleaner = NULL;
    weir__purger_free(app->instance.purger);
    app->instance.purger = NULL;
    weir__admin_close(app->instance.admin);
    app->instance.admin = NULL;
    weir__directory_close(app->instance.directory);
    app->instance.directory = NULL;
    free(app->client_id);
    app->client_id = NULL;
}

static weir_err open_all(weir_app *app, weir_error *error)
{
    weir__instance *instance = &app->instance;
    weir_err err = open_directory(app, error);
    if (err == WEIR_OK) {
        weir__cleaner_clean_at_start(instance, instance->settings.state_age_max_ms);
        err = open_admin(app, error);
    }
    if (err == WEIR_OK && weir__topology_has_globals(instance->topology)) {
        err = weir__global_thread_open(instance, &app->global, error);
        if (err == WEIR_OK) {
            instance->globals = weir__global_thread_graph(app->global);
        }
    }
    if (err == WEIR_OK && instance->topology->repartition_count > 0 &&
        weir__purger_new(instance->admin, &instance->log, &instance->purger) != WEIR_OK) {
        err = weir__error_set(error, WEIR_ELIMIT, "purge thread");
    }
    if (err == WEIR_OK && instance->topology->store_count > 0 &&
        weir__cleaner_new(instance, weir__config_i64(app->config, "state.cleanup.delay.ms"),
                          &instance->cleaner) != WEIR_OK) {
        err = weir__error_set(error, WEIR_ELIMIT, "cleanup thread");
    }
    return err == WEIR_OK ? make_threads(app, error) : err;
}

/* If one thread cannot be started, the earlier ones continue to run, and the application fails. */
static void start_threads(weir_app *app)
{
    for (int i = 0; i < app->thread_count; i++) {
        weir_error error = {0};
        if (weir__stream_thread_start(&app->threads[i], &error) != WEIR_OK) {
            atomic_store(&app->threads[i].state, WEIR__THREAD_DEAD);
            (void)on_failure(app, app->threads[i].name, true, &error);
            fail(app);
        }
    }
}

weir_err weir_app_start(weir_app *app, weir_error *error)
{
    if (app == NULL) {
        return weir__error_null(error, __func__, "app");
    }
    weir_err err = WEIR_OK;
    pthread_mutex_lock(&app->closing);
    if (weir_app_state(app) != WEIR_STATE_CREATED) {
        err = weir__error_set(error, WEIR_ESTATE, "an application in state %s cannot be started",
                              weir_state_name(weir_app_state(app)));
        goto done;
    }
    err = open_all(app, error);
    if (err != WEIR_OK) {
        close_all(app);
        goto done;
    }
    app->open = true;
    pthread_mutex_lock(&app->lock);
    set_state(app, WEIR_STATE_REBALANCING);
    pthread_mutex_unlock(&app->lock);
    start_threads(app);
    if (app->global != NULL && weir__global_thread_has_ended(app->global)) {
        fail(app); /* it failed before the application was started */
    }
    on_thread_state(app);
done:
    pthread_mutex_unlock(&app->closing);
    return err;
}

/* ---- Close ---- */

/* False if threads still run after timeout_ms. */
static bool wait_for_end(weir_app *app, int64_t timeout_ms)
{
    bool ended = false;
    struct timespec end = weir__wall_deadline(timeout_ms >= 0 ? timeout_ms : 0);
    int waited = 0;
    pthread_mutex_lock(&app->lock);
    while (!(ended = all_have_ended(app)) && waited == 0) {
        waited = timeout_ms >= 0 ? pthread_cond_timedwait(&app->changed, &app->lock, &end)
                                 : pthread_cond_wait(&app->changed, &app->lock);
    }
    pthread_mutex_unlock(&app->lock);
    return ended;
}

/* Logs the threads that still run, and their steps. */
static void log_remaining(const weir_app *app, int64_t timeout_ms)
{
    for (int i = 0; i < app->thread_count; i++) {
        const weir__stream_thread *thread = &app->threads[i];
        const char *step = atomic_load(&thread->step);
        if (atomic_load(&thread->state) != WEIR__THREAD_DEAD) {
            weir__log_write(&app->instance.log, WEIR__LOG_WARNING,
                            "close: after %lld ms %s is still in its step '%s'",
                            (long long)timeout_ms, thread->name, step != NULL ? step : "start");
        }
    }
    if (app->global != NULL && !weir__global_thread_has_ended(app->global)) {
        weir__log_write(&app->instance.log, WEIR__LOG_WARNING,
                        "close: after %lld ms the thread of the global tables still runs",
                        (long long)timeout_ms);
    }
}

weir_err weir_app_close(weir_app *app, int64_t timeout_ms)
{
    if (app == NULL) {
        return WEIR_EINVAL;
    }
    weir_err err = WEIR_OK;
    pthread_mutex_lock(&app->closing);
    pthread_mutex_lock(&app->lock);
    weir_state state = weir_app_state(app);
    if (state != WEIR_STATE_NOT_RUNNING && state != WEIR_STATE_PENDING_ERROR) {
        set_state(app, WEIR_STATE_PENDING_SHUTDOWN);
    }
    pthread_mutex_unlock(&app->lock);
    if (app->open) {
        stop_threads(app);
        if (!wait_for_end(app, timeout_ms)) {
            err = WEIR_ETIMEOUT;
            log_remaining(app, timeout_ms);
            goto done;
        }
        close_all(app);
        app->open = false;
    }
    pthread_mutex_lock(&app->lock);
    if (weir_app_state(app) == WEIR_STATE_ERROR) {
        set_state(app, WEIR_STATE_PENDING_SHUTDOWN);
    }
    set_state(app, WEIR_STATE_NOT_RUNNING);
    pthread_mutex_unlock(&app->lock);
done:
    pthread_mutex_unlock(&app->closing);
    return err;
}
