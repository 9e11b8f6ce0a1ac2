/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts as lines, and the words of lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixtures/text.h"

static void assert_next_word(weir_slice *rest, const char *expected)
{
    char word[WEIR_FIXTURE_WORD_MAX];
    size_t len = fixture_word_next(rest, word);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(word, expected, len);
}

static void words_are_letters_and_digits_in_lower_case(void **state)
{
    (void)state;
    weir_slice rest = weir_slice_of("  The 2nd weir's GATE, \xc3\xbc"
                                    "ber alles!");
    assert_next_word(&rest, "the");
    assert_next_word(&rest, "2nd");
    assert_next_word(&rest, "weir");
    assert_next_word(&rest, "s");
    assert_next_word(&rest, "gate");
    assert_next_word(&rest, "\xc3\xbc"
                            "ber");
    assert_next_word(&rest, "alles");
    assert_next_word(&rest, "");
    assert_next_word(&rest, "");
}

static void a_long_word_is_cut_and_skipped_whole(void **state)
{
    (void)state;
    char line[WEIR_FIXTURE_WORD_MAX + 20];
    memset(line, 'x', sizeof line);
    memcpy(line + sizeof line - 4, " end", 4);
    weir_slice rest = {line, sizeof line};
    char word[WEIR_FIXTURE_WORD_MAX];
    assert_int_equal(fixture_word_next(&rest, word), WEIR_FIXTURE_WORD_MAX);
    assert_next_word(&rest, "end");
}

static void a_file_is_read_as_lines(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-text-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    fputs("first\n\nthird\r\nlast without end", file);
    fclose(file);

    fixture_text text = {0};
    assert_int_equal(fixture_text_read(&text, path, NULL), WEIR_OK);
    unlink(path);

    const char *const expected[] = {"first", "", "third", "last without end"};
    assert_int_equal(text.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(weir_slice_equal(text.lines[i], weir_slice_of(expected[i])));
    }
    fixture_text_fini(&text);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    fixture_text text = {0};
    weir_error error;
    assert_int_equal(fixture_text_read(&text, "/nowhere/text", &error), WEIR_EIO);
    assert_non_null(strstr(error.message, "/nowhere/text"));
    fixture_text_fini(&text);
}

static void the_documents_of_the_project_are_found(void **state)
{
    (void)state;
    fixture_text text = {0};
    assert_int_equal(fixture_text_documents(&text, NULL), WEIR_OK);
    assert_true(text.count > 100);
    fixture_text_fini(&text);
}

static void made_lines_follow_from_the_seed(void **state)
{
    (void)state;
    fixture_text a = {0}, b = {0}, other = {0};
    assert_int_equal(fixture_text_make(&a, 1000, 7, NULL), WEIR_OK);
    assert_int_equal(fixture_text_make(&b, 1000, 7, NULL), WEIR_OK);
    assert_int_equal(fixture_text_make(&other, 1000, 8, NULL), WEIR_OK);
    size_t bytes = 0, different = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_true(weir_slice_equal(a.lines[i], b.lines[i]));
        bytes += a.lines[i].len;
        different += weir_slice_equal(a.lines[i], other.lines[i]) ? 0 : 1;
    }
    assert_in_range(bytes, 55000, 65000);
    assert_true(different > 990);
    fixture_text_fini(&a);
    fixture_text_fini(&b);
    fixture_text_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_letters_and_digits_in_lower_case),
        cmocka_unit_test(a_long_word_is_cut_and_skipped_whole),
        cmocka_unit_test(a_file_is_read_as_lines),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(the_documents_of_the_project_are_found),
        cmocka_unit_test(made_lines_follow_from_the_seed),
    };
    return cmocka_run_group_tests_name("fixture_text", tests, NULL, NULL);
}
