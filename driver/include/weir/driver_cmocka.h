/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures of the driver as failures of a cmocka test. */
#ifndef WEIR_DRIVER_CMOCKA_H
#define WEIR_DRIVER_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/driver.h>

/* WEIR_TEST=name in the environment of a program with this header: only the tests of that name run
 * (* and ? stand for any text and any letter), as they do among the others. */
__attribute__((constructor)) static inline void weir_cmocka_choose(void)
{
    const char *only = getenv("WEIR_TEST");
    if (only != NULL && only[0] != '\0') {
        cmocka_set_test_filter(only);
    }
}

/* A weir_failure_fn: weir_cluster_opts{.on_failure = weir_cmocka_failure}. Not by print_error,
 * which cuts after a kilobyte. */
static inline void weir_cmocka_failure(const char *file, int line, const char *message, void *user)
{
    (void)user;
    fprintf(stderr, "%s\n", message);
    _fail(file != NULL ? file : "(driver)", line);
}

/* ---- The name of the test that runs ------------------------------------------------------- */

/* cmocka_run_group_tests runs its tests as ever. While one runs, WEIR_TEST in the environment is
 * its name, which makes it part of the command that repeats it. */

typedef struct weir__cmocka_group {
    struct CMUnitTest *tests; /* copies: their setup is ours, their initial state their original */
    CMFixtureFunction setup;
    CMFixtureFunction teardown;
    void *state; /* of the group */
} weir__cmocka_group;

static inline weir__cmocka_group *weir__cmocka_running(void)
{
    static weir__cmocka_group group;
    return &group;
}

static inline int weir__cmocka_setup(void **state)
{
    const struct CMUnitTest *test = (const struct CMUnitTest *)*state;
    void *group_state = weir__cmocka_running()->state;
    setenv("WEIR_TEST", test->name, 1);
    *state = group_state != NULL ? group_state : test->initial_state;
    return test->setup_func != NULL ? test->setup_func(state) : 0;
}

static inline int weir__cmocka_group_setup(void **state)
{
    weir__cmocka_group *group = weir__cmocka_running();
    (void)state; /* stays NULL, so that each test gets its own initial state */
    return group->setup != NULL ? group->setup(&group->state) : 0;
}

static inline int weir__cmocka_group_teardown(void **state)
{
    weir__cmocka_group *group = weir__cmocka_running();
    (void)state;
    return group->teardown != NULL ? group->teardown(&group->state) : 0;
}

static inline int weir_cmocka_run(const char *name, const struct CMUnitTest *tests, size_t count,
                                  CMFixtureFunction setup, CMFixtureFunction teardown)
{
    weir__cmocka_group *group = weir__cmocka_running();
    const char *given = getenv("WEIR_TEST");
    char *kept = given != NULL ? strdup(given) : NULL;
    group->tests = (struct CMUnitTest *)malloc((count + 1) * sizeof *group->tests);
    if (group->tests == NULL || (given != NULL && kept == NULL)) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        group->tests[i] = tests[i];
        group->tests[i].setup_func = weir__cmocka_setup;
        group->tests[i].initial_state = (void *)(uintptr_t)&tests[i];
    }
    group->setup = setup;
    group->teardown = teardown;
    group->state = NULL;
    int failed = _cmocka_run_group_tests(name, group->tests, count, weir__cmocka_group_setup,
                                         weir__cmocka_group_teardown);
    if (kept != NULL) {
        setenv("WEIR_TEST", kept, 1);
    } else {
        unsetenv("WEIR_TEST");
    }
    free(kept);
    free(group->tests);
    return failed;
}

#undef cmocka_run_group_tests
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    weir_cmocka_run(#tests, (tests), sizeof(tests) / sizeof((tests)[0]), (setup), (teardown))
#undef cmocka_run_group_tests_name
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                  \
    weir_cmocka_run((name), (tests), sizeof(tests) / sizeof((tests)[0]), (setup), (teardown))

#endif
