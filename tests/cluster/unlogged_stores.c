/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores without a changelog: an instance has only the rows on its own disk. */
#include <weir/dsl.h>

#include "support/cluster.h"

#define PARTITIONS 2
#define CHANGELOG "app-counts-changelog"

static weir_topology *count_unlogged(const weir_config *config, weir_backend backend,
                                     weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream words = weir_source(b, "words", &weir_string, &weir_string, NULL);
    weir_store_opts opts = {.backend = backend, .logging = WEIR_OFF};
    weir_table counts = weir_count(weir_group_by_key(words, NULL), "counts", &opts);
    weir_to(weir_to_stream(counts, NULL), "word-counts", NULL);
    return weir_build(b, config, error);
}

static weir_topology *count_on_disk(const weir_config *config, weir_error *error)
{
    return count_unlogged(config, WEIR_BACKEND_ROCKSDB, error);
}

static weir_topology *count_in_memory(const weir_config *config, weir_error *error)
{
    return count_unlogged(config, WEIR_BACKEND_MEMORY, error);
}

/* One instance that has counted the words "a" and "b" once and is closed. */
typedef struct counter {
    weir_cluster *cluster;
    weir_input words;
    weir_instance *instance;
} counter;

static void feed(const counter *one)
{
    weir_input_text(one->words, "a", "");
    weir_input_text(one->words, "b", "");
}

static counter counted_once(void **state, weir_topology_fn topology)
{
    counter one = {.cluster = fixture_cluster(state, NULL)};
    weir_cluster_input(one.cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    one.words = weir_cluster_input(one.cluster, "words", PARTITIONS, &weir_string, &weir_string);
    one.instance = weir_cluster_start(one.cluster, "one", topology, NULL);
    feed(&one);
    weir_run_until(one.cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(weir_instance_close(one.instance, WEIR_MINUTES(1)), WEIR_OK);
    return one;
}

/* Starts it again and counts both words once more. */
static void assert_counts_after_restart(const counter *one, int64_t count)
{
    weir_rows *expected = weir_rows_new(one->cluster, &weir_string, &weir_i64);
    weir_rows_add(expected, &(weir_slice){"a", 1}, &count);
    weir_rows_add(expected, &(weir_slice){"b", 1}, &count);
    weir_instance_restart(one->instance);
    feed(one);
    weir_run_until(one->cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_store_view store = weir_cluster_store(one->cluster, "counts", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), expected);
    assert_int_equal(weir_mock_topic_partitions(weir_cluster_mock(one->cluster), CHANGELOG), -1);
}

static void rows_on_disk_outlive_a_restart_without_a_changelog(void **state)
{
    counter one = counted_once(state, count_on_disk);
    assert_counts_after_restart(&one, 2);
}

static void a_lost_disk_loses_rows_that_have_no_changelog(void **state)
{
    counter one = counted_once(state, count_on_disk);
    weir_instance_wipe(one.instance);
    assert_counts_after_restart(&one, 1);
}

static void rows_in_memory_end_with_the_instance_that_has_no_changelog(void **state)
{
    counter one = counted_once(state, count_in_memory);
    assert_counts_after_restart(&one, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(rows_on_disk_outlive_a_restart_without_a_changelog),
        cluster_test(a_lost_disk_loses_rows_that_have_no_changelog),
        cluster_test(rows_in_memory_end_with_the_instance_that_has_no_changelog),
    };
    return cmocka_run_group_tests_name("unlogged_stores", tests, NULL, NULL);
}
