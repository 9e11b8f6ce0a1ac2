/* SPDX-License-Identifier: Apache-2.0
 *
 * Partition counts of internal topics, numbers of tasks, co-partitioning. */
#include "topology_kit.h"

#include "topology/topology.h"

typedef struct topic_count {
    const char *name;
    int32_t partitions;
} topic_count;

static int32_t partitions_of(const char *topic, void *user)
{
    for (const topic_count *at = user; at->name != NULL; at++) {
        if (strcmp(at->name, topic) == 0) {
            return at->partitions;
        }
    }
    return -1;
}

static weir_stream strings(weir_builder *b, const char *topic)
{
    return weir_source(b, topic, &weir_string, &weir_string, NULL);
}

static weir_stream rekeyed(weir_stream in)
{
    return weir_select_key(in, &weir_string, kit_value_as_key, NULL, NULL);
}

static weir_table table(weir_builder *b, const char *topic)
{
    return weir_table_source(b, topic, topic, &weir_string, &weir_string, NULL);
}

static weir_topology *built(weir_builder *b)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    if (topology == NULL) {
        fail_msg("%s", error.message);
    }
    return topology;
}

static void assert_counts(weir_builder *b, topic_count *topics, const int32_t *expected_counts,
                          const int32_t *expected_tasks)
{
    weir_topology *topology = built(b);
    weir_error error = {0};
    int32_t *counts = NULL;
    int32_t *tasks = NULL;
    if (weir__topology_resolve(topology, partitions_of, topics, &counts, &tasks, &error) !=
        WEIR_OK) {
        fail_msg("%s", error.message);
    }
    for (size_t i = 0; i < topology->repartition_count; i++) {
        assert_int_equal(counts[i], expected_counts[i]);
    }
    for (size_t i = 0; i < topology->subtopology_count; i++) {
        assert_int_equal(tasks[i], expected_tasks[i]);
    }
    free(counts);
    free(tasks);
    weir_topology_free(topology);
}

static void assert_refused(weir_builder *b, topic_count *topics, weir_err code, const char *text)
{
    weir_topology *topology = built(b);
    weir_error error = {0};
    int32_t *counts = NULL;
    int32_t *tasks = NULL;
    weir_err err = weir__topology_resolve(topology, partitions_of, topics, &counts, &tasks, &error);
    assert_int_equal(err, code);
    assert_string_equal(error.message, text);
    assert_null(counts);
    weir_topology_free(topology);
}

static void a_repartition_topic_has_as_many_as_the_largest_input(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream both = weir_merge(strings(b, "a"), strings(b, "b"), NULL);
    weir_count(weir_group_by_key(rekeyed(both), "g"), "n", NULL);
    assert_counts(b, (topic_count[]){{"a", 3}, {"b", 7}, {NULL, 0}}, (int32_t[]){7},
                  (int32_t[]){7, 7});
}

static void counts_go_on_through_repartition_topics(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream one = weir_repartition(rekeyed(strings(b, "in")), "one", NULL);
    weir_stream two = weir_repartition(rekeyed(one), "two", NULL);
    weir_repartition(rekeyed(two), "three", &(weir_repartition_opts){.partitions = 2});
    assert_counts(b, (topic_count[]){{"in", 5}, {NULL, 0}}, (int32_t[]){5, 5, 2},
                  (int32_t[]){5, 5, 5, 2});
}

static void a_repartition_topic_adapts_to_the_table_that_it_is_joined_with(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = rekeyed(strings(b, "in"));
    weir_stream joined =
        weir_join_table(in, table(b, "t"), &weir_string, kit_join, NULL, &(weir_named){"j"});
    weir_count(weir_group_by_key(rekeyed(joined), "g"), "n", NULL);
    assert_counts(b, (topic_count[]){{"in", 8}, {"t", 3}, {NULL, 0}}, (int32_t[]){3, 3},
                  (int32_t[]){8, 3, 3});
}

static void joined_repartition_topics_take_the_larger_count(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table counts = weir_count(weir_group_by_key(rekeyed(strings(b, "a")), "g"), "n", NULL);
    weir_stream in = rekeyed(strings(b, "b"));
    weir_join_table(in, counts, &weir_string, kit_join, NULL, &(weir_named){"j"});
    assert_counts(b, (topic_count[]){{"a", 3}, {"b", 6}, {NULL, 0}}, (int32_t[]){6, 6},
                  (int32_t[]){3, 6, 6});
}

static void topics_that_are_joined_must_have_as_many_partitions(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_join_table(strings(b, "s"), table(b, "t"), &weir_string, kit_join, NULL,
                    &(weir_named){"j"});
    assert_refused(
        b, (topic_count[]){{"s", 4}, {"t", 3}, {NULL, 0}}, WEIR_ETOPOLOGY,
        "join 'j' of stream 's' and table 't': its topics must have the same number of partitions, "
        "but 's' has 4 and 't' has 3");
}

static void a_given_count_must_fit_the_join(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in =
        weir_repartition(strings(b, "s"), "r", &(weir_repartition_opts){.partitions = 5});
    weir_join_table(in, table(b, "t"), &weir_string, kit_join, NULL, &(weir_named){"j"});
    assert_refused(
        b, (topic_count[]){{"s", 4}, {"t", 3}, {NULL, 0}}, WEIR_ETOPOLOGY,
        "join 'j' of stream 'r-repartition-source' and table 't': its topics must have the same "
        "number of partitions, but 'r-repartition' has 5 and 't' has 3");
}

static void missing_topics_are_all_named(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    strings(b, "a");
    strings(b, "b");
    strings(b, "c");
    assert_refused(b, (topic_count[]){{"b", 1}, {NULL, 0}}, WEIR_EMISSING_TOPIC,
                   "source topics are missing: a, c");
}

static void global_topics_make_no_tasks_and_need_no_count(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_global_table_source(b, "g", "g", &weir_string, &weir_string, NULL);
    strings(b, "s");
    assert_counts(b, (topic_count[]){{"s", 2}, {NULL, 0}}, NULL, (int32_t[]){2});
}

static void source_topics_are_listed_once_and_in_order(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_count(weir_group_by_key(rekeyed(strings(b, "b")), "g"), "n", NULL);
    strings(b, "b");
    strings(b, "a");
    weir_topology *topology = built(b);
    size_t count = 0;
    const char **topics = weir__topology_source_topics(topology, &count);
    assert_int_equal(count, 2);
    assert_string_equal(topics[0], "b");
    assert_string_equal(topics[1], "a");
    free(topics);
    weir_topology_free(topology);
}

static void internal_names_have_the_application_in_front(void **state)
{
    (void)state;
    char *name = weir__topic_name("app", (weir__topic_ref){"r-repartition", true});
    assert_string_equal(name, "app-r-repartition");
    free(name);
    name = weir__topic_name("app", (weir__topic_ref){"in", false});
    assert_string_equal(name, "in");
    free(name);
    name = weir__changelog_name("app", "counts");
    assert_string_equal(name, "app-counts-changelog");
    free(name);
}

static void processors_that_share_a_store_share_a_subtopology(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream s = strings(b, "s");
    weir_stream other = strings(b, "other");
    weir_table t = table(b, "t");
    weir_join_table(s, t, &weir_string, kit_join, NULL, NULL);
    weir_to(other, "out", NULL);
    weir_topology *topology = built(b);
    assert_int_equal(topology->subtopology_count, 2);
    assert_int_equal(topology->subtopologies[0].source_count, 2);
    assert_int_equal(topology->subtopologies[0].store_count, 1);
    assert_int_equal(topology->subtopologies[1].node_count, 2);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repartition_topic_has_as_many_as_the_largest_input),
        cmocka_unit_test(counts_go_on_through_repartition_topics),
        cmocka_unit_test(a_repartition_topic_adapts_to_the_table_that_it_is_joined_with),
        cmocka_unit_test(joined_repartition_topics_take_the_larger_count),
        cmocka_unit_test(topics_that_are_joined_must_have_as_many_partitions),
        cmocka_unit_test(a_given_count_must_fit_the_join),
        cmocka_unit_test(missing_topics_are_all_named),
        cmocka_unit_test(global_topics_make_no_tasks_and_need_no_count),
        cmocka_unit_test(source_topics_are_listed_once_and_in_order),
        cmocka_unit_test(internal_names_have_the_application_in_front),
        cmocka_unit_test(processors_that_share_a_store_share_a_subtopology),
    };
    return cmocka_run_group_tests_name("topology_partitions", tests, NULL, NULL);
}
