/* SPDX-License-Identifier: Apache-2.0
 *
 * The assignor: properties over made-up groups. Each runs over SEEDS seeds; a failure names its
 * seed. */
#include "unit/assignor_kit.h"

#define SEEDS 2000

static void every_assignment_is_complete_and_even(void **state)
{
    (void)state;
    group g;
    outcome out;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_up(&g, seed);
        run(&g, &out);
        check_good(&g, &out);
    }
}

static void assignments_are_valid_whatever_the_members_report(void **state)
{
    (void)state;
    group g;
    outcome out;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_up(&g, seed);
        for (size_t m = 0; m < g.input.member_count; m++) {
            uint64_t count = draw(&g, PROGRESS_MAX);
            for (uint64_t i = 0; i < count; i++) {
                bool running = draw(&g, 2) == 0;
                says(&g, m, (int32_t)draw(&g, SUBS_MAX), (int32_t)draw(&g, TASKS_MAX),
                     running ? WEIR__PROGRESS_RUNNING : (int64_t)draw(&g, 1000));
            }
        }
        run(&g, &out);
        check_good(&g, &out);
    }
}

static void nothing_moves_when_nothing_changes(void **state)
{
    (void)state;
    group g;
    outcome before;
    outcome after;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_up(&g, seed);
        run(&g, &before);
        ran(&g, &before);
        run(&g, &after);
        check(&g, moved(&g, &before, &after) == 0);
    }
}

/* Tasks of members that stay are revoked only where the new balance needs it, which is rare. */
static void when_a_member_leaves_only_its_tasks_move(void **state)
{
    (void)state;
    group g;
    outcome before;
    outcome after;
    int tasks = 0;
    int needless = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_up(&g, seed);
        if (g.input.member_count < 2) {
            continue;
        }
        run(&g, &before);
        ran(&g, &before);
        size_t leaver = draw(&g, g.input.member_count);
        int freed = tasks_of(&g, &before, g.member_ids[leaver], -1);
        remove_member(&g, leaver);
        run(&g, &after);
        check_good(&g, &after);
        tasks += freed;
        needless += moved(&g, &before, &after) - freed;
        check(&g, moved(&g, &before, &after) - freed <= freed + (int)g.input.subtopology_count);
    }
    print_message("leaving: %d tasks freed, %d others moved\n", tasks, needless);
    assert_true(needless * 10 <= tasks);
}

static void a_new_member_takes_no_more_than_its_share(void **state)
{
    (void)state;
    group g;
    outcome before;
    outcome after;
    int share = 0;
    int all_moved = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_up(&g, seed);
        run(&g, &before);
        ran(&g, &before);
        add_member(&g, "new", draw(&g, 2) == 0 ? g.process_ids[0] : "p-new");
        run(&g, &after);
        check_good(&g, &after);
        share += tasks_of(&g, &after, "new", -1);
        all_moved += moved(&g, &before, &after);
    }
    print_message("joining: %d tasks taken, %d moved\n", share, all_moved);
    assert_true(all_moved * 10 <= share * 13);
}

static void a_member_that_returns_gets_its_tasks_again(void **state)
{
    (void)state;
    group g;
    outcome before;
    outcome without;
    outcome after;
    int tasks = 0;
    int back = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_up(&g, seed);
        for (size_t i = 0; i < g.input.member_count; i++) {
            snprintf(g.process_ids[i], NAME_BYTES, "p%d", (int)i);
        }
        for (size_t s = 0; s < g.input.subtopology_count; s++) {
            g.stateful[s] = true;
        }
        add_member(&g, "zz", "p-zz");
        run(&g, &before);
        ran(&g, &before);
        remove_member(&g, g.input.member_count - 1);
        run(&g, &without);
        ran(&g, &without);
        add_member(&g, "zz", "p-zz");
        size_t zz = g.input.member_count - 1;
        for (int32_t s = 0; s < (int32_t)g.input.subtopology_count; s++) {
            for (int32_t i = 0; i < g.tasks[s]; i++) {
                if (strcmp(before.owner[s][i], "zz") == 0) {
                    says(&g, zz, s, i, 100);
                    tasks++;
                }
            }
        }
        run(&g, &after);
        check_good(&g, &after);
        for (size_t s = 0; s < g.input.subtopology_count; s++) {
            for (int i = 0; i < g.tasks[s]; i++) {
                back +=
                    strcmp(before.owner[s][i], "zz") == 0 && strcmp(after.owner[s][i], "zz") == 0
                        ? 1
                        : 0;
            }
        }
    }
    print_message("coming back: %d of %d tasks\n", back, tasks);
    assert_true(back * 10 >= tasks * 8);
}

static void the_order_of_the_input_does_not_matter(void **state)
{
    (void)state;
    group g;
    outcome first;
    outcome second;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make_up(&g, seed);
        for (size_t m = 0; m < g.input.member_count; m++) {
            for (uint64_t i = draw(&g, 20); i > 0; i--) {
                says(&g, m, (int32_t)draw(&g, SUBS_MAX), (int32_t)draw(&g, TASKS_MAX),
                     draw(&g, 2) == 0 ? WEIR__PROGRESS_RUNNING : (int64_t)draw(&g, 5));
            }
        }
        run(&g, &first);
        for (size_t i = g.input.member_count; i > 1; i--) {
            size_t j = draw(&g, i);
            weir__join_record other = g.members[i - 1];
            g.members[i - 1] = g.members[j];
            g.members[j] = other;
        }
        run(&g, &second);
        check(&g, moved(&g, &first, &second) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_assignment_is_complete_and_even),
        cmocka_unit_test(assignments_are_valid_whatever_the_members_report),
        cmocka_unit_test(nothing_moves_when_nothing_changes),
        cmocka_unit_test(when_a_member_leaves_only_its_tasks_move),
        cmocka_unit_test(a_new_member_takes_no_more_than_its_share),
        cmocka_unit_test(a_member_that_returns_gets_its_tasks_again),
        cmocka_unit_test(the_order_of_the_input_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
