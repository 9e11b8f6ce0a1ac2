/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes planted on purpose: the message of a wait that does not end names each of them. */
#include <stdatomic.h>

#include "fixtures/word_count.h"
#include "sim/sim.h"
#include "support/log_capture.h"

#define PARTITIONS 3 /* one led by each broker */
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The message of a failure of this wait. */
static const char *message_of_wait(weir_cluster *cluster, weir_predicate predicate,
                                   int64_t bound_ms)
{
    const char *text = "the wait ended";
    if (!weir_cluster_run_until(cluster, predicate, NULL, bound_ms)) {
        text = weir_cluster_explain(cluster);
    }
    return text;
}

static weir_input word_count_topics(weir_cluster *cluster)
{
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    return weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
}

static void a_topic_that_one_broker_does_not_know(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_mock *mock = weir_cluster_mock(cluster);
    weir_input lines = word_count_topics(cluster);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_input_lines(lines, "one\ntwo\nthree\n");
    weir_cluster_run_for(cluster, 0);
    assert_int_equal(weir_mock_topic_hide(mock, "lines", 2), WEIR_OK);
    const char *why = message_of_wait(cluster, weir_caught_up, WEIR_SECONDS(20));
    assert_in(why, "lines: broker 2 does not know this topic");
}

static atomic_bool stuck;

static weir_err stand_still(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *keep = true;
    while (atomic_load(&stuck)) {
        weir_sim_sleep_us(1000000);
    }
    return WEIR_OK;
}

static weir_topology *standing(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "lines", &weir_string, &weir_string, NULL);
    weir_to(weir_filter(in, stand_still, NULL, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static void a_member_that_never_polls(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_instance *a = weir_cluster_start(cluster, "a", standing, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    atomic_store(&stuck, true);
    weir_input_lines(lines, "one\n");
    const char *why = message_of_wait(cluster, weir_caught_up, WEIR_SECONDS(30));
    assert_in(why, "a-StreamThread-1 RUNNING does not come to the end of its step 'process' and "
                   "has not polled for ");
    assert_in(why, "max.poll.interval.ms");
    assert_in(why, "lines-0: 1 records behind");
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(5)), WEIR_ETIMEOUT);
    assert_in(weir_cluster_explain(cluster), "close: after 5000 ms a-StreamThread-1 is still in "
                                             "its step 'process'");
    atomic_store(&stuck, false);
    weir_cluster_run_for(cluster, WEIR_SECONDS(30));
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);
}

static weir_topology *merged(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream one = weir_source(b, "one", &weir_string, &weir_string, NULL);
    weir_stream two = weir_source(b, "two", &weir_string, &weir_string, NULL);
    weir_to(weir_merge(one, two, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static void a_task_that_idles_for_another_partition(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_input one = weir_cluster_input(cluster, "one", 1, &weir_string, &weir_string);
    weir_cluster_input(cluster, "two", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", merged,
                       &(weir_instance_opts){.config = LIST("max.task.idle.ms", "600000")});
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_input_lines(one, "a\nb\n");
    const char *why = message_of_wait(cluster, weir_caught_up, WEIR_SECONDS(30));
    assert_in(why, "task 0_0 RUNNING, waits for records of two-0: max.task.idle.ms holds it");
    assert_in(why, "one-0: 2 records behind");
}

static void a_restore_that_cannot_read(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_mock *mock = weir_cluster_mock(cluster);
    weir_input lines = word_count_topics(cluster);
    weir_instance *a = weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_input_lines(lines, "one two three four five six seven eight nine ten\n");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);
    weir_instance_wipe(a);
    assert_int_equal(weir_mock_partition_set_leader(mock, "app-counts-changelog", 1, -1), WEIR_OK);
    weir_instance_restart(a);
    const char *why = message_of_wait(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_in(why, "app-counts-changelog-1: it has no leader");
    assert_in(why, "task 1_1: offsets of app-counts-changelog-1");
    assert_int_equal(weir_mock_partition_set_leader(mock, "app-counts-changelog", 1, 2), WEIR_OK);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
}

static void a_coordinator_that_is_down(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_mock *mock = weir_cluster_mock(cluster);
    word_count_topics(cluster);
    assert_int_equal(weir_mock_coordinator_set(mock, "app", 2), WEIR_OK);
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        weir_mock_partition_set_leader(mock, "lines", partition, 1);
    }
    assert_int_equal(weir_mock_broker_set_up(mock, 2, false), WEIR_OK);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    const char *why = message_of_wait(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_in(why, "group app: nobody has joined it yet; its coordinator, broker 2, is down");
    assert_in(why, "waits for the group");
    assert_int_equal(weir_mock_broker_set_up(mock, 2, true), WEIR_OK);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
}

static void a_host_that_is_cut_off(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    word_count_topics(cluster);
    weir_instance *a = weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_host_partition(weir_instance_host(a));
    const char *why = message_of_wait(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_in(why, "its host is cut off from all brokers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_topic_that_one_broker_does_not_know),
        cluster_test(a_member_that_never_polls),
        cluster_test(a_task_that_idles_for_another_partition),
        cluster_test(a_restore_that_cannot_read),
        cluster_test(a_coordinator_that_is_down),
        cluster_test(a_host_that_is_cut_off),
    };
    return cmocka_run_group_tests_name("waiting causes", tests, NULL, NULL);
}
