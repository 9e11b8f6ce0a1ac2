/* SPDX-License-Identifier: Apache-2.0
 *
 * weir_main: settings, topics, topology, application, signals, a clean end. */
#include <weir/main.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"

#define CLOSE_TIMEOUT_MS 30000
#define CAUSE_MAX_BYTES (WEIR_ERROR_MESSAGE_MAX - 64)

/* A program; the callbacks of its application get it as `user`. */
typedef struct program {
    weir_main_opts opts;
    pthread_t main_thread;
    pthread_mutex_t lock;
    weir_error cause; /* of the first failure of a stream thread */
    weir_config *config;
    weir_topology *topology;
    weir_app *app;
} program;

/* ---- Callbacks, on any thread of the application ------------------------------------------ */

static void on_state(weir_state from, weir_state to, void *user)
{
    program *p = user;
    if (p->opts.app.on_state != NULL) {
        p->opts.app.on_state(from, to, p->opts.app.user);
    }
    if (to == WEIR_STATE_ERROR) {
        pthread_kill(p->main_thread, SIGINT); /* blocked there: it ends sigwait */
    }
}

static weir_uncaught on_uncaught(const char *thread, const weir_error *error, void *user)
{
    program *p = user;
    pthread_mutex_lock(&p->lock);
    if (p->cause.code == WEIR_OK) {
        p->cause = *error;
    }
    pthread_mutex_unlock(&p->lock);
    return p->opts.app.on_uncaught != NULL
               ? p->opts.app.on_uncaught(thread, error, p->opts.app.user)
               : WEIR_SHUTDOWN_CLIENT;
}

static void on_restore(const weir_restore_progress *progress, void *user)
{
    const program *p = user;
    p->opts.app.on_restore(progress, p->opts.app.user);
}

static void on_step(const weir_step *step, void *user)
{
    const program *p = user;
    p->opts.app.on_step(step, p->opts.app.user);
}

static void on_log(int level, const char *text, void *user)
{
    const program *p = user;
    p->opts.app.on_log(level, text, p->opts.app.user);
}

static void on_problem(const weir_config_problem *problem, void *user)
{
    (void)user;
    fprintf(stderr, "%s:%d: %s%s\n", problem->path, problem->line,
            problem->refused ? "" : "warning: ", problem->message);
}

/* ---- The program -------------------------------------------------------------------------- */

static weir_err read_settings(program *p, int argc, char **argv, weir_error *error)
{
    p->config = weir_config_new();
    weir_err err = p->config != NULL
                       ? weir_config_load_with(p->config, argv[1], on_problem, NULL, error)
                       : weir__error_set(error, WEIR_ENOMEM, "%s", weir_err_str(WEIR_ENOMEM));
    for (int i = 2; i < argc && err == WEIR_OK; i++) {
        err = weir_config_set_argument(p->config, argv[i], error);
    }
    size_t topics = 0;
    while (p->opts.topics != NULL && p->opts.topics[topics].name != NULL) {
        topics++;
    }
    if (err == WEIR_OK && topics > 0) {
        err = weir_create_topics(p->config, p->opts.topics, topics, error);
    }
    if (err == WEIR_OK && p->opts.prepare != NULL) {
        err = p->opts.prepare(p->config, error, p->opts.app.user);
    }
    return err;
}

static weir_err make_app(program *p, weir_topology_fn topology, weir_error *error)
{
    const weir_app_opts *given = &p->opts.app;
    const weir_app_opts opts = {.on_state = on_state,
                                .on_uncaught = on_uncaught,
                                .on_restore = given->on_restore != NULL ? on_restore : NULL,
                                .on_step = given->on_step != NULL ? on_step : NULL,
                                .on_log = given->on_log != NULL ? on_log : NULL,
                                .user = p};
    p->topology = topology(p->config, error);
    if (p->topology == NULL && error->code == WEIR_OK) {
        return weir__error_set(error, WEIR_ETOPOLOGY,
                               "the topology function returned NULL and set no error");
    }
    p->app = p->topology != NULL ? weir_app_new(p->topology, p->config, &opts, error) : NULL;
    return p->app != NULL ? WEIR_OK : error->code;
}

/* The application is in state ERROR: all its threads have ended. */
static weir_err failed(const program *p, weir_error *error)
{
    weir_err cause = p->cause.code != WEIR_OK ? p->cause.code : WEIR_ESTATE;
    return weir__error_set(error, cause, "the application has failed: %.*s", CAUSE_MAX_BYTES,
                           p->cause.message);
}

/* Runs until a signal arrives. */
static weir_err run(program *p, const sigset_t *signals, weir_error *error)
{
    int64_t timeout_ms =
        p->opts.close_timeout_ms != 0 ? p->opts.close_timeout_ms : CLOSE_TIMEOUT_MS;
    int signal;
    weir_err err = weir_app_start(p->app, error);
    if (err != WEIR_OK) {
        return err;
    }
    sigwait(signals, &signal);
    bool has_failed = weir_app_state(p->app) == WEIR_STATE_ERROR;
    err = weir_app_close(p->app, timeout_ms);
    if (has_failed) {
        return failed(p, error);
    }
    return err == WEIR_OK
               ? WEIR_OK
               : weir__error_set(error, err, "not closed within %lld ms", (long long)timeout_ms);
}

int weir_main(int argc, char **argv, weir_topology_fn topology, const weir_main_opts *opts)
{
    if (argv == NULL || argc < 1 || topology == NULL) {
        fprintf(stderr, "%s: %s is missing\n", __func__,
                topology == NULL ? "the topology function" : "argv");
        return 1;
    }
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE.properties [NAME=VALUE...]\n", argv[0]);
        return 2;
    }
    program p = {.main_thread = pthread_self(), .lock = PTHREAD_MUTEX_INITIALIZER};
    if (opts != NULL) {
        p.opts = *opts;
    }
    weir_error error = {0};
    weir_err err = read_settings(&p, argc, argv, &error);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (err == WEIR_OK) {
        pthread_sigmask(SIG_BLOCK, &signals, NULL); /* until here they end the program at once */
        err = make_app(&p, topology, &error);
    }
    if (err == WEIR_OK) {
        err = run(&p, &signals, &error);
    }
    weir_app_free(p.app); /* its threads use `p` */
    weir_topology_free(p.topology);
    weir_config_free(p.config);
    if (err != WEIR_OK) {
        fprintf(stderr, "%s: %s: %s\n", argv[0], weir_err_str(err), error.message);
    }
    return err == WEIR_OK ? 0 : 1;
}
