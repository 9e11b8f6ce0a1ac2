/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of the assignment topic: written and read, cut, damaged, of a later version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/assignment_codec.h"

static const weir__topic_partition given[] = {{"lines", 0}, {"lines", 3}, {"a-by-word", 1}};
static const weir__task_progress progress[] = {
    {{0, 0}, WEIR__PROGRESS_RUNNING}, {{1, 3}, 0}, {{1, 2}, INT64_MAX}};
static const weir__join_record join = {.generation = 7,
                                       .member_id = "\xc3\xa4-1-3f",
                                       .process_id = "3f2c",
                                       .shutdown = true,
                                       .given = given,
                                       .given_count = 3,
                                       .tasks = progress,
                                       .task_count = 3};

static const weir__topic_count topics[] = {{"a-by-word", 4}, {"lines", 4}};
static const weir__task_id tasks[] = {{0, 0}, {0, 2}, {1, 1}};
static const weir__member_tasks members[] = {{"a-1-3f", tasks, 3}, {"b-1-77", NULL, 0}};
static const char *const fingerprint[] = {"reads lines", "reads by-word; keeps counts"};
static const weir__assignment assignment = {.generation = 8,
                                            .leader = "b-1-77",
                                            .err = WEIR_EMISSING_TOPIC,
                                            .message = "missing: lines",
                                            .fingerprint = fingerprint,
                                            .fingerprint_lines = 2,
                                            .topics = topics,
                                            .topic_count = 2,
                                            .members = members,
                                            .member_count = 2};

static weir_err decode(weir_slice bytes, weir__arena *arena, weir__assignment_record *out)
{
    weir_error error = {0};
    /* A copy of its own, so that a sanitizer sees each byte read past the end. */
    uint8_t *copy = malloc(bytes.len + 1);
    memcpy(copy, bytes.data, bytes.len);
    copy = realloc(copy, bytes.len > 0 ? bytes.len : 1);
    weir_err err =
        weir__assignment_record_decode((weir_slice){copy, bytes.len}, arena, out, &error);
    assert_int_equal(error.code, err);
    free(copy);
    return err;
}

static void a_join_record_is_decoded_as_encoded(void **state)
{
    (void)state;
    weir_buf buf = {0};
    weir__arena arena = {0};
    weir__assignment_record record;
    assert_int_equal(weir__join_encode(&join, &buf), WEIR_OK);
    assert_int_equal(decode(weir__buf_slice(&buf), &arena, &record), WEIR_OK);
    weir__buf_fini(&buf);
    assert_int_equal(record.kind, WEIR__JOIN_RECORD);
    assert_int_equal(record.join.generation, 7);
    assert_string_equal(record.join.member_id, "\xc3\xa4-1-3f");
    assert_string_equal(record.join.process_id, "3f2c");
    assert_true(record.join.shutdown);
    assert_int_equal(record.join.given_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(record.join.given[i].topic, given[i].topic);
        assert_int_equal(record.join.given[i].partition, given[i].partition);
    }
    assert_int_equal(record.join.task_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(weir__task_id_compare(record.join.tasks[i].id, progress[i].id), 0);
        assert_true(record.join.tasks[i].progress == progress[i].progress);
    }
    weir__arena_fini(&arena);
}

static void an_assignment_record_is_decoded_as_encoded(void **state)
{
    (void)state;
    weir_buf buf = {0};
    weir__arena arena = {0};
    weir__assignment_record record;
    assert_int_equal(weir__assignment_encode(&assignment, &buf), WEIR_OK);
    assert_int_equal(decode(weir__buf_slice(&buf), &arena, &record), WEIR_OK);
    weir__buf_fini(&buf);
    assert_int_equal(record.kind, WEIR__ASSIGNMENT_RECORD);
    const weir__assignment *got = &record.assignment;
    assert_int_equal(got->generation, 8);
    assert_string_equal(got->leader, "b-1-77");
    assert_int_equal(got->err, WEIR_EMISSING_TOPIC);
    assert_string_equal(got->message, "missing: lines");
    assert_int_equal(got->fingerprint_lines, 2);
    assert_string_equal(got->fingerprint[1], fingerprint[1]);
    assert_int_equal(got->topic_count, 2);
    assert_string_equal(got->topics[1].topic, "lines");
    assert_int_equal(got->topics[1].partitions, 4);
    assert_int_equal(got->member_count, 2);
    assert_string_equal(got->members[0].member_id, "a-1-3f");
    assert_int_equal(got->members[0].active_count, 3);
    assert_int_equal(weir__task_id_compare(got->members[0].active[2], tasks[2]), 0);
    assert_int_equal(got->members[1].active_count, 0);
    weir__arena_fini(&arena);
}

static void an_assignment_without_error_has_no_message(void **state)
{
    (void)state;
    weir_buf buf = {0};
    weir__arena arena = {0};
    weir__assignment_record record;
    weir__assignment good = {.generation = 1, .leader = ""};
    assert_int_equal(weir__assignment_encode(&good, &buf), WEIR_OK);
    assert_int_equal(decode(weir__buf_slice(&buf), &arena, &record), WEIR_OK);
    assert_null(record.assignment.message);
    assert_string_equal(record.assignment.leader, "");
    assert_int_equal(record.assignment.err, WEIR_OK);
    weir__buf_fini(&buf);
    weir__arena_fini(&arena);
}

static void the_bytes_are_fixed(void **state)
{
    (void)state;
    weir_buf buf = {0};
    weir__join_record small = {.generation = 2, .member_id = "m", .process_id = "p"};
    static const uint8_t expected[] = {1,   0, 0, 0, 0, 2, 0, 1, 'm', 0, 1,
                                       'p', 0, 0, 0, 0, 0, 0, 0, 0,   0};
    assert_int_equal(weir__join_encode(&small, &buf), WEIR_OK);
    assert_int_equal(buf.len, sizeof expected);
    assert_memory_equal(buf.data, expected, sizeof expected);
    weir__buf_fini(&buf);
}

/* Every cut, every byte changed to a few values: an error or a record, never a crash. */
static void batter(const weir_buf *buf)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    weir__assignment_record record;
    for (size_t len = 0; len < buf->len; len++) {
        weir__arena arena = {0};
        assert_int_equal(decode((weir_slice){buf->data, len}, &arena, &record), WEIR_EDECODE);
        weir__arena_fini(&arena);
    }
    for (size_t at = 0; at < buf->len; at++) {
        uint8_t old = buf->data[at];
        for (size_t i = 0; i < sizeof values; i++) {
            weir__arena arena = {0};
            buf->data[at] = values[i];
            weir_err err = decode(weir__buf_slice(buf), &arena, &record);
            assert_true(err == WEIR_OK || err == WEIR_EDECODE ||
                        (at == 0 && err == WEIR_EUNSUPPORTED));
            weir__arena_fini(&arena);
        }
        buf->data[at] = old;
    }
}

static void damaged_records_are_errors(void **state)
{
    (void)state;
    weir_buf buf = {0};
    weir__join_encode(&join, &buf);
    batter(&buf);
    weir__buf_reset(&buf);
    weir__assignment_encode(&assignment, &buf);
    batter(&buf);
    weir__buf_fini(&buf);
}

static void bytes_behind_a_record_are_an_error(void **state)
{
    (void)state;
    weir_buf buf = {0};
    weir__arena arena = {0};
    weir__assignment_record record;
    weir__join_encode(&join, &buf);
    weir__buf_put_u8(&buf, 0);
    assert_int_equal(decode(weir__buf_slice(&buf), &arena, &record), WEIR_EDECODE);
    assert_int_equal(decode((weir_slice){"", 0}, &arena, &record), WEIR_EDECODE);
    weir__buf_fini(&buf);
    weir__arena_fini(&arena);
}

static void a_later_version_is_recognized(void **state)
{
    (void)state;
    weir__arena arena = {0};
    weir__assignment_record record;
    assert_int_equal(decode((weir_slice){"\x02\x00", 2}, &arena, &record), WEIR_EUNSUPPORTED);
    assert_int_equal(decode((weir_slice){"\x00\x00", 2}, &arena, &record), WEIR_EDECODE);
    assert_int_equal(decode((weir_slice){"\x01\x02", 2}, &arena, &record), WEIR_EDECODE);
    weir__arena_fini(&arena);
}

static void a_name_too_long_is_refused(void **state)
{
    (void)state;
    weir_buf buf = {0};
    char *name = malloc(40001);
    memset(name, 'x', 40000);
    name[40000] = '\0';
    weir__join_record large = {.generation = 1, .member_id = name, .process_id = "p"};
    assert_int_equal(weir__join_encode(&large, &buf), WEIR_ELIMIT);
    weir__buf_fini(&buf);
    free(name);
}

int main(void)
{
    const struct CMUnitTest list[] = {
        cmocka_unit_test(a_join_record_is_decoded_as_encoded),
        cmocka_unit_test(an_assignment_record_is_decoded_as_encoded),
        cmocka_unit_test(an_assignment_without_error_has_no_message),
        cmocka_unit_test(the_bytes_are_fixed),
        cmocka_unit_test(damaged_records_are_errors),
        cmocka_unit_test(bytes_behind_a_record_are_an_error),
        cmocka_unit_test(a_later_version_is_recognized),
        cmocka_unit_test(a_name_too_long_is_refused),
    };
    return cmocka_run_group_tests(list, NULL, NULL);
}
