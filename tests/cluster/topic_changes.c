/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics that get more partitions, or are deleted, while the application runs. */
#include <weir/dsl.h>

#include "fixtures/word_count.h"
#include "support/log_capture.h"

/* topic.metadata.refresh.interval.ms, as Java's metadata.max.age.ms: 5 minutes; and a rebalance. */
#define NOTICED WEIR_MINUTES(7)
/* A fetch is answered with an error, and librdkafka then requests the metadata. But it does not
 * report a topic as missing that it has known for less than topic.metadata.propagation.max.ms, 30
 * s.
 */
#define DELETION_NOTICED WEIR_SECONDS(35)

static weir_topology *copy(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "lines", &weir_string, &weir_string, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static weir_topology *count(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream lines = weir_source(b, "lines", &weir_string, &weir_string, NULL);
    weir_count(weir_group_by_key(lines, NULL), "counts", NULL);
    return weir_build(b, config, error);
}

static bool all_have_ended(weir_cluster *cluster, void *arg)
{
    (void)cluster;
    log_capture *const *both = arg;
    return both[0]->failures > 0 && both[1]->failures > 0;
}

static void partitions_added_to_a_source_get_tasks_and_are_read_from_their_beginning(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "copies", 4, &weir_string, &weir_string);
    weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", copy, NULL);
    weir_cluster_start(cluster, "b", copy, NULL);
    fixture_send_keys(lines, expected, 0);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_cluster_topic_grow(cluster, "lines", 6);
    fixture_send_keys(lines, expected, FIXTURE_KEYS);
    weir_run_until(cluster, weir_caught_up, NOTICED);
    fixture_send_keys(lines, expected, 2 * FIXTURE_KEYS);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_rows *copies =
        weir_output_all(weir_cluster_output(cluster, "copies", &weir_string, &weir_string));
    weir_assert_size(copies, 3 * FIXTURE_KEYS);
    weir_assert_same_rows(copies, expected);
}

static void a_created_topic_is_written_to(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_cluster_topic_create(cluster, "copies", 3);
    weir_cluster_topic_create(cluster, "copies", 3); /* it exists, and is as wanted */
    weir_cluster_start(cluster, "a", copy, NULL);
    weir_input_text(lines, "key", "hello");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_output copies = weir_cluster_output(cluster, "copies", &weir_string, &weir_string);
    assert_int_equal(weir_output_size(copies), 1);
    assert_int_equal(weir_mock_topic_partitions(weir_cluster_mock(cluster), "copies"), 3);
}

static void grow_the_output(void **state, const char *const *config, int64_t noticed_ms)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", copy, &(weir_instance_opts){.config = config});
    fixture_send_keys(lines, expected, 0);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_cluster_topic_grow(cluster, "copies", 2);
    weir_cluster_run_for(cluster, noticed_ms);
    fixture_send_keys(lines, expected, FIXTURE_KEYS);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_output copies = weir_cluster_output(cluster, "copies", &weir_string, &weir_string);
    weir_assert_same_rows(weir_output_all(copies), expected);
    int64_t start;
    int64_t end;
    assert_int_equal(
        weir_mock_partition_offsets(weir_cluster_mock(cluster), "copies", 1, &start, &end),
        WEIR_OK);
    assert_true(end > 0);
}

static void partitions_added_to_the_output_are_written_to(void **state)
{
    grow_the_output(state, NULL, NOTICED);
}

static void the_output_is_looked_at_again_after_metadata_max_age_ms(void **state)
{
    grow_the_output(state, (const char *const[]){"metadata.max.age.ms", "5000", NULL},
                    WEIR_SECONDS(6));
}

static void partitions_added_to_a_source_are_read_after_metadata_max_age_ms(void **state)
{
    static const char *const config[] = {"consumer.metadata.max.age.ms", "5000", NULL};
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "copies", 4, &weir_string, &weir_string);
    weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", copy, &(weir_instance_opts){.config = config});
    fixture_send_keys(lines, expected, 0);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_cluster_topic_grow(cluster, "lines", 6);
    fixture_send_keys(lines, expected, FIXTURE_KEYS);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_output copies = weir_cluster_output(cluster, "copies", &weir_string, &weir_string);
    weir_assert_same_rows(weir_output_all(copies), expected);
}

typedef struct change {
    void (*make)(weir_cluster *cluster);
    int64_t noticed_ms;
    weir_err code;
    const char *words;
} change;

static void change_and_fail(void **state, weir_topology_fn topology, const change *made)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "copies", 4, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", 4, &weir_string, &weir_i64);
    weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
    log_capture *both[] = {log_capture_new(state), log_capture_new(state)};
    log_capture_start(cluster, both[0], "a", topology, NULL);
    log_capture_start(cluster, both[1], "b", topology, NULL);
    fixture_send_keys(lines, weir_rows_new(cluster, &weir_string, &weir_string), 0);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    made->make(cluster);
    weir_run_until_with(cluster, all_have_ended, both, made->noticed_ms);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(both[i]->failure.code, made->code);
        assert_in(both[i]->failure.message, made->words);
    }
}

static void grow_lines(weir_cluster *cluster)
{
    weir_cluster_topic_grow(cluster, "lines", 6);
}

static void delete_lines(weir_cluster *cluster)
{
    weir_cluster_topic_delete(cluster, "lines");
}

static void partitions_added_to_a_source_do_not_fit_a_changelog_and_stop_all(void **state)
{
    change_and_fail(state, count,
                    &(change){grow_lines, NOTICED, WEIR_ETOPOLOGY,
                              "Existing internal topic app-counts-changelog has invalid "
                              "partitions: expected: 6; actual: 4."});
}

static void partitions_added_to_a_source_do_not_fit_a_repartition_topic_and_stop_all(void **state)
{
    change_and_fail(state, fixture_word_count,
                    &(change){grow_lines, NOTICED, WEIR_ETOPOLOGY,
                              "Existing internal topic app-by-word-repartition has invalid "
                              "partitions: expected: 6; actual: 4."});
}

static void a_source_topic_that_is_deleted_is_named_to_all_at_once(void **state)
{
    change_and_fail(state, copy,
                    &(change){delete_lines, DELETION_NOTICED, WEIR_EMISSING_TOPIC,
                              "One or more source topics were missing during rebalance: lines"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(partitions_added_to_a_source_get_tasks_and_are_read_from_their_beginning),
        cluster_test(a_created_topic_is_written_to),
        cluster_test(partitions_added_to_the_output_are_written_to),
        cluster_test(the_output_is_looked_at_again_after_metadata_max_age_ms),
        cluster_test(partitions_added_to_a_source_are_read_after_metadata_max_age_ms),
        cluster_test(partitions_added_to_a_source_do_not_fit_a_changelog_and_stop_all),
        cluster_test(partitions_added_to_a_source_do_not_fit_a_repartition_topic_and_stop_all),
        cluster_test(a_source_topic_that_is_deleted_is_named_to_all_at_once),
    };
    return cmocka_run_group_tests_name("topic_changes", tests, NULL, NULL);
}
