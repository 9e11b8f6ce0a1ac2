/* SPDX-License-Identifier: Apache-2.0
 *
 * The topology on a real cluster: orders FILE.properties. Ctrl-C ends it. */
#define _POSIX_C_SOURCE 200809L

#include "orders.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <weir/admin.h>

#define CLOSE_TIMEOUT_MS 30000

static const weir_topic_spec topics[] = {{"customers", 4, -1, NULL},
                                         {"orders", 4, -1, NULL},
                                         {"enriched", 4, -1, NULL},
                                         {"spent", 4, -1, NULL},
                                         {"reminders", 4, -1, NULL}};

/* An application that has failed for good stays in ERROR until it is closed: end the program. Why
 * it failed is in its log, on stderr. */
static void on_state(weir_state from, weir_state to, void *user)
{
    (void)from;
    (void)user;
    if (to == WEIR_STATE_ERROR) {
        kill(getpid(), SIGTERM);
    }
}

/* Runs until a signal arrives; signals are blocked for sigwait. */
static weir_err run(weir_app *app, const sigset_t *signals, weir_error *error)
{
    int signal;
    weir_err err = weir_app_start(app, error);
    if (err != WEIR_OK) {
        return err;
    }
    sigwait(signals, &signal);
    bool failed = weir_app_state(app) == WEIR_STATE_ERROR;
    err = weir_app_close(app, CLOSE_TIMEOUT_MS);
    if (failed || err != WEIR_OK) {
        snprintf(error->message, sizeof error->message, "%s",
                 failed ? "the application has failed" : "it does not close");
    }
    return failed ? WEIR_ESTATE : err;
}

int main(int argc, char **argv)
{
    weir_topology *topology = NULL;
    weir_app *app = NULL;
    weir_error error = {0};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before the application starts its threads */

    weir_config *config = weir_config_new();
    weir_err err = weir_config_load(config, argc > 1 ? argv[1] : "orders.properties", &error);
    if (err == WEIR_OK) {
        err = weir_create_topics(config, topics, sizeof topics / sizeof topics[0], &error);
    }
    if (err == WEIR_OK) {
        topology = orders_topology(config, &error);
        err = topology != NULL ? WEIR_OK : error.code;
    }
    if (err == WEIR_OK) {
        app = weir_app_new(topology, config, &(weir_app_opts){.on_state = on_state}, &error);
        err = app != NULL ? run(app, &signals, &error) : error.code;
    }
    if (err != WEIR_OK) {
        fprintf(stderr, "%s: %s: %s\n", argv[0], weir_err_str(err), error.message);
    }
    weir_app_free(app);
    weir_topology_free(topology);
    weir_config_free(config);
    return err == WEIR_OK ? 0 : 1;
}
