/* SPDX-License-Identifier: Apache-2.0
 *
 * The group coordinator and time: sessions, rebalance timeouts, the initial delay. */
#include "mock_groups_kit.h"

#define test(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

static void a_member_that_sends_no_heartbeat_expires_and_the_others_rebalance(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    pass(k, SESSION_MS - 1);
    assert_int_equal(heartbeat(k, &a), 0);
    pass(k, 1);
    assert_int_equal(the_group(k)->member_count, 1);
    assert_int_equal(heartbeat(k, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    join(k, &a);
    assert_int_equal(a.waits, 0);
    assert_int_equal(a.generation, 3);
    assert_int_equal(commit(k, b.id, 2), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    sync_group(k, &b);
    assert_int_equal(b.error, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    join_version(k, &b, true);
    assert_int_equal(b.error, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void commits_and_syncs_are_signs_of_life(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    pass(k, SESSION_MS - 1);
    assert_int_equal(commit(k, a.id, 2), 0);
    sync_group(k, &b);
    pass(k, SESSION_MS - 1);
    assert_int_equal(the_group(k)->member_count, 2);
    pass(k, 1);
    assert_int_equal(the_group(k)->member_count, 0);
}

static void a_member_that_waits_for_an_answer_does_not_expire(void **state)
{
    kit *k = *state;
    client a = {.session_ms = 50000};
    client b = {.session_ms = 6000};
    form_pair(k, &a, &b);
    client c = {.session_ms = 6000};
    join(k, &c);
    join(k, &b);
    pass(k, 40000);
    assert_int_equal(b.waits + c.waits, 2);
    pass(k, 10000); /* a expires: all remaining members wait */
    assert_int_equal(b.waits + c.waits, 0);
    assert_int_equal(b.error, 0);
    pass(k, 5999); /* the session timeout starts again with the answer */
    assert_int_equal(the_group(k)->member_count, 2);
    pass(k, 1);
    assert_int_equal(the_group(k)->member_count, 0);
}

static void an_announced_member_is_waited_for_until_its_session_is_over(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    join(k, &a);
    sync_group(k, &a);
    join_version(k, &b, true); /* gets its id, does not join with it */
    assert_string_equal(group_state(k), "Stable");
    join(k, &a);
    assert_int_equal(a.waits, 1);
    pass(k, SESSION_MS);
    assert_int_equal(a.waits, 0);
    assert_int_equal(a.generation, 2);
    join_version(k, &b, true);
    assert_int_equal(b.error, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void the_initial_delay_gathers_members_into_the_first_generation(void **state)
{
    kit *k = *state;
    k->groups.initial_delay_us = 3000 * 1000;
    client a = {0};
    client b = {0};
    join(k, &a);
    pass(k, 2000);
    join(k, &b);
    pass(k, 1000); /* b joined within the delay, so the delay starts again */
    assert_int_equal(a.waits + b.waits, 2);
    pass(k, 2999);
    assert_int_equal(a.waits + b.waits, 2);
    pass(k, 1);
    assert_int_equal(a.waits + b.waits, 0);
    assert_int_equal(a.generation, 1);
    assert_int_equal(a.members, 2);
}

static void the_initial_delay_ends_with_the_rebalance_timeout(void **state)
{
    kit *k = *state;
    k->groups.initial_delay_us = 3000 * 1000;
    client first = {.rebalance_ms = 7000};
    client more[3] = {{.rebalance_ms = 7000}, {.rebalance_ms = 7000}, {.rebalance_ms = 7000}};
    join(k, &first);
    for (int i = 0; i < 3; i++) {
        pass(k, 2000);
        join(k, &more[i]);
    }
    pass(k, 999);
    assert_int_equal(first.waits, 1);
    pass(k, 1);
    assert_int_equal(first.waits, 0);
    assert_int_equal(first.members, 4);
}

static void a_member_that_sends_no_sync_in_time_is_removed(void **state)
{
    kit *k = *state;
    client a = {.session_ms = 300000};
    client b = {.session_ms = 300000};
    form_pair(k, &a, &b);
    join(k, &a);
    join(k, &b);
    sync_group(k, &a);
    pass(k, REBALANCE_MS - 1);
    assert_int_equal(the_group(k)->member_count, 2);
    pass(k, 1);
    assert_int_equal(the_group(k)->member_count, 1);
    assert_int_equal(heartbeat(k, &a), RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
}

static void a_member_that_does_not_rejoin_is_removed_after_the_longest_timeout(void **state)
{
    kit *k = *state;
    client a = {.session_ms = 300000, .rebalance_ms = 40000};
    client b = {.session_ms = 300000, .rebalance_ms = 50000};
    form_pair(k, &a, &b);
    client c = {.rebalance_ms = 20000};
    join(k, &c);
    join(k, &b);
    pass(k, 49999);
    assert_int_equal(b.waits + c.waits, 2);
    pass(k, 1);
    assert_int_equal(b.waits + c.waits, 0);
    assert_string_equal(b.leader, b.id); /* the first member that joined */
    assert_int_equal(b.members, 2);
    assert_int_equal(heartbeat(k, &a), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void a_crashed_leader_is_replaced_when_it_expires(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {.session_ms = 30000};
    form_pair(k, &a, &b);
    join(k, &a);
    join(k, &b); /* a leads, and sends no request any more */
    sync_group(k, &b);
    pass(k, SESSION_MS);
    assert_int_equal(b.waits, 0);
    assert_int_equal(b.error, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    join(k, &b);
    assert_string_equal(b.leader, b.id);
    assert_int_equal(b.members, 1);
}

static void nothing_is_due_in_a_group_without_members(void **state)
{
    kit *k = *state;
    client a = {0};
    assert_int_equal(weir__groups_deadline_us(&k->groups), INT64_MAX);
    join(k, &a);
    assert_int_equal(weir__groups_deadline_us(&k->groups), SESSION_MS * 1000);
    leave(k, &a);
    assert_int_equal(weir__groups_deadline_us(&k->groups), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_member_that_sends_no_heartbeat_expires_and_the_others_rebalance),
        test(commits_and_syncs_are_signs_of_life),
        test(a_member_that_waits_for_an_answer_does_not_expire),
        test(an_announced_member_is_waited_for_until_its_session_is_over),
        test(the_initial_delay_gathers_members_into_the_first_generation),
        test(the_initial_delay_ends_with_the_rebalance_timeout),
        test(a_member_that_sends_no_sync_in_time_is_removed),
        test(a_member_that_does_not_rejoin_is_removed_after_the_longest_timeout),
        test(a_crashed_leader_is_replaced_when_it_expires),
        test(nothing_is_due_in_a_group_without_members),
    };
    return cmocka_run_group_tests_name("mock_group_time", tests, NULL, NULL);
}
