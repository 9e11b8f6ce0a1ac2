/* SPDX-License-Identifier: Apache-2.0
 *
 * What a test chooses and reads in a cluster as with the synchronous driver: the first wall clock,
 * contents of stores before the start, parts of stores. */
#include <stdio.h>
#include <string.h>

#include "fixtures/word_count.h"
#include "support/cluster.h"
#include "support/jump_out.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static weir_input start_words(weir_cluster *cluster)
{
    weir_cluster_topic_create(cluster, "word-counts", 1);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    return lines;
}

static void the_wall_clock_begins_where_the_test_says(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.start = WEIR_AT(DAY_MS)});
    assert_int_equal(weir_cluster_wall_clock_ms(cluster), DAY_MS + weir_cluster_now_ms(cluster));
    weir_input lines = start_words(cluster);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    int64_t sent_ms = weir_cluster_wall_clock_ms(cluster);
    weir_input_text(lines, NULL, "hello");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_output counts = weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64);
    assert_int_equal(weir_output_next(counts)->timestamp_ms, sent_ms);
    assert_true(sent_ms < DAY_MS + WEIR_MINUTES(2));
}

static void the_usual_start_is_that_of_the_synchronous_driver(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    assert_int_equal(weir_cluster_wall_clock_ms(cluster) - weir_cluster_now_ms(cluster),
                     WEIR_SYNC_START_MS);
}

static void assert_start_refused(weir_input_time start, const char *text)
{
    weir_error error = {0};
    assert_null(weir_cluster_new(&(weir_cluster_opts){.start = start}, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_string_equal(error.message, text);
}

static void a_start_that_no_clock_shows_is_refused(void **state)
{
    (void)state;
    assert_start_refused(WEIR_AT(DAY_MS - 1),
                         "weir_cluster_opts.start: the wall clock begins on "
                         "1970-01-02 or later, since clients subtract durations "
                         "from it, and in 2059 or earlier: "
                         "WEIR_AT(86399999)");
    assert_start_refused(WEIR_AT(INT64_MAX),
                         "weir_cluster_opts.start: the wall clock begins on "
                         "1970-01-02 or later, since clients subtract durations "
                         "from it, and in 2059 or earlier: "
                         "WEIR_AT(9223372036854775807)");
    assert_start_refused((weir_input_time){.ms = 5},
                         "weir_cluster_opts.start: a time is given with WEIR_AT(5)");
}

/* The test jumped away from its failure, and did not free the cluster. */
static void a_cluster_that_is_left_does_not_hide_later_failures(void **state)
{
    (void)state;
    struct failure first = {0};
    struct failure second = {0};
    weir_cluster *left =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = jump_out, .user = &first}, NULL);
    if (setjmp(first.out) == 0) {
        weir_cluster_fail(left, "the first test fails");
    }
    assert_non_null(strstr(first.message, "the first test fails"));
    weir_cluster *none =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = jump_out, .user = &second}, NULL);
    assert_null(none);
    if (setjmp(second.out) == 0) {
        weir_cluster_topic_create(none, "out", 1);
    }
    assert_non_null(strstr(second.message, "this process has a cluster already: free it first"));
    weir_cluster_free(left);
}

/* Its changelog is the store: an instance restores what the test has written there. */
static void a_test_fills_a_store_through_its_changelog(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input log =
        weir_cluster_input(cluster, "app-counts-changelog", 1, &weir_string, &weir_i64);
    weir_input_pipe(log, weir_text("hello"), &(int64_t){40});
    weir_input_pipe(log, weir_text("help"), &(int64_t){7});
    weir_input lines = start_words(cluster);
    weir_input_text(lines, NULL, "hello");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_store_view counts = weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
    assert_int_equal(*(const int64_t *)weir_store_view_get(counts, weir_text("hello"))->value, 41);
    assert_int_equal(weir_store_view_size(counts), 2);
    weir_assert_size(weir_store_view_prefix(counts, weir_slice_of("hel")), 2);
    weir_assert_size(weir_store_view_prefix(counts, weir_slice_of("help")), 1);
}

static void keep_message(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    snprintf(user, 1024, "%s", message);
}

static void a_part_of_a_task_that_does_not_exist_fails_the_test(void **state)
{
    static const char *const tasks[] = {"9_9", "0_0", "nonsense"};
    (void)state;
    char message[1024] = "";
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = keep_message, .user = message}, NULL);
    assert_non_null(cluster);
    start_words(cluster);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_store_view counts = weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
    weir_assert_size(weir_store_view_all(weir_store_view_task(counts, "1_0")), 0);
    assert_string_equal(message, "");
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "store 'counts': there is no task '%s' with it", tasks[i]);
        weir_store_view_all(weir_store_view_task(counts, tasks[i]));
        assert_non_null(strstr(message, text));
    }
    weir_cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(the_wall_clock_begins_where_the_test_says),
        cluster_test(the_usual_start_is_that_of_the_synchronous_driver),
        cmocka_unit_test(a_start_that_no_clock_shows_is_refused),
        cmocka_unit_test(a_cluster_that_is_left_does_not_hide_later_failures),
        cluster_test(a_test_fills_a_store_through_its_changelog),
        cmocka_unit_test(a_part_of_a_task_that_does_not_exist_fails_the_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
