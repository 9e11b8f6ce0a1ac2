/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream application as an ordinary program: everything that a main() has to do. */
#include "common/program.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/topics.h"

#define CLOSE_TIMEOUT_MS 30000
#define NAME_MAX_BYTES 256

/* From any thread of the application. An application that has failed for good ends the program the
 * way an operator would. */
static void on_state(weir_state from, weir_state to, void *user)
{
    (void)user;
    printf("state %s -> %s\n", weir_state_name(from), weir_state_name(to));
    if (to == WEIR_STATE_ERROR) {
        kill(getpid(), SIGTERM);
    }
}

static void on_restore(const weir_restore_progress *progress, void *user)
{
    (void)user;
    if (progress->event == WEIR_RESTORE_END) {
        printf("restored %s from %s [%" PRId32 "]: %" PRId64 " records\n", progress->store,
               progress->topic, progress->partition, progress->restored);
    }
}

/* The arguments: a file and settings that win over it. */
static weir_err configure(weir_config *config, int argc, char **argv, weir_error *error)
{
    weir_err err = weir_config_load(config, argv[1], error);
    for (int i = 2; i < argc && err == WEIR_OK; i++) {
        char name[NAME_MAX_BYTES];
        const char *equals = strchr(argv[i], '=');
        size_t len = equals != NULL ? (size_t)(equals - argv[i]) : 0;
        if (len == 0 || len >= sizeof name) {
            error->code = WEIR_ECONFIG;
            snprintf(error->message, sizeof error->message, "'%s' is not NAME=VALUE", argv[i]);
            return WEIR_ECONFIG;
        }
        memcpy(name, argv[i], len);
        name[len] = '\0';
        err = weir_config_set(config, name, equals + 1, error);
    }
    return err;
}

/* Runs until a signal comes; the threads of the application leave signals to this one. */
static weir_err run(weir_app *app, const sigset_t *signals, weir_error *error)
{
    weir_err err = weir_app_start(app, error);
    if (err != WEIR_OK) {
        return err;
    }
    int signal;
    sigwait(signals, &signal);
    if (weir_app_state(app) == WEIR_STATE_ERROR) {
        error->code = WEIR_ESTATE;
        snprintf(error->message, sizeof error->message, "the application has failed");
        err = WEIR_ESTATE;
    }
    weir_err closed = weir_app_close(app, CLOSE_TIMEOUT_MS);
    if (err == WEIR_OK && closed != WEIR_OK) {
        error->code = err = closed;
        snprintf(error->message, sizeof error->message, "not closed within %d ms",
                 CLOSE_TIMEOUT_MS);
    }
    return err;
}

int weir_example_main(int argc, char **argv, weir_topology_fn build, const char *const *topics)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE.properties [NAME=VALUE...]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    weir_error error = {0};
    weir_app *app = NULL;
    weir_topology *topology = NULL;
    weir_config *config = weir_config_new();
    weir_err err = config != NULL ? configure(config, argc, argv, &error) : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        goto done;
    }
    err = weir_fixture_topics_create(config, topics, &error);
    if (err != WEIR_OK) {
        goto done;
    }
    topology = build(config, &error);
    if (topology == NULL) {
        err = error.code;
        goto done;
    }
    app = weir_app_new(topology, config,
                       &(weir_app_opts){.on_state = on_state, .on_restore = on_restore}, &error);
    err = app != NULL ? run(app, &signals, &error) : error.code;

done:
    if (err != WEIR_OK) {
        fprintf(stderr, "%s: %s: %s\n", argv[0], weir_err_str(err), error.message);
    }
    weir_app_free(app);
    weir_topology_free(topology);
    weir_config_free(config);
    return err == WEIR_OK ? 0 : 1;
}
