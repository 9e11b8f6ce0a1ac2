/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena: sizes, alignment, marks, and blocks that grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/arena.h"

#define MANY 4000
#define LARGE ((size_t)9 << 20) /* more than any block has by itself */

/* Each area keeps its own bytes. */
static void fill_and_check(weir__arena *arena, size_t size)
{
    unsigned char *areas[MANY];
    for (size_t i = 0; i < MANY; i++) {
        areas[i] = weir__arena_alloc_unzeroed(arena, size);
        assert_non_null(areas[i]);
        assert_int_equal((uintptr_t)areas[i] % WEIR__ARENA_ALIGN, 0);
        memset(areas[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(areas[i][0], i % 251);
        assert_int_equal(areas[i][size - 1], i % 251);
    }
}

static void areas_do_not_overlap_however_many_there_are(void **state)
{
    weir__arena arena = {0};
    (void)state;
    for (int round = 0; round < 3; round++) {
        fill_and_check(&arena, 24);
        fill_and_check(&arena, 1);
        weir__arena_reset(&arena);
    }
    weir__arena_fini(&arena);
}

static void an_arena_that_grows_holds_much(void **state)
{
    weir__arena arena = {0};
    (void)state;
    weir__arena_grow(&arena);
    for (int round = 0; round < 2; round++) {
        fill_and_check(&arena, 5000); /* 20 MB */
        unsigned char *large = weir__arena_alloc(&arena, LARGE);
        assert_non_null(large);
        large[LARGE - 1] = 1;
        fill_and_check(&arena, 40);
        weir__arena_reset(&arena);
    }
    weir__arena_fini(&arena);
}

static void an_area_of_no_bytes_has_an_address(void **state)
{
    weir__arena arena = {0};
    (void)state;
    assert_non_null(weir__arena_alloc(&arena, 0));
    assert_non_null(weir__arena_alloc(&arena, 0));
    weir__arena_fini(&arena);
}

static void an_allocation_that_cannot_be_is_refused(void **state)
{
    weir__arena arena = {0};
    (void)state;
    assert_null(weir__arena_alloc_unzeroed(&arena, SIZE_MAX));
    assert_non_null(weir__arena_alloc(&arena, 8));
    assert_null(weir__arena_alloc_unzeroed(&arena, SIZE_MAX));
    weir__arena_fini(&arena);
}

static void a_mark_frees_what_was_allocated_since(void **state)
{
    weir__arena arena = {0};
    (void)state;
    char *kept = weir__arena_strdup(&arena, "kept");
    weir__arena_mark mark = weir__arena_mark_take(&arena);
    void *first = weir__arena_alloc(&arena, 100);
    weir__arena_mark_reset(&arena, mark);
    assert_ptr_equal(weir__arena_alloc(&arena, 100), first);
    fill_and_check(&arena, 100); /* more blocks */
    weir__arena_mark_reset(&arena, mark);
    assert_ptr_equal(weir__arena_alloc(&arena, 100), first);
    assert_string_equal(kept, "kept");
    weir__arena_fini(&arena);
}

static void the_newest_area_is_resized_in_place(void **state)
{
    weir__arena arena = {0};
    (void)state;
    char *text = weir__arena_alloc(&arena, 8);
    memcpy(text, "content", 8);
    assert_ptr_equal(weir__arena_resize(&arena, text, 8, 1000), text);
    assert_ptr_equal(weir__arena_resize(&arena, text, 1000, 8), text);
    void *behind = weir__arena_alloc(&arena, 8);
    char *moved = weir__arena_resize(&arena, text, 8, 1000);
    assert_ptr_not_equal(moved, text);
    assert_ptr_not_equal(moved, behind);
    assert_string_equal(moved, "content");
    weir__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_do_not_overlap_however_many_there_are),
        cmocka_unit_test(an_arena_that_grows_holds_much),
        cmocka_unit_test(an_area_of_no_bytes_has_an_address),
        cmocka_unit_test(an_allocation_that_cannot_be_is_refused),
        cmocka_unit_test(a_mark_frees_what_was_allocated_since),
        cmocka_unit_test(the_newest_area_is_resized_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
