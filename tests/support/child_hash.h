/* SPDX-License-Identifier: Apache-2.0
 *
 * The trace hash of a run in a process of its own, with addresses of its own. */
#ifndef WEIR_TESTS_CHILD_HASH_H
#define WEIR_TESTS_CHILD_HASH_H

#include <sys/wait.h>
#include <unistd.h>

#include "support/cluster.h"

/* `run` writes the hash to `out` and exits with 0. */
static inline uint64_t child_hash(void (*run)(const void *arg, int out), const void *arg)
{
    int ends[2];
    int status = -1;
    uint64_t hash = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        run(arg, ends[1]);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], &hash, sizeof hash);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(got, sizeof hash);
    return hash;
}

#endif
