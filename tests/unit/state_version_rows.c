/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of versioned stores: those that expire, the lengths of segments, damage, bad puts. */
#include "state_kit.h"

#include "state/versioned.h"

#define RETENTION_MS 50000
#define KEY_MAX 32
#define ROWS_MAX 8

/* A store in memory or RocksDB, without a changelog. */
typedef struct versions {
    char directory[KIT_PATH_MAX];
    bool rocksdb;
    weir__store_layers layers;
} versions;

static versions opened(bool rocksdb)
{
    versions v = {.rocksdb = rocksdb};
    if (rocksdb) {
        kit_directory(v.directory);
    }
    weir__store_plan plan = kit_plan(rocksdb ? v.directory : NULL, false);
    plan.kind = &weir__kind_versioned;
    plan.retention_ms = RETENTION_MS;
    plan.buffered = true;
    assert_ok(weir__store_open(&plan, &v.layers, NULL));
    return v;
}

static void closed(versions *v)
{
    weir__kv_close(v->layers.top);
    if (v->rocksdb) {
        kit_remove(v->directory);
    }
}

/* `value` NULL: a deletion. */
static weir_err put(versions *v, char key, const char *value, int64_t time_ms, weir_error *error)
{
    uint8_t bytes[1 + WEIR__VERSION_SUFFIX] = {(uint8_t)key};
    weir__store_u64(bytes + 1, (uint64_t)time_ms);
    return weir__kv_put(v->layers.top, (weir_slice){bytes, sizeof bytes}, s(value), error);
}

/* ---- Segments ----------------------------------------------------------------------------- */

static size_t rows_below(versions *v)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice value;
    size_t count = 0;
    assert_ok(weir__kv_range(v->layers.base->inner, (weir_slice){0}, (weir_slice){0}, false, &iter,
                             NULL));
    while (iter->ops->next(iter, &key, &value)) {
        count++;
    }
    assert_ok(iter->ops->close(iter));
    return count;
}

static void expired_segments_and_deletions_leave_no_rows(void **state)
{
    (void)state;
    for (int rocksdb = 0; rocksdb < 2; rocksdb++) {
        versions v = opened(rocksdb != 0);
        for (int64_t round = 0; round < 200; round++) {
            assert_ok(
                put(&v, (char)('a' + round % 4), round < 100 ? "v" : NULL, round * 1000, NULL));
        }
        assert_true(rows_below(&v) > 40);
        assert_ok(put(&v, 'z', "v", INT64_MAX / 2, NULL));
        assert_int_equal(rows_below(&v), 2); /* the latest version and the progress */
        closed(&v);
    }
}

static void segments_have_the_lengths_of_kafka(void **state)
{
    (void)state;
    assert_int_equal(weir__versioned_segment_ms(0), 2000);
    assert_int_equal(weir__versioned_segment_ms(60000), 20000);
    assert_int_equal(weir__versioned_segment_ms(60001), 20000);
    assert_int_equal(weir__versioned_segment_ms(300000), 60000);
    assert_int_equal(weir__versioned_segment_ms(600000), 60000);
    assert_int_equal(weir__versioned_segment_ms(3600000), 300000);
    assert_int_equal(weir__versioned_segment_ms(86400000), 3600000);
}

/* ---- Damage ------------------------------------------------------------------------------- */

/* Replaces the rows of the latest version and of the one before. */
static void damage_all(versions *v, weir_slice row)
{
    weir__kv *below = v->layers.base->inner;
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice value;
    uint8_t copies[ROWS_MAX][KEY_MAX];
    size_t sizes[ROWS_MAX];
    size_t count = 0;
    assert_ok(weir__kv_range(below, (weir_slice){0}, (weir_slice){"\x81", 1}, false, &iter, NULL));
    while (iter->ops->next(iter, &key, &value)) {
        assert_true(count < ROWS_MAX && key.len <= KEY_MAX);
        memcpy(copies[count], key.data, key.len);
        sizes[count++] = key.len;
    }
    assert_ok(iter->ops->close(iter));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_ok(weir__kv_put(below, (weir_slice){copies[i], sizes[i]}, row, NULL));
    }
}

static weir_err drain_history(versions *v)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice value;
    assert_ok(weir__versioned_history(v->layers.base, s("a"), 0, 100, false, &iter, NULL));
    while (iter->ops->next(iter, &key, &value)) {
    }
    return iter->ops->close(iter);
}

static void a_damaged_row_is_an_error(void **state)
{
    (void)state;
    /* Too short, a negative time, and one that is no history. */
    static const weir_slice rows[] = {
        {"1234567", 7}, {"\xff\0\0\0\0\0\0\0\1", 9}, {"\0\0\0\0\0\0\0\0", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        versions v = opened(false);
        weir_error error = {0};
        weir__version found;
        assert_ok(put(&v, 'a', "1", 10, NULL));
        assert_ok(put(&v, 'a', "2", 20, NULL));
        damage_all(&v, rows[i]);
        assert_int_equal(drain_history(&v), WEIR_ECORRUPT);
        if (i < 2) {
            assert_int_equal(weir__versioned_as_of(v.layers.base, s("a"), 15, &found, &error),
                             WEIR_ECORRUPT);
            assert_non_null(strstr(error.message, "is no version"));
            assert_int_equal(put(&v, 'a', "3", 7, &error), WEIR_ECORRUPT);
        }
        closed(&v);
    }
}

static void a_put_without_a_time_is_an_error(void **state)
{
    (void)state;
    versions v = opened(false);
    weir_error error = {0};
    weir_slice negative = {"a\xff\xff\xff\xff\xff\xff\xff\xff", 9};
    weir__log_record record;
    assert_int_equal(weir__kv_put(v.layers.top, s("short"), s("v"), &error), WEIR_EINVAL);
    assert_int_equal(weir__kind_versioned.to_log(s("short"), s("v"), 1, &record, &error),
                     WEIR_EINVAL);
    assert_int_equal(weir__kv_put(v.layers.top, negative, s("v"), &error), WEIR_EINVAL);
    assert_non_null(strstr(error.message, "negative timestamp -1"));
    weir__row row = {negative, s("v")};
    assert_int_equal(weir__kv_restore(v.layers.base, &row, 1, 1, &error), WEIR_ECORRUPT);
    closed(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expired_segments_and_deletions_leave_no_rows),
        cmocka_unit_test(segments_have_the_lengths_of_kafka),
        cmocka_unit_test(a_damaged_row_is_an_error),
        cmocka_unit_test(a_put_without_a_time_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
