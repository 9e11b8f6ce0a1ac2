/* SPDX-License-Identifier: Apache-2.0
 *
 * Brokers that go down, leaders and coordinators that move, answers that are lost, instances that
 * are cut off: nothing is lost, and processing continues afterwards. */
#include <stdlib.h>

#include "support/scenario.h"

#define ROUND 30

static scenario *two_at_work(void **state, weir_instance **a, weir_instance **b)
{
    scenario *all = scenario_new(state, NULL);
    weir_instance *one = scenario_start(all, "a", 1, NULL);
    weir_instance *other = scenario_start(all, "b", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    if (a != NULL) {
        *a = one;
    }
    if (b != NULL) {
        *b = other;
    }
    return all;
}

static void set_up(scenario *all, int32_t broker, bool up)
{
    assert_int_equal(weir_mock_broker_set_up(weir_cluster_mock(scenario_cluster(all)), broker, up),
                     WEIR_OK);
}

/* ---- Down --------------------------------------------------------------------------------- */

static void take_down(void **state, int32_t first, int32_t last, int64_t ms)
{
    scenario *all = two_at_work(state, NULL, NULL);
    scenario_feed(all, ROUND);
    weir_cluster_run_for(scenario_cluster(all), 200);
    for (int32_t broker = first; broker <= last; broker++) {
        set_up(all, broker, false);
    }
    weir_cluster_run_for(scenario_cluster(all), ms);
    for (int32_t broker = first; broker <= last; broker++) {
        set_up(all, broker, true);
    }
    scenario_feed(all, ROUND);
    scenario_check_at_least_once(all);
}

static void each_broker_may_be_down_for_a_while(void **state)
{
    for (int32_t broker = 1; broker <= 3; broker++) {
        take_down(state, broker, broker, WEIR_SECONDS(10));
    }
}

static void all_brokers_may_be_down_for_a_while(void **state)
{
    take_down(state, 1, 3, WEIR_SECONDS(30));
}

static void all_brokers_may_be_down_past_the_session(void **state)
{
    take_down(state, 1, 3, WEIR_MINUTES(2));
}

static void all_brokers_may_be_down_when_an_instance_commits(void **state)
{
    weir_instance *a = NULL;
    scenario *all = two_at_work(state, &a, NULL);
    scenario_inject_fault_at(all, a, "commit-offsets", NULL, 1, SCENARIO_NOTHING);
    scenario_feed(all, ROUND);
    weir_run_until_with(scenario_cluster(all), scenario_fault_hit, all, WEIR_MINUTES(1));
    for (int32_t broker = 1; broker <= 3; broker++) {
        set_up(all, broker, false);
    }
    weir_cluster_run_for(scenario_cluster(all), WEIR_SECONDS(20));
    for (int32_t broker = 1; broker <= 3; broker++) {
        set_up(all, broker, true);
    }
    scenario_check_at_least_once(all);
}

static void all_brokers_may_be_down_when_an_instance_restores(void **state)
{
    scenario *all = two_at_work(state, NULL, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_instance *c = scenario_start(all, "c", 1, NULL);
    scenario_inject_fault_at(all, c, "assignment-taken", NULL, 1, SCENARIO_NOTHING);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(1));
    for (int32_t broker = 1; broker <= 3; broker++) {
        set_up(all, broker, false);
    }
    weir_cluster_run_for(cluster, WEIR_SECONDS(20));
    for (int32_t broker = 1; broker <= 3; broker++) {
        set_up(all, broker, true);
    }
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
    assert_true(scenario_restored(all) > 0);
}

/* ---- Moving ------------------------------------------------------------------------------- */

static void leaders_that_move_under_load_lose_nothing(void **state)
{
    static const char *const topics[] = {"lines", "app-by-word-repartition", "word-counts",
                                         "app-counts-changelog"};
    scenario *all = two_at_work(state, NULL, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    for (int i = 0; i < 12; i++) {
        const char *topic = topics[weir_cluster_random(cluster) % 4];
        int32_t partition = (int32_t)(weir_cluster_random(cluster) % SCENARIO_PARTITIONS);
        int32_t broker = 1 + (int32_t)(weir_cluster_random(cluster) % 3);
        assert_int_equal(
            weir_mock_partition_set_leader(weir_cluster_mock(cluster), topic, partition, broker),
            WEIR_OK);
        scenario_feed(all, 10);
        weir_cluster_run_for(cluster, WEIR_SECONDS(1));
    }
    scenario_check_at_least_once(all);
}

static void partitions_without_leader_are_waited_for(void **state)
{
    scenario *all = two_at_work(state, NULL, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_mock *mock = weir_cluster_mock(cluster);
    assert_int_equal(weir_mock_partition_set_leader(mock, "app-by-word-repartition", 1, -1),
                     WEIR_OK);
    assert_int_equal(weir_mock_partition_set_leader(mock, "app-counts-changelog", 2, -1), WEIR_OK);
    scenario_feed(all, ROUND);
    weir_cluster_run_for(cluster, WEIR_SECONDS(10));
    assert_int_equal(weir_mock_partition_set_leader(mock, "app-by-word-repartition", 1, 3),
                     WEIR_OK);
    assert_int_equal(weir_mock_partition_set_leader(mock, "app-counts-changelog", 2, 1), WEIR_OK);
    scenario_check_at_least_once(all);
}

/* The coordinator moves when c joins, at a step of the rebalance. */
static void move_coordinator(void **state, const char *kind, bool old_down)
{
    weir_instance *a = NULL;
    scenario *all = two_at_work(state, &a, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_mock *mock = weir_cluster_mock(cluster);
    assert_int_equal(weir_mock_coordinator_set(mock, "app", 1), WEIR_OK);
    scenario_settle(all);
    if (kind != NULL) {
        scenario_inject_fault_at(all, a, kind, NULL, 1, SCENARIO_NOTHING);
        scenario_start(all, "c", 1, NULL);
        weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(2));
    }
    scenario_feed(all, ROUND);
    assert_int_equal(weir_mock_coordinator_set(mock, "app", 2), WEIR_OK);
    if (old_down) {
        weir_cluster_run_for(cluster, 1); /* the input is written */
        set_up(all, 1, false);
        weir_cluster_run_for(cluster, WEIR_SECONDS(20));
        set_up(all, 1, true);
    }
    scenario_check_at_least_once(all);
}

static void the_coordinator_may_move_at_any_time(void **state)
{
    move_coordinator(state, NULL, false);
    move_coordinator(state, "join", false);
    move_coordinator(state, "sync", false);
    move_coordinator(state, "assignment-taken", false);
}

static void the_coordinator_may_move_when_its_broker_is_down(void **state)
{
    move_coordinator(state, NULL, true);
    move_coordinator(state, "join", true);
    move_coordinator(state, "sync", true);
}

/* ---- Answers that are lost ---------------------------------------------------------------- */

/* `client_id` NULL: of any client. */
static void lose_answers(scenario *all, const char *api, const char *client_id, int times)
{
    const weir_mock_fault fault = {
        .client_id = client_id, .api = api, .action = WEIR_MOCK_DISCONNECT_AFTER, .times = times};
    weir_cluster_fault_add(scenario_cluster(all), NULL, &fault);
}

/* The request is carried out, its answer lost: an idempotent Produce is carried out once. */
static void lost_answers_to_commits_lose_nothing(void **state)
{
    scenario *all = two_at_work(state, NULL, NULL);
    lose_answers(all, "OffsetCommit", NULL, 4);
    for (int i = 0; i < 4; i++) {
        scenario_feed(all, ROUND);
        weir_cluster_run_for(scenario_cluster(all), WEIR_SECONDS(2));
    }
    scenario_check_at_least_once(all);
}

static void lost_answers_to_writes_write_nothing_twice(void **state)
{
    scenario *all = two_at_work(state, NULL, NULL);
    lose_answers(all, "Produce", "a-StreamThread-1-producer", 6);
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
}

static void lost_answers_to_joins_and_syncs_lose_no_record(void **state)
{
    static const char *const apis[] = {"JoinGroup", "SyncGroup", "Heartbeat"};
    for (size_t i = 0; i < 3; i++) {
        scenario *all = two_at_work(state, NULL, NULL);
        lose_answers(all, apis[i], NULL, 2);
        scenario_start(all, "c", 1, NULL);
        scenario_feed(all, ROUND);
        scenario_check_exact(all);
    }
}

/* ---- Cut off ------------------------------------------------------------------------------ */

static void an_instance_cut_off_past_its_session_stops_and_rejoins(void **state)
{
    weir_instance *b = NULL;
    scenario *all = two_at_work(state, NULL, &b);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_feed(all, ROUND);
    weir_host_partition(weir_instance_host(b));
    weir_cluster_run_for(cluster, WEIR_MINUTES(2));
    weir_host_heal(weir_instance_host(b));
    scenario_feed(all, ROUND);
    scenario_check_at_least_once(all);
}

static void an_instance_cut_off_from_the_coordinator_only_stops_and_rejoins(void **state)
{
    weir_instance *b = NULL;
    scenario *all = two_at_work(state, NULL, &b);
    weir_cluster *cluster = scenario_cluster(all);
    assert_int_equal(weir_mock_coordinator_set(weir_cluster_mock(cluster), "app", 2), WEIR_OK);
    scenario_settle(all);
    weir_host_partition_from(weir_instance_host(b), 2);
    for (int i = 0; i < 4; i++) {
        scenario_feed(all, ROUND);
        weir_cluster_run_for(cluster, WEIR_SECONDS(30));
    }
    weir_host_heal_from(weir_instance_host(b), 2);
    scenario_check_at_least_once(all);
}

static void a_slow_broker_evicts_no_member(void **state)
{
    scenario *all = two_at_work(state, NULL, NULL);
    int before = scenario_generations(all);
    assert_int_equal(
        weir_mock_broker_set_rtt(weir_cluster_mock(scenario_cluster(all)), 2, WEIR_SECONDS(1)),
        WEIR_OK);
    for (int i = 0; i < 4; i++) {
        scenario_feed(all, ROUND);
        weir_cluster_run_for(scenario_cluster(all), WEIR_SECONDS(20));
    }
    scenario_check_exact(all);
    assert_int_equal(scenario_generations(all), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(each_broker_may_be_down_for_a_while),
        cluster_test(all_brokers_may_be_down_for_a_while),
        cluster_test(all_brokers_may_be_down_past_the_session),
        cluster_test(all_brokers_may_be_down_when_an_instance_commits),
        cluster_test(all_brokers_may_be_down_when_an_instance_restores),
        cluster_test(leaders_that_move_under_load_lose_nothing),
        cluster_test(partitions_without_leader_are_waited_for),
        cluster_test(the_coordinator_may_move_at_any_time),
        cluster_test(the_coordinator_may_move_when_its_broker_is_down),
        cluster_test(lost_answers_to_commits_lose_nothing),
        cluster_test(lost_answers_to_writes_write_nothing_twice),
        cluster_test(lost_answers_to_joins_and_syncs_lose_no_record),
        cluster_test(an_instance_cut_off_past_its_session_stops_and_rejoins),
        cluster_test(an_instance_cut_off_from_the_coordinator_only_stops_and_rejoins),
        cluster_test(a_slow_broker_evicts_no_member),
    };
    return cmocka_run_group_tests_name("brokers", tests, NULL, NULL);
}
