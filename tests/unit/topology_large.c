/* SPDX-License-Identifier: Apache-2.0
 *
 * Large topologies: time and memory must grow with their size, not with its square or as its power.
 * These would take minutes or gigabytes, or not end. */
#include "topology_kit.h"

#include <stdio.h>

#include "topology/topology.h"

#define TOPICS 10000
#define TOPIC_SIZE 16
#define REPARTITIONS 1000
#define JOINS 64
#define PARTITIONS 4

static weir_topology *built(weir_builder *b)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    if (topology == NULL) {
        fail_msg("%s", error.message);
    }
    return topology;
}

static void a_source_reads_many_topics(void **state)
{
    (void)state;
    char(*names)[TOPIC_SIZE] = calloc(TOPICS, sizeof *names);
    const char **topics = calloc(TOPICS + 1, sizeof *topics);
    assert_non_null(names);
    assert_non_null(topics);
    for (size_t i = 0; i < TOPICS; i++) {
        snprintf(names[i], TOPIC_SIZE, "t%zu", i);
        topics[i] = names[i];
    }
    weir_builder *b = weir_builder_new();
    weir_to(weir_source_many(b, topics, &weir_string, &weir_string, NULL), "out", NULL);
    weir_topology *topology = built(b);
    assert_int_equal(topology->nodes[0].topic_count, TOPICS);
    char *text = weir_topology_describe(topology);
    size_t commas = 0;
    for (size_t i = 0; i < TOPICS; i++) {
        assert_string_equal(topology->nodes[0].topics[i].name, names[i]);
    }
    for (const char *at = strchr(text, ','); at != NULL; at = strchr(at + 1, ',')) {
        commas++;
    }
    assert_int_equal(commas, TOPICS - 1);
    free(text);
    weir_topology_free(topology);
    free(topics);
    free(names);
}

static int32_t partitions_of(const char *topic, void *user)
{
    (void)user;
    return strcmp(topic, "in") == 0 ? PARTITIONS : -1;
}

static void counts_go_on_through_a_long_chain(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream stream = weir_source(b, "in", &weir_string, &weir_string, NULL);
    for (int i = 0; i < REPARTITIONS; i++) {
        char name[TOPIC_SIZE];
        snprintf(name, sizeof name, "r%d", i);
        stream = weir_repartition(stream, name, NULL);
    }
    weir_to(stream, "out", NULL);
    weir_topology *topology = built(b);
    weir_error error = {0};
    int32_t *counts = NULL;
    int32_t *tasks = NULL;
    assert_int_equal(weir__topology_resolve(topology, partitions_of, NULL, &counts, &tasks, &error),
                     WEIR_OK);
    assert_int_equal(topology->repartition_count, REPARTITIONS);
    assert_int_equal(topology->subtopology_count, REPARTITIONS + 1);
    for (size_t i = 0; i < REPARTITIONS; i++) {
        assert_int_equal(counts[i], PARTITIONS);
        assert_int_equal(tasks[i + 1], PARTITIONS);
    }
    free(counts);
    free(tasks);
    weir_topology_free(topology);
}

static weir_err keep_all(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *keep = true;
    return WEIR_OK;
}

/* There are two ways up from each join. */
static void a_table_is_joined_with_itself_many_times(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.value = &weir_string};
    weir_table table = weir_table_source(b, "in", "rows", &weir_string, &weir_string, NULL);
    for (int i = 0; i < JOINS; i++) {
        weir_table left = weir_table_filter(table, keep_all, NULL, NULL, NULL);
        weir_table right = weir_table_filter_not(table, keep_all, NULL, NULL, NULL);
        table = weir_table_join(left, right, kit_join, NULL, NULL, &opts);
    }
    weir_to(weir_to_stream(table, NULL), "out", NULL);
    weir_topology *topology = built(b);
    size_t readers = 0;
    for (size_t i = 0; i < topology->node_count; i++) {
        readers += topology->nodes[i].read_count > 0;
        assert_int_equal(topology->nodes[i].store_count,
                         topology->nodes[i].read_count > 0 || topology->nodes[i].table_store == 0);
    }
    assert_int_equal(readers, 2 * JOINS);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_reads_many_topics),
        cmocka_unit_test(counts_go_on_through_a_long_chain),
        cmocka_unit_test(a_table_is_joined_with_itself_many_times),
    };
    return cmocka_run_group_tests_name("topology_large", tests, NULL, NULL);
}
