/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a program of tests/helpers as a process of its own, and keeps what it printed. */
#ifndef WEIR_TESTS_DOOMED_H
#define WEIR_TESTS_DOOMED_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/cluster.h"

#define DOOMED_OUTPUT_MAX ((size_t)1 << 18)

typedef struct doomed {
    int status;                     /* of waitpid */
    char output[DOOMED_OUTPUT_MAX]; /* stdout and stderr, in the order of writing */
} doomed;

/* The child is `program` (WEIR_DOOMED). Its environment is ours but for WEIR_SEED and WEIR_TEST,
 * and `setting` ("NAME=value", or NULL). Valid until the next call. */
static inline const doomed *doomed_run_as(const char *program, const char *how, const char *plain,
                                          char *setting)
{
    static doomed result;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        unsetenv("WEIR_SEED");
        unsetenv("WEIR_TEST");
        if (setting != NULL) {
            putenv(setting);
        }
        execl(program, "doomed", how, plain, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t got;
    while ((got = read(ends[0], result.output + len, sizeof result.output - 1 - len)) > 0) {
        len += (size_t)got;
    }
    result.output[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &result.status, 0), child);
    return &result;
}

#define doomed_run(how, plain, setting) doomed_run_as(WEIR_DOOMED, (how), (plain), (setting))

#endif
