/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores of running instances, read by the test. */
#include <string.h>

#include "fixtures/word_count.h"
#include "support/cluster.h"

#define PARTITIONS 4

static weir_store_view counted(void **state, int instances)
{
    static const char *const names[] = {"a", "b", "c"};
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    weir_input lines = weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
    for (int i = 0; i < instances; i++) {
        weir_cluster_start(cluster, names[i], fixture_word_count, NULL);
    }
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_input_lines(lines, "hello world\nhello kafka\na weir measures a stream\n");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    return weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
}

static int64_t count_of(weir_store_view view, const char *word)
{
    weir_slice key = weir_slice_of(word);
    const weir_row *row = weir_store_view_get(view, &key);
    return row != NULL ? *(const int64_t *)row->value : 0;
}

static void a_key_is_found_wherever_its_task_runs(void **state)
{
    weir_store_view view = counted(state, 2);
    assert_int_equal(count_of(view, "hello"), 2);
    assert_int_equal(count_of(view, "kafka"), 1);
    assert_int_equal(count_of(view, "a"), 2);
    assert_int_equal(count_of(view, "nobody"), 0);
}

static void all_entries_are_in_order_of_keys(void **state)
{
    static const char *const words[] = {"a",      "hello", "kafka", "measures",
                                        "stream", "weir",  "world"};
    weir_rows *rows = weir_store_view_all(counted(state, 3));
    weir_assert_size(rows, 7);
    for (size_t i = 0; i < 7; i++) {
        const weir_slice *key = weir_rows_at(rows, i)->key;
        assert_true(weir_slice_equal(*key, weir_slice_of(words[i])));
        assert_non_null(weir_rows_at(rows, i)->task);
        assert_true(weir_rows_at(rows, i)->timestamp_ms > 0);
    }
}

static void a_range_has_both_its_ends(void **state)
{
    weir_slice from = weir_slice_of("hello");
    weir_slice to = weir_slice_of("measures");
    weir_assert_size(weir_store_view_range(counted(state, 1), &from, &to), 3);
}

/* Kafka puts "hello" into partition 1, "a" and "world" into 0. */
static void a_task_has_the_keys_of_its_partition(void **state)
{
    weir_store_view view = counted(state, 2);
    assert_int_equal(count_of(weir_store_view_task(view, "1_1"), "hello"), 2);
    assert_int_equal(count_of(weir_store_view_task(view, "1_0"), "hello"), 0);
    assert_int_equal(count_of(weir_store_view_task(view, "1_0"), "world"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_key_is_found_wherever_its_task_runs),
        cluster_test(all_entries_are_in_order_of_keys),
        cluster_test(a_range_has_both_its_ends),
        cluster_test(a_task_has_the_keys_of_its_partition),
    };
    return cmocka_run_group_tests_name("stores", tests, NULL, NULL);
}
