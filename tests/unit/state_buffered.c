/* SPDX-License-Identifier: Apache-2.0
 *
 * The write buffer above RocksDB: what is in memory, what is on disk, and when. */
#include "state_kit.h"

#include "state/files.h"

#define LONG_RANGE 1500 /* rows */
#define BIG_VALUE 1000
#define BIG_ROWS 5000 /* 5 MB: more than a buffer holds */

static weir__kv *open_buffered(const char *directory)
{
    weir__store_layers layers;
    weir__store_plan plan = kit_plan(directory, false);
    plan.buffered = true;
    assert_ok(weir__store_open(&plan, &layers, NULL));
    return layers.top;
}

static bool has_database(const char *directory)
{
    return weir__has_file(directory, "CURRENT");
}

static size_t count_rows(weir__kv *kv)
{
    weir__kv_iter *iter = kit_range(kv, NULL, NULL, false);
    weir_slice key;
    weir_slice value;
    size_t count = 0;
    while (iter->ops->next(iter, &key, &value)) {
        count++;
    }
    assert_ok(iter->ops->close(iter));
    return count;
}

static void rows_and_their_offset_are_written_when_the_store_is_closed(void **state)
{
    weir__kv *kv = open_buffered(*state);
    kit_put(kv, "a", "1");
    assert_ok(weir__kv_flush(kv, NULL));
    assert_ok(weir__kv_commit(kv, 7, WEIR__TIME_UNKNOWN, NULL));
    assert_ok(weir__kv_commit(kv, WEIR__NO_OFFSET, 1234, NULL));
    assert_false(has_database(*state));
    assert_int_equal(weir__kv_offset(kv), 7);
    assert_int_equal(weir__kv_as_of_ms(kv), 1234);
    weir__kv_close(kv);

    kv = kit_lazy(*state, false);
    assert_slice(kit_get(kv, "a"), "1");
    assert_int_equal(weir__kv_offset(kv), 7);
    assert_int_equal(weir__kv_as_of_ms(kv), 1234);
    weir__kv_close(kv);
}

static void rows_without_an_offset_are_written_too(void **state)
{
    weir__kv *kv = open_buffered(*state);
    kit_put(kv, "a", "1");
    weir__kv_close(kv);

    kv = kit_lazy(*state, false);
    assert_slice(kit_get(kv, "a"), "1");
    assert_int_equal(weir__kv_offset(kv), WEIR__NO_OFFSET);
    weir__kv_close(kv);
}

static void write_abc(const char *directory)
{
    weir__kv *kv = open_buffered(directory);
    kit_put(kv, "a", "1");
    kit_put(kv, "b", "2");
    kit_put(kv, "c", "3");
    weir__kv_close(kv);
}

static void a_range_has_the_rows_of_the_buffer_and_of_the_disk(void **state)
{
    write_abc(*state);
    weir__kv *kv = open_buffered(*state);
    kit_put(kv, "aa", "new");
    kit_put(kv, "b", "changed");
    assert_ok(weir__kv_put(kv, s("c"), (weir_slice){0}, NULL));
    assert_rows(kit_range(kv, NULL, NULL, false), "a=1 aa=new b=changed");
    assert_rows(kit_range(kv, NULL, NULL, true), "b=changed aa=new a=1");
    assert_rows(kit_range(kv, "aa", "b", false), "aa=new b=changed");
    assert_rows(kit_range(kv, "c", "z", false), "");
    assert_null(kit_get(kv, "c").data);
    weir__kv_close(kv);
}

static void a_range_does_not_see_later_changes(void **state)
{
    write_abc(*state);
    weir__kv *kv = open_buffered(*state);
    kit_put(kv, "b", "before");
    weir__kv_iter *iter = kit_range(kv, NULL, NULL, false);
    kit_put(kv, "b", "after");
    kit_put(kv, "d", "4");
    assert_rows(iter, "a=1 b=before c=3");
    weir__kv_close(kv);
}

static void a_long_range_has_all_rows(void **state)
{
    char key[16];
    weir__kv *kv = open_buffered(*state);
    for (int i = 0; i < LONG_RANGE; i++) {
        snprintf(key, sizeof key, "%06d", i);
        kit_put(kv, key, "v");
    }
    assert_int_equal(count_rows(kv), LONG_RANGE);
    kit_put(kv, "z", "v");
    assert_int_equal(count_rows(kv), LONG_RANGE + 1);
    weir__kv_close(kv);
}

/* The buffer is full while an iterator is open: it still has the rows of its time. */
static void an_open_range_outlives_the_writing_of_the_buffer(void **state)
{
    char key[16];
    char value[BIG_VALUE];
    memset(value, 'v', sizeof value);
    weir__kv *kv = open_buffered(*state);
    kit_put(kv, "a", "1");
    kit_put(kv, "b", "2");
    weir__kv_iter *iter = kit_range(kv, NULL, NULL, false);
    for (int i = 0; i < BIG_ROWS; i++) {
        snprintf(key, sizeof key, "%06d", i);
        assert_ok(weir__kv_put(kv, s(key), (weir_slice){value, sizeof value}, NULL));
    }
    kit_put(kv, "a", "changed");
    assert_true(has_database(*state));
    assert_rows(iter, "a=1 b=2");
    assert_slice(kit_get(kv, "a"), "changed");
    assert_int_equal(count_rows(kv), BIG_ROWS + 2);
    weir__kv_close(kv);
}

static void a_range_that_seeks_merges_from_there(void **state)
{
    write_abc(*state);
    weir__kv *kv = open_buffered(*state);
    kit_put(kv, "bb", "new");
    assert_ok(weir__kv_put(kv, s("b"), (weir_slice){0}, NULL));
    weir__kv_iter *iter = kit_range(kv, NULL, NULL, false);
    iter->ops->seek(iter, s("b"));
    assert_rows(iter, "bb=new c=3");
    iter = kit_range(kv, NULL, NULL, true);
    iter->ops->seek(iter, s("bb"));
    assert_rows(iter, "bb=new a=1");
    weir__kv_close(kv);
}

static void dropped_rows_are_neither_in_the_buffer_nor_on_the_disk(void **state)
{
    write_abc(*state);
    weir__kv *kv = open_buffered(*state);
    kit_put(kv, "bb", "new");
    kit_put(kv, "d", "4");
    assert_ok(weir__kv_drop_range(kv, s("b"), s("d"), NULL));
    assert_null(kit_get(kv, "bb").data);
    assert_rows(kit_range(kv, NULL, NULL, false), "a=1 d=4");
    weir__kv_close(kv);

    kv = kit_lazy(*state, false);
    assert_rows(kit_range(kv, NULL, NULL, false), "a=1 d=4");
    weir__kv_close(kv);
}

/* Rows on disk may be newer than their offset, never older. */
static void a_full_buffer_is_written_with_its_last_offset(void **state)
{
    char key[16];
    char value[BIG_VALUE];
    memset(value, 'v', sizeof value);
    weir__kv *kv = open_buffered(*state);
    for (int i = 0; i < BIG_ROWS; i++) {
        snprintf(key, sizeof key, "%06d", i);
        assert_ok(weir__kv_put(kv, s(key), (weir_slice){value, sizeof value}, NULL));
        assert_ok(weir__kv_commit(kv, i, WEIR__TIME_UNKNOWN, NULL));
    }
    assert_true(has_database(*state));
    weir__kv_discard(kv); /* what is still in the buffer */
    int64_t offset = weir__kv_offset(kv);
    assert_true(offset > 0 && offset < BIG_ROWS - 1);
    assert_int_equal(count_rows(kv), offset + 2);
    weir__kv_close(kv);
}

static void a_store_that_is_discarded_writes_nothing(void **state)
{
    weir__kv *kv = open_buffered(*state);
    kit_put(kv, "a", "1");
    assert_ok(weir__kv_commit(kv, 7, WEIR__TIME_UNKNOWN, NULL));
    weir__kv_discard(kv);
    weir__kv_close(kv);
    assert_false(has_database(*state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
        TEST(rows_and_their_offset_are_written_when_the_store_is_closed),
        TEST(rows_without_an_offset_are_written_too),
        TEST(a_range_has_the_rows_of_the_buffer_and_of_the_disk),
        TEST(a_range_does_not_see_later_changes),
        TEST(a_long_range_has_all_rows),
        TEST(an_open_range_outlives_the_writing_of_the_buffer),
        TEST(a_range_that_seeks_merges_from_there),
        TEST(dropped_rows_are_neither_in_the_buffer_nor_on_the_disk),
        TEST(a_full_buffer_is_written_with_its_last_offset),
        TEST(a_store_that_is_discarded_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
