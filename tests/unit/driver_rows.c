/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows, files and store views: what a comparison must not overlook, and what a helper must not
 * change. */
#include <stdio.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>

#include "fixtures/word_count.h"

#define STRINGS &weir_string, &weir_string
#define COUNTS &weir_string, &weir_i64
#define TEXT_MAX 8192

static char last_failure[TEXT_MAX];

static void take_failure(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    (void)user;
    snprintf(last_failure, sizeof last_failure, "%s", message);
}

static weir_sync *made(weir_topology_fn topology, const char *const *config)
{
    weir_error error = {0};
    last_failure[0] = '\0';
    weir_sync *sync = weir_sync_new(
        topology, &(weir_sync_opts){.config = config, .on_failure = take_failure}, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

static int set_up(void **state)
{
    *state = made(fixture_word_count, NULL);
    weir_input_lines(weir_sync_input(*state, "lines", STRINGS), "a b a");
    return 0;
}

static int tear_down(void **state)
{
    weir_sync_free(*state);
    return 0;
}

static void assert_failed_with(const char *words)
{
    if (strstr(last_failure, words) == NULL) {
        fail_msg("'%s' is not in '%s'", words, last_failure);
    }
    last_failure[0] = '\0';
}

static int64_t count_of(const weir_rows *rows, const char *word)
{
    const weir_row *row = weir_rows_find_text(rows, word);
    return row != NULL ? *(const int64_t *)row->value : -1;
}

/* ---- Lists -------------------------------------------------------------------------------- */

static void a_changed_list_changes_no_other(void **state)
{
    weir_output counts = weir_sync_output(*state, "word-counts", COUNTS);
    const weir_slice a = weir_slice_of("a");
    weir_rows *table = weir_output_table(counts);
    weir_rows *all = weir_output_all(counts);
    weir_rows_put(table, &a, &(int64_t){99});
    weir_rows_count(table, &a, 1);
    weir_rows_count(all, &a, 5);
    assert_int_equal(count_of(table, "a"), 100);
    assert_int_equal(count_of(all, "a"), 7);
    assert_int_equal(count_of(weir_output_table(counts), "a"), 2);
    assert_int_equal(*(const int64_t *)weir_rows_at(table, 0)->value, 100);
    assert_int_equal(weir_rows_size(table), 2);
    assert_non_null(weir_rows_table_difference(weir_output_table(counts), table));
}

static void a_table_of_one_row_is_found(void **state)
{
    weir_rows *one = weir_sync_rows(*state, STRINGS);
    weir_rows *same = weir_sync_rows(*state, STRINGS);
    weir_rows_add(one, weir_text("a"), weir_text("1"));
    weir_rows_add(same, weir_text("a"), weir_text("1"));
    assert_null(weir_rows_table_difference(one, same));
    weir_rows_add(same, weir_text("a"), weir_text("2"));
    assert_string_equal(weir_rows_table_difference(one, same),
                        "  differs:    'a' => '1', expected '2'\n");
}

static void rows_of_other_types_are_not_compared(void **state)
{
    weir_rows *counts = weir_output_table(weir_sync_output(*state, "word-counts", COUNTS));
    weir_rows *texts = weir_sync_rows(*state, STRINGS);
    const char *why = "  rows of string => i64 cannot be compared with rows of string => string: "
                      "make the expected rows with the serdes of the actual ones\n";
    assert_string_equal(weir_rows_table_difference(counts, texts), why);
    assert_string_equal(weir_rows_list_difference(counts, texts), why);
    assert_string_equal(weir_rows_record_difference(counts, texts), why);
    weir_assert_same_rows(counts, texts);
    assert_failed_with(why);
    weir_assert_same_list(texts, weir_sync_rows(*state, &weir_i32, &weir_string));
    assert_failed_with("rows of string => string cannot be compared with rows of i32 => string");
}

static void rows_without_a_key_are_a_difference_of_tables(void **state)
{
    weir_rows *lines = weir_output_all(weir_sync_output(*state, "lines", STRINGS));
    weir_rows *none = weir_sync_rows(*state, STRINGS);
    assert_string_equal(weir_rows_table_difference(lines, none),
                        "  no key:     null => 'a b a' (actual; weir_assert_same_list compares "
                        "rows without a key)\n");
    assert_string_equal(weir_rows_table_difference(none, lines),
                        "  no key:     null => 'a b a' (expected; weir_assert_same_list compares "
                        "rows without a key)\n");
    weir_assert_same_rows(lines, none);
    assert_failed_with("no key:     null => 'a b a'");
}

static void a_topic_with_records_without_a_key_is_no_table(void **state)
{
    weir_rows *table = weir_output_table(weir_sync_output(*state, "lines", STRINGS));
    assert_int_equal(weir_rows_size(table), 0);
    assert_failed_with("weir_output_table: topic lines has a record without a key (partition 0, "
                       "offset 0), which no table has; use weir_output_all");
}

/* ---- Stores and files --------------------------------------------------------------------- */

static void a_c_string_is_no_key_of_a_store(void **state)
{
    static const char text[sizeof(weir_slice) + 1] = "a text, no slice";
    weir_store_view store = weir_sync_store(*state, "counts", COUNTS);
    assert_null(weir_store_view_get(store, text));
    assert_failed_with("store 'counts': key: serde string takes a pointer to a weir_slice");
    assert_int_equal(weir_rows_size(weir_store_view_range(store, NULL, text)), 0);
    assert_failed_with("store 'counts': key: serde string takes a pointer to a weir_slice");
    weir_sync_store_put(store, text, &(int64_t){1}, 0);
    assert_failed_with("store 'counts': serde string takes a pointer to a weir_slice");
    assert_int_equal(weir_store_view_size(store), 2);
}

static void a_file_that_cannot_be_read_fails_the_test(void **state)
{
    weir_input lines = weir_sync_input(*state, "lines", STRINGS);
    assert_int_equal(weir_input_file(lines, "/"), 0); /* opens, but is a directory */
    assert_failed_with("cannot read / after line 0: Is a directory");
}

/* ---- Dropped records ---------------------------------------------------------------------- */

#define SOURCES 34 /* more than a failure shows */

static weir_topology *many_sources(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    for (int i = 0; i < SOURCES; i++) {
        char topic[16];
        snprintf(topic, sizeof topic, "t%d", i);
        weir_add_source(b, topic, (const char *const[]){topic, NULL}, STRINGS, NULL);
    }
    return weir_build(b, config, error);
}

static void a_failure_says_that_more_records_were_dropped(void **state)
{
    (void)state;
    weir_sync *sync =
        made(many_sources, (const char *const[]){"default.timestamp.extractor", "log_and_skip",
                                                 "log.level", "error", NULL});
    for (int i = 0; i < SOURCES; i++) {
        char topic[16];
        snprintf(topic, sizeof topic, "t%d", i);
        weir_input_send(weir_sync_input(sync, topic, STRINGS),
                        &(weir_input_record){.at = WEIR_AT(-1)});
    }
    assert_string_equal(last_failure, "");
    weir_assert_size(weir_sync_rows(sync, STRINGS), 1);
    assert_failed_with("\n  and 2 more counts of dropped records");
    weir_sync_free(sync);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_changed_list_changes_no_other),
        TEST(a_table_of_one_row_is_found),
        TEST(rows_without_a_key_are_a_difference_of_tables),
        TEST(rows_of_other_types_are_not_compared),
        TEST(a_topic_with_records_without_a_key_is_no_table),
        TEST(a_c_string_is_no_key_of_a_store),
        TEST(a_file_that_cannot_be_read_fails_the_test),
        cmocka_unit_test(a_failure_says_that_more_records_were_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
