/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream application as an ordinary program: everything that main() has to do. */
#include "common/program.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/topics.h"

#define CLOSE_TIMEOUT_MS 30000
#define NAME_MAX_BYTES 256
#define CAUSE_MAX_BYTES (WEIR_ERROR_MESSAGE_MAX - 64)

typedef struct end {
    pthread_mutex_t lock;
    weir_error cause; /* of the first failure */
} end;

/* Called on any thread of the application. When the application is in state ERROR, the program ends
 * as if an operator had stopped it. */
static void on_state(weir_state from, weir_state to, void *user)
{
    (void)user;
    printf("state %s -> %s\n", weir_state_name(from), weir_state_name(to));
    if (to == WEIR_STATE_ERROR) {
        kill(getpid(), SIGTERM);
    }
}

static weir_uncaught on_uncaught(const char *thread, const weir_error *error, void *user)
{
    end *all = user;
    (void)thread;
    pthread_mutex_lock(&all->lock);
    if (all->cause.code == WEIR_OK) {
        all->cause = *error;
    }
    pthread_mutex_unlock(&all->lock);
    return WEIR_SHUTDOWN_CLIENT;
}

static void on_restore(const weir_restore_progress *progress, void *user)
{
    (void)user;
    if (progress->event == WEIR_RESTORE_END) {
        printf("restored %s from %s [%" PRId32 "]: %" PRId64 " records\n", progress->store,
               progress->topic, progress->partition, progress->restored);
    }
}

static void on_problem(const weir_config_problem *problem, void *user)
{
    (void)user;
    fprintf(stderr, "%s:%d: %s%s\n", problem->path, problem->line,
            problem->refused ? "" : "warning: ", problem->message);
}

weir_err weir_example_settings(weir_config *config, int count, char **texts, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (int i = 0; i < count && err == WEIR_OK; i++) {
        char name[NAME_MAX_BYTES];
        const char *equals = strchr(texts[i], '=');
        size_t len = equals != NULL ? (size_t)(equals - texts[i]) : 0;
        if (len == 0 || len >= sizeof name) {
            error->code = WEIR_ECONFIG;
            snprintf(error->message, sizeof error->message, "'%s' is not NAME=VALUE", texts[i]);
            return WEIR_ECONFIG;
        }
        memcpy(name, texts[i], len);
        name[len] = '\0';
        err = weir_config_set(config, name, equals + 1, error);
    }
    return err;
}

int weir_example_end(const char *program, weir_example *made, weir_err err, const weir_error *error)
{
    weir_app_free(made->app);
    weir_topology_free(made->topology);
    weir_config_free(made->config);
    if (err != WEIR_OK) {
        fprintf(stderr, "%s: %s: %s\n", program, weir_err_str(err), error->message);
    }
    return err == WEIR_OK ? 0 : 1;
}

/* Runs until a signal arrives; signals are blocked in the application's threads. */
static weir_err run(weir_app *app, const sigset_t *signals, end *all, weir_error *error)
{
    weir_err err = weir_app_start(app, error);
    if (err != WEIR_OK) {
        return err;
    }
    int signal;
    sigwait(signals, &signal);
    bool failed = weir_app_state(app) == WEIR_STATE_ERROR;
    err = weir_app_close(app, CLOSE_TIMEOUT_MS);
    if (failed) { /* all threads have ended */
        error->code = WEIR_ESTATE;
        snprintf(error->message, sizeof error->message, "the application has failed: %.*s",
                 CAUSE_MAX_BYTES, all->cause.message);
        return all->cause.code != WEIR_OK ? all->cause.code : WEIR_ESTATE;
    }
    if (err != WEIR_OK) {
        error->code = err;
        snprintf(error->message, sizeof error->message, "not closed within %d ms",
                 CLOSE_TIMEOUT_MS);
    }
    return err;
}

/* Signals are blocked for sigwait from here on: an earlier one ends the program as usual. */
static weir_err run_app(weir_example *made, weir_error *error)
{
    end all = {.lock = PTHREAD_MUTEX_INITIALIZER};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    made->app = weir_app_new(made->topology, made->config,
                             &(weir_app_opts){.on_state = on_state,
                                              .on_restore = on_restore,
                                              .on_uncaught = on_uncaught,
                                              .user = &all},
                             error);
    weir_err err = made->app != NULL ? run(made->app, &signals, &all, error) : error->code;
    weir_app_free(made->app); /* its threads use `all` */
    made->app = NULL;
    return err;
}

static weir_err make_topology(weir_example *made, weir_topology_fn build, weir_error *error)
{
    made->topology = build(made->config, error);
    if (made->topology == NULL && error->code == WEIR_OK) {
        error->code = WEIR_ETOPOLOGY;
        snprintf(error->message, sizeof error->message,
                 "the topology function returned NULL and set no error");
    }
    return made->topology != NULL ? WEIR_OK : error->code;
}

int weir_example_main(int argc, char **argv, weir_topology_fn build, const char *const *topics)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE.properties [NAME=VALUE...]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    weir_error error = {0};
    weir_example made = {.config = weir_config_new()};
    weir_err err = made.config != NULL
                       ? weir_config_load_with(made.config, argv[1], on_problem, NULL, &error)
                       : WEIR_ENOMEM;
    if (err == WEIR_OK) {
        err = weir_example_settings(made.config, argc - 2, argv + 2, &error);
    }
    if (err == WEIR_OK) {
        err = fixture_topics_create(made.config, topics, &error);
    }
    if (err == WEIR_OK) {
        err = make_topology(&made, build, &error);
    }
    if (err == WEIR_OK) {
        err = run_app(&made, &error);
    }
    return weir_example_end(argv[0], &made, err, &error);
}
