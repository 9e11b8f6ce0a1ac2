/* SPDX-License-Identifier: Apache-2.0
 *
 * weir-mockbroker: the mock cluster for clients of other processes and languages. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <weir/mockbroker.h>

#include "mockbroker/options.h"

#define EVENT_TEXT_MAX ((size_t)512)

static void on_failure(const char *message, void *user)
{
    (void)user;
    fprintf(stderr, "weir-mockbroker: %s\n", message);
}

static void on_event(const weir_mock_event *event, void *user)
{
    char text[EVENT_TEXT_MAX];
    (void)user;
    weir_mock_event_text(event, text, sizeof text);
    fprintf(stderr, "%s %s\n", weir_mock_event_name(event->kind), text);
}

static weir_err create_topics(weir_mock *mock, const options *opts, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < opts->topic_count && err == WEIR_OK; i++) {
        const topic_option *topic = &opts->topics[i];
        err = weir_mock_topic_create(mock, topic->name, topic->partitions, -1, topic->settings,
                                     error);
    }
    return err;
}

static weir_err serve(const options *opts, const sigset_t *ends, weir_error *error)
{
    const weir_mock_opts mock_opts = {.brokers = opts->brokers,
                                      .port = opts->port,
                                      .auto_create_topics = opts->auto_create,
                                      .default_partitions = opts->partitions,
                                      .log_bytes_max = opts->log_bytes,
                                      .on_failure = on_failure,
                                      .on_event = opts->verbose ? on_event : NULL};
    weir_mock *mock = weir_mock_new(&mock_opts, error);
    if (mock == NULL) {
        return error->code;
    }
    weir_err err = create_topics(mock, opts, error);
    if (err == WEIR_OK) {
        int which;
        printf("bootstrap.servers=%s\n", weir_mock_bootstrap(mock));
        fflush(stdout);
        sigwait(ends, &which);
    }
    weir_mock_free(mock);
    return err;
}

int main(int argc, char **argv)
{
    options opts;
    sigset_t ends;
    weir_error error = {0};
    if (!options_read(argc, argv, &opts)) {
        fprintf(stderr, "weir-mockbroker: out of memory\n");
        return EXIT_FAILURE;
    }
    /* Blocked in all threads, which inherit it: sigwait gets them. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    weir_err err = serve(&opts, &ends, &error);
    if (err != WEIR_OK) {
        fprintf(stderr, "weir-mockbroker: %s\n", error.message);
    }
    options_free(&opts);
    return err == WEIR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
