/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults of chosen requests of an application: the clients of one instance, one topic, one kind of
 * request. */
#include "fixtures/word_count.h"
#include "support/scenario.h"

#define ROUND 40

static char failure[2048];

static void take_failure(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    (void)user;
    snprintf(failure, sizeof failure, "%s", message);
}

static void assert_failed_with(const char *words)
{
    if (strstr(failure, words) == NULL) {
        fail_msg("'%s' is not in '%s'", words, failure);
    }
    failure[0] = '\0';
}

/* ---- The word count ---- */

static scenario *two_instances(void **state, weir_instance **a, weir_instance **b)
{
    scenario *all = scenario_new(state, NULL);
    *a = scenario_start(all, "a", 1, NULL);
    *b = scenario_start(all, "b", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    return all;
}

/* The offsets are committed, but the instance does not get to know it: it commits again. */
static void a_commit_that_is_applied_but_unknown_counts_nothing_twice(void **state)
{
    weir_instance *a;
    weir_instance *b;
    scenario *all = two_instances(state, &a, &b);
    int lost = weir_cluster_fault_add(scenario_cluster(all), a,
                                      &(weir_mock_fault){.api = "OffsetCommit",
                                                         .action = WEIR_MOCK_DISCONNECT_AFTER,
                                                         .times = 3});
    for (int i = 0; i < 5; i++) {
        scenario_feed(all, ROUND);
        scenario_settle(all);
    }
    scenario_check_exact(all);
    assert_int_equal(weir_cluster_fault_fired(scenario_cluster(all), lost), 3);
}

/* Producers are idempotent: a batch that was appended is not appended again. */
static void records_whose_answer_is_lost_are_written_once(void **state)
{
    weir_instance *a;
    weir_instance *b;
    scenario *all = two_instances(state, &a, &b);
    const weir_mock_fault fault = {
        .api = "Produce", .topic = "word-counts", .action = WEIR_MOCK_DISCONNECT_AFTER, .times = 4};
    weir_cluster_fault_add(scenario_cluster(all), b, &fault);
    for (int i = 0; i < 5; i++) {
        scenario_feed(all, ROUND);
        scenario_settle(all);
    }
    scenario_check_exact(all);
}

static bool heartbeat_failed(weir_cluster *cluster, void *arg)
{
    return weir_cluster_fault_fired(cluster, *(const int *)arg) > 0;
}

/* b is told that it is no member any more; a is not asked. */
static void only_the_clients_of_the_instance_are_hit(void **state)
{
    weir_instance *a;
    weir_instance *b;
    scenario *all = two_instances(state, &a, &b);
    weir_cluster *cluster = scenario_cluster(all);
    const weir_mock_fault fault = {.api = "Heartbeat", .error_code = 25, .times = 1};
    int generations = scenario_generations(all);
    int fenced = weir_cluster_fault_add(cluster, b, &fault);
    weir_run_until_with(cluster, heartbeat_failed, &fenced, WEIR_MINUTES(1));
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
    assert_true(scenario_generations(all) > generations);
    assert_int_equal(weir_cluster_fault_fired(cluster, fenced), 1);
}

/* Leaders and the coordinator move while requests to their new places fail. */
static void rules_compose_with_moved_leaders_and_coordinators(void **state)
{
    weir_instance *a;
    weir_instance *b;
    scenario *all = two_instances(state, &a, &b);
    weir_cluster *cluster = scenario_cluster(all);
    weir_mock *mock = weir_cluster_mock(cluster);
    int32_t before = weir_mock_coordinator(mock, "app");
    int32_t after = before % 3 + 1;
    const weir_mock_fault faults[] = {
        {.api = "FindCoordinator", .broker = after, .error_code = 15, .optional = true},
        {.api = "OffsetCommit", .broker = after, .error_code = 14, .times = 2},
        {.api = "Metadata", .topic = "lines", .error_code = 5, .optional = true, .times = 3},
        {.api = "Produce", .topic = "word-counts", .action = WEIR_MOCK_DISCONNECT, .times = 2},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        weir_cluster_fault_add(cluster, NULL, &faults[i]);
    }
    assert_int_equal(weir_mock_coordinator_set(mock, "app", after), WEIR_OK);
    scenario_feed(all, ROUND);
    for (int32_t partition = 0; partition < SCENARIO_PARTITIONS; partition++) {
        int32_t leader = weir_mock_partition_leader(mock, "lines", partition) % 3 + 1;
        assert_int_equal(weir_mock_partition_set_leader(mock, "lines", partition, leader), WEIR_OK);
    }
    weir_cluster_run_for(cluster, WEIR_SECONDS(3));
    scenario_feed(all, ROUND);
    scenario_check_at_least_once(all);
}

/* ---- Mistakes ---- */

static void a_rule_that_never_fired_fails_the_test_at_its_end(void **state)
{
    (void)state;
    const weir_cluster_opts opts = {.seed = 7, .on_failure = take_failure};
    weir_cluster *cluster = weir_cluster_new(&opts, NULL);
    assert_non_null(cluster);
    weir_cluster_fault_add(cluster, NULL, &(weir_mock_fault){.api = "Fetch", .error_code = 1});
    weir_cluster_fault_add(cluster, NULL,
                           &(weir_mock_fault){.api = "Fetch", .error_code = 1, .optional = true});
    weir_cluster_free(cluster);
    assert_non_null(strstr(failure, "seed 7; repeat with: "));
    assert_non_null(strstr(failure, "targeted_faults.c"));
    assert_failed_with("fault 1 (OFFSET_OUT_OF_RANGE to Fetch, once) never fired");
}

static void a_wrong_rule_fails_the_test(void **state)
{
    (void)state;
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = take_failure}, NULL);
    assert_non_null(cluster);
    weir_cluster_topic_create(cluster, "lines", 1);
    weir_cluster_topic_create(cluster, "word-counts", 1);
    weir_instance *a = weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_mock_fault fault = {.client_id = "x", .error_code = 1};
    assert_int_equal(weir_cluster_fault_add(cluster, a, &fault), 0);
    assert_failed_with("weir_cluster_fault_add: fault.client_id: only without an instance");
    assert_int_equal(weir_cluster_fault_add(cluster, NULL, &(weir_mock_fault){.api = "Fetch"}), 0);
    assert_failed_with("weir_cluster_fault_add: fault.error_code: WEIR_MOCK_ERROR needs one");
    assert_int_equal(weir_cluster_fault_fired(cluster, 3), 0);
    assert_failed_with("weir_cluster_fault_fired: there is no fault 3");
    weir_cluster_fault_remove(cluster, 3);
    assert_failed_with("weir_cluster_fault_remove: there is no fault 3");
    weir_cluster_free(cluster);
    assert_string_equal(failure, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_commit_that_is_applied_but_unknown_counts_nothing_twice),
        cluster_test(records_whose_answer_is_lost_are_written_once),
        cluster_test(only_the_clients_of_the_instance_are_hit),
        cluster_test(rules_compose_with_moved_leaders_and_coordinators),
        cmocka_unit_test(a_rule_that_never_fired_fails_the_test_at_its_end),
        cmocka_unit_test(a_wrong_rule_fails_the_test),
    };
    return cmocka_run_group_tests_name("targeted_faults", tests, NULL, NULL);
}
