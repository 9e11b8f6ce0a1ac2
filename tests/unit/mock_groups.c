/* SPDX-License-Identifier: Apache-2.0
 *
 * The group coordinator: joins, syncs, heartbeats, commits, as Kafka answers them. */
#include "mock_groups_kit.h"

#define test(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

static void a_new_member_gets_its_id_and_joins_with_it(void **state)
{
    client a = {0};
    join_version(*state, &a, true);
    assert_int_equal(a.error, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    assert_string_equal(a.id, "c-00000001-0000-4000-8000-000000000000");
    join_version(*state, &a, true);
    assert_int_equal(a.error, 0);
    assert_int_equal(a.generation, 1);
    assert_string_equal(a.leader, a.id);
    assert_int_equal(a.members, 1);
    assert_string_equal(a.protocol, "range");
}

static void an_old_client_joins_without_the_detour(void **state)
{
    client a = {0};
    join_version(*state, &a, false);
    assert_int_equal(a.error, 0);
    assert_int_equal(a.generation, 1);
}

static void joining_ends_as_soon_as_all_known_members_have_joined(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    client c = {0};
    join(k, &c);
    assert_string_equal(group_state(k), "PreparingRebalance");
    join(k, &b);
    assert_int_equal(b.waits + c.waits, 2);
    join(k, &a);
    assert_int_equal(a.waits + b.waits + c.waits, 0);
    assert_int_equal(k->now_ms, 0);
    assert_int_equal(a.generation, 3);
    assert_int_equal(c.generation, 3);
    assert_int_equal(a.members, 3);
    assert_int_equal(c.members, 0);
    assert_string_equal(c.leader, a.id); /* the old leader joined, so it leads */
}

static void a_follower_gets_its_assignment_whenever_it_asks(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b); /* b sent SyncGroup before the leader did */
    assert_string_equal(b.assignment, "B");
    b.assignment[0] = '\0';
    sync_group(k, &b);
    assert_int_equal(b.waits, 0);
    assert_int_equal(b.error, 0);
    assert_string_equal(b.assignment, "B");
}

static void a_member_without_an_assignment_gets_an_empty_one(void **state)
{
    kit *k = *state;
    client a = {0};
    join(k, &a);
    sync_as_leader(k, &a, (client *const[]){NULL}, NULL);
    assert_int_equal(a.error, 0);
    assert_string_equal(a.assignment, "");
}

static void the_leader_can_ask_for_a_rebalance_a_follower_cannot(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    join(k, &b);
    assert_int_equal(b.waits, 0);
    assert_int_equal(b.generation, 2);
    assert_string_equal(group_state(k), "Stable");
    join(k, &a);
    assert_int_equal(a.waits, 1);
    assert_string_equal(group_state(k), "PreparingRebalance");
}

static void other_protocols_of_a_follower_start_a_rebalance(void **state)
{
    kit *k = *state;
    client a = {.strategies = "range,sticky"};
    client b = {.strategies = "range,sticky"};
    form_pair(k, &a, &b);
    b.strategies = "sticky";
    join(k, &b);
    assert_string_equal(group_state(k), "PreparingRebalance");
    join(k, &a);
    assert_string_equal(a.protocol, "sticky");
}

static void a_join_repeated_before_the_sync_gets_the_same_generation(void **state)
{
    kit *k = *state;
    client a = {0};
    join(k, &a);
    a.members = 0;
    join(k, &a);
    assert_int_equal(a.generation, 1);
    assert_int_equal(a.members, 1);
    assert_string_equal(group_state(k), "CompletingRebalance");
}

static void commits_are_taken_while_members_join(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    assert_int_equal(commit(k, a.id, 2), 0);
    client c = {0};
    join(k, &c);
    assert_string_equal(group_state(k), "PreparingRebalance");
    assert_int_equal(commit(k, a.id, 2), 0);
    assert_int_equal(commit(k, a.id, 1), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    join(k, &a);
    join(k, &b);
    assert_int_equal(commit(k, a.id, 2), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_int_equal(commit(k, a.id, 3), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(commit(k, "stranger", 3), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void commits_without_a_member_need_an_empty_group(void **state)
{
    kit *k = *state;
    client a = {0};
    assert_int_equal(commit(k, "", -1), 0);
    assert_int_equal(commit(k, "", 3), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    join(k, &a);
    assert_int_equal(commit(k, "", -1), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(leave(k, &a), 0);
    assert_int_equal(commit(k, "", -1), 0);
}

static void a_commit_with_a_generation_makes_no_group(void **state)
{
    assert_int_equal(commit(*state, "m", 1), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
}

static void heartbeats_report_rebalance_generation_and_membership(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    assert_int_equal(heartbeat(k, &a), 0);
    join(k, &b);
    join(k, &a);
    assert_int_equal(heartbeat(k, &b), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    join(k, &b);
    assert_int_equal(heartbeat(k, &b), 0); /* completing: refreshes the session */
    b.generation = 1;
    assert_int_equal(heartbeat(k, &b), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    b.id[0] = 'x';
    assert_int_equal(heartbeat(k, &b), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void leaving_starts_a_rebalance_and_the_last_one_empties_the_group(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    assert_int_equal(leave(k, &a), 0);
    assert_int_equal(leave(k, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(heartbeat(k, &b), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    join(k, &b);
    assert_int_equal(b.generation, 3);
    assert_string_equal(b.leader, b.id);
    assert_int_equal(leave(k, &b), 0);
    assert_string_equal(group_state(k), "Empty");
    assert_int_equal(the_group(k)->generation, 4);
}

static void a_member_that_leaves_while_it_waits_is_answered(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    join(k, &a);
    assert_int_equal(a.waits, 1);
    assert_int_equal(leave(k, &a), 0);
    assert_int_equal(a.waits, 0);
    assert_int_equal(a.error, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void a_join_from_a_new_connection_takes_the_place_of_the_old_one(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    join(k, &a);
    client again = a;
    again.waits = 0;
    join(k, &again);
    assert_int_equal(a.drops, 1);
    assert_int_equal(again.waits, 1);
    join(k, &b);
    assert_int_equal(again.waits, 0);
    assert_int_equal(again.generation, 3);
}

static void a_rebalance_interrupts_the_syncs_that_wait(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    join(k, &a);
    join(k, &b);
    sync_group(k, &b);
    assert_int_equal(b.waits, 1);
    client c = {0};
    join(k, &c);
    assert_int_equal(b.waits, 0);
    assert_int_equal(b.error, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    sync_group(k, &b);
    assert_int_equal(b.error, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
}

static void an_announced_member_may_leave(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    join(k, &a);
    sync_group(k, &a);
    join_version(k, &b, true);
    join(k, &a);
    assert_int_equal(a.waits, 1);
    assert_int_equal(leave(k, &b), 0);
    assert_int_equal(a.waits, 0);
}

static void invalid_group_requests_are_refused(void **state)
{
    kit *k = *state;
    client hasty = {.session_ms = 5999};
    join_version(k, &hasty, true);
    assert_int_equal(hasty.error, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT);
    client lazy = {.session_ms = 1800001};
    join_version(k, &lazy, true);
    assert_int_equal(lazy.error, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT);
    client unknown = {.id = "someone"};
    join_version(k, &unknown, true);
    assert_int_equal(unknown.error, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    client a = {0};
    join(k, &a);
    client other = {.strategies = "sticky"};
    join_version(k, &other, true);
    assert_int_equal(other.error, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);
    client nothing = {.strategies = ""};
    join_version(k, &nothing, true);
    assert_int_equal(nothing.error, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);
}

static void the_protocol_with_most_votes_wins(void **state)
{
    kit *k = *state;
    client a = {.strategies = "range,sticky"};
    client b = {.strategies = "sticky,range"};
    client c = {.strategies = "other,sticky,range"};
    join(k, &a);
    assert_string_equal(a.protocol, "range");
    join(k, &b);
    join(k, &c);
    join(k, &a);
    assert_string_equal(a.protocol, "sticky");
    assert_string_equal(c.protocol, "sticky");
}

static void a_moved_group_redirects_waiting_members_to_its_new_coordinator(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    join(k, &a);
    weir__groups_moved(&k->groups, weir_slice_of("g"), k->now_ms * 1000);
    assert_int_equal(a.error, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    join(k, &a);
    join(k, &b);
    assert_int_equal(a.generation, 3);
    sync_group(k, &b);
    weir__groups_moved(&k->groups, weir_slice_of("g"), k->now_ms * 1000);
    assert_int_equal(b.error, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    sync_group(k, &b);
    sync_as_leader(k, &a, (client *const[]){&b, NULL}, (const char *const[]){"B3"});
    assert_string_equal(b.assignment, "B3");
}

static void only_an_empty_group_can_be_deleted(void **state)
{
    kit *k = *state;
    client a = {0};
    weir_slice id = weir_slice_of("g");
    assert_int_equal(weir__groups_delete(&k->groups, id), RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    join(k, &a);
    assert_int_equal(weir__groups_delete(&k->groups, id), RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP);
    leave(k, &a);
    assert_int_equal(weir__groups_delete(&k->groups, id), 0);
    assert_null(weir__groups_find(&k->groups, id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_new_member_gets_its_id_and_joins_with_it),
        test(an_old_client_joins_without_the_detour),
        test(joining_ends_as_soon_as_all_known_members_have_joined),
        test(a_follower_gets_its_assignment_whenever_it_asks),
        test(a_member_without_an_assignment_gets_an_empty_one),
        test(the_leader_can_ask_for_a_rebalance_a_follower_cannot),
        test(other_protocols_of_a_follower_start_a_rebalance),
        test(a_join_repeated_before_the_sync_gets_the_same_generation),
        test(commits_are_taken_while_members_join),
        test(commits_without_a_member_need_an_empty_group),
        test(a_commit_with_a_generation_makes_no_group),
        test(heartbeats_report_rebalance_generation_and_membership),
        test(leaving_starts_a_rebalance_and_the_last_one_empties_the_group),
        test(a_member_that_leaves_while_it_waits_is_answered),
        test(a_join_from_a_new_connection_takes_the_place_of_the_old_one),
        test(a_rebalance_interrupts_the_syncs_that_wait),
        test(an_announced_member_may_leave),
        test(invalid_group_requests_are_refused),
        test(the_protocol_with_most_votes_wins),
        test(a_moved_group_redirects_waiting_members_to_its_new_coordinator),
        test(only_an_empty_group_can_be_deleted),
    };
    return cmocka_run_group_tests_name("mock_groups", tests, NULL, NULL);
}
