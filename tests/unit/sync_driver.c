/* SPDX-License-Identifier: Apache-2.0
 *
 * The synchronous driver as a test uses it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>

#include "fixtures/word_count.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string

static weir_sync *made(weir_topology_fn topology, const weir_sync_opts *opts)
{
    weir_error error = {0};
    weir_sync_opts own = opts != NULL ? *opts : (weir_sync_opts){0};
    own.on_failure = weir_cmocka_failure;
    weir_sync *sync = weir_sync_new(topology, &own, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

typedef struct noted_topics {
    char text[256];
    size_t used;
} noted_topics;

static weir_rows *two_words(weir_sync *sync)
{
    weir_rows *rows = weir_sync_rows(sync, &weir_string, &weir_i64);
    const weir_slice hello = weir_slice_of("hello");
    const weir_slice world = weir_slice_of("world");
    weir_rows_count(rows, &hello, 2);
    weir_rows_count(rows, &world, 1);
    return rows;
}

static void assert_word_count(const weir_sync_opts *opts)
{
    weir_sync *sync = made(fixture_word_count, opts);
    weir_input lines = weir_sync_input(sync, "lines", STRINGS);
    assert_int_equal(weir_input_lines(lines, "Hello, world\nhello"), 2);
    weir_sync_commit(sync);
    weir_rows *expected = two_words(sync);
    weir_output counts = weir_sync_output(sync, "word-counts", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_output_table(counts), expected);
    weir_store_view store = weir_sync_store(sync, "counts", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), expected);
    weir_sync_free(sync);
}

static void note_sent(const char *topic, const weir_row *record, void *user)
{
    noted_topics *text = user;
    (void)record;
    text->used +=
        (size_t)snprintf(text->text + text->used, sizeof text->text - text->used, "%s ", topic);
}

static void records_are_seen_in_order_of_sending_over_all_topics(void **state)
{
    (void)state;
    weir_sync *sync = made(fixture_word_count, NULL);
    noted_topics text = {"", 0};
    weir_input_lines(weir_sync_input(sync, "lines", STRINGS), "a");
    assert_int_equal(weir_sync_each_sent(sync, 0, note_sent, &text), 3);
    assert_string_equal(text.text, "app-by-word-repartition app-counts-changelog word-counts ");
    text = (noted_topics){"", 0};
    assert_int_equal(weir_sync_each_sent(sync, 2, note_sent, &text), 3);
    assert_string_equal(text.text, "word-counts ");
    weir_sync_free(sync);
}

static void words_are_counted_in_every_mode(void **state)
{
    (void)state;
    for (int32_t partitions = 1; partitions <= 4; partitions += 3) {
        for (int interval = 0; interval <= 1; interval++) {
            for (int memory = 0; memory <= 1; memory++) {
                weir_sync_opts opts = {.partitions = partitions,
                                       .commit_interval = interval != 0,
                                       .config = memory ? LIST("dsl.store", "memory") : NULL};
                assert_word_count(&opts);
            }
        }
    }
}

static void partitions_have_tasks_and_stores_of_their_own(void **state)
{
    (void)state;
    weir_sync *sync = made(fixture_word_count, &(weir_sync_opts){.partitions = 2});
    weir_input lines = weir_sync_input(sync, "lines", STRINGS);
    weir_input_lines(lines, "a b c d e f g h");
    size_t all = 0;
    for (int i = 0; i < 2; i++) {
        char task[8];
        snprintf(task, sizeof task, "1_%d", i);
        weir_store_view store = weir_sync_store(sync, "counts", &weir_string, &weir_i64);
        weir_rows *rows = weir_store_view_all(weir_store_view_task(store, task));
        assert_true(weir_rows_size(rows) > 0);
        all += weir_rows_size(rows);
    }
    assert_int_equal(all, 8);
    weir_sync_free(sync);
}

static void keep_message(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    snprintf(user, 256, "%s", message);
}

static void a_part_of_a_task_that_does_not_exist_fails_the_test(void **state)
{
    (void)state;
    char message[256] = "";
    weir_sync *sync = weir_sync_new(
        fixture_word_count, &(weir_sync_opts){.on_failure = keep_message, .user = message}, NULL);
    assert_non_null(sync);
    weir_store_view counts = weir_sync_store(sync, "counts", &weir_string, &weir_i64);
    assert_int_equal(weir_store_view_size(weir_store_view_task(counts, "0_0")), 0);
    assert_string_equal(message, "");
    assert_int_equal(weir_store_view_size(weir_store_view_task(counts, "9_9")), 0);
    assert_non_null(strstr(message, "store 'counts': there is no task '9_9' with it"));
    weir_sync_free(sync);
}

static void assert_refused(const weir_sync_opts *opts, const char *why)
{
    weir_error error = {0};
    assert_null(weir_sync_new(fixture_word_count, opts, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_string_equal(error.message, why);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    static const weir_sync_topic twice[] = {{"lines", 2}, {"other", 1}, {"lines", 3}};
    (void)state;
    assert_refused(&(weir_sync_opts){.start = WEIR_AT(-1)},
                   "weir_sync_opts.start: a wall clock is not before 1970: WEIR_AT(-1)");
    assert_refused(&(weir_sync_opts){.start = {.ms = 5}},
                   "weir_sync_opts.start: a time is given with WEIR_AT(5)");
    assert_refused(&(weir_sync_opts){.topics = twice, .topic_count = 3},
                   "weir_sync_opts.topics[2]: 'lines' is topics[0], too");
}

static void a_topic_that_nobody_reads_takes_no_record(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(fixture_word_count, NULL);
    weir_input input = weir_sync_input(sync, "liens", STRINGS);
    assert_int_equal(weir_input_try_send(input, &(weir_input_record){0}, &error), WEIR_ENOTFOUND);
    assert_string_equal(error.message, "no source reads topic 'liens' (did you mean 'lines'?)");
    weir_sync_free(sync);
}

/* ---- Time and errors ---- */

static weir_err fail_on_x(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const weir_slice *value = in->value;
    return value != NULL && weir_slice_equal(*value, weir_slice_of("x"))
               ? weir_fail(ctx, WEIR_EUSER, "no x")
               : weir_forward(ctx, in);
}

static weir_err on_punctuate(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)state;
    weir_slice key = weir_slice_of("tick");
    return weir_forward(ctx, &(weir_record){.key = &key, .value = &key, .timestamp_ms = now_ms});
}

static weir_err schedule(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 1000, on_punctuate, NULL);
}

static weir_topology *ticking(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops ops = {"ticking", schedule, fail_on_x, NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "source", LIST("in"), STRINGS, NULL);
    weir_add_processor(b, "p", LIST("source"), &ops, NULL);
    weir_add_sink(b, "sink", LIST("p"), "out", STRINGS, NULL);
    return weir_build(b, config, error);
}

static void time_passes_when_the_test_says_so(void **state)
{
    (void)state;
    weir_sync *sync = made(ticking, &(weir_sync_opts){.start = WEIR_AT(0)});
    weir_output out = weir_sync_output(sync, "out", STRINGS);
    weir_sync_advance(sync, 999);
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    weir_input_text(in, "k", "v");
    assert_int_equal(weir_output_next(out)->timestamp_ms, 999);
    assert_null(weir_output_next(out));
    weir_sync_advance(sync, 5001);
    assert_int_equal(weir_output_next(out)->timestamp_ms, 6000);
    assert_null(weir_output_next(out));
    assert_int_equal(weir_sync_now_ms(sync), 6000);
    weir_input_send(in, &(weir_input_record){.at = WEIR_AT(0)});
    assert_int_equal(weir_output_next(out)->timestamp_ms, 0);
    weir_sync_free(sync);
}

static void an_error_of_the_topology_is_that_of_each_later_call(void **state)
{
    (void)state;
    weir_sync *sync = made(ticking, NULL);
    weir_slice x = weir_slice_of("x");
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    for (int i = 0; i < 2; i++) {
        weir_error error = {0};
        assert_int_equal(weir_input_try_send(in, &(weir_input_record){.value = &x}, &error),
                         WEIR_EUSER);
        assert_string_equal(error.message, "node 'p', task 0_0, in-0@0: no x");
    }
    assert_int_equal(weir_sync_try_advance(sync, 1, NULL), WEIR_EUSER);
    weir_sync_free(sync);
}

/* ---- Rows ---- */

static weir_err add_header(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_err err = weir_headers_add(in->headers, "seen", weir_slice_of("yes"));
    return err == WEIR_OK ? weir_forward(ctx, in) : err;
}

static weir_topology *marking(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops ops = {"marking", NULL, add_header, NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "source", LIST("in"), STRINGS, NULL);
    weir_add_processor(b, "p", LIST("source"), &ops, NULL);
    weir_add_sink(b, "sink", LIST("p"), "out", STRINGS, NULL);
    return weir_build(b, config, error);
}

static void records_are_compared_with_headers_and_timestamps(void **state)
{
    (void)state;
    weir_sync *sync = made(marking, NULL);
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    weir_input_send(
        in, &(weir_input_record){.key = weir_text("k"), .value = weir_text("v"), .at = WEIR_AT(0)});
    weir_output out = weir_sync_output(sync, "out", STRINGS);
    const weir_header seen = {"seen", weir_slice_of("yes")};
    weir_input_record expected = {
        .key = weir_text("k"), .value = weir_text("v"), .headers = &seen, .header_count = 1};
    weir_rows *good = weir_sync_rows(sync, STRINGS);
    weir_rows_add_record(good, &expected); /* any timestamp */
    weir_assert_same_records(weir_output_all(out), good);
    weir_rows *other_time = weir_sync_rows(sync, STRINGS);
    expected.at = WEIR_AT(1);
    weir_rows_add_record(other_time, &expected);
    assert_string_equal(
        weir_rows_record_difference(weir_output_all(out), other_time),
        "  [0]  differs: 'k' => 'v' @0 [seen='yes'], expected 'k' => 'v' @1 [seen='yes']\n");
    weir_rows *no_header = weir_sync_rows(sync, STRINGS);
    weir_rows_add(no_header, expected.key, expected.value);
    assert_string_equal(weir_rows_record_difference(weir_output_all(out), no_header),
                        "  [0]  differs: 'k' => 'v' [seen='yes'], expected 'k' => 'v'\n");
    weir_slice value;
    assert_true(weir_row_header(weir_output_next(out), "seen", &value));
    assert_true(weir_slice_equal(value, weir_slice_of("yes")));
    assert_false(weir_row_header(weir_rows_at(no_header, 0), "seen", &value));
    weir_sync_free(sync);
}

static void a_test_writes_to_a_store_through_its_changelog(void **state)
{
    (void)state;
    for (int32_t partitions = 1; partitions <= 3; partitions++) {
        weir_sync *sync = made(fixture_word_count, &(weir_sync_opts){.partitions = partitions});
        weir_store_view counts = weir_sync_store(sync, "counts", &weir_string, &weir_i64);
        const int64_t forty = 40;
        weir_sync_store_put(counts, weir_text("hello"), &forty, 5);
        weir_sync_store_put(counts, weir_text("help"), &forty, 5);
        weir_sync_store_put(counts, weir_text("world"), &forty, 5);
        weir_sync_store_put(counts, weir_text("world"), NULL, 6);
        weir_input_text(weir_sync_input(sync, "lines", STRINGS), NULL, "hello");
        assert_int_equal(*(const int64_t *)weir_store_view_get(counts, weir_text("hello"))->value,
                         41);
        assert_int_equal(weir_store_view_size(counts), 2);
        assert_int_equal(weir_rows_size(weir_store_view_prefix(counts, weir_slice_of("hel"))), 2);
        assert_int_equal(weir_rows_size(weir_store_view_prefix(counts, weir_slice_of("help"))), 1);
        assert_int_equal(weir_rows_size(weir_store_view_prefix(counts, weir_slice_of(""))), 2);
        weir_output log = weir_sync_output(sync, "app-counts-changelog", &weir_string, &weir_i64);
        assert_int_equal(weir_output_size(log), 5);
        weir_sync_free(sync);
    }
}

static void note_topic(const char *topic, void *user)
{
    char *all = user;
    size_t used = strlen(all);
    snprintf(all + used, 256 - used, "%s ", topic);
}

static void topics_with_output_are_named(void **state)
{
    (void)state;
    char topics[256] = "";
    weir_sync *sync = made(fixture_word_count, NULL);
    weir_sync_each_output(sync, note_topic, topics);
    assert_string_equal(topics, "");
    weir_input_text(weir_sync_input(sync, "lines", STRINGS), NULL, "hello");
    weir_sync_each_output(sync, note_topic, topics);
    assert_string_equal(topics, "app-by-word-repartition app-counts-changelog word-counts ");
    weir_sync_free(sync);
}

/* ---- Many ---- */

static void *count_words(void *user)
{
    (void)user;
    weir_sync *drivers[8];
    for (size_t i = 0; i < 8; i++) {
        drivers[i] = weir_sync_new(fixture_word_count,
                                   &(weir_sync_opts){.config = LIST("dsl.store", "memory")}, NULL);
    }
    size_t good = 0;
    for (size_t i = 0; i < 8; i++) {
        weir_input lines = weir_sync_input(drivers[i], "lines", STRINGS);
        weir_input_lines(lines, "hello world hello");
        weir_output out = weir_sync_output(drivers[i], "word-counts", &weir_string, &weir_i64);
        const char *difference =
            weir_rows_table_difference(weir_output_table(out), two_words(drivers[i]));
        good += difference == NULL ? 1 : 0;
        weir_sync_free(drivers[i]);
    }
    return good == 8 ? user : NULL;
}

static void drivers_of_several_threads_do_not_meet(void **state)
{
    (void)state;
    pthread_t threads[4];
    int mark = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_words, &mark), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_counted_in_every_mode),
        cmocka_unit_test(records_are_seen_in_order_of_sending_over_all_topics),
        cmocka_unit_test(partitions_have_tasks_and_stores_of_their_own),
        cmocka_unit_test(a_part_of_a_task_that_does_not_exist_fails_the_test),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(a_topic_that_nobody_reads_takes_no_record),
        cmocka_unit_test(time_passes_when_the_test_says_so),
        cmocka_unit_test(an_error_of_the_topology_is_that_of_each_later_call),
        cmocka_unit_test(records_are_compared_with_headers_and_timestamps),
        cmocka_unit_test(a_test_writes_to_a_store_through_its_changelog),
        cmocka_unit_test(topics_with_output_are_named),
        cmocka_unit_test(drivers_of_several_threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
