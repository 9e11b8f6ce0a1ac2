/* SPDX-License-Identifier: Apache-2.0
 *
 * The records written to a changelog topic, and how they are restored to rows. */
#include "state_kit.h"

#define T0 1700000000000
#define ROW_TS "\x00\x00\x01\x8b\xcf\xe5\x68\x00"
#define NOW 1700000000500

typedef struct logged {
    int count;
    char key[32];
    char value[32];
    bool null_value;
    int64_t timestamp_ms;
    weir_err fails_with;
    weir__kv *inner; /* read when a record is logged */
    bool inner_had_it;
} logged;

static weir_err remember(void *user, const weir__log_record *record, weir_error *error)
{
    (void)error;
    logged *log = user;
    weir_slice key = record->key;
    weir_slice value = record->value;
    log->count++;
    snprintf(log->key, sizeof log->key, "%.*s", (int)key.len, (const char *)key.data);
    log->null_value = value.data == NULL;
    snprintf(log->value, sizeof log->value, "%.*s", (int)value.len,
             value.data != NULL ? (const char *)value.data : "");
    log->timestamp_ms = record->timestamp_ms;
    log->inner_had_it = kit_get(log->inner, "key").data != NULL;
    return log->fails_with;
}

static int64_t now(void *user)
{
    (void)user;
    return NOW;
}

static weir__kv *wrapped(bool timestamped, logged *log)
{
    weir__kv *kv = NULL;
    weir__changelog_sink sink = {remember, now, log};
    log->inner = kit_memory();
    assert_ok(weir__changelog_wrap(log->inner, kit_plan(NULL, timestamped).kind, &sink, &kv, NULL));
    return kv;
}

static void a_timestamped_row_is_logged_as_value_and_timestamp(void **state)
{
    (void)state;
    logged log = {0};
    weir__kv *kv = wrapped(true, &log);
    assert_ok(weir__kv_put(kv, s("key"), (weir_slice){ROW_TS "31", 10}, NULL));
    assert_int_equal(log.count, 1);
    assert_string_equal(log.key, "key");
    assert_string_equal(log.value, "31");
    assert_int_equal(log.timestamp_ms, T0);
    assert_true(log.inner_had_it);
    weir__kv_close(kv);
}

static void an_empty_value_of_a_timestamped_row_is_not_logged_as_null(void **state)
{
    (void)state;
    logged log = {0};
    weir__kv *kv = wrapped(true, &log);
    assert_ok(weir__kv_put(kv, s("key"), (weir_slice){ROW_TS, 8}, NULL));
    assert_string_equal(log.value, "");
    assert_false(log.null_value);
    weir__kv_close(kv);
}

static void plain_rows_and_deletes_take_the_time_of_the_current_record(void **state)
{
    (void)state;
    for (int timestamped = 0; timestamped < 2; timestamped++) {
        logged log = {0};
        weir__kv *kv = wrapped(timestamped == 1, &log);
        if (timestamped == 0) {
            kit_put(kv, "key", "plain");
            assert_string_equal(log.value, "plain");
            assert_int_equal(log.timestamp_ms, NOW);
        }
        kit_put(kv, "key", NULL);
        assert_true(log.null_value);
        assert_int_equal(log.timestamp_ms, NOW);
        weir__kv_close(kv);
    }
}

static void restored_rows_are_not_logged_again(void **state)
{
    (void)state;
    logged log = {0};
    weir__kv *kv = wrapped(false, &log);
    weir__row row = {s("key"), s("value")};
    assert_ok(weir__kv_restore(kv, &row, 1, 7, NULL));
    assert_int_equal(log.count, 0);
    assert_int_equal(weir__kv_offset(kv), 7);
    assert_slice(kit_get(kv, "key"), "value");
    weir__kv_close(kv);
}

static void a_failure_of_the_log_is_returned(void **state)
{
    (void)state;
    logged log = {.fails_with = WEIR_EBROKER};
    weir__kv *kv = wrapped(false, &log);
    assert_int_equal(weir__kv_put(kv, s("key"), s("value"), NULL), WEIR_EBROKER);
    weir__kv_close(kv);
}

static void a_row_without_its_timestamp_is_refused(void **state)
{
    (void)state;
    logged log = {0};
    weir_error error;
    weir__kv *kv = wrapped(true, &log);
    assert_int_equal(weir__kv_put(kv, s("key"), s("short"), &error), WEIR_EINVAL);
    assert_int_equal(log.count, 0);
    assert_slice(kit_get(kv, "key"), NULL);
    weir__kv_close(kv);
}

static void a_changelog_record_becomes_the_row_that_was_logged(void **state)
{
    (void)state;
    weir__arena arena = {0};
    weir__row row;
    weir__log_record in = {.key = s("key"), .value = s("31"), .timestamp_ms = T0};
    assert_ok(weir__kind_timestamped_key_value.from_log(&in, &arena, &row, NULL));
    assert_slice(row.key, "key");
    assert_int_equal(row.value.len, 10);
    assert_memory_equal(row.value.data, ROW_TS "31", 10);
    in.value = s("");
    assert_ok(weir__kind_timestamped_key_value.from_log(&in, &arena, &row, NULL));
    assert_int_equal(row.value.len, 8);
    in.value = (weir_slice){0};
    assert_ok(weir__kind_timestamped_key_value.from_log(&in, &arena, &row, NULL));
    assert_null(row.value.data);
    in.value = s("31");
    assert_ok(weir__kind_key_value.from_log(&in, &arena, &row, NULL));
    assert_slice(row.value, "31");
    weir__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timestamped_row_is_logged_as_value_and_timestamp),
        cmocka_unit_test(an_empty_value_of_a_timestamped_row_is_not_logged_as_null),
        cmocka_unit_test(plain_rows_and_deletes_take_the_time_of_the_current_record),
        cmocka_unit_test(restored_rows_are_not_logged_again),
        cmocka_unit_test(a_failure_of_the_log_is_returned),
        cmocka_unit_test(a_row_without_its_timestamp_is_refused),
        cmocka_unit_test(a_changelog_record_becomes_the_row_that_was_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
