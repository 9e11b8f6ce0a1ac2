/* SPDX-License-Identifier: Apache-2.0
 *
 * Times at which rows expire, over all of int64, and what a segment leaves on disk. */
#include "state_kit.h"

#include "state/keys.h"
#include "support/boundaries.h"

#define SEGMENTS 100
#define SEGMENT_MS ((int64_t)60000)

/* The nearest time of a row. */
static __int128 clamped(__int128 value)
{
    return value < 0 ? 0 : value > INT64_MAX ? INT64_MAX : value;
}

/* Every pair of a stream time (-1: none) and a retention. */
static void the_first_time_kept_and_seen_is_exact_over_all_of_int64(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        for (size_t j = 0; j < BOUNDARY_COUNT; j++) {
            int64_t stream_ms = boundaries[i];
            int64_t retention_ms = boundaries[j];
            if (stream_ms < -1 || retention_ms < 0) {
                continue;
            }
            __int128 oldest = (__int128)stream_ms - retention_ms;
            weir__retention exact = weir__retention_exact(retention_ms);
            weir__retention segments = weir__retention_segments(retention_ms);
            weir__retention ordered = weir__retention_time_ordered(retention_ms, 0);
            __int128 length = retention_ms / 2 > 60000 ? retention_ms / 2 : 60000;
            __int128 kept = clamped(oldest / length * length);
            assert_true(weir__retention_first_seen(&exact, stream_ms) == clamped(oldest + 1));
            assert_true(weir__retention_first_kept(&exact, stream_ms) == clamped(oldest + 1));
            assert_true(weir__retention_first_seen(&segments, stream_ms) == clamped(oldest + 1));
            assert_true(weir__retention_first_kept(&segments, stream_ms) == kept);
            assert_true(weir__retention_first_seen(&ordered, stream_ms) == clamped(oldest));
            assert_true(weir__retention_first_kept(&ordered, stream_ms) == kept);
        }
    }
}

typedef struct store {
    weir__store_layers layers;
    int expired;
} store;

static void count_expired(void *user)
{
    ((store *)user)->expired++;
}

/* `ordered`: rows are kept in order of time. */
static void open_store(store *s, const char *directory, int64_t retention_ms, bool ordered)
{
    weir__store_plan plan = kit_plan(directory, false);
    plan.kind = &weir__kind_window;
    plan.retention_ms = retention_ms;
    plan.time_ordered = ordered;
    plan.on_expired = count_expired;
    plan.user = s;
    assert_ok(weir__store_open(&plan, &s->layers, NULL));
}

static void put(store *st, const char *key, int64_t start_ms)
{
    weir_buf log_key = {0};
    weir_buf row_key = {0};
    weir__window_store_key(&log_key, &(weir__window_key){s(key), start_ms, 0});
    weir__segment_key(&st->layers.retention, start_ms, weir__buf_slice(&log_key), &row_key);
    assert_ok(weir__kv_put(st->layers.top, weir__buf_slice(&row_key), s("v"), NULL));
    weir__buf_fini(&log_key);
    weir__buf_fini(&row_key);
}

static int count(const store *st, const char *key, int64_t from_ms, int64_t to_ms)
{
    weir__segments_range range = {
        .key = s(key), .suffix = WEIR__WINDOW_SUFFIX, .from_ms = from_ms, .to_ms = to_ms};
    int found[2] = {0, 0};
    for (int reverse = 0; reverse < 2; reverse++) {
        weir__kv_iter *iter = NULL;
        weir_slice at;
        weir_slice value;
        range.reverse = reverse == 1;
        assert_ok(weir__segments_scan(st->layers.top, &st->layers.retention, &range, &iter, NULL));
        while (iter->ops->next(iter, &at, &value)) {
            found[reverse]++;
        }
        assert_ok(iter->ops->close(iter));
    }
    assert_int_equal(found[0], found[1]);
    return found[0];
}

static void rows_and_ranges_may_have_any_time(void **state)
{
    for (int kind = 0; kind < 4; kind++) {
        char directory[2 * KIT_PATH_MAX];
        store st = {0};
        int rows = 0;
        snprintf(directory, sizeof directory, "%s/%d", (const char *)*state, kind);
        open_store(&st, kind == 1 || kind == 2 ? directory : NULL, INT64_MAX, kind >= 2);
        for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
            if (boundaries[i] >= 0) {
                put(&st, "k", boundaries[i]);
                rows++;
            }
        }
        /* In memory a row at 0 is gone when stream time - retention is 0. */
        int seen = kind == 2 ? rows : rows - 1;
        assert_int_equal(count(&st, "k", INT64_MIN, INT64_MAX), seen);
        assert_int_equal(count(&st, NULL, INT64_MIN, INT64_MAX), seen);
        for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
            for (size_t j = 0; j < BOUNDARY_COUNT; j++) {
                int expected = 0;
                for (size_t at = 0; at < BOUNDARY_COUNT; at++) {
                    bool lives = kind == 2 ? boundaries[at] >= 0 : boundaries[at] >= 1;
                    expected +=
                        lives && boundaries[i] <= boundaries[at] && boundaries[at] <= boundaries[j]
                            ? 1
                            : 0;
                }
                assert_int_equal(count(&st, "k", boundaries[i], boundaries[j]), expected);
                assert_int_equal(count(&st, NULL, boundaries[i], boundaries[j]), expected);
            }
        }
        weir__kv_close(st.layers.top);
    }
}

/* "b@20 a@20 ...", as a scan of all keys returns them. */
static void read_all(const store *st, int64_t from_ms, int64_t to_ms, bool reverse, char *out,
                     size_t size)
{
    weir__segments_range range = {
        .suffix = WEIR__WINDOW_SUFFIX, .from_ms = from_ms, .to_ms = to_ms, .reverse = reverse};
    weir__kv_iter *iter = NULL;
    weir_slice at;
    weir_slice value;
    size_t length = 0;
    out[0] = '\0';
    assert_ok(weir__segments_scan(st->layers.top, &st->layers.retention, &range, &iter, NULL));
    while (iter->ops->next(iter, &at, &value)) {
        weir__window_key key;
        assert_true(weir__window_store_key_read(at, &key));
        assert_slice(value, "v");
        length += (size_t)snprintf(out + length, size - length, "%.*s@%d ", (int)key.key.len,
                                   (const char *)key.key.data, (int)key.start_ms);
        assert_true(length < size);
    }
    assert_ok(iter->ops->close(iter));
}

static void rows_of_all_keys_in_memory_come_in_order_of_time(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        store st = {0};
        char text[128];
        open_store(&st, NULL, 1000, ordered == 1);
        put(&st, "b", 20);
        put(&st, "c", 10);
        put(&st, "a", 700);
        put(&st, "a", 20);
        put(&st, "ab", 20);
        put(&st, "b", 10);
        read_all(&st, 0, INT64_MAX, false, text, sizeof text);
        assert_string_equal(text, "b@10 c@10 a@20 ab@20 b@20 a@700 ");
        read_all(&st, 20, 700, true, text, sizeof text);
        assert_string_equal(text, "a@700 b@20 ab@20 a@20 ");
        read_all(&st, 21, 699, false, text, sizeof text);
        assert_string_equal(text, "");
        weir__kv_close(st.layers.top);
    }
}

static void a_row_in_memory_is_gone_when_its_age_is_the_retention(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        store st = {0};
        open_store(&st, NULL, 50, ordered == 1);
        put(&st, "a", 10);
        put(&st, "a", 59);
        assert_int_equal(count(&st, "a", 0, 100), 2);
        put(&st, "b", 60);
        assert_int_equal(count(&st, "a", 0, 100), 1);
        put(&st, "a", 10);
        assert_int_equal(st.expired, 1);
        put(&st, "a", 11);
        assert_int_equal(st.expired, 1);
        assert_int_equal(count(&st, "a", 0, 100), 2);
        weir__kv_close(st.layers.top);
    }
}

static void a_row_in_rocksdb_is_hidden_at_once_and_refused_with_its_segment(void **state)
{
    store st = {0};
    open_store(&st, *state, 1000, false);
    put(&st, "a", 59000);
    put(&st, "b", 59999);
    assert_int_equal(count(&st, "a", 0, 100000), 1);
    put(&st, "b", 60000);
    assert_int_equal(count(&st, "a", 0, 100000), 0);
    put(&st, "a", 59000);
    assert_int_equal(st.expired, 0);
    put(&st, "b", 60999);
    put(&st, "a", 59000);
    assert_int_equal(st.expired, 0);
    put(&st, "b", 61000);
    put(&st, "a", 59999);
    assert_int_equal(st.expired, 1);
    weir__kv_close(st.layers.top);
}

static void stream_time_outlives_the_store_that_was_open(void **state)
{
    store st = {0};
    open_store(&st, *state, 1000, false);
    put(&st, "a", 1000);
    put(&st, "b", 200000);
    kit_commit(st.layers.top);
    weir__kv_close(st.layers.top);

    open_store(&st, *state, 1000, false);
    put(&st, "a", 1000);
    assert_int_equal(st.expired, 1);
    assert_int_equal(count(&st, "b", 0, INT64_MAX), 1);
    weir__kv_close(st.layers.top);
}

/* The keys of its rows begin with the number of their segment. */
static void rows_of_another_retention_are_corrupt(void **state)
{
    store st = {0};
    weir__store_plan plan = kit_plan(*state, false);
    weir_error error = {0};
    open_store(&st, *state, 1000000, false);
    put(&st, "a", 1000);
    kit_commit(st.layers.top);
    weir__kv_close(st.layers.top);

    plan.kind = &weir__kind_window;
    plan.retention_ms = 2000000;
    assert_int_equal(weir__store_open(&plan, &st.layers, &error), WEIR_ECORRUPT);
    assert_non_null(strstr(error.message, "segments of 500000 ms, not of 1000000"));
    open_store(&st, *state, 1000000, false);
    assert_int_equal(count(&st, "a", 0, INT64_MAX), 1);
    weir__kv_close(st.layers.top);
}

/* Otherwise a put after a restart would replace a row of the same key and time. */
static void the_number_of_the_last_put_outlives_the_store_that_was_open(void **state)
{
    store st = {0};
    weir_buf key = {0};
    weir__store_plan plan = kit_plan(*state, false);
    plan.kind = &weir__kind_duplicates;
    plan.retention_ms = 1000;
    assert_ok(weir__store_open(&plan, &st.layers, NULL));
    assert_int_equal(weir__segments_last_number(st.layers.base), 0);
    weir__window_store_key(&key, &(weir__window_key){s("a"), 7, 41});
    weir__row row = {weir__buf_slice(&key), s("v")};
    assert_ok(weir__kv_restore(st.layers.base, &row, 1, 0, NULL));
    assert_int_equal(weir__segments_last_number(st.layers.base), 41);

    weir_buf row_key = {0};
    weir__buf_reset(&key);
    weir__window_store_key(&key, &(weir__window_key){s("a"), 7, 42});
    weir__segment_key(&st.layers.retention, 7, weir__buf_slice(&key), &row_key);
    assert_ok(weir__kv_put(st.layers.top, weir__buf_slice(&row_key), s("v"), NULL));
    kit_commit(st.layers.top);
    weir__kv_close(st.layers.top);
    assert_ok(weir__store_open(&plan, &st.layers, NULL));
    assert_int_equal(weir__segments_last_number(st.layers.base), 42);
    weir__kv_close(st.layers.top);
    weir__buf_fini(&key);
    weir__buf_fini(&row_key);
}

static int physical_rows(weir__kv *base)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice value;
    int rows = 0;
    while (base->inner != NULL) {
        base = base->inner;
    }
    assert_ok(weir__kv_range(base, s(NULL), s("\x80"), false, &iter, NULL));
    while (iter->ops->next(iter, &key, &value)) {
        rows++;
    }
    assert_ok(iter->ops->close(iter));
    return rows;
}

static void expired_segments_leave_no_rows(void **state)
{
    for (int kind = 0; kind < 4; kind++) {
        char directory[2 * KIT_PATH_MAX];
        store st = {0};
        snprintf(directory, sizeof directory, "%s/%d", (const char *)*state, kind);
        open_store(&st, kind == 1 || kind == 2 ? directory : NULL, 2 * SEGMENT_MS, kind >= 2);
        for (int i = 0; i < SEGMENTS; i++) {
            put(&st, "a", i * SEGMENT_MS);
            put(&st, "b", i * SEGMENT_MS + SEGMENT_MS / 2);
        }
        /* The segment of the oldest row seen, and those after; in memory in order of time a segment
         * is a millisecond. */
        assert_int_equal(physical_rows(st.layers.base), kind == 3 ? 4 : 6);
        weir__kv_close(st.layers.top);
    }
}

static void a_changelog_key_without_a_time_is_corrupt(void **state)
{
    (void)state;
    store st = {0};
    weir_error error = {0};
    weir__row row = {s("short"), s("v")};
    open_store(&st, NULL, 50, false);
    assert_int_equal(weir__kv_restore(st.layers.base, &row, 1, 0, &error), WEIR_ECORRUPT);
    assert_non_null(strstr(error.message, "5 bytes"));
    weir__kv_close(st.layers.top);
}

static void a_restored_row_that_has_expired_is_left_out(void **state)
{
    (void)state;
    store st = {0};
    weir_buf keys[2] = {{0}};
    open_store(&st, NULL, 50, false);
    weir__window_store_key(&keys[0], &(weir__window_key){s("a"), 1, 0});
    weir__window_store_key(&keys[1], &(weir__window_key){s("b"), 51, 0});
    weir__row rows[] = {{weir__buf_slice(&keys[0]), s("v")}, {weir__buf_slice(&keys[1]), s("v")}};
    assert_ok(weir__kv_restore(st.layers.base, rows, 2, 9, NULL));
    assert_int_equal(weir__kv_offset(st.layers.top), 9);
    assert_int_equal(count(&st, "a", 0, 100), 0);
    assert_int_equal(count(&st, "b", 0, 100), 1);
    assert_int_equal(st.expired, 0);
    weir__kv_close(st.layers.top);
    weir__buf_fini(&keys[0]);
    weir__buf_fini(&keys[1]);
}

static void a_put_replaces_a_restored_row(void **state)
{
    for (int kind = 0; kind < 4; kind++) {
        char directory[2 * KIT_PATH_MAX];
        store st = {0};
        weir_buf key = {0};
        snprintf(directory, sizeof directory, "%s/%d", (const char *)*state, kind);
        open_store(&st, kind == 1 || kind == 2 ? directory : NULL, 2 * SEGMENT_MS, kind >= 2);
        weir__window_store_key(&key, &(weir__window_key){s("a"), 3 * SEGMENT_MS, 0});
        weir__row row = {weir__buf_slice(&key), s("restored")};
        assert_ok(weir__kv_restore(st.layers.base, &row, 1, 0, NULL));
        put(&st, "a", 3 * SEGMENT_MS);
        assert_int_equal(physical_rows(st.layers.base), 1);
        assert_int_equal(count(&st, "a", 3 * SEGMENT_MS, 3 * SEGMENT_MS), 1);
        weir__kv_close(st.layers.top);
        weir__buf_fini(&key);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_first_time_kept_and_seen_is_exact_over_all_of_int64),
        TEST(rows_and_ranges_may_have_any_time),
        TEST(rows_of_all_keys_in_memory_come_in_order_of_time),
        TEST(a_row_in_memory_is_gone_when_its_age_is_the_retention),
        TEST(a_row_in_rocksdb_is_hidden_at_once_and_refused_with_its_segment),
        TEST(stream_time_outlives_the_store_that_was_open),
        TEST(rows_of_another_retention_are_corrupt),
        TEST(the_number_of_the_last_put_outlives_the_store_that_was_open),
        TEST(expired_segments_leave_no_rows),
        TEST(a_changelog_key_without_a_time_is_corrupt),
        TEST(a_restored_row_that_has_expired_is_left_out),
        TEST(a_put_replaces_a_restored_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
