/* SPDX-License-Identifier: Apache-2.0
 *
 * The assignor: a few cases by hand, then properties over made-up groups. Each property runs over
 * SEEDS seeds; a failure names its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/assignor.h"

#define SEEDS 2000
#define SUBS_MAX 5
#define TASKS_MAX 12 /* of a sub-topology */
#define MEMBERS_MAX 9
#define PROGRESS_MAX (SUBS_MAX * TASKS_MAX)
#define NAME_BYTES 16

/* A group with room for everything; members point into it. */
typedef struct group {
    int32_t tasks[SUBS_MAX];
    bool stateful[SUBS_MAX];
    weir__join members[MEMBERS_MAX];
    char member_ids[MEMBERS_MAX][NAME_BYTES];
    char process_ids[MEMBERS_MAX][NAME_BYTES];
    weir__task_progress progress[MEMBERS_MAX][PROGRESS_MAX];
    weir__assignor_input input;
    uint64_t random;
    uint64_t seed;
} group;

static uint64_t draw(group *g, uint64_t below)
{
    g->random ^= g->random << 13;
    g->random ^= g->random >> 7;
    g->random ^= g->random << 17;
    return g->random % below;
}

#define check(g, condition) check_that((g), (condition), #condition, __LINE__)

static void check_that(const group *g, bool holds, const char *text, int line)
{
    if (!holds) {
        fail_msg("line %d, seed %llu: %s", line, (unsigned long long)g->seed, text);
    }
}

static void add_member(group *g, const char *id, const char *process)
{
    size_t at = g->input.member_count++;
    snprintf(g->member_ids[at], NAME_BYTES, "%s", id);
    snprintf(g->process_ids[at], NAME_BYTES, "%s", process);
    g->members[at] = (weir__join){.member_id = g->member_ids[at],
                                  .process_id = g->process_ids[at],
                                  .host = "host",
                                  .tasks = g->progress[at]};
}

static void says(group *g, size_t member, int32_t sub, int32_t partition, int64_t progress)
{
    weir__join *join = &g->members[member];
    g->progress[member][join->task_count++] = (weir__task_progress){{sub, partition}, progress};
}

static void init(group *g, uint64_t seed)
{
    *g = (group){.random = seed * 0x9e3779b97f4a7c15u + 1, .seed = seed};
    g->input.tasks = g->tasks;
    g->input.stateful = g->stateful;
    g->input.members = g->members;
}

static void add_sub(group *g, int32_t tasks, bool stateful)
{
    g->tasks[g->input.subtopology_count] = tasks;
    g->stateful[g->input.subtopology_count++] = stateful;
}

/* A group nobody has run in yet. */
static void make_up(group *g, uint64_t seed)
{
    init(g, seed);
    size_t subs = 1 + draw(g, SUBS_MAX);
    size_t members = 1 + draw(g, MEMBERS_MAX - 1);
    size_t processes = 1 + draw(g, members);
    for (size_t i = 0; i < subs; i++) {
        add_sub(g, (int32_t)draw(g, TASKS_MAX + 1), draw(g, 2) == 0);
    }
    for (size_t i = 0; i < members; i++) {
        char id[NAME_BYTES];
        char process[NAME_BYTES];
        snprintf(id, sizeof id, "m%c%c", (int)('a' + draw(g, 26)), (int)('a' + i));
        snprintf(process, sizeof process, "p%d", (int)draw(g, processes));
        add_member(g, id, process);
    }
}

/* The owner of each task; out[i] has the i-th smallest member id. */
typedef struct outcome {
    char owner[SUBS_MAX][TASKS_MAX][NAME_BYTES];
} outcome;

static void run(group *g, outcome *out)
{
    weir__arena arena = {0};
    weir__member_tasks *result = NULL;
    weir_error error = {0};
    memset(out, 0, sizeof *out);
    check(g, weir__assign(&g->input, &arena, &result, &error) == WEIR_OK);
    for (size_t i = 0; i < g->input.member_count; i++) {
        check(g, i == 0 || strcmp(result[i - 1].member_id, result[i].member_id) < 0);
        for (size_t j = 0; j < result[i].active_count; j++) {
            weir__task_id id = result[i].active[j];
            check(g, j == 0 || weir__task_id_compare(result[i].active[j - 1], id) < 0);
            check(g, id.subtopology >= 0 && (size_t)id.subtopology < g->input.subtopology_count);
            check(g, id.partition >= 0 && id.partition < g->tasks[id.subtopology]);
            char *owner = out->owner[id.subtopology][id.partition];
            check(g, owner[0] == '\0');
            snprintf(owner, NAME_BYTES, "%s", result[i].member_id);
        }
    }
    weir__arena_fini(&arena);
}

static int tasks_of(const group *g, const outcome *out, const char *member, int sub)
{
    int count = 0;
    for (int s = 0; s < (int)g->input.subtopology_count; s++) {
        for (int i = 0; (sub < 0 || s == sub) && i < g->tasks[s]; i++) {
            count += strcmp(out->owner[s][i], member) == 0 ? 1 : 0;
        }
    }
    return count;
}

static void check_complete(const group *g, const outcome *out)
{
    for (size_t s = 0; s < g->input.subtopology_count; s++) {
        for (int i = 0; i < g->tasks[s]; i++) {
            check(g, out->owner[s][i][0] != '\0');
        }
    }
}

static void check_even(const group *g, const outcome *out, int sub)
{
    int most = 0;
    int least = INT32_MAX;
    for (size_t i = 0; i < g->input.member_count; i++) {
        int count = tasks_of(g, out, g->members[i].member_id, sub);
        most = count > most ? count : most;
        least = count < least ? count : least;
    }
    check(g, most - least <= 1);
}

/* Each process has its share, rounded up or down. */
static void check_processes(const group *g, const outcome *out)
{
    int all = 0;
    for (size_t s = 0; s < g->input.subtopology_count; s++) {
        all += g->tasks[s];
    }
    for (size_t i = 0; i < g->input.member_count; i++) {
        int members = 0;
        int count = 0;
        for (size_t j = 0; j < g->input.member_count; j++) {
            if (strcmp(g->process_ids[i], g->process_ids[j]) == 0) {
                members++;
                count += tasks_of(g, out, g->members[j].member_id, -1);
            }
        }
        int total = (int)g->input.member_count;
        check(g, abs(count * total - all * members) < total);
    }
}

static void check_good(const group *g, const outcome *out)
{
    check_complete(g, out);
    check_even(g, out, -1);
    for (int s = 0; s < (int)g->input.subtopology_count; s++) {
        check_even(g, out, s);
    }
    check_processes(g, out);
}

/* What the members of the next generation say: each ran what `out` gave it. */
static void ran(group *g, const outcome *out)
{
    for (size_t m = 0; m < g->input.member_count; m++) {
        g->members[m].task_count = 0;
        for (int32_t s = 0; s < (int32_t)g->input.subtopology_count; s++) {
            for (int32_t i = 0; i < g->tasks[s]; i++) {
                if (strcmp(out->owner[s][i], g->member_ids[m]) == 0) {
                    says(g, m, s, i, WEIR__PROGRESS_RUNNING);
                }
            }
        }
    }
}

static int moved(const group *g, const outcome *a, const outcome *b)
{
    int count = 0;
    for (size_t s = 0; s < g->input.subtopology_count; s++) {
        for (int i = 0; i < g->tasks[s]; i++) {
            count += strcmp(a->owner[s][i], b->owner[s][i]) != 0 ? 1 : 0;
        }
    }
    return count;
}

static void remove_member(group *g, size_t at)
{
    size_t last = --g->input.member_count;
    memmove(g->member_ids[at], g->member_ids[last], NAME_BYTES);
    memmove(g->process_ids[at], g->process_ids[last], NAME_BYTES);
    memmove(g->progress[at], g->progress[last], sizeof g->progress[at]);
    g->members[at].task_count = g->members[last].task_count;
}

/* ---- By hand ------------------------------------------------------------------------------ */

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
    says(&g, 2, 0, 2, 10); /* b1 tells of what lies on the disk of both */
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

static void two_who_say_they_ran_a_task_do_not_both_get_it(void **state)
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

static void tasks_that_are_no_more_are_passed_over(void **state)
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

static void a_member_that_comes_twice_is_refused(void **state)
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

/* ---- Properties --------------------------------------------------------------------------- */

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

static void so_it_is_whatever_the_members_say(void **state)
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

/* Those that stay give up tasks only where the new balance asks for it, which is rare. */
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

static void a_member_that_comes_back_gets_its_tasks_again(void **state)
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
            weir__join other = g.members[i - 1];
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
        cmocka_unit_test(one_member_gets_everything),
        cmocka_unit_test(state_decides_where_a_crashed_member_s_tasks_go),
        cmocka_unit_test(threads_of_one_process_share_its_state),
        cmocka_unit_test(progress_of_a_stateless_task_does_not_count),
        cmocka_unit_test(two_who_say_they_ran_a_task_do_not_both_get_it),
        cmocka_unit_test(tasks_that_are_no_more_are_passed_over),
        cmocka_unit_test(a_member_that_comes_twice_is_refused),
        cmocka_unit_test(every_assignment_is_complete_and_even),
        cmocka_unit_test(so_it_is_whatever_the_members_say),
        cmocka_unit_test(nothing_moves_when_nothing_changes),
        cmocka_unit_test(when_a_member_leaves_only_its_tasks_move),
        cmocka_unit_test(a_new_member_takes_no_more_than_its_share),
        cmocka_unit_test(a_member_that_comes_back_gets_its_tasks_again),
        cmocka_unit_test(the_order_of_the_input_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
