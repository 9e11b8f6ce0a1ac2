/* SPDX-License-Identifier: Apache-2.0
 *
 * Captures the log of an instance and the failure that it passed to on_uncaught. */
#ifndef WEIR_TESTS_SUPPORT_LOG_CAPTURE_H
#define WEIR_TESTS_SUPPORT_LOG_CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "support/cluster.h"

#define LOG_CAPTURE_FN __attribute__((unused)) static

typedef struct log_capture {
    weir_buf log;
    weir_error failure; /* the first one */
    int failures;
    int restored; /* records */
} log_capture;

LOG_CAPTURE_FN void log_capture_log(int level, const char *text, void *user)
{
    log_capture *all = user;
    weir__buf_printf(&all->log, "%d %s\n", level, text);
}

LOG_CAPTURE_FN weir_uncaught log_capture_uncaught(const char *thread, const weir_error *error,
                                                  void *user)
{
    log_capture *all = user;
    (void)thread;
    if (all->failures++ == 0) {
        all->failure = *error;
    }
    return WEIR_SHUTDOWN_CLIENT;
}

LOG_CAPTURE_FN void log_capture_restore(const weir_restore_progress *progress, void *user)
{
    if (progress->event == WEIR_RESTORE_BATCH) {
        ((log_capture *)user)->restored += (int)progress->restored;
    }
}

LOG_CAPTURE_FN void log_capture_free(void *memory)
{
    log_capture *all = memory;
    weir__buf_fini(&all->log);
    free(all);
}

/* Kept until the cluster is freed. */
LOG_CAPTURE_FN log_capture *log_capture_new(void **state)
{
    return fixture_keep(state, calloc(1, sizeof(log_capture)), log_capture_free);
}

LOG_CAPTURE_FN weir_instance_opts log_capture_opts(log_capture *all, const char *const *config)
{
    return (weir_instance_opts){.config = config,
                                .app = {.on_log = log_capture_log,
                                        .on_uncaught = log_capture_uncaught,
                                        .on_restore = log_capture_restore,
                                        .user = all}};
}

LOG_CAPTURE_FN weir_instance *log_capture_start(weir_cluster *cluster, log_capture *all,
                                                const char *name, weir_topology_fn topology,
                                                const char *const *config)
{
    weir_instance_opts opts = log_capture_opts(all, config);
    return weir_cluster_start(cluster, name, topology, &opts);
}

#define assert_in(text, words) assert_in_at((text), (words), __FILE__, __LINE__)
LOG_CAPTURE_FN void assert_in_at(const char *text, const char *words, const char *file, int line)
{
    if (strstr(text, words) == NULL) {
        fprintf(stderr, "'%s' is not in\n%s\n", words, text); /* cmocka cuts long messages */
        _fail(file, line);
    }
}

LOG_CAPTURE_FN bool log_capture_is_in_error(weir_cluster *cluster, void *instance)
{
    (void)cluster;
    return weir_instance_state(instance) == WEIR_STATE_ERROR;
}

/* Checks the policy of an uncaught error: the instance stops, reports why, and can be closed. */
#define assert_stops(cluster, all, instance, err, words)                                           \
    assert_stops_at((cluster), (all), (instance), (err), (words), __FILE__, __LINE__)
LOG_CAPTURE_FN void assert_stops_at(weir_cluster *cluster, const log_capture *all,
                                    weir_instance *instance, weir_err err, const char *words,
                                    const char *file, int line)
{
    weir_cluster_run_until_at(cluster, log_capture_is_in_error, instance, WEIR_MINUTES(2),
                              "the instance is in state ERROR", file, line);
    assert_in_at(all->failure.message, words, file, line);
    assert_string_equal(weir_err_name(all->failure.code), weir_err_name(err));
    assert_int_equal(all->failures, 1);
    assert_int_equal(weir_instance_close_placed(instance, WEIR_SECONDS(30), file, line), WEIR_OK);
}

#endif
