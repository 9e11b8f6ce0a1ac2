/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of the synchronous driver with a NULL for each of their arguments: the test fails
 * with a text that names the argument. */
#include "support/null_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include <weir/driver_sync.h>

#include "fixtures/word_count.h"

#define STRINGS &weir_string, &weir_string

static void count_topic(const char *topic, void *user)
{
    (void)topic;
    ++*(int *)user;
}

/* X(function, argument, expected, call). `expected` is a part of the failure's text; NULL: the call
 * is good. */
#define SYNC_ROWS(X)                                                                               \
    X(weir_sync_new, topology, NULL, assert_null(weir_sync_new(NULL, NULL, NULL)))                 \
    X(weir_sync_new, opts, NULL, weir_sync_free(weir_sync_new(fixture_word_count, NULL, NULL)))    \
    X(weir_sync_new, error, NULL, assert_null(weir_sync_new(NULL, NULL, NULL)))                    \
    X(weir_sync_free, sync, NULL, weir_sync_free(NULL))                                            \
    X(weir_sync_input, sync, "sync is", weir_sync_input(NULL, "x", STRINGS))                       \
    X(weir_sync_input, topic, "topic is", weir_sync_input(sync, NULL, STRINGS))                    \
    X(weir_sync_input, key, "key is", weir_sync_input(sync, "x", NULL, &weir_i64))                 \
    X(weir_sync_input, value, "value is", weir_sync_input(sync, "x", &weir_i64, NULL))             \
    X(weir_sync_output, sync, "sync is", weir_sync_output(NULL, "x", STRINGS))                     \
    X(weir_sync_output, topic, "topic is", weir_sync_output(sync, NULL, STRINGS))                  \
    X(weir_sync_output, key, "key is", weir_sync_output(sync, "x", NULL, &weir_i64))               \
    X(weir_sync_output, value, "value is", weir_sync_output(sync, "x", &weir_i64, NULL))           \
    X(weir_sync_store, sync, "sync is", weir_sync_store(NULL, "counts", STRINGS))                  \
    X(weir_sync_store, store, "store is", weir_sync_store(sync, NULL, STRINGS))                    \
    X(weir_sync_store, key, "key is", weir_sync_store(sync, "counts", NULL, &weir_i64))            \
    X(weir_sync_store, value, "value is", weir_sync_store(sync, "counts", &weir_i64, NULL))        \
    X(weir_sync_store_put, view, "view is",                                                        \
      weir_sync_store_put((weir_store_view){0}, &text, 0, 0))                                      \
    X(weir_sync_store_put, key, "key is", weir_sync_store_put(view, NULL, &text, 0))               \
    X(weir_sync_store_put, value, NULL, weir_sync_store_put(view, &text, NULL, 0))                 \
    X(weir_sync_rows, sync, "sync is", weir_sync_rows(NULL, STRINGS))                              \
    X(weir_sync_rows, key, "key is", weir_sync_rows(sync, NULL, &weir_i64))                        \
    X(weir_sync_rows, value, "value is", weir_sync_rows(sync, &weir_i64, NULL))                    \
    X(weir_sync_now_ms, sync, "sync is", weir_sync_now_ms(NULL))                                   \
    X(weir_sync_advance, sync, "sync is", weir_sync_advance(NULL, 1))                              \
    X(weir_sync_try_advance, sync, NULL,                                                           \
      assert_int_equal(weir_sync_try_advance(NULL, 1, &error), WEIR_EINVAL))                       \
    X(weir_sync_try_advance, error, NULL,                                                          \
      assert_int_equal(weir_sync_try_advance(sync, -1, NULL), WEIR_EINVAL))                        \
    X(weir_sync_commit, sync, "sync is", weir_sync_commit(NULL))                                   \
    X(weir_sync_each_output, sync, "sync is", weir_sync_each_output(NULL, count_topic, &count))    \
    X(weir_sync_each_output, fn, "fn is", weir_sync_each_output(sync, NULL, NULL))                 \
    X(weir_sync_each_sent, sync, "sync is", weir_sync_each_sent(NULL, 0, NULL, NULL))              \
    X(weir_sync_each_sent, fn, NULL, weir_sync_each_sent(sync, 0, NULL, NULL))                     \
    X(weir_sync_dropped_records, sync, "sync is", weir_sync_dropped_records(NULL, NULL, 0))        \
    X(weir_sync_dropped_records, out, NULL, weir_sync_dropped_records(sync, NULL, 8))              \
    X(weir_sync_fail_at, sync, "mine", weir_sync_fail_at(NULL, "f", 1, "mine"))                    \
    X(weir_sync_fail_at, file, "mine", weir_sync_fail_at(sync, NULL, 1, "mine"))                   \
    X(weir_sync_fail_at, format, "format is", weir_sync_fail_at(sync, "f", 1, NULL))

#define RUN(function, argument, expected, call)                                                    \
    {                                                                                              \
        int before = last.count;                                                                   \
        /* A call without a driver fails as the one that was made last on this thread. */          \
        assert_null(weir_sync_new(NULL, &opts, NULL));                                             \
        call;                                                                                      \
        assert_failure(&last, before, expected, #function ": '" #argument "'");                    \
    }

static void functions_of_the_synchronous_driver_name_what_is_null(void **state)
{
    (void)state;
    null_failure last = {.count = 0};
    weir_error error = {0};
    int count = 0;
    weir_sync_opts opts = {.on_failure = note_failure, .user = &last};
    weir_sync *sync = weir_sync_new(fixture_word_count, &opts, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    const weir_slice text = weir_slice_of("k");
    weir_store_view view = weir_sync_store(sync, "counts", &weir_string, &weir_i64);
    SYNC_ROWS(RUN)
    assert_int_equal(count, 0);
    weir_sync_free(sync);
}

static void every_argument_has_a_row(void **state)
{
    (void)state;
    static const null_row rows[] = {SYNC_ROWS(NULL_ROW)};
    assert_rows_complete("driver/include/weir/driver_sync.h", rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_the_synchronous_driver_name_what_is_null),
        cmocka_unit_test(every_argument_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
