/* SPDX-License-Identifier: Apache-2.0
 *
 * Mistakes in calls of the driver's helpers: the test fails with a text that names the mistake, and
 * the helper sends or returns nothing else in its place. */
#include <setjmp.h>
#include <string.h>
#include <unistd.h>

#include <weir/driver_cmocka.h>
#include <weir/dsl.h>

#define TEXT_MAX 2048

static char last_failure[TEXT_MAX]; /* the last failure */

static void take_failure(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    (void)user;
    snprintf(last_failure, sizeof last_failure, "%s", message);
}

static int set_up(void **state)
{
    weir_error error = {0};
    last_failure[0] = '\0';
    *state = weir_cluster_new(&(weir_cluster_opts){.on_failure = take_failure}, &error);
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    weir_cluster_free(*state);
    return 0;
}

static void assert_failed_with(const char *words)
{
    if (strstr(last_failure, words) == NULL) {
        fail_msg("'%s' is not in '%s'", words, last_failure);
    }
    last_failure[0] = '\0';
}

/* ---- Texts where there are none ------------------------------------------------------------- */

static void a_text_is_not_sent_as_a_number(void **state)
{
    weir_input in = weir_cluster_input(*state, "numbers", 1, &weir_i64, &weir_i64);
    weir_output out = weir_cluster_output(*state, "numbers", &weir_i64, &weir_i64);
    weir_input_text(in, "1", NULL);
    assert_failed_with("weir_input_text: the keys of topic numbers are i64, not texts");
    weir_input_text(in, NULL, "1");
    assert_failed_with("weir_input_text: the values of topic numbers are i64, not texts");
    assert_int_equal(weir_input_lines(in, "1\n2\n"), 0);
    assert_failed_with("weir_input_lines: the values of topic numbers are i64, not texts");
    assert_int_equal(weir_input_file(in, "/dev/null"), 0);
    assert_failed_with("weir_input_file: the values of topic numbers are i64, not texts");
    assert_int_equal(weir_output_size(out), 0);
}

static void a_json_value_is_not_made_of_a_text(void **state)
{
    weir_input in = weir_cluster_input(*state, "json", 1, &weir_string, &weir_json);
    weir_input_text(in, "key", "{}");
    assert_failed_with("weir_input_text: the values of topic json are json, not texts; use "
                       "weir_input_pipe, or give weir_string to the function that made the input");
    weir_input texts = weir_cluster_input(*state, "json", 1, &weir_string, &weir_string);
    weir_input_text(texts, "key", "{}");
    weir_cluster_run_for(*state, WEIR_SECONDS(1)); /* it is sent meanwhile */
    assert_int_equal(
        weir_output_size(weir_cluster_output(*state, "json", &weir_string, &weir_json)), 1);
    assert_string_equal(last_failure, "");
}

static void a_text_is_not_looked_for_among_numbers(void **state)
{
    weir_rows *rows = weir_rows_new(*state, &weir_i64, &weir_i64);
    weir_rows_add(rows, &(int64_t){7}, &(int64_t){1});
    assert_null(weir_rows_find_text(rows, "7"));
    assert_failed_with("weir_rows_find_text: keys are i64, not texts");
}

static void a_c_string_is_no_slice(void **state)
{
    weir_input in = weir_cluster_input(*state, "texts", 1, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(*state, "texts", &weir_string, &weir_string);
    weir_slice key = weir_slice_of("key");
    weir_input_pipe(in, "acc1", "hello");
    assert_failed_with("cannot send to texts: key: serde string takes a pointer to a weir_slice");
    weir_input_pipe(in, &key, "a longer text, of more than sixteen bytes");
    assert_failed_with("cannot send to texts: value: serde string takes a pointer to a weir_slice");
    assert_int_equal(weir_output_size(out), 0);
    assert_null(weir_rows_find(weir_output_all(out), "a longer text, of sixteen bytes"));
    assert_failed_with("cannot look for this key: serde string takes a pointer to a weir_slice");
}

static void slices_of_any_kind_are_sent(void **state)
{
    weir_input in = weir_cluster_input(*state, "texts", 1, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(*state, "texts", &weir_string, &weir_string);
    weir_slice empty = weir_slice_of("");
    weir_slice text = weir_slice_of("text");
    weir_input_pipe(in, &text, &empty);
    weir_input_pipe(in, &text, NULL);
    weir_input_pipe(in, NULL, &text);
    weir_assert_size(weir_output_all(out), 3);
    assert_string_equal(last_failure, "");
}

/* ---- A test that does not exist ------------------------------------------------------------- */

/* Runs this program again with WEIR_TEST and reads its output; returns its exit status. */
static int run_with(const char *only, char *out, size_t size)
{
    char self[512] = "";
    char command[1024];
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(command, sizeof command, "WEIR_TEST='%s' '%s' 2>&1", only, self);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    out[fread(out, 1, size - 1, pipe)] = '\0';
    return pclose(pipe);
}

static void an_unknown_test_name_is_refused_with_the_known_names(void **state)
{
    (void)state;
    char out[TEXT_MAX];
    assert_int_not_equal(run_with("typo", out, sizeof out), 0);
    assert_non_null(strstr(out, "WEIR_TEST=typo: no such test in helper_mistakes"));
    assert_non_null(strstr(out, "  a_text_is_not_looked_for_among_numbers\n"));
    assert_int_equal(run_with("a_text_is_not_looked*number?", out, sizeof out), 0);
    assert_null(strstr(out, "no such test"));
}

/* ---- Missing rows, topics ------------------------------------------------------------------- */

static void a_row_that_is_not_there_has_a_text(void **state)
{
    weir_rows *rows = weir_rows_new(*state, &weir_string, &weir_i64);
    assert_string_equal(weir_row_text(rows, weir_rows_find_text(rows, "nobody")), "(no row)");
}

static void a_topic_that_does_not_exist_cannot_be_read(void **state)
{
    weir_output out = weir_cluster_output(*state, "outt", &weir_string, &weir_i64);
    weir_cluster_input(*state, "out", 1, &weir_string, &weir_i64);
    weir_cluster_input(*state, "unlike", 1, &weir_string, &weir_i64);
    const char *words = "cannot read topic outt: it does not exist (did you mean 'out'?)";
    weir_assert_size(weir_output_all(out), 0);
    assert_failed_with(words);
    weir_assert_size(weir_output_rest(out), 0);
    assert_failed_with(words);
    weir_assert_size(weir_output_table(out), 0);
    assert_failed_with(words);
    assert_null(weir_output_next(out));
    assert_failed_with(words);
    assert_int_equal(weir_output_size(out), 0);
    assert_failed_with(words);
}

static void a_handle_is_made_before_its_topic(void **state)
{
    weir_output out = weir_cluster_output(*state, "later", &weir_string, &weir_string);
    weir_input in = weir_cluster_input(*state, "later", 1, &weir_string, &weir_string);
    weir_input_text(in, "key", "value");
    weir_assert_size(weir_output_all(out), 1);
    weir_cluster_topic_delete(*state, "later");
    weir_assert_size(weir_output_all(out), 1);
    assert_string_equal(last_failure, "");
}

/* ---- Undecodable records -------------------------------------------------------------------- */

static void the_error_of_a_serde_is_reported(void **state)
{
    weir_input in = weir_cluster_input(*state, "texts", 1, &weir_string, &weir_string);
    weir_output out = weir_cluster_output(*state, "texts", &weir_string, &weir_i64);
    weir_input_text(in, "key", "short");
    weir_output_all(out);
    assert_failed_with("topic texts: partition 0, offset 0: value: serde i64: ");
}

/* ---- Rows that are missing ------------------------------------------------------------------ */

static weir_topology *table(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table all = weir_table_source(b, "texts", "table", &weir_string, &weir_string,
                                       &(weir_store_opts){.node = "table"});
    weir_to(weir_to_stream(all, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static void missing_rows_are_shown_with_what_the_instances_warned_of(void **state)
{
    weir_cluster *cluster = *state;
    weir_input texts = weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
    weir_cluster_topic_create(cluster, "copies", 1);
    weir_cluster_start(cluster, "a", table, NULL);
    weir_input_lines(texts, "a line has no key");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_rows *copies =
        weir_output_all(weir_cluster_output(cluster, "copies", &weir_string, &weir_string));
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_string);
    weir_slice line = weir_slice_of("a line has no key");
    weir_rows_add(expected, &line, &line);
    const char *why =
        "\n  a:\n    said: a-StreamThread-1: dropped a record: node 'table', task 0_0, "
        "texts-0@0: null key";
    weir_assert_size(copies, 1);
    assert_failed_with(why);
    weir_assert_same_rows(copies, expected);
    assert_failed_with(why);
    weir_assert_same_list(copies, expected);
    assert_failed_with(why);
}

static void a_second_instance_of_a_name_is_refused(void **state)
{
    weir_cluster_topic_create(*state, "texts", 1);
    weir_cluster_start(*state, "a", table, NULL);
    weir_cluster_start(*state, "a", table, NULL);
    assert_failed_with("cannot start: instance 'a': there is one of that name already "
                       "(weir_instance_restart starts it again)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_test_name_is_refused_with_the_known_names),
        cmocka_unit_test_setup_teardown(a_text_is_not_sent_as_a_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_json_value_is_not_made_of_a_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_is_not_looked_for_among_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_c_string_is_no_slice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slices_of_any_kind_are_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_is_not_there_has_a_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_topic_that_does_not_exist_cannot_be_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_handle_is_made_before_its_topic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_error_of_a_serde_is_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_instance_of_a_name_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_rows_are_shown_with_what_the_instances_warned_of,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests_name("helper_mistakes", tests, NULL, NULL);
}
