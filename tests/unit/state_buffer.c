/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffers: the order of places, sizes, their changelog records, and damaged ones. */
#include <string.h>

#include "state/buffer.h"
#include "state/keys.h"
#include "state/values.h"
#include "state_hex.h"

#define LOG_MAX 16

typedef struct log {
    int count;
    char lines[LOG_MAX][64]; /* "key=new value@time header" */
    weir_err fails_with;
} log;

typedef struct opened {
    log log;
    weir__store_layers layers;
} opened;

static weir_err note(void *user, const weir__log_record *record, weir_error *error)
{
    log *to = user;
    weir__arena arena = {0};
    weir__buffered_value value = {.new_value = s("deleted")};
    (void)error;
    assert_true(to->count < LOG_MAX);
    if (record->value.data != NULL) {
        assert_int_equal(weir__buffered_value_read(record->value, &arena, &value), WEIR_OK);
    }
    snprintf(to->lines[to->count++], sizeof to->lines[0], "%.*s=%.*s@%lld %s", (int)record->key.len,
             (const char *)record->key.data, (int)value.new_value.len,
             (const char *)value.new_value.data, (long long)record->timestamp_ms,
             record->header_count > 0 ? record->headers[0].name : "-");
    weir__arena_fini(&arena);
    return to->fails_with;
}

static int64_t now(void *user)
{
    (void)user;
    return 99;
}

static int open_buffer(void **state)
{
    opened *o = calloc(1, sizeof *o);
    weir__changelog_sink sink = {note, now, &o->log};
    weir__store_plan plan = kit_plan(NULL, false);
    plan.kind = &weir__kind_suppress_buffer;
    plan.sink = &sink;
    assert_ok(weir__store_open(&plan, &o->layers, NULL));
    *state = o;
    return 0;
}

static int close_buffer(void **state)
{
    opened *o = *state;
    weir__kv_close(o->layers.top);
    free(o);
    return 0;
}

static weir_buf row_of(int64_t place_ms, const char *prior, const char *old, const char *value)
{
    weir_buf out = {0};
    static const weir_header headers[] = {{"h", {"vv", 2}}};
    weir__buffered_value row = {.timestamp_ms = 5,
                                .offset = 1,
                                .topic = s("in"),
                                .headers = headers,
                                .header_count = 1,
                                .prior_value = s(prior),
                                .old_value = s(old),
                                .new_value = s(value),
                                .place_ms = place_ms};
    weir__buffered_value_put(&out, &row);
    assert_int_equal(out.err, WEIR_OK);
    return out;
}

static void put(opened *o, const char *key, int64_t place_ms, const char *value)
{
    weir_buf row = row_of(place_ms, NULL, NULL, value);
    assert_ok(weir__kv_put(o->layers.top, s(key), weir__buf_slice(&row), NULL));
    weir__buf_fini(&row);
}

static void assert_first(const opened *o, int64_t place_ms, const char *key)
{
    weir__buffer_row first;
    assert_true(weir__buffer_first(o->layers.base, &first));
    assert_int_equal(first.place_ms, place_ms);
    assert_slice(first.key, key);
}

static void assert_logged(const opened *o, int index, const char *line)
{
    assert_true(index < o->log.count);
    assert_string_equal(o->log.lines[index], line);
}

static void rows_are_in_order_of_place_and_key_bytes(void **state)
{
    opened *o = *state;
    static const char *const expected[] = {"z", "a", "ab", "b", "\xff"};
    weir__buffer_row first;
    put(o, "b", 10, "1");
    put(o, "z", -3, "1");
    put(o, "\xff", 256, "1");
    put(o, "ab", 10, "1");
    put(o, "a", 10, "1");
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(weir__buffer_count(o->layers.base), 5 - i);
        assert_true(weir__buffer_first(o->layers.base, &first));
        assert_slice(first.key, expected[i]);
        assert_ok(weir__kv_put(o->layers.top, s(expected[i]), (weir_slice){0}, NULL));
    }
    assert_false(weir__buffer_first(o->layers.base, &first));
    assert_int_equal(weir__buffer_bytes(o->layers.base), 0);
}

static void a_row_that_is_put_again_has_only_its_new_place(void **state)
{
    opened *o = *state;
    put(o, "a", 10, "1");
    put(o, "b", 20, "1");
    put(o, "a", 30, "2");
    assert_int_equal(weir__buffer_count(o->layers.base), 2);
    assert_first(o, 20, "b");
    put(o, "a", 5, "3");
    assert_int_equal(weir__buffer_count(o->layers.base), 2);
    assert_first(o, 5, "a");
}

/* place 8, key 1, context 8 + 8 + 2 + 4 and header 1 + 2, values. */
static void sizes_are_those_of_kafka(void **state)
{
    opened *o = *state;
    static const struct {
        const char *prior, *old, *value;
        size_t values;
    } rows[] = {{NULL, NULL, NULL, 0},    {NULL, NULL, "abc", 3}, {"p", "p", "abc", 4},
                {"p", "old", "abc", 7},   {"", "", "", 0},        {NULL, "old", NULL, 3},
                {"prior", NULL, "abc", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_buf row = row_of(1, rows[i].prior, rows[i].old, rows[i].value);
        assert_ok(weir__kv_put(o->layers.top, s("k"), weir__buf_slice(&row), NULL));
        assert_int_equal(weir__buffer_bytes(o->layers.base), 34 + rows[i].values);
        weir__buf_fini(&row);
    }
}

static void a_flush_logs_the_last_row_of_each_key_once(void **state)
{
    opened *o = *state;
    put(o, "b", 10, "1");
    put(o, "a", 10, "1");
    put(o, "a", 10, "2");
    put(o, "c", 10, "1");
    assert_ok(weir__kv_put(o->layers.top, s("c"), (weir_slice){0}, NULL));
    assert_int_equal(o->log.count, 0);
    assert_ok(weir__kv_flush(o->layers.top, NULL));
    assert_int_equal(o->log.count, 3);
    assert_logged(o, 0, "a=2@-1 v");
    assert_logged(o, 1, "b=1@-1 v");
    assert_logged(o, 2, "c=deleted@-1 -");
    assert_ok(weir__kv_flush(o->layers.top, NULL));
    assert_int_equal(o->log.count, 3);
}

static void a_flush_that_fails_logs_again_what_was_not_logged(void **state)
{
    opened *o = *state;
    put(o, "a", 10, "1");
    put(o, "b", 10, "1");
    o->log.fails_with = WEIR_EBROKER;
    assert_int_equal(weir__kv_flush(o->layers.top, NULL), WEIR_EBROKER);
    o->log.fails_with = WEIR_OK;
    assert_ok(weir__kv_flush(o->layers.top, NULL));
    assert_int_equal(o->log.count, 3);
    assert_logged(o, 1, "a=1@-1 v");
    assert_logged(o, 2, "b=1@-1 v");
}

static void a_restored_buffer_has_order_and_size_and_logs_nothing(void **state)
{
    opened *o = *state;
    weir_buf one = row_of(20, NULL, NULL, "1");
    weir_buf other = row_of(10, NULL, NULL, "22");
    weir__row rows[] = {{s("a"), weir__buf_slice(&one)},
                        {s("b"), weir__buf_slice(&other)},
                        {s("gone"), weir__buf_slice(&other)},
                        {s("gone"), {0}}};
    assert_ok(weir__kv_restore(o->layers.base, rows, 4, 7, NULL));
    assert_int_equal(weir__kv_offset(o->layers.base), 7);
    assert_int_equal(weir__buffer_count(o->layers.base), 2);
    assert_int_equal(weir__buffer_bytes(o->layers.base), 34 + 1 + 34 + 2);
    assert_first(o, 10, "b");
    assert_ok(weir__kv_flush(o->layers.top, NULL));
    assert_int_equal(o->log.count, 0);
    weir__buf_fini(&one);
    weir__buf_fini(&other);
}

/* ---- Changelog records -------------------------------------------------------------------- */

static const uint8_t three[] = {3};
static const weir_header version[] = {{"v", {three, 1}}};

static weir_err read_log(const weir__store_kind *kind, weir__log_record record, weir_error *error)
{
    weir__arena arena = {0};
    weir__row row;
    *error = (weir_error){.message = ""};
    weir_err err = kind->from_log(&record, &arena, &row, error);
    if (err == WEIR_OK) {
        assert_true(weir_slice_equal(row.key, record.key));
        assert_true(weir_slice_equal(row.value, record.value));
    }
    weir__arena_fini(&arena);
    return err;
}

static void a_record_that_was_logged_is_restored(void **state)
{
    (void)state;
    weir_error error;
    weir_buf row = row_of(1, NULL, NULL, "x");
    weir__log_record logged;
    const weir__store_kind *kind = &weir__kind_suppress_buffer;
    assert_ok(kind->to_log(s("k"), weir__buf_slice(&row), 5, &logged, &error));
    assert_int_equal(logged.timestamp_ms, WEIR__LOG_TIME_NOT_GIVEN);
    assert_int_equal(logged.header_count, 1);
    assert_hex(logged.headers[0].value, "03");
    assert_ok(read_log(kind, logged, &error));
    assert_ok(kind->to_log(s("k"), (weir_slice){0}, 5, &logged, &error));
    assert_int_equal(logged.header_count, 0);
    assert_ok(read_log(kind, logged, &error));
    weir__buf_fini(&row);
}

static void a_record_of_another_version_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const uint8_t two[] = {2};
    const weir_header older[] = {{"v", {three, 1}}, {"v", {two, 1}}};
    const weir_header null_version[] = {{"v", {NULL, 0}}};
    const weir_header other_name[] = {{"w", {three, 1}}};
    const struct {
        const weir_header *headers;
        size_t count;
    } cases[] = {{NULL, 0}, {older, 2}, {null_version, 1}, {other_name, 1}};
    weir_buf row = row_of(1, NULL, NULL, "x");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        weir_error error;
        weir__log_record record = {.key = s("k"),
                                   .value = weir__buf_slice(&row),
                                   .headers = cases[i].headers,
                                   .header_count = cases[i].count};
        assert_int_equal(read_log(&weir__kind_suppress_buffer, record, &error), WEIR_EDECODE);
        assert_string_equal(
            error.message,
            "the record lacks the header 'v' with the value 3: its layout is unknown");
    }
    weir__buf_fini(&row);
}

static void a_damaged_record_is_refused_with_its_reason(void **state)
{
    (void)state;
    const uint8_t negative = 0xff;
    weir_error error;
    weir_buf row = row_of(1, NULL, NULL, "x");
    weir__log_record record = {
        .key = s("k"), .value = weir__buf_slice(&row), .headers = version, .header_count = 1};
    assert_ok(read_log(&weir__kind_suppress_buffer, record, &error));
    record.value.len--;
    assert_int_equal(read_log(&weir__kind_suppress_buffer, record, &error), WEIR_EDECODE);
    assert_non_null(strstr(error.message, "is not a row of a buffer"));
    record.value.len++;
    row.data[0] = negative; /* of the timestamp */
    assert_int_equal(read_log(&weir__kind_suppress_buffer, record, &error), WEIR_EDECODE);
    weir__buf_fini(&row);
}

static void a_record_of_a_join_buffer_has_a_key_with_time_and_number(void **state)
{
    (void)state;
    const weir__store_kind *kind = &weir__kind_join_buffer;
    weir_error error;
    weir__log_record logged;
    weir_buf key = {0};
    weir_buf row = row_of(0, NULL, NULL, "x");
    weir__grace_buffer_key(&key, &(weir__buffer_key){40, s("a"), 1});
    assert_ok(kind->to_log(weir__buf_slice(&key), weir__buf_slice(&row), 5, &logged, &error));
    assert_int_equal(logged.timestamp_ms, WEIR__LOG_TIME_NOT_GIVEN);
    assert_int_equal(logged.header_count, 0);
    assert_ok(read_log(kind, logged, &error));
    logged.value.len--;
    assert_int_equal(read_log(kind, logged, &error), WEIR_EDECODE);
    logged.value = (weir_slice){0};
    assert_ok(read_log(kind, logged, &error));
    logged.key = s("short");
    assert_int_equal(read_log(kind, logged, &error), WEIR_EDECODE);
    assert_string_equal(error.message, "a key of 5 bytes is not one of a join buffer");
    weir__buf_fini(&key);
    weir__buf_fini(&row);
}

int main(void)
{
#define buffer_test(name) cmocka_unit_test_setup_teardown(name, open_buffer, close_buffer)
    const struct CMUnitTest tests[] = {
        buffer_test(rows_are_in_order_of_place_and_key_bytes),
        buffer_test(a_row_that_is_put_again_has_only_its_new_place),
        buffer_test(sizes_are_those_of_kafka),
        buffer_test(a_flush_logs_the_last_row_of_each_key_once),
        buffer_test(a_flush_that_fails_logs_again_what_was_not_logged),
        buffer_test(a_restored_buffer_has_order_and_size_and_logs_nothing),
        cmocka_unit_test(a_record_that_was_logged_is_restored),
        cmocka_unit_test(a_record_of_another_version_is_refused_with_its_reason),
        cmocka_unit_test(a_damaged_record_is_refused_with_its_reason),
        cmocka_unit_test(a_record_of_a_join_buffer_has_a_key_with_time_and_number),
    };
    return cmocka_run_group_tests_name("buffers", tests, NULL, NULL);
}
