/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver's input and output topics, rows and their differences; no application runs. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "support/boundaries.h"
#include "support/cluster.h"
#include "support/jump_out.h"

static weir_slice text(const char *chars)
{
    return weir_slice_of(chars);
}

static void records_are_read_as_they_were_sent(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "numbers", 3, &weir_string, &weir_i64);
    weir_output out = weir_cluster_output(cluster, "numbers", &weir_string, &weir_i64);
    weir_header header = {"origin", text("test")};
    weir_slice key = text("one");
    weir_input_send_to(in, 2,
                       &(weir_input_record){.key = &key,
                                            .value = &(int64_t){1},
                                            .at = WEIR_AT(1234),
                                            .headers = &header,
                                            .header_count = 1});

    const weir_row *row = weir_output_next(out);
    assert_non_null(row);
    assert_true(weir_slice_equal(*(const weir_slice *)row->key, key));
    assert_int_equal(*(const int64_t *)row->value, 1);
    assert_int_equal(row->timestamp_ms, 1234);
    assert_int_equal(row->partition, 2);
    assert_int_equal(row->offset, 0);
    assert_int_equal(row->header_count, 1);
    assert_string_equal(row->headers[0].name, "origin");
    assert_true(weir_slice_equal(row->headers[0].value, text("test")));
    assert_null(weir_output_next(out));
}

static void nulls_stay_nulls(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(cluster, "texts", &weir_string, &weir_string);
    weir_input_text(in, NULL, "value");
    weir_input_text(in, "key", NULL);
    weir_input_text(in, "", "");

    weir_rows *rows = weir_output_all(out);
    weir_assert_size(rows, 3);
    assert_null(weir_rows_at(rows, 0)->key);
    assert_null(weir_rows_at(rows, 1)->value);
    assert_non_null(weir_rows_at(rows, 2)->key);
    assert_non_null(weir_rows_at(rows, 2)->value);
}

static void timestamps_advance_by_themselves(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "numbers", 1, &weir_i32, &weir_i64);
    weir_output out = weir_cluster_output(cluster, "numbers", &weir_i32, &weir_i64);
    weir_input_set_time(in, 5000, 10);
    weir_input_list(in, (int32_t[]){1, 2, 3}, (int64_t[]){10, 20, 30}, 3);

    weir_rows *rows = weir_output_rest(out);
    weir_assert_size(rows, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(weir_rows_at(rows, i)->timestamp_ms, 5000 + 10 * (int64_t)i);
        assert_int_equal(*(const int64_t *)weir_rows_at(rows, i)->value, 10 * ((int64_t)i + 1));
    }
    weir_assert_size(weir_output_rest(out), 0);
    weir_assert_size(weir_output_all(out), 3);
    assert_int_equal(weir_output_size(out), 3);
}

static void every_time_can_be_sent(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "t", 1, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(cluster, "t", &weir_string, &weir_string);
    weir_slice value = text("v");
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) { /* one batch */
        weir_input_send(in, &(weir_input_record){.value = &value, .at = WEIR_AT(boundaries[i])});
    }

    weir_rows *rows = weir_output_rest(out);
    weir_assert_size(rows, BOUNDARY_COUNT);
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        assert_int_equal(weir_rows_at(rows, i)->timestamp_ms, boundaries[i]);
    }
}

static void assert_next_time(weir_input in, weir_output out, int64_t expected_ms)
{
    weir_input_text(in, NULL, "v");
    assert_int_equal(weir_output_next(out)->timestamp_ms, expected_ms);
}

static void times_may_begin_at_zero_and_end_where_int64_does(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "t", 1, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(cluster, "t", &weir_string, &weir_string);
    weir_input_set_time(in, 0, 10);
    assert_next_time(in, out, 0);
    assert_next_time(in, out, 10);
    assert_next_time(in, out, 20);
    weir_input_set_time(in, 10, -10);
    assert_next_time(in, out, 10);
    assert_next_time(in, out, 0);
    assert_next_time(in, out, -10);
    weir_input_set_time(in, 5, INT64_MAX);
    assert_next_time(in, out, 5);
    assert_next_time(in, out, INT64_MAX);
    assert_next_time(in, out, INT64_MAX);

    weir_input_follow_clock(in);
    weir_input_text(in, NULL, "v");
    int64_t now_ms = weir_output_next(out)->timestamp_ms;
    weir_cluster_run_for(cluster, WEIR_SECONDS(5));
    weir_input_text(in, NULL, "v");
    assert_in_range(weir_output_next(out)->timestamp_ms, now_ms + 5000, now_ms + 6000);
}

/* Kafka's partitions for these keys. */
static void keys_go_to_the_partitions_that_kafka_chooses(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "keyed", 4, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(cluster, "keyed", &weir_string, &weir_string);
    weir_input_text(in, "hello", "");
    weir_input_text(in, "world", "");
    weir_input_text(in, "customer-1", "");

    weir_rows *rows = weir_output_all(out);
    assert_int_equal(weir_rows_find_text(rows, "hello")->partition, 1);
    assert_int_equal(weir_rows_find_text(rows, "world")->partition, 0);
    assert_int_equal(weir_rows_find_text(rows, "customer-1")->partition, 1);
}

static void records_without_a_key_go_round(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(cluster, "lines", &weir_string, &weir_string);
    assert_int_equal(weir_input_lines(in, "a\nb\r\nc\nd\n\nlast"), 6);

    weir_rows *rows = weir_output_all(out);
    weir_assert_size(rows, 6);
    assert_int_equal(weir_rows_at(rows, 0)->partition, 0);
    assert_int_equal(weir_rows_at(rows, 1)->partition, 0);
    assert_int_equal(weir_rows_at(rows, 5)->partition, 3);
    assert_true(weir_slice_equal(*(const weir_slice *)weir_rows_at(rows, 2)->value, text("b")));
}

static void a_table_is_the_last_value_of_each_key(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "changes", 2, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(cluster, "changes", &weir_string, &weir_string);
    weir_input_text(in, "b", "1");
    weir_input_text(in, "a", "1");
    weir_input_text(in, "b", "2");
    weir_input_text(in, "c", "1");
    weir_input_text(in, "c", NULL);

    weir_rows *table = weir_output_table(out);
    weir_assert_size(table, 2);
    assert_string_equal(weir_row_text(table, weir_rows_at(table, 0)), "'a' => '1'");
    assert_string_equal(weir_row_text(table, weir_rows_at(table, 1)), "'b' => '2'");
}

static weir_rows *counts(weir_cluster *cluster, const char *const *words)
{
    weir_rows *rows = weir_rows_new(cluster, &weir_string, &weir_i64);
    for (; *words != NULL; words++) {
        weir_slice word = text(*words);
        weir_rows_count(rows, &word, 1);
    }
    return rows;
}

static void a_difference_names_what_is_missing_unexpected_and_different(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *actual = counts(cluster, (const char *const[]){"a", "a", "c", NULL});
    weir_rows *expected = counts(cluster, (const char *const[]){"a", "b", NULL});
    assert_string_equal(weir_rows_table_difference(actual, expected),
                        "  differs:    'a' => 2, expected 1\n"
                        "  missing:    'b' => 1\n"
                        "  unexpected: 'c' => 1\n");
    assert_null(weir_rows_table_difference(expected, expected));
    assert_non_null(weir_rows_list_difference(actual, expected));
}

/* ---- Failures ----------------------------------------------------------------------------- */

static bool never(weir_cluster *cluster, void *unused)
{
    (void)cluster;
    (void)unused;
    return false;
}

/* The leak checker finds memory that the jump does not free. */
static void a_failure_reports_place_seed_and_reason_and_leaks_nothing(void **state)
{
    (void)state;
    struct failure *failure = calloc(1, sizeof *failure);
    assert_non_null(failure);
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.seed = 4711, .on_failure = jump_out, .user = failure}, &error);
    assert_non_null(cluster);
    if (setjmp(failure->out) == 0) {
        weir_input in = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
        weir_input_lines(in, "some\nlines\n");
        weir_run_until(cluster, never, WEIR_SECONDS(10));
    }
    weir_cluster_free(cluster);
    assert_non_null(strstr(failure->message, "topics.c:"));
    assert_non_null(strstr(failure->message, "never does not hold after 10000 ms"));
    assert_non_null(strstr(failure->message, "WEIR_SEED=4711"));
    free(failure);
}

static void assert_time_fails(weir_input_time at, const char *why)
{
    static struct failure failure;
    weir_error error = {0};
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = jump_out, .user = &failure}, &error);
    assert_non_null(cluster);
    failure.message[0] = '\0';
    if (setjmp(failure.out) == 0) {
        weir_input in = weir_cluster_input(cluster, "t", 1, &weir_string, &weir_string);
        weir_input_send(in, &(weir_input_record){.at = at});
    }
    weir_cluster_free(cluster);
    assert_non_null(strstr(failure.message, why));
}

static void a_time_that_is_missing_or_cannot_be_sent_is_reported(void **state)
{
    (void)state;
    assert_time_fails((weir_input_time){.ms = 10},
                      "cannot send to t: a time is given with WEIR_AT(10)");
    assert_time_fails(WEIR_AT(-((int64_t)1 << 62)), "the time -4611686018427387904 cannot be sent");
}

static void fail_with_command(const char *command, struct failure *failure)
{
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){
            .seed = 7, .repeat_command = command, .on_failure = jump_out, .user = failure},
        &error);
    assert_non_null(cluster);
    if (setjmp(failure->out) == 0) {
        weir_cluster_fail(cluster, "wrong");
    }
    weir_cluster_free(cluster);
}

static void a_failure_prints_the_command_that_it_is_given_and_no_other(void **state)
{
    (void)state;
    static struct failure failure;
    fail_with_command("scripts/sweep failover", &failure);
    assert_non_null(strstr(failure.message, "seed 7; repeat with: scripts/sweep failover\n"));
    assert_non_null(strstr(failure.message, "wrong\nat 0 ms of virtual time"));
    fail_with_command("", &failure);
    assert_non_null(strstr(failure.message, "wrong\nat 0 ms of virtual time"));
    assert_null(strstr(failure.message, "repeat with"));
    assert_null(strstr(failure.message, "WEIR_SEED"));
}

/* So that the command printed with a failure repeats the whole process. */
static void clusters_without_a_seed_share_the_one_that_was_drawn(void **state)
{
    const char *given = getenv("WEIR_SEED");
    char *kept = given != NULL ? strdup(given) : NULL;
    unsetenv("WEIR_SEED");
    uint64_t first = weir_cluster_seed(fixture_cluster(state, NULL));
    uint64_t second = weir_cluster_seed(fixture_cluster(state, NULL));
    if (kept != NULL) {
        setenv("WEIR_SEED", kept, 1);
    }
    free(kept);
    assert_true(first != 0);
    assert_int_equal(first, second);
}

static void the_command_that_repeats_a_test_names_it(void **state)
{
    const char *command = weir_cluster_repeat_command(fixture_cluster(state, NULL));
    assert_non_null(strstr(command, " WEIR_TEST=the_command_that_repeats_a_test_names_it "));
    assert_non_null(strstr(command, "test-cluster-topics"));
}

static void a_wait_ends_as_soon_as_it_may(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    int64_t before = weir_cluster_now_ms(cluster);
    assert_false(weir_cluster_run_until(cluster, never, NULL, 2500));
    assert_int_equal(weir_cluster_now_ms(cluster) - before, 2500);
    weir_cluster_run_for(cluster, 1000);
    assert_int_equal(weir_cluster_now_ms(cluster) - before, 3500);
}

static void what_does_not_fit_the_logs_fails_the_test(void **state)
{
    (void)state;
    struct failure *failure = calloc(1, sizeof *failure);
    char *line = malloc(100001);
    assert_non_null(failure);
    assert_non_null(line);
    memset(line, 'x', 100000);
    line[100000] = '\0';
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.log_bytes_max = 5 << 20, .on_failure = jump_out, .user = failure},
        &error);
    assert_non_null(cluster);
    if (setjmp(failure->out) == 0) {
        weir_input in = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
        for (int i = 0; i < 60; i++) {
            weir_input_text(in, NULL, line);
        }
        weir_cluster_run_for(cluster, WEIR_SECONDS(5));
    }
    weir_cluster_free(cluster);
    assert_non_null(strstr(failure->message, "lines-0"));
    assert_non_null(strstr(failure->message, "log_bytes_max is 5242880"));
    free(line);
    free(failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(records_are_read_as_they_were_sent),
        cluster_test(nulls_stay_nulls),
        cluster_test(timestamps_advance_by_themselves),
        cluster_test(every_time_can_be_sent),
        cluster_test(times_may_begin_at_zero_and_end_where_int64_does),
        cmocka_unit_test(a_time_that_is_missing_or_cannot_be_sent_is_reported),
        cluster_test(keys_go_to_the_partitions_that_kafka_chooses),
        cluster_test(records_without_a_key_go_round),
        cluster_test(a_table_is_the_last_value_of_each_key),
        cluster_test(a_difference_names_what_is_missing_unexpected_and_different),
        cmocka_unit_test(a_failure_reports_place_seed_and_reason_and_leaks_nothing),
        cmocka_unit_test(a_failure_prints_the_command_that_it_is_given_and_no_other),
        cluster_test(clusters_without_a_seed_share_the_one_that_was_drawn),
        cluster_test(the_command_that_repeats_a_test_names_it),
        cluster_test(a_wait_ends_as_soon_as_it_may),
        cmocka_unit_test(what_does_not_fit_the_logs_fails_the_test),
    };
    return cmocka_run_group_tests_name("topics", tests, NULL, NULL);
}
