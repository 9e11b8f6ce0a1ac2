/* SPDX-License-Identifier: Apache-2.0
 *
 * The text on the first difference of two traces. */
#include "scenarios/lib/first_difference.h"

#include "unit/support/sim.h"

static FILE *trace_of(const char *text)
{
    FILE *trace = tmpfile();
    assert_non_null(trace);
    assert_true(fputs(text, trace) >= 0);
    return trace;
}

static void assert_difference(const char *first, const char *other, const char *expected)
{
    char text[FIRST_DIFFERENCE_MAX];
    FILE *traces[2] = {trace_of(first), trace_of(other)};
    first_difference(traces[0], traces[1], text, sizeof text);
    fclose(traces[0]);
    fclose(traces[1]);
    assert_string_equal(text, expected);
}

static void the_first_event_that_differs_is_reported_with_both_contents(void **state)
{
    (void)state;
    assert_difference("1.0 a x poll\n1.1 a x produce crc=1\n1.2 a x poll\n",
                      "1.0 a x poll\n1.1 a x produce crc=2\n1.3 a x poll\n",
                      "  the first event that differs is number 2\n"
                      "    first run: 1.1 a x produce crc=1\n"
                      "    this run:  1.1 a x produce crc=2\n");
}

static void a_trace_that_ends_early_is_reported(void **state)
{
    (void)state;
    assert_difference("1.0 a x poll\n", "",
                      "  the first event that differs is number 1\n"
                      "    first run: 1.0 a x poll\n"
                      "    this run:  (no more events)\n");
    assert_difference("1.0 a x poll\n", "1.0 a x poll\n1.1 a x poll\n",
                      "  the first event that differs is number 2\n"
                      "    first run: (no more events)\n"
                      "    this run:  1.1 a x poll\n");
}

static void traces_with_the_same_events_are_reported_as_such(void **state)
{
    (void)state;
    assert_difference("1.0 a x poll\n1.1 a x poll\n", "1.0 a x poll\n1.1 a x poll\n",
                      "  all 2 events are the same: only thread switches differ\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_event_that_differs_is_reported_with_both_contents),
        cmocka_unit_test(a_trace_that_ends_early_is_reported),
        cmocka_unit_test(traces_with_the_same_events_are_reported_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
