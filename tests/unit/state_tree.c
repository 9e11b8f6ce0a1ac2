/* SPDX-License-Identifier: Apache-2.0
 *
 * The ordered map below the stores in memory: many items, so that nodes split and empty. */
#include "state_kit.h"

#include "core/buf.h"
#include "state/tree.h"

#define ITEMS 20000

typedef struct number {
    weir__tree_item item;
    uint8_t bytes[4];
} number;

static number *number_new(unsigned value)
{
    number *made = calloc(1, sizeof *made);
    weir__store_u32(made->bytes, value);
    made->item.key = (weir_slice){made->bytes, sizeof made->bytes};
    return made;
}

static unsigned value_of(const weir__tree_item *item)
{
    return weir__load_u32(item->key.data);
}

static weir__tree_item *find(const weir__tree *tree, unsigned value)
{
    uint8_t bytes[4];
    weir__store_u32(bytes, value);
    return weir__tree_find(tree, (weir_slice){bytes, sizeof bytes});
}

static void remove_number(weir__tree *tree, unsigned value)
{
    uint8_t bytes[4];
    weir__store_u32(bytes, value);
    weir__tree_item *item = weir__tree_remove(tree, (weir_slice){bytes, sizeof bytes});
    assert_non_null(item);
    assert_int_equal(value_of(item), value);
    free(item);
}

static void free_item(weir__tree_item *item)
{
    free(item);
}

/* The i-th of a fixed mixed-up order of 0..ITEMS-1 (7919 and ITEMS have no common divisor). */
static unsigned mixed(unsigned i)
{
    return i * 7919u % ITEMS;
}

static void assert_holds_every(const weir__tree *tree, unsigned each, unsigned first)
{
    weir__tree_cursor cursor = weir__tree_seek(tree, (weir_slice){0}, false, false);
    for (unsigned i = first; i < ITEMS; i += each) {
        assert_non_null(weir__tree_at(cursor));
        assert_int_equal(value_of(weir__tree_at(cursor)), i);
        weir__tree_step(&cursor, false);
    }
    assert_null(weir__tree_at(cursor));
}

static void items_are_in_order_however_they_came(void **state)
{
    (void)state;
    for (int order = 0; order < 3; order++) {
        weir__tree tree = {0};
        for (unsigned i = 0; i < ITEMS; i++) {
            unsigned value = order == 0 ? i : order == 1 ? ITEMS - 1 - i : mixed(i);
            assert_ok(weir__tree_insert(&tree, &number_new(value)->item));
        }
        assert_int_equal(tree.count, ITEMS);
        assert_holds_every(&tree, 1, 0);
        for (unsigned i = 0; i < ITEMS; i++) {
            assert_int_equal(value_of(find(&tree, i)), i);
        }
        assert_null(find(&tree, ITEMS));
        weir__tree_fini(&tree, free_item);
    }
}

static void removed_items_leave_the_others(void **state)
{
    (void)state;
    weir__tree tree = {0};
    for (unsigned i = 0; i < ITEMS; i++) {
        assert_ok(weir__tree_insert(&tree, &number_new(mixed(i))->item));
    }
    for (unsigned i = 0; i < ITEMS; i++) {
        if (mixed(i) % 3 != 1) {
            remove_number(&tree, mixed(i));
        }
    }
    assert_holds_every(&tree, 3, 1);
    for (unsigned i = 0; i < ITEMS; i++) {
        assert_int_equal(find(&tree, i) != NULL, i % 3 == 1);
    }
    for (unsigned i = 1; i < ITEMS; i += 3) {
        remove_number(&tree, i);
    }
    assert_null(tree.root);
    assert_int_equal(tree.count, 0);
}

/* Keys that separate nodes change: each removal of a first key must reach the parent nodes. */
static void a_window_may_slide_over_the_keys(void **state)
{
    (void)state;
    weir__tree tree = {0};
    for (unsigned i = 0; i < 3 * ITEMS; i++) {
        assert_ok(weir__tree_insert(&tree, &number_new(i)->item));
        if (i >= 1000) {
            remove_number(&tree, i - 1000);
        }
    }
    assert_int_equal(tree.count, 1000);
    for (unsigned i = 3 * ITEMS; i-- > 3 * ITEMS - 1000;) {
        assert_non_null(find(&tree, i));
        remove_number(&tree, i);
    }
    assert_null(tree.root);
}

static void a_replaced_item_is_removed(void **state)
{
    (void)state;
    weir__tree tree = {0};
    for (unsigned i = 0; i < ITEMS; i++) {
        assert_ok(weir__tree_insert(&tree, &number_new(mixed(i))->item));
    }
    for (unsigned i = 0; i < ITEMS; i++) {
        weir__tree_item *old = find(&tree, mixed(i));
        weir__tree_replace(&tree, &number_new(mixed(i))->item);
        free(old);
    }
    assert_holds_every(&tree, 1, 0);
    weir__tree_fini(&tree, free_item);
}

static void seeking_a_missing_key_finds_its_neighbours(void **state)
{
    (void)state;
    weir__tree tree = {0};
    for (unsigned i = 1; i < ITEMS; i += 2) {
        assert_ok(weir__tree_insert(&tree, &number_new(i)->item));
    }
    for (unsigned i = 2; i + 2 < ITEMS; i++) {
        uint8_t bytes[4];
        weir__store_u32(bytes, i);
        weir_slice key = {bytes, sizeof bytes};
        unsigned odd = i % 2;
        assert_int_equal(value_of(weir__tree_at(weir__tree_seek(&tree, key, false, false))),
                         i + 1 - odd);
        assert_int_equal(value_of(weir__tree_at(weir__tree_seek(&tree, key, true, false))),
                         i + 1 + odd);
        assert_int_equal(value_of(weir__tree_at(weir__tree_seek(&tree, key, false, true))),
                         i - 1 + odd);
        assert_int_equal(value_of(weir__tree_at(weir__tree_seek(&tree, key, true, true))),
                         i - 1 - odd);
    }
    uint8_t zero[4] = {0};
    weir_slice first = {zero, sizeof zero};
    assert_null(weir__tree_at(weir__tree_seek(&tree, first, false, true)));
    weir__tree_fini(&tree, free_item);
}

static void an_empty_tree_has_nothing(void **state)
{
    (void)state;
    weir__tree tree = {0};
    assert_null(find(&tree, 1));
    assert_null(weir__tree_remove(&tree, s("key")));
    assert_null(weir__tree_at(weir__tree_seek(&tree, s("key"), false, true)));
    assert_null(weir__tree_at(weir__tree_seek(&tree, (weir_slice){0}, false, false)));
    weir__tree_fini(&tree, free_item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_in_order_however_they_came),
        cmocka_unit_test(removed_items_leave_the_others),
        cmocka_unit_test(a_window_may_slide_over_the_keys),
        cmocka_unit_test(a_replaced_item_is_removed),
        cmocka_unit_test(seeking_a_missing_key_finds_its_neighbours),
        cmocka_unit_test(an_empty_tree_has_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
