/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract of state/store.h, for every stack of layers. */
#include "state_stacks.h"

static weir__kv *kv_of(void **state)
{
    return ((opened *)*state)->kv;
}

static void fill(weir__kv *kv)
{
    kit_put(kv, "cherry", "3");
    kit_put(kv, "apple", "1");
    kit_put(kv, "date", "4");
    kit_put(kv, "banana", "2");
}

static void a_missing_key_reads_as_null(void **state)
{
    assert_slice(kit_get(kv_of(state), "missing"), NULL);
}

static void a_put_is_read_back_and_the_last_one_wins(void **state)
{
    weir__kv *kv = kv_of(state);
    kit_put(kv, "key", "short");
    assert_slice(kit_get(kv, "key"), "short");
    kit_put(kv, "key", "a value that is much longer than the one before it");
    assert_slice(kit_get(kv, "key"), "a value that is much longer than the one before it");
    kit_put(kv, "key", "x");
    assert_slice(kit_get(kv, "key"), "x");
}

static void puts_copy_key_and_value(void **state)
{
    weir__kv *kv = kv_of(state);
    char key[] = "key";
    char value[] = "value";
    kit_put(kv, key, value);
    memset(key, 'x', 3);
    memset(value, 'x', 5);
    assert_slice(kit_get(kv, "key"), "value");
    assert_slice(kit_get(kv, "xxx"), NULL);
}

static void a_null_value_deletes(void **state)
{
    weir__kv *kv = kv_of(state);
    kit_put(kv, "key", "value");
    kit_put(kv, "key", NULL);
    kit_put(kv, "never there", NULL);
    assert_slice(kit_get(kv, "key"), NULL);
    assert_rows(kit_range(kv, NULL, NULL, false), "");
    kit_put(kv, "key", "again");
    assert_slice(kit_get(kv, "key"), "again");
}

static void an_empty_value_is_not_null(void **state)
{
    weir__kv *kv = kv_of(state);
    kit_put(kv, "key", "");
    assert_slice(kit_get(kv, "key"), "");
    assert_rows(kit_range(kv, NULL, NULL, false), "key=");
}

static void an_empty_key_is_a_key(void **state)
{
    weir__kv *kv = kv_of(state);
    kit_put(kv, "", "empty");
    kit_put(kv, "a", "1");
    assert_slice(kit_get(kv, ""), "empty");
    assert_rows(kit_range(kv, "", NULL, false), "=empty a=1");
    assert_rows(kit_range(kv, NULL, "", true), "=empty");
}

static void keys_with_zero_bytes_differ(void **state)
{
    weir__kv *kv = kv_of(state);
    weir_slice keys[] = {{"a", 1}, {"a\0", 2}, {"a\0\0", 3}, {"a\0\0\0\0\0\0\0\0", 9}};
    for (size_t i = 0; i < 4; i++) {
        assert_ok(weir__kv_put(kv, keys[i], (weir_slice){&"0123"[i], 1}, NULL));
    }
    weir__kv_iter *iter = kit_range(kv, NULL, NULL, false);
    weir_slice key;
    weir_slice value;
    for (size_t i = 0; i < 4; i++) {
        assert_true(iter->ops->next(iter, &key, &value));
        assert_true(weir_slice_equal(key, keys[i]));
        assert_memory_equal(value.data, &"0123"[i], 1);
    }
    assert_ok(iter->ops->close(iter));
}

static void keys_are_ordered_as_unsigned_bytes(void **state)
{
    weir__kv *kv = kv_of(state);
    kit_put(kv, "\xff", "3");
    kit_put(kv, "\x7f", "1");
    kit_put(kv, "\x80", "2");
    assert_rows(kit_range(kv, NULL, NULL, false), "\x7f=1 \x80=2 \xff=3");
}

static void a_range_includes_both_ends(void **state)
{
    weir__kv *kv = kv_of(state);
    fill(kv);
    assert_rows(kit_range(kv, "banana", "cherry", false), "banana=2 cherry=3");
    assert_rows(kit_range(kv, "b", "cz", false), "banana=2 cherry=3");
    assert_rows(kit_range(kv, "banana", "banana", false), "banana=2");
    assert_rows(kit_range(kv, "c", "cherr", false), "");
}

static void a_range_may_be_open_at_either_end(void **state)
{
    weir__kv *kv = kv_of(state);
    fill(kv);
    assert_rows(kit_range(kv, NULL, NULL, false), "apple=1 banana=2 cherry=3 date=4");
    assert_rows(kit_range(kv, "c", NULL, false), "cherry=3 date=4");
    assert_rows(kit_range(kv, NULL, "banana", false), "apple=1 banana=2");
}

static void a_reverse_range_goes_from_the_last_to_the_first(void **state)
{
    weir__kv *kv = kv_of(state);
    fill(kv);
    assert_rows(kit_range(kv, NULL, NULL, true), "date=4 cherry=3 banana=2 apple=1");
    assert_rows(kit_range(kv, "banana", "cherry", true), "cherry=3 banana=2");
    assert_rows(kit_range(kv, "az", "cz", true), "cherry=3 banana=2");
    assert_rows(kit_range(kv, "zebra", NULL, true), "");
}

static void a_range_that_ends_before_it_begins_is_empty(void **state)
{
    weir__kv *kv = kv_of(state);
    fill(kv);
    assert_rows(kit_range(kv, "date", "apple", false), "");
    assert_rows(kit_range(kv, "date", "apple", true), "");
}

static void a_range_does_not_see_what_is_put_after_it_was_opened(void **state)
{
    weir__kv *kv = kv_of(state);
    fill(kv);
    weir__kv_iter *before = kit_range(kv, NULL, NULL, false);
    weir__kv_iter *backwards = kit_range(kv, NULL, NULL, true);
    kit_put(kv, "apple", NULL);
    kit_put(kv, "banana", "changed, and longer than it was");
    kit_put(kv, "blueberry", "new");
    weir__kv_iter *between = kit_range(kv, NULL, NULL, false);
    kit_put(kv, "blueberry", NULL);
    kit_put(kv, "apple", "back");
    kit_put(kv, "zebra", "new");
    kit_put(kv, "zebra", NULL);
    assert_rows(before, "apple=1 banana=2 cherry=3 date=4");
    assert_rows(between, "banana=changed, and longer than it was blueberry=new cherry=3 date=4");
    assert_rows(backwards, "date=4 cherry=3 banana=2 apple=1");
    assert_rows(kit_range(kv, NULL, NULL, false),
                "apple=back banana=changed, and longer than it was cherry=3 date=4");
}

static void rows_may_be_deleted_while_they_are_read(void **state)
{
    weir__kv *kv = kv_of(state);
    char name[32];
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "key-%03d", i);
        kit_put(kv, name, "value");
    }
    weir__kv_iter *iter = kit_range(kv, "key-100", "key-399", false);
    weir_slice key;
    weir_slice value;
    int seen = 0;
    while (iter->ops->next(iter, &key, &value)) {
        snprintf(name, sizeof name, "%.*s", (int)key.len, (const char *)key.data);
        kit_put(kv, name, NULL);
        seen++;
    }
    assert_ok(iter->ops->close(iter));
    assert_int_equal(seen, 300);
    assert_slice(kit_get(kv, "key-100"), NULL);
    assert_slice(kit_get(kv, "key-399"), NULL);
    assert_slice(kit_get(kv, "key-400"), "value");
    assert_rows(kit_range(kv, "key-099", "key-400", false), "key-099=value key-400=value");
}

static void next_key(weir__kv_iter *iter, const char *expected)
{
    weir_slice key = {0};
    weir_slice value;
    assert_int_equal(iter->ops->next(iter, &key, &value), expected != NULL);
    assert_slice(key, expected);
}

static void a_seek_goes_to_the_first_key_that_is_not_before_it(void **state)
{
    weir__kv *kv = kv_of(state);
    fill(kv);
    weir__kv_iter *iter = kit_range(kv, NULL, "cherry", false);
    iter->ops->seek(iter, s("b"));
    next_key(iter, "banana");
    iter->ops->seek(iter, s("apple"));
    next_key(iter, "apple");
    next_key(iter, "banana");
    iter->ops->seek(iter, s("cherry"));
    next_key(iter, "cherry");
    next_key(iter, NULL);
    iter->ops->seek(iter, s("bz"));
    next_key(iter, "cherry");
    assert_rows(iter, "");
}

static void a_seek_in_reverse_goes_to_the_last_key_that_is_not_behind_it(void **state)
{
    weir__kv *kv = kv_of(state);
    fill(kv);
    weir__kv_iter *iter = kit_range(kv, "banana", NULL, true);
    next_key(iter, "date");
    iter->ops->seek(iter, s("c"));
    next_key(iter, "banana");
    next_key(iter, NULL);
    iter->ops->seek(iter, s("cherry"));
    next_key(iter, "cherry");
    assert_rows(iter, "banana=2");
}

/* Rows are dropped below a cache. */
static void a_dropped_range_includes_its_start_and_not_its_end(void **state)
{
    const opened *o = *state;
    fill(o->base);
    assert_ok(weir__kv_drop_range(o->base, s("banana"), s("date"), NULL));
    assert_slice(kit_get(o->base, "banana"), NULL);
    assert_slice(kit_get(o->base, "cherry"), NULL);
    assert_rows(kit_range(o->base, NULL, NULL, false), "apple=1 date=4");
    kit_put(o->base, "banana", "again");
    assert_rows(kit_range(o->base, NULL, NULL, true), "date=4 banana=again apple=1");
    assert_ok(weir__kv_drop_range(o->base, s(""), s("z"), NULL));
    assert_rows(kit_range(o->base, NULL, NULL, false), "");
}

static void an_open_iterator_still_sees_dropped_rows(void **state)
{
    const opened *o = *state;
    fill(o->base);
    weir__kv_iter *first = kit_range(o->base, NULL, NULL, false);
    kit_put(o->base, "cherry", "changed");
    kit_put(o->base, "blueberry", "new");
    weir__kv_iter *second = kit_range(o->base, NULL, NULL, false);
    assert_ok(weir__kv_drop_range(o->base, s("b"), s("d"), NULL));
    assert_ok(weir__kv_drop_range(o->base, s("a"), s("d"), NULL));
    assert_rows(kit_range(o->base, NULL, NULL, false), "date=4");
    kit_put(o->base, "banana", "later");
    assert_rows(first, "apple=1 banana=2 cherry=3 date=4");
    assert_rows(second, "apple=1 banana=2 blueberry=new cherry=changed date=4");
    assert_rows(kit_range(o->base, NULL, NULL, false), "banana=later date=4");
}

static void a_new_store_has_no_offset(void **state)
{
    weir__kv *kv = kv_of(state);
    assert_int_equal(weir__kv_offset(kv), WEIR__NO_OFFSET);
}

static void the_offset_is_the_one_set_last(void **state)
{
    weir__kv *kv = kv_of(state);
    assert_ok(weir__kv_commit(kv, 41, WEIR__TIME_UNKNOWN, NULL));
    assert_ok(weir__kv_commit(kv, 0x123456789abcdef, WEIR__TIME_UNKNOWN, NULL));
    assert_int_equal(weir__kv_offset(kv), 0x123456789abcdef);
}

static void restoring_puts_deletes_and_sets_the_offset(void **state)
{
    opened *o = *state;
    kit_put(o->base, "old", "row");
    weir__row rows[] = {
        {s("a"), s("1")}, {s("b"), s("2")}, {s("old"), {0}}, {s("a"), s("3")}, {s("c"), s("")}};
    assert_ok(weir__kv_restore(o->base, rows, 5, 17, NULL));
    assert_int_equal(weir__kv_offset(o->kv), 17);
    assert_rows(kit_range(o->kv, NULL, NULL, false), "a=3 b=2 c=");
}

static void an_empty_restore_moves_the_offset(void **state)
{
    opened *o = *state;
    assert_ok(weir__kv_restore(o->base, NULL, 0, 99, NULL));
    assert_int_equal(weir__kv_offset(o->kv), 99);
}

static void flushing_keeps_everything(void **state)
{
    weir__kv *kv = kv_of(state);
    fill(kv);
    kit_put(kv, "date", NULL);
    assert_ok(weir__kv_flush(kv, NULL));
    assert_rows(kit_range(kv, NULL, NULL, false), "apple=1 banana=2 cherry=3");
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_missing_key_reads_as_null),
        cmocka_unit_test(a_put_is_read_back_and_the_last_one_wins),
        cmocka_unit_test(puts_copy_key_and_value),
        cmocka_unit_test(a_null_value_deletes),
        cmocka_unit_test(an_empty_value_is_not_null),
        cmocka_unit_test(an_empty_key_is_a_key),
        cmocka_unit_test(keys_with_zero_bytes_differ),
        cmocka_unit_test(keys_are_ordered_as_unsigned_bytes),
        cmocka_unit_test(a_range_includes_both_ends),
        cmocka_unit_test(a_range_may_be_open_at_either_end),
        cmocka_unit_test(a_reverse_range_goes_from_the_last_to_the_first),
        cmocka_unit_test(a_range_that_ends_before_it_begins_is_empty),
        cmocka_unit_test(a_range_does_not_see_what_is_put_after_it_was_opened),
        cmocka_unit_test(rows_may_be_deleted_while_they_are_read),
        cmocka_unit_test(a_seek_goes_to_the_first_key_that_is_not_before_it),
        cmocka_unit_test(a_seek_in_reverse_goes_to_the_last_key_that_is_not_behind_it),
        cmocka_unit_test(a_dropped_range_includes_its_start_and_not_its_end),
        cmocka_unit_test(an_open_iterator_still_sees_dropped_rows),
        cmocka_unit_test(a_new_store_has_no_offset),
        cmocka_unit_test(the_offset_is_the_one_set_last),
        cmocka_unit_test(restoring_puts_deletes_and_sets_the_offset),
        cmocka_unit_test(an_empty_restore_moves_the_offset),
        cmocka_unit_test(flushing_keeps_everything),
    };
    return run_over_stacks("state_contract", cases, sizeof cases / sizeof cases[0]);
}
