/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata of committed offsets: Kafka's bytes, and what is read from those of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "task/metadata.h"

static void metadata_has_the_bytes_of_kafka_streams(void **state)
{
    (void)state;
    char text[WEIR__COMMIT_METADATA_SIZE];
    weir__commit_metadata_encode(0x18bcfe56fd0, text);
    assert_string_equal(text, "AgAAAYvP5W/Q");
    assert_int_equal(weir__commit_metadata_decode(text), 0x18bcfe56fd0);
    weir__commit_metadata_encode(-1, text);
    assert_int_equal(weir__commit_metadata_decode(text), -1);
}

static void metadata_of_others_gives_the_time_or_none(void **state)
{
    (void)state;
    /* Version 1, and version 2 with a processor's entry behind the time. */
    assert_int_equal(weir__commit_metadata_decode("AQAAAYvP5W/Q"), 0x18bcfe56fd0);
    assert_int_equal(weir__commit_metadata_decode("AgAAAYvQHFaBAAAAAQAAAAd3Y291bnRzAAABi8/laAA="),
                     0x18bd01c5681);
    assert_int_equal(weir__commit_metadata_decode(NULL), -1);
    assert_int_equal(weir__commit_metadata_decode(""), -1);
    assert_int_equal(weir__commit_metadata_decode("somebody else"), -1);
    assert_int_equal(weir__commit_metadata_decode("AwAAAYvP5W/Q"), -1);
    assert_int_equal(weir__commit_metadata_decode("An//////////"), INT64_MAX);
    assert_int_equal(weir__commit_metadata_decode("AoAAAAAAAAAA"), -1); /* INT64_MIN */
}

typedef struct tables {
    char text[256];
    size_t count;
} tables;

static void note_table(const weir__emitted *table, void *user)
{
    tables *seen = user;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%.*s=%lld ", (int)table->store.len,
             (const char *)table->store.data, (long long)table->close_ms);
    seen->count++;
}

static void metadata_has_the_tables_of_kafka_streams(void **state)
{
    (void)state;
    static const char expected[] = "AgAAAYvQHFaBAAAAAQAAAAd3Y291bnRzAAABi8/laAA=";
    const weir__emitted counts[] = {{weir_slice_of("wcounts"), 0x18bcfe56800}};
    weir__arena arena = {0};
    assert_string_equal(weir__commit_metadata_text(0x18bd01c5681, counts, 1, &arena), expected);
    tables seen = {0};
    weir__commit_metadata_tables(expected, note_table, &seen);
    assert_string_equal(seen.text, "wcounts=1700000000000 ");
    weir__arena_fini(&arena);
}

static void metadata_of_any_number_of_tables_fits(void **state)
{
    (void)state;
    static char names[300][16];
    static weir__emitted all[300];
    weir__arena arena = {0};
    for (size_t i = 0; i < 300; i++) {
        snprintf(names[i], sizeof names[i], "table-%zu", i);
        all[i] = (weir__emitted){weir_slice_of(names[i]), (int64_t)i};
    }
    for (size_t count = 1; count <= 300; count++) {
        const char *text = weir__commit_metadata_text(5, all, count, &arena);
        tables seen = {0};
        assert_true(strlen(text) <= WEIR__COMMIT_METADATA_MAX);
        assert_int_equal(weir__commit_metadata_decode(text), 5);
        weir__commit_metadata_tables(text, note_table, &seen);
        /* About 140 fit. */
        assert_true(seen.count == count || (count > 130 && seen.count >= 130));
    }
    weir__arena_fini(&arena);
}

static void metadata_with_broken_tables_gives_those_before(void **state)
{
    (void)state;
    static const char *const texts[] = {
        NULL,
        "",
        "AgAAAYvP5W/Q",                                 /* no tables */
        "AgAAAYvQHFaBAAAAAQ==",                         /* one, which is missing */
        "AgAAAYvQHFaBAAAAAf////93Y291bnRzAAABi8/laAA=", /* a name of 4 GiB */
        "AgAAAYvQHFaBAAAAAQAAAAh3Y291bnRzAAABi8/laAA=", /* a byte too long */
        "AgAAAYvQHFaBAAAAAQAAAAd3Y291bnRzgAABi8/laAA=", /* a negative time */
        "AgAAAYvQHFaBAAAAAQAAAAd3Y291bnRzAAABi8/laA=A", /* no base64 */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tables seen = {0};
        weir__commit_metadata_tables(texts[i], note_table, &seen);
        assert_int_equal(seen.count, 0);
    }
    tables seen = {0};
    weir__commit_metadata_tables("AgAAAYvQHFaBAAAAAgAAAAd3Y291bnRzAAABi8/laAA=", note_table, &seen);
    assert_string_equal(seen.text, "wcounts=1700000000000 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_has_the_bytes_of_kafka_streams),
        cmocka_unit_test(metadata_of_others_gives_the_time_or_none),
        cmocka_unit_test(metadata_has_the_tables_of_kafka_streams),
        cmocka_unit_test(metadata_of_any_number_of_tables_fits),
        cmocka_unit_test(metadata_with_broken_tables_gives_those_before),
    };
    return cmocka_run_group_tests_name("task_metadata", tests, NULL, NULL);
}
