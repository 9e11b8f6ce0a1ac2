/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances that join and leave under load: restarts one by one, scaling, freezing, all at once. */
#include <stdlib.h>

#include "support/scenario.h"

#define ROUND 30

static const char *const names[] = {"a", "b", "c"};

static void start_three(scenario *all, weir_instance **out, int threads, const char *const *config)
{
    for (size_t i = 0; i < 3; i++) {
        out[i] = scenario_start(all, names[i], threads, config);
    }
    scenario_feed(all, ROUND);
    scenario_settle(all);
}

static void close_it(weir_instance *instance)
{
    assert_int_equal(weir_instance_close(instance, WEIR_MINUTES(1)), WEIR_OK);
}

/* Two rebalances per step: one when it leaves, one when it joins again. */
static void a_rolling_restart_counts_each_word_once_and_restores_next_to_nothing(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_instance *instances[3];
    start_three(all, instances, 1, NULL);
    int before = scenario_generations(all);
    for (size_t i = 0; i < 3; i++) {
        scenario_feed(all, ROUND);
        close_it(instances[i]);
        scenario_feed(all, ROUND);
        scenario_settle(all);
        weir_instance_restart(instances[i]);
        scenario_feed(all, ROUND);
        scenario_settle(all);
    }
    scenario_check_exact(all);
    assert_in_range(scenario_generations(all) - before, 3, 6);
}

static void a_rolling_restart_with_empty_disks_counts_each_word_once(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_instance *instances[3];
    start_three(all, instances, 2, NULL);
    for (size_t i = 0; i < 3; i++) {
        scenario_feed(all, ROUND);
        close_it(instances[i]);
        weir_instance_wipe(instances[i]);
        weir_instance_restart(instances[i]);
        scenario_feed(all, ROUND);
        scenario_settle(all);
    }
    scenario_check_exact(all);
    assert_true(scenario_restored(all) > 0);
}

static void restarts_that_wait_for_no_rebalance_count_each_word_once(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_instance *instances[3];
    start_three(all, instances, 1, NULL);
    for (size_t i = 0; i < 9; i++) {
        close_it(instances[i % 3]);
        scenario_feed(all, ROUND / 3);
        weir_cluster_run_for(scenario_cluster(all), WEIR_SECONDS(2));
        weir_instance_restart(instances[i % 3]);
    }
    scenario_check_exact(all);
}

static void restarts_with_other_numbers_of_threads_count_each_word_once(void **state)
{
    static const int threads[] = {5, 1, 3};
    scenario *all = scenario_new(state, NULL);
    weir_instance *b = NULL;
    scenario_start(all, "a", 2, NULL);
    b = scenario_start(all, "b", 2, NULL);
    for (size_t i = 0; i < 3; i++) {
        scenario_feed(all, ROUND);
        scenario_settle(all);
        close_it(b);
        weir_instance_restart_with(b, &(weir_instance_opts){.threads = threads[i]});
        scenario_feed(all, ROUND);
    }
    scenario_settle(all);
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
}

static void an_instance_that_joins_under_load_takes_its_share_and_counts_once(void **state)
{
    scenario *all = scenario_new(state, NULL);
    scenario_start(all, "a", 2, NULL);
    scenario_feed(all, ROUND);
    for (size_t i = 0; i < 3; i++) {
        if (i == 1) {
            scenario_start(all, "b", 2, NULL);
        }
        for (size_t burst = 0; burst < 10; burst++) {
            scenario_feed(all, ROUND / 10);
            weir_cluster_run_for(scenario_cluster(all), 500);
        }
    }
    scenario_check_exact(all);
}

static void the_last_instance_left_has_all_tasks(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_instance *instances[3];
    start_three(all, instances, 1, NULL);
    for (size_t i = 0; i < 2; i++) {
        scenario_feed(all, ROUND);
        close_it(instances[i]);
        weir_cluster_run_for(scenario_cluster(all), WEIR_SECONDS(1));
    }
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
}

static void crash_all(void **state, weir_disk disk)
{
    scenario *all = scenario_new(state, NULL);
    weir_instance *instances[3];
    start_three(all, instances, 1, NULL);
    for (size_t i = 0; i < 3; i++) {
        weir_host_crash(weir_instance_host(instances[i]), disk);
    }
    weir_cluster_run_for(scenario_cluster(all), WEIR_SECONDS(1));
    scenario_feed(all, ROUND);
    for (size_t i = 0; i < 3; i++) {
        weir_instance_restart(instances[i]);
    }
    scenario_check_exact(all);
    if (disk == WEIR_DISK_WIPED) {
        assert_true(scenario_restored(all) > 0);
    }
}

static void all_crash_and_restart_with_their_disks(void **state)
{
    crash_all(state, WEIR_DISK_AS_IT_WAS);
}

static void all_crash_and_restart_with_changelogs_only(void **state)
{
    crash_all(state, WEIR_DISK_WIPED);
}

/* ---- Instances that resume too late ------------------------------------------------------- */

/* It has uncommitted records when it freezes for longer than its session: its commit is refused. */
static void the_commit_of_an_instance_that_froze_in_it_is_refused(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_instance *instances[3];
    start_three(all, instances, 1, NULL);
    scenario_inject_fault_at(all, instances[1], "commit-offsets", NULL, 1, SCENARIO_PAUSE);
    scenario_feed(all, ROUND);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(1));
    weir_cluster_run_for(cluster, WEIR_MINUTES(2));
    scenario_settle(all); /* the others have processed everything */
    weir_host_resume(weir_instance_host(instances[1]));
    scenario_feed(all, ROUND);
    scenario_check_at_least_once(all);
    assert_int_not_equal(scenario_warnings(all, "the group went on without this member") +
                             scenario_warnings(all, "commit"),
                         0);
}

static void records_fetched_by_a_frozen_instance_are_dropped(void **state)
{
    static const char *const slow[] = {"commit.interval.ms", "60000", NULL};
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_instance *instances[3];
    start_three(all, instances, 1, slow);
    scenario_inject_fault_at(all, instances[0], "process", NULL, 2, SCENARIO_PAUSE);
    scenario_feed(all, 2 * ROUND);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(1));
    weir_cluster_run_for(cluster, WEIR_MINUTES(3));
    weir_host_resume(weir_instance_host(instances[0]));
    scenario_feed(all, ROUND);
    scenario_check_at_least_once(all);
}

static void instances_that_freeze_in_turn_lose_nothing(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_instance *instances[3];
    start_three(all, instances, 2, NULL);
    for (size_t i = 0; i < 3; i++) {
        weir_host_pause(weir_instance_host(instances[i]));
        scenario_feed(all, ROUND);
        weir_cluster_run_for(cluster, WEIR_SECONDS(50));
        weir_host_resume(weir_instance_host(instances[i]));
        scenario_feed(all, ROUND);
        weir_cluster_run_for(cluster, WEIR_SECONDS(1));
    }
    scenario_check_at_least_once(all);
}

/* ---- Closing at a bad moment -------------------------------------------------------------- */

/* The instance closes right after that step of its first rebalance. */
static void close_at(void **state, const char *kind)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_start(all, "a", 1, NULL);
    scenario_feed(all, 2 * ROUND);
    scenario_settle(all);
    weir_instance *b = scenario_start(all, "b", 2, NULL);
    scenario_inject_fault_at(all, b, kind, NULL, 1, SCENARIO_NOTHING);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(1));
    close_it(b);
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
}

static void an_instance_may_close_before_its_join_record(void **state)
{
    close_at(state, "sync");
}

static void an_instance_may_close_when_it_takes_its_first_assignment(void **state)
{
    close_at(state, "assignment-taken");
}

static void an_instance_may_close_in_a_restore(void **state)
{
    close_at(state, "restore");
}

static void an_instance_may_close_at_once(void **state)
{
    scenario *all = scenario_new(state, NULL);
    scenario_start(all, "a", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    close_it(scenario_start(all, "b", 3, NULL));
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
}

/* ---- Churn -------------------------------------------------------------------------------- */

static void random_starts_and_stops_lose_nothing(void **state)
{
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    weir_instance *instances[3];
    start_three(all, instances, 2, NULL);
    bool paused[3] = {false};
    for (int i = 0; i < 24; i++) {
        size_t at = weir_cluster_random(cluster) % 3;
        weir_instance *one = instances[at];
        scenario_feed(all, 8);
        if (paused[at]) {
            weir_host_resume(weir_instance_host(one));
            paused[at] = false;
        } else if (weir_instance_state(one) == WEIR_STATE_NOT_RUNNING) {
            weir_instance_restart(one);
        } else if (weir_cluster_random(cluster) % 3 == 0) {
            weir_host_pause(weir_instance_host(one));
            paused[at] = true;
        } else if (weir_cluster_random(cluster) % 2 == 0) {
            weir_host_crash(weir_instance_host(one), WEIR_DISK_AS_IT_WAS);
        } else {
            close_it(one);
        }
        weir_cluster_run_for(cluster, 500 + (int64_t)(weir_cluster_random(cluster) % 7500));
    }
    for (size_t i = 0; i < 3; i++) {
        if (paused[i]) {
            weir_host_resume(weir_instance_host(instances[i]));
        } else if (weir_instance_state(instances[i]) == WEIR_STATE_NOT_RUNNING) {
            weir_instance_restart(instances[i]);
        }
    }
    weir_cluster_run_for(cluster, WEIR_MINUTES(1));
    scenario_check_at_least_once(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_rolling_restart_counts_each_word_once_and_restores_next_to_nothing),
        cluster_test(a_rolling_restart_with_empty_disks_counts_each_word_once),
        cluster_test(restarts_that_wait_for_no_rebalance_count_each_word_once),
        cluster_test(restarts_with_other_numbers_of_threads_count_each_word_once),
        cluster_test(an_instance_that_joins_under_load_takes_its_share_and_counts_once),
        cluster_test(the_last_instance_left_has_all_tasks),
        cluster_test(all_crash_and_restart_with_their_disks),
        cluster_test(all_crash_and_restart_with_changelogs_only),
        cluster_test(the_commit_of_an_instance_that_froze_in_it_is_refused),
        cluster_test(records_fetched_by_a_frozen_instance_are_dropped),
        cluster_test(instances_that_freeze_in_turn_lose_nothing),
        cluster_test(an_instance_may_close_before_its_join_record),
        cluster_test(an_instance_may_close_when_it_takes_its_first_assignment),
        cluster_test(an_instance_may_close_in_a_restore),
        cluster_test(an_instance_may_close_at_once),
        cluster_test(random_starts_and_stops_lose_nothing),
    };
    return cmocka_run_group_tests_name("membership", tests, NULL, NULL);
}
