/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors that take longer than max.poll.interval.ms (300 s), and others that take long but not
 * that long. */
#include "support/scenario.h"

#define ROUND 30
#define TOO_LONG WEIR_SECONDS(400)
#define LONG WEIR_SECONDS(120)

static void a_processor_that_takes_too_long_loses_its_tasks_to_others_and_rejoins(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_instance *a = scenario_start(all, "a", 1, NULL);
    scenario_start(all, "b", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    int before = scenario_generations(all);
    scenario_drag(all, a, TOO_LONG, 1);
    scenario_feed(all, ROUND);
    weir_cluster_run_for(cluster, TOO_LONG - WEIR_SECONDS(60));
    assert_true(scenario_generations(all) > before);
    weir_run_until(cluster, weir_caught_up, WEIR_SECONDS(30)); /* without it */
    weir_cluster_run_for(cluster, WEIR_MINUTES(2));
    assert_int_not_equal(scenario_warnings(all, "the group went on without this member"), 0);
    scenario_feed(all, ROUND);
    scenario_check_at_least_once(all);
    assert_true(scenario_generations(all) > before + 1);
    assert_int_equal(weir_instance_state(a), WEIR_STATE_RUNNING);
}

static void a_slow_processor_that_polls_in_time_keeps_its_tasks(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_instance *a = scenario_start(all, "a", 1, NULL);
    scenario_start(all, "b", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    int before = scenario_generations(all);
    scenario_drag(all, a, LONG, 12);
    scenario_feed(all, ROUND);
    weir_cluster_run_for(scenario_cluster(all), 15 * LONG);
    scenario_check_exact(all);
    assert_int_equal(scenario_generations(all), before);
    assert_int_equal(scenario_warnings(all, "the group went on without this member"), 0);
}

/* The store's directory belongs to the slow thread until it knows that it has lost its tasks. */
static void a_store_moves_to_another_thread_when_its_former_owner_closes_it(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_instance *a = scenario_start(all, "a", 2, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    scenario_drag(all, a, TOO_LONG, 1);
    scenario_feed(all, ROUND);
    weir_cluster_run_for(cluster, TOO_LONG + WEIR_MINUTES(1));
    scenario_feed(all, ROUND);
    scenario_check_at_least_once(all);
    assert_int_not_equal(scenario_warnings(all, "is not free yet"), 0);
}

/* Each commit happens while fetched records are buffered: it must not cover any of them. */
static void a_crash_with_records_waiting_loses_none_of_them(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_instance *a = scenario_start(all, "a", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    scenario_drag(all, a, WEIR_SECONDS(3), 1000);
    scenario_inject_fault_at(all, a, "commit-offsets", NULL, 3, SCENARIO_NOTHING);
    scenario_feed(all, 2 * ROUND);
    weir_run_until_with(scenario_cluster(all), scenario_fault_hit, all, WEIR_MINUTES(5));
    weir_cluster_run_for(scenario_cluster(all), WEIR_SECONDS(1)); /* the commit arrives */
    weir_host_crash(weir_instance_host(a), WEIR_DISK_AS_IT_WAS);
    scenario_drag(all, a, 0, 0);
    weir_instance_restart(a);
    scenario_check_at_least_once(all);
}

/* Each partition is paused again and again. */
static void a_partition_whose_buffer_is_full_is_read_on_when_it_is_empty(void **state)
{
    static const char *const small[] = {"buffered.records.per.partition", "2", NULL};
    scenario *all = scenario_new(state, NULL);
    weir_instance *a = scenario_start(all, "a", 2, small);
    scenario_drag(all, a, 200, 100);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_processor_that_takes_too_long_loses_its_tasks_to_others_and_rejoins),
        cluster_test(a_slow_processor_that_polls_in_time_keeps_its_tasks),
        cluster_test(a_store_moves_to_another_thread_when_its_former_owner_closes_it),
        cluster_test(a_crash_with_records_waiting_loses_none_of_them),
        cluster_test(a_partition_whose_buffer_is_full_is_read_on_when_it_is_empty),
    };
    return cmocka_run_group_tests_name("slow_processors", tests, NULL, NULL);
}
