/* SPDX-License-Identifier: Apache-2.0
 *
 * Static members of a group (KIP-345): they come back without a rebalance, and fence the older one
 * with their group.instance.id. */
#include "mock_groups_kit.h"

#define test(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

#define FENCED RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID

/* A stable group of the static members `a`, the leader, and `b`. */
static void form_static_pair(kit *k, client *a, client *b)
{
    a->instance = "one";
    b->instance = "two";
    form_pair(k, a, b);
    k->events[0] = '\0';
}

static int commit_as(kit *k, const client *it)
{
    weir__group *group;
    const weir__membership who = membership(it);
    return weir__groups_commit(&k->groups, &who, k->now_ms * 1000, &group);
}

static void a_static_member_joins_without_the_detour(void **state)
{
    client a = {.instance = "one"};
    join_version(*state, &a, true);
    assert_int_equal(a.error, 0);
    assert_int_equal(a.generation, 1);
    assert_string_equal(a.id, "one-00000001-0000-4000-8000-000000000000");
}

static void a_follower_that_comes_back_gets_its_assignment_without_a_rebalance(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    client again = {.instance = "two"};
    join_version(k, &again, true);
    assert_int_equal(again.waits, 0);
    assert_int_equal(again.error, 0);
    assert_int_equal(again.generation, b.generation);
    assert_string_not_equal(again.id, b.id);
    assert_string_equal(again.leader, a.id);
    assert_int_equal(again.members, 0);
    sync_group(k, &again);
    assert_int_equal(again.error, 0);
    assert_string_equal(again.assignment, "B");
    assert_string_equal(group_state(k), "Stable");
    assert_int_equal(the_group(k)->member_count, 2);
    assert_int_equal(heartbeat(k, &again), 0);
    assert_int_equal(heartbeat(k, &a), 0);
    assert_string_equal(k->events, "member-fenced join sync ");
}

/* It must not think that it leads: its assignment would reach nobody. */
static void a_leader_that_comes_back_is_not_told_to_assign(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    client again = {.instance = "one"};
    join_version(k, &again, true);
    assert_string_equal(again.leader, a.id);
    assert_int_equal(again.members, 0);
    sync_group(k, &again);
    assert_string_equal(again.assignment, "A");
    join(k, &again); /* it is the leader, so it may ask for a rebalance */
    assert_string_equal(group_state(k), "PreparingRebalance");
    join(k, &b);
    assert_string_equal(b.leader, again.id);
    assert_int_equal(again.members, 2);
}

static void the_older_one_is_fenced_in_each_request(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    client again = {.instance = "two"};
    join_version(k, &again, true);
    sync_group(k, &again);
    assert_int_equal(heartbeat(k, &b), FENCED);
    assert_int_equal(commit_as(k, &b), FENCED);
    assert_int_equal(leave(k, &b), FENCED);
    sync_group(k, &b);
    assert_int_equal(b.error, FENCED);
    join_version(k, &b, true);
    assert_int_equal(b.error, FENCED);
    assert_int_equal(commit_as(k, &again), 0);
    assert_int_equal(the_group(k)->member_count, 2);
}

static void without_its_instance_id_the_older_one_is_unknown(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    client again = {.instance = "two"};
    join_version(k, &again, true);
    b.instance = NULL;
    assert_int_equal(heartbeat(k, &b), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    again.instance = "three";
    assert_int_equal(heartbeat(k, &again), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    again.instance = NULL;
    assert_int_equal(heartbeat(k, &again), 0);
}

static void one_that_waits_for_the_join_is_fenced_by_its_successor(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    join(k, &a);
    assert_int_equal(a.waits, 1);
    client again = {.instance = "one"};
    join_version(k, &again, true);
    assert_int_equal(a.waits, 0);
    assert_int_equal(a.error, FENCED);
    assert_int_equal(again.waits, 1);
    join(k, &b);
    assert_int_equal(again.waits, 0);
    assert_int_equal(again.generation, b.generation);
    assert_string_equal(b.leader, again.id);
}

/* The former id may be in the assignment that the leader is making. */
static void one_that_waits_for_its_assignment_is_fenced_and_the_group_rebalances(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    join(k, &a);
    join(k, &b);
    sync_group(k, &b);
    assert_int_equal(b.waits, 1);
    client again = {.instance = "two"};
    join_version(k, &again, true);
    assert_int_equal(b.waits, 0);
    assert_int_equal(b.error, FENCED);
    assert_string_equal(group_state(k), "PreparingRebalance");
    join(k, &a);
    assert_int_equal(again.error, 0);
    assert_int_equal(again.generation, a.generation);
}

static void another_protocol_of_a_returning_member_rebalances_the_group(void **state)
{
    kit *k = *state;
    client a = {.strategies = "range,sticky"};
    client b = {.strategies = "range,sticky"};
    form_static_pair(k, &a, &b);
    client again = {.instance = "two", .strategies = "sticky"};
    join_version(k, &again, true);
    assert_int_equal(again.waits, 1);
    assert_string_equal(group_state(k), "PreparingRebalance");
    join(k, &a);
    assert_string_equal(a.protocol, "sticky");
}

static void a_static_member_that_is_silent_expires(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    for (int i = 0; i < 3; i++) {
        pass(k, SESSION_MS / 2);
        (void)heartbeat(k, &a);
    }
    assert_int_equal(the_group(k)->member_count, 1);
    assert_int_equal(heartbeat(k, &b), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_string_equal(group_state(k), "PreparingRebalance");
}

static void the_session_of_a_returning_member_begins_again(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    pass(k, SESSION_MS - 1);
    client again = {.instance = "two"};
    join_version(k, &again, true);
    (void)heartbeat(k, &a);
    pass(k, SESSION_MS - 1);
    assert_int_equal(the_group(k)->member_count, 2);
    pass(k, 1);
    assert_int_equal(heartbeat(k, &again), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void an_instance_id_alone_removes_its_member(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    client admin = {.instance = "nobody", .generation = -1};
    assert_int_equal(leave(k, &admin), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    admin.instance = "two";
    assert_int_equal(leave(k, &admin), 0);
    assert_int_equal(the_group(k)->member_count, 1);
    assert_string_equal(group_state(k), "PreparingRebalance");
    admin.instance = NULL;
    assert_int_equal(leave(k, &admin), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void a_commit_that_names_only_an_instance_is_checked(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_static_pair(k, &a, &b);
    client other = {.instance = "one", .generation = -1};
    assert_int_equal(commit_as(k, &other), FENCED);
    other.instance = "three";
    assert_int_equal(commit_as(k, &other), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_static_member_joins_without_the_detour),
        test(a_follower_that_comes_back_gets_its_assignment_without_a_rebalance),
        test(a_leader_that_comes_back_is_not_told_to_assign),
        test(the_older_one_is_fenced_in_each_request),
        test(without_its_instance_id_the_older_one_is_unknown),
        test(one_that_waits_for_the_join_is_fenced_by_its_successor),
        test(one_that_waits_for_its_assignment_is_fenced_and_the_group_rebalances),
        test(another_protocol_of_a_returning_member_rebalances_the_group),
        test(a_static_member_that_is_silent_expires),
        test(the_session_of_a_returning_member_begins_again),
        test(an_instance_id_alone_removes_its_member),
        test(a_commit_that_names_only_an_instance_is_checked),
    };
    return cmocka_run_group_tests_name("mock_static_members", tests, NULL, NULL);
}
