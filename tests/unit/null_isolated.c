/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of a processor alone with a NULL for each of their arguments: the test fails with a
 * text that names the argument. */
#include "support/null_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include <weir/driver_isolated.h>

#define STRINGS &weir_string, &weir_string
#define NO_KIND ((weir_time_kind)7)

/* X(function, argument, expected, call). `expected` is a part of the failure's text; NULL: the call
 * is good. */
#define ISOLATED_ROWS(X)                                                                           \
    X(weir_isolated_new, ops, NULL, assert_null(weir_isolated_new(NULL, NULL, &opts, NULL)))       \
    X(weir_isolated_new, opts, NULL, assert_null(weir_isolated_new(&ops, NULL, NULL, &error)))     \
    X(weir_isolated_new, error, NULL, assert_null(weir_isolated_new(NULL, NULL, &opts, NULL)))     \
    X(weir_isolated_free, isolated, NULL, weir_isolated_free(NULL))                                \
    X(weir_isolated_set_metadata, isolated, "isolated is",                                         \
      weir_isolated_set_metadata(NULL, (weir_record_metadata){"t", 0, 0}))                         \
    X(weir_isolated_set_metadata, metadata, NULL,                                                  \
      weir_isolated_set_metadata(isolated, (weir_record_metadata){NULL, -1, -1}))                  \
    X(weir_isolated_process, isolated, "isolated is", weir_isolated_process(NULL, &record))        \
    X(weir_isolated_process, record, "record is", weir_isolated_process(isolated, NULL))           \
    X(weir_isolated_try_process, isolated, "isolated is",                                          \
      assert_int_equal(weir_isolated_try_process(NULL, &record, &error), WEIR_EINVAL))             \
    X(weir_isolated_try_process, record, "record is",                                              \
      assert_int_equal(weir_isolated_try_process(isolated, NULL, &error), WEIR_EINVAL))            \
    X(weir_isolated_try_process, error, NULL,                                                      \
      assert_int_equal(weir_isolated_try_process(isolated, &record, NULL), WEIR_OK))               \
    X(weir_isolated_forwards, isolated, "isolated is",                                             \
      assert_null(weir_isolated_forwards(NULL, "child")))                                          \
    X(weir_isolated_forwards, child, NULL,                                                         \
      assert_non_null(weir_isolated_forwards(isolated, NULL)))                                     \
    X(weir_isolated_commit_requested, isolated, "isolated is",                                     \
      assert_false(weir_isolated_commit_requested(NULL)))                                          \
    X(weir_isolated_forget, isolated, "isolated is", weir_isolated_forget(NULL))                   \
    X(weir_isolated_time_ms, isolated, "isolated is",                                              \
      assert_int_equal(weir_isolated_time_ms(NULL, WEIR_STREAM_TIME), 0))                          \
    X(weir_isolated_time_ms, kind, "no kind of time is 7",                                         \
      assert_int_equal(weir_isolated_time_ms(isolated, NO_KIND), 0))                               \
    X(weir_isolated_set_time, isolated, "isolated is",                                             \
      weir_isolated_set_time(NULL, WEIR_STREAM_TIME, 5))                                           \
    X(weir_isolated_set_time, kind, "no kind of time is 7",                                        \
      weir_isolated_set_time(isolated, NO_KIND, 5))                                                \
    X(weir_isolated_advance_to, isolated, "isolated is",                                           \
      weir_isolated_advance_to(NULL, WEIR_STREAM_TIME, 5))                                         \
    X(weir_isolated_advance_to, kind, "no kind of time is 7",                                      \
      weir_isolated_advance_to(isolated, NO_KIND, 5))                                              \
    X(weir_isolated_try_advance_to, isolated, NULL,                                                \
      assert_int_equal(weir_isolated_try_advance_to(NULL, WEIR_STREAM_TIME, 5, &error),            \
                       WEIR_EINVAL))                                                               \
    X(weir_isolated_try_advance_to, kind, NULL,                                                    \
      assert_int_equal(weir_isolated_try_advance_to(isolated, NO_KIND, 5, &error), WEIR_EINVAL))   \
    X(weir_isolated_try_advance_to, error, NULL,                                                   \
      assert_int_equal(weir_isolated_try_advance_to(isolated, WEIR_WALL_CLOCK_TIME, 1, NULL),      \
                       WEIR_EINVAL))                                                               \
    X(weir_isolated_punctuations, isolated, "isolated is",                                         \
      assert_int_equal(weir_isolated_punctuations(NULL, NULL, 0), 0))                              \
    X(weir_isolated_punctuations, out, NULL,                                                       \
      assert_int_equal(weir_isolated_punctuations(isolated, NULL, 5), 0))                          \
    X(weir_isolated_punctuate, isolated, "isolated is", weir_isolated_punctuate(NULL, 0))          \
    X(weir_isolated_try_punctuate, isolated, NULL,                                                 \
      assert_int_equal(weir_isolated_try_punctuate(NULL, 0, &error), WEIR_EINVAL))                 \
    X(weir_isolated_try_punctuate, error, NULL,                                                    \
      assert_int_equal(weir_isolated_try_punctuate(isolated, 0, NULL), WEIR_ENOTFOUND))            \
    X(weir_isolated_store, isolated, "isolated is", weir_isolated_store(NULL, "rows", STRINGS))    \
    X(weir_isolated_store, store, "store is", weir_isolated_store(isolated, NULL, STRINGS))        \
    X(weir_isolated_store, key, "key is",                                                          \
      weir_isolated_store(isolated, "rows", NULL, &weir_string))                                   \
    X(weir_isolated_store, value, "value is",                                                      \
      weir_isolated_store(isolated, "rows", &weir_string, NULL))                                   \
    X(weir_isolated_rows, isolated, "isolated is", weir_isolated_rows(NULL, STRINGS))              \
    X(weir_isolated_rows, key, "key is", weir_isolated_rows(isolated, NULL, &weir_string))         \
    X(weir_isolated_rows, value, "value is", weir_isolated_rows(isolated, &weir_string, NULL))     \
    X(weir_isolated_dropped_records, isolated, "isolated is",                                      \
      assert_int_equal(weir_isolated_dropped_records(NULL, NULL, 0), 0))                           \
    X(weir_isolated_dropped_records, out, NULL,                                                    \
      assert_int_equal(weir_isolated_dropped_records(isolated, NULL, 8), 0))

#define RUN(function, argument, expected, call)                                                    \
    {                                                                                              \
        int before = last.count;                                                                   \
        /* A call without a driver fails as the one that was made last on this thread. */          \
        assert_null(weir_isolated_new(NULL, NULL, &opts, NULL));                                   \
        call;                                                                                      \
        assert_failure(&last, before, expected, #function ": '" #argument "'");                    \
    }

static weir_err forward(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static void functions_of_a_processor_alone_name_what_is_null(void **state)
{
    static const weir_processor_ops ops = {"forward", NULL, forward, NULL};
    (void)state;
    null_failure last = {.count = 0};
    weir_error error = {0};
    const weir_input_record record = {.key = weir_text("k")};
    weir_isolated_opts opts = {
        .key = &weir_string, .value = &weir_string, .on_failure = note_failure, .user = &last};
    weir_isolated *isolated = weir_isolated_new(&ops, NULL, &opts, &error);
    if (isolated == NULL) {
        fail_msg("%s", error.message);
    }
    ISOLATED_ROWS(RUN)
    weir_isolated_free(isolated);
}

static void every_argument_has_a_row(void **state)
{
    (void)state;
    static const null_row rows[] = {ISOLATED_ROWS(NULL_ROW)};
    assert_rows_complete("driver/include/weir/driver_isolated.h", rows,
                         sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_a_processor_alone_name_what_is_null),
        cmocka_unit_test(every_argument_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
