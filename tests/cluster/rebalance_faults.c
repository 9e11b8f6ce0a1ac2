/* SPDX-License-Identifier: Apache-2.0
 *
 * A member crashes, stands still or is cut off at each phase of a rebalance. All was committed
 * before, so nothing may count twice: what the dead had not yet begun others do. */
#include "support/ordeal.h"

#define ROUND 60

/* a and b run; b is struck on the way into the generation that c's arrival begins. */
static void strike_member(void **state, const char *kind, const char *like, ordeal_fault fault)
{
    ordeal *all = ordeal_new(state, NULL);
    weir_cluster *cluster = ordeal_cluster(all);
    ordeal_start(all, "a", 1, NULL);
    weir_instance *b = ordeal_start(all, "b", 1, NULL);
    ordeal_feed(all, ROUND);
    ordeal_settle(all);

    ordeal_strike_at(all, b, kind, like, 1, fault);
    ordeal_start(all, "c", 1, NULL);
    weir_run_until_with(cluster, ordeal_struck, all, WEIR_MINUTES(2));
    ordeal_feed(all, ROUND);
    if (fault != ORDEAL_CRASH) {
        weir_cluster_run_for(cluster, WEIR_MINUTES(2)); /* past the session */
        weir_host_resume(weir_instance_host(b));
        weir_host_heal(weir_instance_host(b));
    }
    ordeal_judge_exact(all);
}

static void a_member_crashes_when_it_learns_of_the_rebalance(void **state)
{
    strike_member(state, "join", "rebalance", ORDEAL_CRASH);
}

static void a_member_crashes_when_its_task_is_suspended(void **state)
{
    strike_member(state, "suspend", NULL, ORDEAL_CRASH);
}

static void a_member_crashes_before_its_join_record(void **state)
{
    strike_member(state, "sync", NULL, ORDEAL_CRASH);
}

static void a_member_crashes_when_it_takes_its_assignment(void **state)
{
    strike_member(state, "assignment-taken", NULL, ORDEAL_CRASH);
}

static void a_member_crashes_when_it_closes_a_task_that_goes(void **state)
{
    strike_member(state, "close", NULL, ORDEAL_CRASH);
}

static void a_member_freezes_when_it_learns_of_the_rebalance(void **state)
{
    strike_member(state, "join", "rebalance", ORDEAL_PAUSE);
}

static void a_member_freezes_before_its_join_record(void **state)
{
    strike_member(state, "sync", NULL, ORDEAL_PAUSE);
}

static void a_member_freezes_when_it_takes_its_assignment(void **state)
{
    strike_member(state, "assignment-taken", NULL, ORDEAL_PAUSE);
}

static void a_member_freezes_when_it_closes_a_task_that_goes(void **state)
{
    strike_member(state, "close", NULL, ORDEAL_PAUSE);
}

static void a_member_is_cut_off_when_it_learns_of_the_rebalance(void **state)
{
    strike_member(state, "join", "rebalance", ORDEAL_PARTITION);
}

static void a_member_is_cut_off_before_its_join_record(void **state)
{
    strike_member(state, "sync", NULL, ORDEAL_PARTITION);
}

static void a_member_is_cut_off_when_it_takes_its_assignment(void **state)
{
    strike_member(state, "assignment-taken", NULL, ORDEAL_PARTITION);
}

/* a leads, being the first: the owner of the first partition. */
static void strike_leader(void **state, const char *kind, const char *like, ordeal_fault fault)
{
    ordeal *all = ordeal_new(state, NULL);
    weir_cluster *cluster = ordeal_cluster(all);
    weir_instance *a = ordeal_start(all, "a", 1, NULL);
    ordeal_feed(all, ROUND);
    ordeal_settle(all);

    ordeal_strike_at(all, a, kind, like, 1, fault);
    ordeal_start(all, "b", 1, NULL);
    weir_run_until_with(cluster, ordeal_struck, all, WEIR_MINUTES(2));
    ordeal_feed(all, ROUND);
    if (fault != ORDEAL_CRASH) {
        weir_cluster_run_for(cluster, WEIR_MINUTES(2));
        weir_host_resume(weir_instance_host(a));
        weir_host_heal(weir_instance_host(a));
    }
    ordeal_judge_exact(all);
}

static void the_leader_crashes_before_its_join_record(void **state)
{
    strike_leader(state, "sync", NULL, ORDEAL_CRASH);
}

static void the_leader_crashes_between_join_records_and_assignment(void **state)
{
    strike_leader(state, "assignment-published", NULL, ORDEAL_CRASH);
}

static void the_leader_crashes_after_the_assignment_is_out(void **state)
{
    strike_leader(state, "assignment-taken", NULL, ORDEAL_CRASH);
}

/* It publishes what it decided for a generation that is over: nobody may act on it. */
static void the_leader_freezes_between_join_records_and_assignment(void **state)
{
    strike_leader(state, "assignment-published", NULL, ORDEAL_PAUSE);
}

static void the_leader_is_cut_off_between_join_records_and_assignment(void **state)
{
    strike_leader(state, "assignment-published", NULL, ORDEAL_PARTITION);
}

/* ---- The one that comes, and the one that restores ---------------------------------------- */

/* b, with an empty disk, takes over tasks and is struck while it restores them. */
static void strike_restorer(void **state, int batch, ordeal_fault fault)
{
    ordeal *all = ordeal_new(state, NULL);
    weir_cluster *cluster = ordeal_cluster(all);
    ordeal_start(all, "a", 1, NULL);
    ordeal_feed(all, 3 * ROUND);
    ordeal_settle(all);

    weir_instance *b = ordeal_start(all, "b", 1, NULL);
    ordeal_strike_at(all, b, "restore", NULL, batch, fault);
    weir_run_until_with(cluster, ordeal_struck, all, WEIR_MINUTES(2));
    ordeal_feed(all, ROUND);
    if (fault == ORDEAL_CRASH) {
        ordeal_settle(all);
        weir_instance_restart(b);
        ordeal_feed(all, ROUND);
    } else {
        weir_cluster_run_for(cluster, WEIR_MINUTES(2));
        weir_host_resume(weir_instance_host(b));
        weir_host_heal(weir_instance_host(b));
    }
    ordeal_judge_exact(all);
}

static void a_member_crashes_at_the_beginning_of_a_restore(void **state)
{
    strike_restorer(state, 1, ORDEAL_CRASH);
}

static void a_member_crashes_at_the_end_of_a_restore(void **state)
{
    strike_restorer(state, 2, ORDEAL_CRASH);
}

static void a_member_freezes_in_a_restore_and_others_go_on_meanwhile(void **state)
{
    strike_restorer(state, 1, ORDEAL_PAUSE);
}

static void a_member_is_cut_off_in_a_restore(void **state)
{
    strike_restorer(state, 1, ORDEAL_PARTITION);
}

static void a_member_that_crashes_as_it_joins_stops_nobody(void **state)
{
    ordeal *all = ordeal_new(state, NULL);
    weir_cluster *cluster = ordeal_cluster(all);
    ordeal_start(all, "a", 2, NULL);
    ordeal_feed(all, ROUND);
    ordeal_settle(all);
    weir_instance *b = ordeal_start(all, "b", 2, NULL);
    weir_cluster_run_for(cluster, 5);
    weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
    ordeal_feed(all, ROUND);
    ordeal_judge_exact(all);
}

/* The others go on without it before its session is over, so the group does not drop it. */
static void a_member_that_speaks_too_late_gets_its_tasks_in_a_new_generation(void **state)
{
    ordeal *all = ordeal_new(state, NULL);
    weir_cluster *cluster = ordeal_cluster(all);
    ordeal_start(all, "a", 1, NULL);
    ordeal_feed(all, ROUND);
    ordeal_settle(all);
    weir_instance *b = ordeal_start(all, "b", 1, NULL);
    ordeal_strike_at(all, b, "sync", NULL, 1, ORDEAL_PAUSE);
    weir_run_until_with(cluster, ordeal_struck, all, WEIR_MINUTES(1));
    weir_cluster_run_for(cluster, WEIR_SECONDS(20));
    weir_host_resume(weir_instance_host(b));
    ordeal_feed(all, ROUND);
    ordeal_judge_at_least_once(all);
    assert_int_not_equal(ordeal_complaints(all, "spoke late"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_member_crashes_when_it_learns_of_the_rebalance),
        cluster_test(a_member_crashes_when_its_task_is_suspended),
        cluster_test(a_member_crashes_before_its_join_record),
        cluster_test(a_member_crashes_when_it_takes_its_assignment),
        cluster_test(a_member_crashes_when_it_closes_a_task_that_goes),
        cluster_test(a_member_freezes_when_it_learns_of_the_rebalance),
        cluster_test(a_member_freezes_before_its_join_record),
        cluster_test(a_member_freezes_when_it_takes_its_assignment),
        cluster_test(a_member_freezes_when_it_closes_a_task_that_goes),
        cluster_test(a_member_is_cut_off_when_it_learns_of_the_rebalance),
        cluster_test(a_member_is_cut_off_before_its_join_record),
        cluster_test(a_member_is_cut_off_when_it_takes_its_assignment),
        cluster_test(a_member_that_speaks_too_late_gets_its_tasks_in_a_new_generation),
        cluster_test(the_leader_crashes_before_its_join_record),
        cluster_test(the_leader_crashes_between_join_records_and_assignment),
        cluster_test(the_leader_crashes_after_the_assignment_is_out),
        cluster_test(the_leader_freezes_between_join_records_and_assignment),
        cluster_test(the_leader_is_cut_off_between_join_records_and_assignment),
        cluster_test(a_member_crashes_at_the_beginning_of_a_restore),
        cluster_test(a_member_crashes_at_the_end_of_a_restore),
        cluster_test(a_member_freezes_in_a_restore_and_others_go_on_meanwhile),
        cluster_test(a_member_is_cut_off_in_a_restore),
        cluster_test(a_member_that_crashes_as_it_joins_stops_nobody),
    };
    return cmocka_run_group_tests_name("rebalance_faults", tests, NULL, NULL);
}
