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
#include <unistd.h>

#include <cmocka.h>

#include <weir/driver.h>

/* WEIR_TEST=name in the environment of a program with this header: only the tests of that name run
 * (* matches any text, ? any character), with the same result as among the others. A program
 * without such a test prints the names of its tests and fails. */
__attribute__((constructor)) static inline void weir_cmocka_choose(void)
{
    const char *only = getenv("WEIR_TEST");
    if (only != NULL && only[0] != '\0') {
        cmocka_set_test_filter(only);
    }
}

/* A weir_failure_fn: weir_cluster_opts{.on_failure = weir_cmocka_failure}. It does not use
 * print_error, which cuts a message after a kilobyte. */
static inline void weir_cmocka_failure(const char *file, int line, const char *message, void *user)
{
    (void)user;
    fprintf(stderr, "%s\n", message);
    _fail(file != NULL ? file : "(driver)", line);
}

/* ---- The name of the test that runs ------------------------------------------------------- */

/* cmocka_run_group_tests runs its tests as usual. While a test runs, WEIR_TEST in the environment
 * is its name; so the name is part of the command that repeats the test. */

typedef struct weir__cmocka_group {
    struct CMUnitTest *tests; /* copies: setup_func is ours, initial_state points to the original */
    CMFixtureFunction setup;
    CMFixtureFunction teardown;
    void *state;   /* of the group */
    int unmatched; /* groups without a test that WEIR_TEST names */
    int matched;
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

static inline int weir__cmocka_matches(const char *pattern, const char *name)
{
    for (; *pattern != '\0'; pattern++, name++) {
        if (*pattern == '*') {
            while (*name != '\0' && !weir__cmocka_matches(pattern + 1, name)) {
                name++;
            }
            return weir__cmocka_matches(pattern + 1, name);
        }
        if (*name == '\0' || (*pattern != '?' && *pattern != *name)) {
            return 0;
        }
    }
    return *name == '\0';
}

/* Fails the program if no group had a matching test. */
static inline void weir__cmocka_at_exit(void)
{
    if (weir__cmocka_running()->matched == 0) {
        fflush(NULL);
        _exit(1);
    }
}

/* Prints the names of the tests of a group in which no test matches. */
static inline void weir__cmocka_check(const char *name, const struct CMUnitTest *tests,
                                      size_t count, const char *only)
{
    weir__cmocka_group *group = weir__cmocka_running();
    for (size_t i = 0; i < count; i++) {
        group->matched += weir__cmocka_matches(only, tests[i].name);
    }
    if (group->matched > 0) {
        return;
    }
    if (group->unmatched++ == 0 && atexit(weir__cmocka_at_exit) != 0) {
        abort();
    }
    fprintf(stderr, "WEIR_TEST=%s: no such test in %s; its tests are:\n", only, name);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "  %s\n", tests[i].name);
    }
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
    if (given != NULL && given[0] != '\0') {
        weir__cmocka_check(name, tests, count, given);
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
