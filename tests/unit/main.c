/* SPDX-License-Identifier: Apache-2.0
 *
 * weir_main in the cases that end before the application starts. The examples run the rest, on a
 * real broker. */
#include <weir/main.h>

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

/* Runs it with the settings of an example and one more; `text`: what it says on stderr. */
static int run(weir_topology_fn topology, const weir_main_opts *opts, const char *argument,
               char text[TEXT_MAX])
{
    char *argv[] = {(char *)"program", (char *)WEIR_SOURCE_DIR "/examples/word-count.properties",
                    (char *)(uintptr_t)argument, NULL};
    FILE *captured = tmpfile();
    assert_non_null(captured);
    int before = dup(STDERR_FILENO);
    dup2(fileno(captured), STDERR_FILENO);
    int status = weir_main(argument != NULL ? 3 : 2, argv, topology, opts);
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
    assert_int_equal(run(nothing, NULL, NULL, text), 1);
    assert_non_null(strstr(text, "the topology function returned NULL and set no error"));
}

static void an_argument_that_is_no_setting_is_named(void **state)
{
    char text[TEXT_MAX];
    (void)state;
    assert_int_equal(run(nothing, NULL, "num.stream.threads", text), 1);
    assert_non_null(strstr(text, "'num.stream.threads' is not NAME=VALUE"));
    assert_int_equal(run(nothing, NULL, "=2", text), 1);
    assert_non_null(strstr(text, "'=2' is not NAME=VALUE"));
    assert_int_equal(run(nothing, NULL, "num.stream.threads=none", text), 1);
    assert_non_null(strstr(text, "num.stream.threads"));
}

static void a_program_without_a_file_says_how_it_is_used(void **state)
{
    char *argv[] = {(char *)"program", NULL};
    (void)state;
    assert_int_equal(weir_main(1, argv, nothing, NULL), 2);
    assert_int_equal(weir_main(1, argv, NULL, NULL), 1);
    assert_int_equal(weir_main(0, NULL, nothing, NULL), 1);
}

static weir_err refuse(const weir_config *config, weir_error *error, void *user)
{
    assert_string_equal(weir_config_get(config, "application.id"), "other");
    assert_string_equal(user, "the user");
    error->code = WEIR_EUSER;
    snprintf(error->message, sizeof error->message, "not today");
    return WEIR_EUSER;
}

static void the_settings_can_be_refused_before_the_topology_is_built(void **state)
{
    const weir_main_opts opts = {.prepare = refuse, .app = {.user = (char *)"the user"}};
    char text[TEXT_MAX];
    (void)state;
    assert_int_equal(run(nothing, &opts, "application.id=other", text), 1);
    assert_non_null(strstr(text, "not today"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topology_function_that_returns_nothing_fails_the_program),
        cmocka_unit_test(an_argument_that_is_no_setting_is_named),
        cmocka_unit_test(a_program_without_a_file_says_how_it_is_used),
        cmocka_unit_test(the_settings_can_be_refused_before_the_topology_is_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
