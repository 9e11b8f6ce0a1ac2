/* SPDX-License-Identifier: Apache-2.0
 *
 * Word count with processing.guarantee=exactly_once_v2 under faults: a reader of committed records
 * sees the counts of each word grow, to the right one. A count that is seen twice, or that goes
 * back, was a duplicate or was torn from its state. */
#include "support/exactly_once.h"

#define ROUND EXACTLY_ONCE_ROUND

/* The clients of a crashed host are never destroyed, as after a real crash. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:librdkafka\n";
}

/* ---- Crashes inside a transaction ---- */

static void crash_at(void **state, const char *step, int nth)
{
    weir_instance *instances[2];
    scenario *all = exactly_once_start(state, instances, 2);
    scenario_inject_fault_at(all, instances[1], step, NULL, nth, SCENARIO_CRASH);
    scenario_feed(all, ROUND);
    weir_run_until_with(scenario_cluster(all), scenario_fault_hit, all, WEIR_MINUTES(2));
    scenario_feed(all, ROUND);
    scenario_settle(all);
    weir_instance_restart(instances[1]);
    scenario_feed(all, ROUND);
    exactly_once_check(all);
}

static void a_crash_while_it_processes(void **state)
{
    crash_at(state, "process", 40);
}

static void a_crash_when_it_begins_a_transaction(void **state)
{
    crash_at(state, "begin-transaction", 1);
}

static void a_crash_when_it_flushes_caches(void **state)
{
    crash_at(state, "flush-caches", 2);
}

static void a_crash_when_it_flushes_the_producer(void **state)
{
    crash_at(state, "flush-producer", 1);
}

static void a_crash_when_it_sends_offsets(void **state)
{
    crash_at(state, "send-offsets", 1);
}

static void a_crash_when_it_commits_the_transaction(void **state)
{
    crash_at(state, "commit-transaction", 1);
}

static void a_crash_when_it_commits_the_stores(void **state)
{
    crash_at(state, "commit-stores", 1);
}

/* ---- Zombies ---- */

/* It resumes when others have had its tasks for long. */
static void pause_at(void **state, const char *step, int nth)
{
    weir_instance *instances[2];
    scenario *all = exactly_once_start(state, instances, 2);
    scenario_inject_fault_at(all, instances[1], step, NULL, nth, SCENARIO_PAUSE);
    scenario_feed(all, ROUND);
    weir_run_until_with(scenario_cluster(all), scenario_fault_hit, all, WEIR_MINUTES(2));
    weir_cluster_run_for(scenario_cluster(all), WEIR_MINUTES(2));
    scenario_feed(all, ROUND);
    scenario_settle(all);
    weir_host_resume(weir_instance_host(instances[1]));
    scenario_feed(all, ROUND);
    exactly_once_check(all);
}

static void a_zombie_that_was_processing(void **state)
{
    pause_at(state, "process", 40);
}

static void a_zombie_that_was_about_to_send_offsets(void **state)
{
    pause_at(state, "send-offsets", 1);
}

static void a_zombie_that_was_about_to_commit_its_transaction(void **state)
{
    pause_at(state, "commit-transaction", 1);
}

/* ---- Rebalances ---- */

static void a_rolling_restart(void **state)
{
    weir_instance *instances[3];
    scenario *all = exactly_once_start(state, instances, 3);
    for (size_t i = 0; i < 3; i++) {
        scenario_feed(all, ROUND / 2);
        assert_int_equal(weir_instance_close(instances[i], WEIR_MINUTES(1)), WEIR_OK);
        scenario_feed(all, ROUND / 2);
        scenario_settle(all);
        weir_instance_restart(instances[i]);
    }
    exactly_once_check(all);
}

static void without_faults_each_commit_is_a_transaction(void **state)
{
    weir_instance *instances[1];
    scenario *all = exactly_once_start(state, instances, 1);
    scenario_feed(all, ROUND);
    exactly_once_check(all);
    assert_true(scenario_seen(all, "begin-transaction") > 1);
    assert_int_equal(scenario_seen(all, "begin-transaction"),
                     scenario_seen(all, "commit-transaction"));
    assert_int_equal(scenario_seen(all, "commit-offsets"), 0);
    assert_int_equal(scenario_seen(all, "abort-transaction"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(without_faults_each_commit_is_a_transaction),
        cluster_test(a_crash_while_it_processes),
        cluster_test(a_crash_when_it_begins_a_transaction),
        cluster_test(a_crash_when_it_flushes_caches),
        cluster_test(a_crash_when_it_flushes_the_producer),
        cluster_test(a_crash_when_it_sends_offsets),
        cluster_test(a_crash_when_it_commits_the_transaction),
        cluster_test(a_crash_when_it_commits_the_stores),
        cluster_test(a_zombie_that_was_processing),
        cluster_test(a_zombie_that_was_about_to_send_offsets),
        cluster_test(a_zombie_that_was_about_to_commit_its_transaction),
        cluster_test(a_rolling_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
