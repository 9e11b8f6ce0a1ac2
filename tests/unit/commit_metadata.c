/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata of committed offsets: the partition time, and the times that nodes keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "task/metadata.h"

/* "name=ms " of each time. */
static void note_time(weir_slice name, int64_t ms, void *user)
{
    char *text = user;
    size_t used = strlen(text);
    snprintf(text + used, 256 - used, "%.*s=%lld ", (int)name.len, (const char *)name.data,
             (long long)ms);
}

static void assert_metadata(const char *text, int64_t time_ms, const char *times)
{
    char read[256] = "";
    assert_int_equal(weir__commit_metadata_decode(text, note_time, read), time_ms);
    assert_string_equal(read, times);
}

#define COUNTS_TIME "AgAAAYvQHFaBAAAAAQAAAAd3Y291bnRzAAABi8/laAA="

static void metadata_has_the_bytes_of_kafka_streams(void **state)
{
    (void)state;
    weir__arena arena = {0};
    const char *text = weir__commit_metadata_encode(&arena, 0x18bcfe56fd0, NULL);
    assert_string_equal(text, "AgAAAYvP5W/Q");
    assert_metadata(text, 0x18bcfe56fd0, "");
    assert_metadata(weir__commit_metadata_encode(&arena, -1, NULL), -1, "");
    weir__kept_time *counts = weir__arena_alloc(&arena, sizeof *counts + sizeof "wcounts");
    *counts = (weir__kept_time){.ms = 0x18bcfe56800, .used = true};
    memcpy(counts->name, "wcounts", sizeof "wcounts");
    text = weir__commit_metadata_encode(&arena, 0x18bd01c5681, counts);
    assert_string_equal(text, COUNTS_TIME);
    assert_metadata(text, 0x18bd01c5681, "wcounts=1700000000000 ");
    weir__arena_fini(&arena);
}

static void times_that_no_node_keeps_or_has_are_not_written(void **state)
{
    (void)state;
    weir__arena arena = {0};
    weir__kept_time *unused = weir__arena_alloc(&arena, sizeof *unused + 2);
    weir__kept_time *none = weir__arena_alloc(&arena, sizeof *none + 2);
    *unused = (weir__kept_time){.next = none, .ms = 5};
    *none = (weir__kept_time){.ms = -1, .used = true};
    assert_metadata(weir__commit_metadata_encode(&arena, 7, unused), 7, "");
    weir__arena_fini(&arena);
}

static void metadata_is_not_longer_than_brokers_accept(void **state)
{
    (void)state;
    enum { TIMES = 40, NAME = 100 };
    weir__arena arena = {0};
    weir__kept_time *first = NULL;
    for (int i = 0; i < TIMES; i++) {
        weir__kept_time *time = weir__arena_alloc(&arena, sizeof *time + NAME + 1);
        *time = (weir__kept_time){.next = first, .ms = i, .used = true};
        memset(time->name, 'n', NAME);
        first = time;
    }
    const char *text = weir__commit_metadata_encode(&arena, 7, first);
    char read[256] = "";
    assert_true(strlen(text) <= WEIR__COMMIT_METADATA_MAX);
    assert_true(strlen(text) > WEIR__COMMIT_METADATA_MAX - 200);
    assert_int_equal(weir__commit_metadata_decode(text, note_time, read), 7);
    assert_int_equal(strncmp(read + NAME, "=39 ", 4), 0);
    weir__arena_fini(&arena);
}

static void metadata_of_others_gives_the_time_or_none(void **state)
{
    (void)state;
    assert_metadata("AQAAAYvP5W/Q", 0x18bcfe56fd0, ""); /* version 1 */
    assert_metadata(NULL, -1, "");
    assert_metadata("", -1, "");
    assert_metadata("somebody else", -1, "");
    assert_metadata("AwAAAYvP5W/Q", -1, "");
    assert_metadata("An//////////", INT64_MAX, "");
    assert_metadata("AoAAAAAAAAAA", -1, ""); /* INT64_MIN */
    /* Times that are cut off, have a length of -1, or are negative. */
    assert_metadata("AgAAAYvP5W/QAAAAAQAAAAd3Y291bnRzAAABi8/laA==", 0x18bcfe56fd0, "");
    assert_metadata("AgAAAYvP5W/QAAAAAf////93Y291bnRzAAABi8/laAA=", 0x18bcfe56fd0, "");
    assert_metadata("AgAAAYvP5W/QAAAAAQAAAAd3Y291bnRz//////////8=", 0x18bcfe56fd0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_has_the_bytes_of_kafka_streams),
        cmocka_unit_test(times_that_no_node_keeps_or_has_are_not_written),
        cmocka_unit_test(metadata_is_not_longer_than_brokers_accept),
        cmocka_unit_test(metadata_of_others_gives_the_time_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
