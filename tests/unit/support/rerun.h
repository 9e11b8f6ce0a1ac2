/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the test program again as a new process, with other addresses, and reads what it prints. */
#ifndef WEIR_TESTS_UNIT_SUPPORT_RERUN_H
#define WEIR_TESTS_UNIT_SUPPORT_RERUN_H

#include <inttypes.h>
#include <sys/wait.h>

#include "unit/support/sim.h"

/* What main() gets in the new process. */
typedef struct rerun {
    weir_sim_policy policy;
    weir_sim_backend backend;
    uint64_t seed;
    int variant; /* what the test makes of it */
} rerun;

/* True in the new process. */
static inline bool rerun_asked(int argc, char **argv, rerun *out)
{
    if (argc != 5) {
        return false;
    }
    out->policy = (weir_sim_policy)strtol(argv[1], NULL, 10);
    out->backend = (weir_sim_backend)strtol(argv[2], NULL, 10);
    out->seed = strtoull(argv[3], NULL, 10);
    out->variant = (int)strtol(argv[4], NULL, 10);
    return true;
}

static inline void rerun_answer(uint64_t hash)
{
    printf("%" PRIx64 "\n", hash);
    fflush(stdout);
}

/* Starts the new process; its output can be read from the descriptor. */
static inline int rerun_start(rerun what, pid_t *child)
{
    int ends[2];
    char policy[8], backend[8], seed[24], variant[16];
    snprintf(policy, sizeof policy, "%d", (int)what.policy);
    snprintf(backend, sizeof backend, "%d", (int)what.backend);
    snprintf(seed, sizeof seed, "%" PRIu64, what.seed);
    snprintf(variant, sizeof variant, "%d", what.variant);
    assert_int_equal(pipe(ends), 0);
    *child = fork();
    assert_true(*child >= 0);
    if (*child == 0) {
        char *const args[] = {"rerun", policy, backend, seed, variant, NULL};
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv("/proc/self/exe", args);
        _exit(127);
    }
    close(ends[1]);
    return ends[0];
}

/* The trace hash of a run in a new process. */
static inline uint64_t rerun_hash(rerun what)
{
    pid_t child;
    int status;
    char line[64];
    FILE *in = fdopen(rerun_start(what, &child), "r");
    assert_non_null(in);
    char *got = fgets(line, sizeof line, in);
    fclose(in);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_non_null(got);
    return strtoull(line, NULL, 16);
}

#endif
