/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of auto.offset.reset, and ISO 8601 durations as Java's Duration.parse reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/reset.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void durations_are_read_as_java_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"PT1H", 3600000},
        {"PT15M", 900000},
        {"P2D", 172800000},
        {"P2DT3H4M", 183840000},
        {"pt8h6m12.345s", 29172345},
        {"PT20,5S", 20500},
        {"PT1.S", 1000},
        {"PT0S", 0},
        {"+PT1S", 1000},
        {"PT+1S", 1000},
        {"-PT1S", -1000},
        {"-PT-6H+3M", 21420000},
        {"PT-0.5S", -500},
        {"PT0.0001S", 1},
        {"PT9223372036854775S", 9223372036854775000},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ms = -1;
        if (!weir__duration_parse(rows[i].text, &ms) || ms != rows[i].ms) {
            fail_msg("%s is %lld ms", rows[i].text, (long long)ms);
        }
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "1h",
        "P",
        "PT",
        "P1DT",
        "P1H",
        "PT1D",
        "PT1M1H",
        "PT1S1S",
        "PT1",
        "PT1.5H",
        "PT.5S",
        "PT1HX",
        " PT1H",
        "P1Y",
        "PT1.1234567890S",
        "P-T1S",
        "--PT1S",
        "PT9223372036854776S",
        "PT99999999999999999999S",
        "P106751991168D",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ms = 7;
        if (weir__duration_parse(rows[i], &ms) || ms != 7) {
            fail_msg("'%s' is taken: %lld ms", rows[i], (long long)ms);
        }
    }
}

static void a_reset_is_one_of_four_kinds(void **state)
{
    (void)state;
    weir__reset reset = {.kind = WEIR__RESET_NONE};
    assert_true(weir__reset_parse("earliest", &reset));
    assert_int_equal(reset.kind, WEIR__RESET_EARLIEST);
    assert_true(weir__reset_parse("latest", &reset));
    assert_int_equal(reset.kind, WEIR__RESET_LATEST);
    assert_true(weir__reset_parse("none", &reset));
    assert_int_equal(reset.kind, WEIR__RESET_NONE);
    assert_true(weir__reset_parse("by_duration:P1D", &reset));
    assert_int_equal(reset.kind, WEIR__RESET_BY_DURATION);
    assert_int_equal(reset.ago_ms, 86400000);
    assert_false(weir__reset_parse("by_duration:-PT1H", &reset)); /* as in Java */
    assert_false(weir__reset_parse("by_duration:", &reset));
    assert_false(weir__reset_parse("by_duration", &reset));
    assert_false(weir__reset_parse("newest", &reset));
    assert_int_equal(reset.ago_ms, 86400000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_as_java_reads_them),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(a_reset_is_one_of_four_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
