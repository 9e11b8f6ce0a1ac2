/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings of an application under test: a test that passes prints nothing, and a failure shows
 * each warning once. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "common/warnings.h"
#include "core/buf.h"

#define STRINGS &weir_string, &weir_string

static void assert_kept(const weir__warnings *warnings, const char *expected)
{
    weir_buf out = {0};
    weir__warnings_put(warnings, "- ", "\n", &out);
    assert_string_equal(weir__buf_text(&out), expected);
    weir__buf_fini(&out);
}

static void the_last_warnings_are_kept_each_once(void **state)
{
    (void)state;
    weir__warnings warnings = {0};
    assert_kept(&warnings, "");
    weir__warnings_note(&warnings, "a: one");
    weir__warnings_note(&warnings, "a: two");
    weir__warnings_note(&warnings, "a: one");
    assert_kept(&warnings, "- a: one (2 times)\n- a: two\n");
    weir__warnings_note(&warnings, "a: three");
    weir__warnings_note(&warnings, "a: four");
    weir__warnings_note(&warnings, "a: five");
    assert_kept(&warnings, "- a: two\n- a: three\n- a: four\n- a: five\n");
    assert_true(weir__warnings_have(&warnings, "four"));
    assert_false(weir__warnings_have(&warnings, "one"));
}

static void a_line_that_repeats_what_an_earlier_one_says_takes_its_place(void **state)
{
    (void)state;
    weir__warnings warnings = {0};
    weir__warnings_note(&warnings, "thread-1: node 'f': the order has no customer");
    weir__warnings_note(&warnings, "thread-2: : ");
    weir__warnings_note(&warnings,
                        "thread-1 failed: WEIR_EUSER: node 'f': the order has no customer");
    assert_kept(&warnings, "- thread-1 failed: WEIR_EUSER: node 'f': the order has no customer\n"
                           "- thread-2: : \n");
}

/* ---- A synchronous test ------------------------------------------------------------------- */

static weir_err refuse(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)in, (void)out, (void)user;
    return weir_fail(ctx, WEIR_EUSER, "a bad value");
}

static weir_topology *refusing(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_to(weir_map_values(in, &weir_string, refuse, NULL, &(weir_named){"refuse"}), "out", NULL);
    return weir_build(b, config, error);
}

typedef struct failures {
    int count;
    char last[2048];
} failures;

static void note_failure(const char *file, int line, const char *message, void *user)
{
    failures *found = user;
    (void)file, (void)line;
    found->count++;
    snprintf(found->last, sizeof found->last, "%s", message);
}

static void count_lines(int level, const char *text, void *user)
{
    (void)level, (void)text;
    (*(int *)user)++;
}

static weir_sync *sync_of(failures *found, int *lines)
{
    static const char *const config[] = {"processing.exception.handler", "continue", NULL};
    weir_sync_opts opts = {.config = config, .on_failure = note_failure, .user = found};
    if (lines != NULL) {
        opts.app.on_log = count_lines;
        opts.app.user = lines;
    }
    weir_sync *sync = weir_sync_new(refusing, &opts, NULL);
    assert_non_null(sync);
    return sync;
}

static void send(weir_sync *sync)
{
    weir_input_text(weir_sync_input(sync, "in", STRINGS), "k", "v");
}

static void a_test_that_passes_prints_nothing(void **state)
{
    (void)state;
    failures found = {0};
    FILE *printed = tmpfile();
    int before = dup(STDERR_FILENO);
    assert_non_null(printed);
    assert_int_equal(dup2(fileno(printed), STDERR_FILENO), STDERR_FILENO);
    weir_sync *sync = sync_of(&found, NULL);
    send(sync);
    weir_assert_size(weir_output_all(weir_sync_output(sync, "out", STRINGS)), 0);
    weir_sync_free(sync);
    fflush(stderr);
    assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(fseek(printed, 0, SEEK_END), 0);
    assert_int_equal(ftell(printed), 0);
    fclose(printed);
    close(before);
    assert_int_equal(found.count, 0);
}

static size_t times(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void a_failure_shows_each_warning_once(void **state)
{
    (void)state;
    failures found = {0};
    int lines = 0;
    weir_sync *sync = sync_of(&found, &lines);
    send(sync);
    weir_rows *out = weir_output_all(weir_sync_output(sync, "out", STRINGS));
    weir_assert_size(out, 1);
    assert_int_equal(found.count, 1);
    assert_non_null(strstr(found.last,
                           "out has 0 rows, expected 1\n  said: sync: dropped a record: node "
                           "'refuse', task 0_0, in-0@0: processing failed: a bad value"));
    assert_int_equal(times(found.last, "node 'refuse'"), 1);
    assert_int_equal(lines, 1); /* on_log gets them, too */
    send(sync);
    weir_assert_size(out, 1);
    assert_non_null(strstr(found.last, "\n  node 'refuse' dropped 2 records: "));
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_warnings_are_kept_each_once),
        cmocka_unit_test(a_line_that_repeats_what_an_earlier_one_says_takes_its_place),
        cmocka_unit_test(a_test_that_passes_prints_nothing),
        cmocka_unit_test(a_failure_shows_each_warning_once),
    };
    return cmocka_run_group_tests_name("driver warnings", tests, NULL, NULL);
}
