/* SPDX-License-Identifier: Apache-2.0
 *
 * What an instance says for itself: its log and the failure that it told to on_uncaught. */
#ifndef WEIR_TESTS_SUPPORT_HEARD_H
#define WEIR_TESTS_SUPPORT_HEARD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "support/cluster.h"

#define HEARD_FN __attribute__((unused)) static

typedef struct heard {
    weir_buf log;
    weir_error failure; /* the first one */
    int failures;
    int restored; /* records */
} heard;

HEARD_FN void heard_log(int level, const char *text, void *user)
{
    heard *all = user;
    weir__buf_printf(&all->log, "%d %s\n", level, text);
}

HEARD_FN weir_uncaught heard_uncaught(const char *thread, const weir_error *error, void *user)
{
    heard *all = user;
    (void)thread;
    if (all->failures++ == 0) {
        all->failure = *error;
    }
    return WEIR_SHUTDOWN_CLIENT;
}

HEARD_FN void heard_restore(const weir_restore_progress *progress, void *user)
{
    if (progress->event == WEIR_RESTORE_BATCH) {
        ((heard *)user)->restored += (int)progress->restored;
    }
}

HEARD_FN void heard_free(void *memory)
{
    heard *all = memory;
    weir__buf_fini(&all->log);
    free(all);
}

/* Kept until the cluster is freed. */
HEARD_FN heard *heard_new(void **state)
{
    return fixture_keep(state, calloc(1, sizeof(heard)), heard_free);
}

HEARD_FN weir_instance_opts heard_opts(heard *all, const char *const *config)
{
    return (weir_instance_opts){.config = config,
                                .app = {.on_log = heard_log,
                                        .on_uncaught = heard_uncaught,
                                        .on_restore = heard_restore,
                                        .user = all}};
}

HEARD_FN weir_instance *heard_start(weir_cluster *cluster, heard *all, const char *name,
                                    weir_topology_fn topology, const char *const *config)
{
    weir_instance_opts opts = heard_opts(all, config);
    return weir_cluster_start(cluster, name, topology, &opts);
}

#define assert_in(text, words) assert_in_at((text), (words), __FILE__, __LINE__)
HEARD_FN void assert_in_at(const char *text, const char *words, const char *file, int line)
{
    if (strstr(text, words) == NULL) {
        fprintf(stderr, "'%s' is not in\n%s\n", words, text); /* cmocka cuts long messages */
        _fail(file, line);
    }
}

HEARD_FN bool heard_is_in_error(weir_cluster *cluster, void *instance)
{
    (void)cluster;
    return weir_instance_state(instance) == WEIR_STATE_ERROR;
}

/* The policy of an error that nobody catches: the instance stops, says why, and can be closed. */
#define assert_stops(cluster, all, instance, err, words)                                           \
    assert_stops_at((cluster), (all), (instance), (err), (words), __FILE__, __LINE__)
HEARD_FN void assert_stops_at(weir_cluster *cluster, const heard *all, weir_instance *instance,
                              weir_err err, const char *words, const char *file, int line)
{
    weir_cluster_run_until_at(cluster, heard_is_in_error, instance, WEIR_MINUTES(2),
                              "the instance is in state ERROR", file, line);
    assert_in_at(all->failure.message, words, file, line);
    assert_string_equal(weir_err_name(all->failure.code), weir_err_name(err));
    assert_int_equal(all->failures, 1);
    assert_int_equal(weir_instance_close(instance, WEIR_SECONDS(30)), WEIR_OK);
}

#endif
