/* SPDX-License-Identifier: Apache-2.0
 *
 * A member crashes, freezes or is cut off at each phase of a rebalance. All was committed before,
 * so no record may be counted twice: other members process the records that the member had not
 * begun. */
#include "support/scenario.h"

#define ROUND 60

/* a and b run; the fault hits b while it enters the generation that begins when c joins. */
static void inject_into_member(void **state, const char *kind, const char *like,
                               scenario_fault fault)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_start(all, "a", 1, NULL);
    weir_instance *b = scenario_start(all, "b", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);

    scenario_inject_fault_at(all, b, kind, like, 1, fault);
    scenario_start(all, "c", 1, NULL);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(2));
    scenario_feed(all, ROUND);
    if (fault != SCENARIO_CRASH) {
        weir_cluster_run_for(cluster, WEIR_MINUTES(2)); /* past the session */
        weir_host_resume(weir_instance_host(b));
        weir_host_heal(weir_instance_host(b));
    }
    scenario_check_exact(all);
}

static void a_member_crashes_when_it_learns_of_the_rebalance(void **state)
{
    inject_into_member(state, "join", "rebalance", SCENARIO_CRASH);
}

static void a_member_crashes_when_its_task_is_suspended(void **state)
{
    inject_into_member(state, "suspend", NULL, SCENARIO_CRASH);
}

static void a_member_crashes_before_its_join_record(void **state)
{
    inject_into_member(state, "sync", NULL, SCENARIO_CRASH);
}

static void a_member_crashes_when_it_takes_its_assignment(void **state)
{
    inject_into_member(state, "assignment-taken", NULL, SCENARIO_CRASH);
}

static void a_member_crashes_when_it_closes_a_revoked_task(void **state)
{
    inject_into_member(state, "close", NULL, SCENARIO_CRASH);
}

static void a_member_freezes_when_it_learns_of_the_rebalance(void **state)
{
    inject_into_member(state, "join", "rebalance", SCENARIO_PAUSE);
}

static void a_member_freezes_before_its_join_record(void **state)
{
    inject_into_member(state, "sync", NULL, SCENARIO_PAUSE);
}

static void a_member_freezes_when_it_takes_its_assignment(void **state)
{
    inject_into_member(state, "assignment-taken", NULL, SCENARIO_PAUSE);
}

static void a_member_freezes_when_it_closes_a_revoked_task(void **state)
{
    inject_into_member(state, "close", NULL, SCENARIO_PAUSE);
}

static void a_member_is_cut_off_when_it_learns_of_the_rebalance(void **state)
{
    inject_into_member(state, "join", "rebalance", SCENARIO_PARTITION);
}

static void a_member_is_cut_off_before_its_join_record(void **state)
{
    inject_into_member(state, "sync", NULL, SCENARIO_PARTITION);
}

static void a_member_is_cut_off_when_it_takes_its_assignment(void **state)
{
    inject_into_member(state, "assignment-taken", NULL, SCENARIO_PARTITION);
}

/* a leads, being the first: the owner of the first partition. */
static void inject_into_leader(void **state, const char *kind, const char *like,
                               scenario_fault fault)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_instance *a = scenario_start(all, "a", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);

    scenario_inject_fault_at(all, a, kind, like, 1, fault);
    scenario_start(all, "b", 1, NULL);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(2));
    scenario_feed(all, ROUND);
    if (fault != SCENARIO_CRASH) {
        weir_cluster_run_for(cluster, WEIR_MINUTES(2));
        weir_host_resume(weir_instance_host(a));
        weir_host_heal(weir_instance_host(a));
    }
    scenario_check_exact(all);
}

static void the_leader_crashes_before_its_join_record(void **state)
{
    inject_into_leader(state, "sync", NULL, SCENARIO_CRASH);
}

static void the_leader_crashes_between_join_records_and_assignment(void **state)
{
    inject_into_leader(state, "assignment-published", NULL, SCENARIO_CRASH);
}

static void the_leader_crashes_after_the_assignment_is_out(void **state)
{
    inject_into_leader(state, "assignment-taken", NULL, SCENARIO_CRASH);
}

/* It publishes its assignment of an earlier generation: no member may apply it. */
static void the_leader_freezes_between_join_records_and_assignment(void **state)
{
    inject_into_leader(state, "assignment-published", NULL, SCENARIO_PAUSE);
}

static void the_leader_is_cut_off_between_join_records_and_assignment(void **state)
{
    inject_into_leader(state, "assignment-published", NULL, SCENARIO_PARTITION);
}

/* ---- A member that joins, a member that restores ------------------------------------------ */

/* b, with an empty disk, takes over tasks, and the fault hits it while it restores them. */
static void inject_into_restorer(void **state, int batch, scenario_fault fault)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_start(all, "a", 1, NULL);
    scenario_feed(all, 3 * ROUND);
    scenario_settle(all);

    weir_instance *b = scenario_start(all, "b", 1, NULL);
    scenario_inject_fault_at(all, b, "restore", NULL, batch, fault);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(2));
    scenario_feed(all, ROUND);
    if (fault == SCENARIO_CRASH) {
        scenario_settle(all);
        weir_instance_restart(b);
        scenario_feed(all, ROUND);
    } else {
        weir_cluster_run_for(cluster, WEIR_MINUTES(2));
        weir_host_resume(weir_instance_host(b));
        weir_host_heal(weir_instance_host(b));
    }
    scenario_check_exact(all);
}

static void a_member_crashes_at_the_beginning_of_a_restore(void **state)
{
    inject_into_restorer(state, 1, SCENARIO_CRASH);
}

static void a_member_crashes_at_the_end_of_a_restore(void **state)
{
    inject_into_restorer(state, 2, SCENARIO_CRASH);
}

static void a_member_freezes_in_a_restore_and_others_go_on_meanwhile(void **state)
{
    inject_into_restorer(state, 1, SCENARIO_PAUSE);
}

static void a_member_is_cut_off_in_a_restore(void **state)
{
    inject_into_restorer(state, 1, SCENARIO_PARTITION);
}

static void a_member_that_crashes_as_it_joins_stops_no_other(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_start(all, "a", 2, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    weir_instance *b = scenario_start(all, "b", 2, NULL);
    weir_cluster_run_for(cluster, 5);
    weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
}

/* The others continue without it before its session expires, so the group does not remove it. */
static void a_member_whose_join_record_is_late_gets_tasks_in_a_new_generation(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_start(all, "a", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    weir_instance *b = scenario_start(all, "b", 1, NULL);
    scenario_inject_fault_at(all, b, "sync", NULL, 1, SCENARIO_PAUSE);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(1));
    weir_cluster_run_for(cluster, WEIR_SECONDS(20));
    weir_host_resume(weir_instance_host(b));
    scenario_feed(all, ROUND);
    scenario_check_at_least_once(all);
    assert_int_not_equal(scenario_warnings(all, "is late: a new generation"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_member_crashes_when_it_learns_of_the_rebalance),
        cluster_test(a_member_crashes_when_its_task_is_suspended),
        cluster_test(a_member_crashes_before_its_join_record),
        cluster_test(a_member_crashes_when_it_takes_its_assignment),
        cluster_test(a_member_crashes_when_it_closes_a_revoked_task),
        cluster_test(a_member_freezes_when_it_learns_of_the_rebalance),
        cluster_test(a_member_freezes_before_its_join_record),
        cluster_test(a_member_freezes_when_it_takes_its_assignment),
        cluster_test(a_member_freezes_when_it_closes_a_revoked_task),
        cluster_test(a_member_is_cut_off_when_it_learns_of_the_rebalance),
        cluster_test(a_member_is_cut_off_before_its_join_record),
        cluster_test(a_member_is_cut_off_when_it_takes_its_assignment),
        cluster_test(a_member_whose_join_record_is_late_gets_tasks_in_a_new_generation),
        cluster_test(the_leader_crashes_before_its_join_record),
        cluster_test(the_leader_crashes_between_join_records_and_assignment),
        cluster_test(the_leader_crashes_after_the_assignment_is_out),
        cluster_test(the_leader_freezes_between_join_records_and_assignment),
        cluster_test(the_leader_is_cut_off_between_join_records_and_assignment),
        cluster_test(a_member_crashes_at_the_beginning_of_a_restore),
        cluster_test(a_member_crashes_at_the_end_of_a_restore),
        cluster_test(a_member_freezes_in_a_restore_and_others_go_on_meanwhile),
        cluster_test(a_member_is_cut_off_in_a_restore),
        cluster_test(a_member_that_crashes_as_it_joins_stops_no_other),
    };
    return cmocka_run_group_tests_name("rebalance_faults", tests, NULL, NULL);
}
