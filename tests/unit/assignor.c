/* SPDX-License-Identifier: Apache-2.0
 *
 * The assignor: cases by hand. */
#include "unit/assignor_kit.h"

static void one_member_gets_everything(void **state)
{
    (void)state;
    group g;
    outcome out;
    init(&g, 1);
    add_sub(&g, 4, true);
    add_sub(&g, 2, false);
    add_member(&g, "a", "p");
    run(&g, &out);
    assert_int_equal(tasks_of(&g, &out, "a", -1), 6);
}

static void state_decides_where_a_crashed_member_s_tasks_go(void **state)
{
    (void)state;
    group g;
    outcome out;
    init(&g, 1);
    add_sub(&g, 4, true);
    add_member(&g, "a", "p1");
    add_member(&g, "b", "p2");
    add_member(&g, "c", "p3");
    says(&g, 0, 0, 0, WEIR__PROGRESS_RUNNING);
    says(&g, 1, 0, 1, WEIR__PROGRESS_RUNNING);
    says(&g, 2, 0, 2, 100); /* c was away for a while */
    says(&g, 0, 0, 3, 50);
    says(&g, 1, 0, 3, 90);
    run(&g, &out);
    assert_string_equal(out.owner[0][0], "a");
    assert_string_equal(out.owner[0][1], "b");
    assert_string_equal(out.owner[0][2], "c");
    assert_string_equal(out.owner[0][3], "b");
}

static void threads_of_one_process_share_its_state(void **state)
{
    (void)state;
    group g;
    outcome out;
    init(&g, 1);
    add_sub(&g, 3, true);
    add_member(&g, "a1", "p1");
    add_member(&g, "a2", "p1");
    add_member(&g, "b1", "p2");
    add_member(&g, "b2", "p2");
    says(&g, 0, 0, 1, WEIR__PROGRESS_RUNNING);
    says(&g, 2, 0, 0, WEIR__PROGRESS_RUNNING);
    says(&g, 0, 0, 2, 5);
    says(&g, 2, 0, 2, 10); /* b1 reports the state on the disk of both */
    run(&g, &out);
    assert_string_equal(out.owner[0][0], "b1");
    assert_string_equal(out.owner[0][1], "a1");
    assert_string_equal(out.owner[0][2], "b2");
}

static void progress_of_a_stateless_task_does_not_count(void **state)
{
    (void)state;
    group g;
    outcome out;
    init(&g, 1);
    add_sub(&g, 1, false);
    add_member(&g, "a", "p1");
    add_member(&g, "b", "p2");
    says(&g, 1, 0, 0, 10);
    run(&g, &out);
    assert_string_equal(out.owner[0][0], "a");
}

static void two_members_that_report_the_same_task_do_not_both_get_it(void **state)
{
    (void)state;
    group g;
    outcome out;
    init(&g, 1);
    add_sub(&g, 2, true);
    add_member(&g, "b", "p1");
    add_member(&g, "a", "p2");
    for (size_t m = 0; m < 2; m++) {
        says(&g, m, 0, 0, WEIR__PROGRESS_RUNNING);
        says(&g, m, 0, 1, WEIR__PROGRESS_RUNNING);
    }
    run(&g, &out);
    check_good(&g, &out);
}

static void tasks_that_do_not_exist_any_more_are_ignored(void **state)
{
    (void)state;
    group g;
    outcome out;
    init(&g, 1);
    add_sub(&g, 2, true);
    add_member(&g, "a", "p1");
    says(&g, 0, 0, 2, WEIR__PROGRESS_RUNNING);
    says(&g, 0, 7, 0, WEIR__PROGRESS_RUNNING);
    says(&g, 0, -1, 0, 5);
    run(&g, &out);
    check_good(&g, &out);
}

static void a_member_listed_twice_is_refused(void **state)
{
    (void)state;
    group g;
    weir__arena arena = {0};
    weir__member_tasks *result = NULL;
    weir_error error = {0};
    init(&g, 1);
    add_sub(&g, 2, true);
    add_member(&g, "a", "p1");
    add_member(&g, "a", "p2");
    assert_int_equal(weir__assign(&g.input, &arena, &result, &error), WEIR_EINVAL);
    weir__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_member_gets_everything),
        cmocka_unit_test(state_decides_where_a_crashed_member_s_tasks_go),
        cmocka_unit_test(threads_of_one_process_share_its_state),
        cmocka_unit_test(progress_of_a_stateless_task_does_not_count),
        cmocka_unit_test(two_members_that_report_the_same_task_do_not_both_get_it),
        cmocka_unit_test(tasks_that_do_not_exist_any_more_are_ignored),
        cmocka_unit_test(a_member_listed_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
