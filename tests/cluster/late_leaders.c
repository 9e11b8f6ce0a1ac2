/* SPDX-License-Identifier: Apache-2.0
 *
 * Invalid assignments: of a former leader, or a second one in a generation (their content would
 * stop all members), or one that is decided too early. */
#include "cluster/assignment_codec.h"
#include "support/scenario.h"

#define ROUND 30
#define NOT_LEADER 6

static int32_t generation_of(const scenario *all)
{
    weir_mock_group_info group;
    assert_int_equal(weir_mock_group(weir_cluster_mock(scenario_cluster(all)), "app", &group),
                     WEIR_OK);
    return group.generation;
}

static void publish(const scenario *all, int32_t generation)
{
    const weir__assignment assignment = {.generation = generation,
                                         .leader = "deposed",
                                         .err = WEIR_ETOPOLOGY,
                                         .message = "from a leader that is none"};
    weir_buf value = {0};
    assert_int_equal(weir__assignment_encode(&assignment, &value), WEIR_OK);
    weir_slice bytes = weir__buf_slice(&value);
    weir_input topic =
        weir_cluster_input(scenario_cluster(all), "app-assignment", 1, &weir_string, &weir_bytes);
    weir_input_pipe(topic, NULL, &bytes);
    weir__buf_fini(&value);
}

static void start_two(scenario *all)
{
    scenario_start(all, "a", 2, NULL);
    scenario_start(all, "b", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
}

static void a_second_assignment_in_a_generation_changes_nothing(void **state)
{
    scenario *all = scenario_new(state, NULL);
    start_two(all);
    int before = scenario_generations(all);
    publish(all, generation_of(all));
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
    assert_int_equal(scenario_generations(all), before);
}

static void the_assignment_of_a_former_leader_is_ignored(void **state)
{
    scenario *all = scenario_new(state, NULL);
    start_two(all);
    int32_t deposed = generation_of(all);
    weir_instance *c = scenario_start(all, "c", 1, NULL);
    scenario_inject_fault_at(all, c, "sync", NULL, 1, SCENARIO_NOTHING);
    weir_run_until_with(scenario_cluster(all), scenario_fault_hit, all, WEIR_MINUTES(1));
    assert_true(generation_of(all) > deposed);
    publish(all, deposed);
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
    assert_int_equal(scenario_warnings(all, "from a leader that is none"), 0);
}

/* The leader writes its join record and gets the list of members, but cannot read: no member, not
 * even itself, seems to have written a join record. */
static void a_leader_that_cannot_read_counts_no_member_as_missing(void **state)
{
    scenario *all = scenario_new(state, NULL);
    start_two(all);
    int before = scenario_generations(all);
    weir_instance *c = scenario_start(all, "c", 1, NULL);
    scenario_inject_fault_at(all, c, "sync", NULL, 1, SCENARIO_NOTHING);
    weir_run_until_with(scenario_cluster(all), scenario_fault_hit, all, WEIR_MINUTES(1));
    weir_cluster_fault_add(scenario_cluster(all), NULL,
                           &(weir_mock_fault){.client_id = "a-StreamThread-1-consumer",
                                              .api = "Fetch",
                                              .error_code = NOT_LEADER,
                                              .times = 100});
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
    assert_int_equal(scenario_generations(all), before + 1);
    assert_int_equal(scenario_warnings(all, "sent no join record"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_second_assignment_in_a_generation_changes_nothing),
        cluster_test(the_assignment_of_a_former_leader_is_ignored),
        cluster_test(a_leader_that_cannot_read_counts_no_member_as_missing),
    };
    return cmocka_run_group_tests_name("late_leaders", tests, NULL, NULL);
}
