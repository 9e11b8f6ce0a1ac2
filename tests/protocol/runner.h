/* SPDX-License-Identifier: Apache-2.0
 *
 * Plays scenarios, each in a process of its own: one that crashes or does not end is one result. */
#ifndef WEIR_TESTS_PROTOCOL_RUNNER_H
#define WEIR_TESTS_PROTOCOL_RUNNER_H

#include <sys/types.h>

#include "targets.h"

/* A scenario that has not ended by then is killed. */
#define SCENARIO_SECONDS_MAX 180

typedef struct result {
    const char *area;
    const scenario *what;
    observation *seen; /* what a process that ended otherwise than by itself left is kept */
    pid_t pid;
    int64_t began_s;
} result;

/* Plays all `results`, up to `jobs` at once; `done` is called for each in order of its end. */
void play_all(const target *on, result *results, size_t count, int jobs);

#endif
