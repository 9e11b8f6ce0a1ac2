/* SPDX-License-Identifier: Apache-2.0
 *
 * The main() of the examples, in the cases that end before an application is made. */
#include "common/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT_MAX 512

static weir_topology *nothing(const weir_config *config, weir_error *error)
{
    (void)config;
    (void)error;
    return NULL;
}

/* Runs it without topics; `text`: what it says on stderr. */
static int run(const char *setting, char text[TEXT_MAX])
{
    static const char *const no_topics[] = {NULL};
    char *argv[] = {(char *)"program", (char *)WEIR_SOURCE_DIR "/examples/word-count.properties",
                    (char *)(uintptr_t)setting, NULL};
    FILE *captured = tmpfile();
    assert_non_null(captured);
    int before = dup(STDERR_FILENO);
    dup2(fileno(captured), STDERR_FILENO);
    int status = weir_example_main(setting != NULL ? 3 : 2, argv, nothing, no_topics);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(captured);
    text[fread(text, 1, TEXT_MAX - 1, captured)] = '\0';
    fclose(captured);
    return status;
}

static void a_topology_function_that_returns_nothing_fails_the_program(void **state)
{
    char text[TEXT_MAX];
    (void)state;
    assert_int_equal(run(NULL, text), 1);
    assert_non_null(strstr(text, "the topology function returned NULL and set no error"));
}

static void an_argument_that_is_no_setting_is_named(void **state)
{
    char text[TEXT_MAX];
    (void)state;
    assert_int_equal(run("num.stream.threads", text), 1);
    assert_non_null(strstr(text, "'num.stream.threads' is not NAME=VALUE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topology_function_that_returns_nothing_fails_the_program),
        cmocka_unit_test(an_argument_that_is_no_setting_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
