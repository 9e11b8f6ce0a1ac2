/* SPDX-License-Identifier: Apache-2.0
 *
 * The description of a topology is exactly what Kafka Streams prints for the same program,
 * generated names included. */
#include "topology_kit.h"

static weir_err split(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    return weir_emit_value(ctx, in->value);
}

static weir_err has_value(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)user;
    *keep = in->value != NULL;
    return WEIR_OK;
}

static void described(weir_builder *b, const char *text)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    if (topology == NULL) {
        fail_msg("%s", error.message);
    }
    char *actual = weir_topology_describe(topology);
    assert_non_null(actual);
    assert_string_equal(actual, text);
    free(actual);
    weir_topology_free(topology);
}

static void a_word_count(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream lines =
        weir_source(b, "lines", &weir_string, &weir_string, &(weir_source_opts){.name = "lines"});
    weir_stream words =
        weir_flat_map_values(lines, &weir_string, split, NULL, &(weir_named){"words"});
    weir_grouped by_word = weir_group_by(words, "by-word", &weir_string, kit_value_as_key, NULL);
    weir_table counts = weir_count(by_word, "counts", &(weir_store_opts){.node = "counts"});
    weir_to(weir_to_stream(counts, &(weir_named){"out-changes"}), "word-counts",
            &(weir_sink_opts){.name = "out"});
    described(b, "Topologies:\n"
                 "   Sub-topology: 0\n"
                 "    Source: lines (topics: [lines])\n"
                 "      --> words\n"
                 "    Processor: words (stores: [])\n"
                 "      --> by-word\n"
                 "      <-- lines\n"
                 "    Processor: by-word (stores: [])\n"
                 "      --> by-word-repartition-filter\n"
                 "      <-- words\n"
                 "    Processor: by-word-repartition-filter (stores: [])\n"
                 "      --> by-word-repartition-sink\n"
                 "      <-- by-word\n"
                 "    Sink: by-word-repartition-sink (topic: by-word-repartition)\n"
                 "      <-- by-word-repartition-filter\n"
                 "\n"
                 "  Sub-topology: 1\n"
                 "    Source: by-word-repartition-source (topics: [by-word-repartition])\n"
                 "      --> counts\n"
                 "    Processor: counts (stores: [counts])\n"
                 "      --> out-changes\n"
                 "      <-- by-word-repartition-source\n"
                 "    Processor: out-changes (stores: [])\n"
                 "      --> out\n"
                 "      <-- counts\n"
                 "    Sink: out (topic: word-counts)\n"
                 "      <-- out-changes\n"
                 "\n");
}

static void global_tables_are_numbered_among_the_others(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_global_table g = weir_global_table_source(b, "g", "g", &weir_string, &weir_string,
                                                   &(weir_store_opts){.node = "g"});
    weir_stream s =
        weir_source(b, "s", &weir_string, &weir_string, &(weir_source_opts){.name = "s"});
    weir_join_global(s, g, &weir_string, kit_join, NULL, &(weir_global_join_opts){.name = "j"});
    described(b, "Topologies:\n"
                 "   Sub-topology: 0 for global store (will not generate tasks)\n"
                 "    Source: g-source (topics: [g])\n"
                 "      --> g\n"
                 "    Processor: g (stores: [g])\n"
                 "      --> none\n"
                 "      <-- g-source\n"
                 "  Sub-topology: 1\n"
                 "    Source: s (topics: [s])\n"
                 "      --> j\n"
                 "    Processor: j (stores: [])\n"
                 "      --> none\n"
                 "      <-- s\n"
                 "\n");
}

/* builder.stream("in").flatMapValues(..).groupBy(.., Grouped.as("by")).count().toStream()
 * .filter(..).to("out"), each step in Kafka's numbers: groupBy and count use up numbers for names
 * that are given, count one more, a repartition three. */
static void nameless_nodes_are_numbered_as_kafka_does(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_stream words = weir_flat_map_values(in, &weir_string, split, NULL, NULL);
    weir_grouped by = weir_group_by(words, "by", &weir_string, kit_value_as_key, NULL);
    weir_stream changes = weir_to_stream(weir_count(by, NULL, NULL), NULL);
    weir_to(weir_filter(changes, has_value, NULL, NULL), "out", NULL);
    described(b, "Topologies:\n"
                 "   Sub-topology: 0\n"
                 "    Source: KSTREAM-SOURCE-0000000000 (topics: [in])\n"
                 "      --> KSTREAM-FLATMAPVALUES-0000000001\n"
                 "    Processor: KSTREAM-FLATMAPVALUES-0000000001 (stores: [])\n"
                 "      --> by\n"
                 "      <-- KSTREAM-SOURCE-0000000000\n"
                 "    Processor: by (stores: [])\n"
                 "      --> by-repartition-filter\n"
                 "      <-- KSTREAM-FLATMAPVALUES-0000000001\n"
                 "    Processor: by-repartition-filter (stores: [])\n"
                 "      --> by-repartition-sink\n"
                 "      <-- by\n"
                 "    Sink: by-repartition-sink (topic: by-repartition)\n"
                 "      <-- by-repartition-filter\n"
                 "\n"
                 "  Sub-topology: 1\n"
                 "    Source: by-repartition-source (topics: [by-repartition])\n"
                 "      --> KSTREAM-AGGREGATE-0000000005\n"
                 "    Processor: KSTREAM-AGGREGATE-0000000005 (stores: "
                 "[KSTREAM-AGGREGATE-STATE-STORE-0000000004])\n"
                 "      --> KTABLE-TOSTREAM-0000000009\n"
                 "      <-- by-repartition-source\n"
                 "    Processor: KTABLE-TOSTREAM-0000000009 (stores: [])\n"
                 "      --> KSTREAM-FILTER-0000000010\n"
                 "      <-- KSTREAM-AGGREGATE-0000000005\n"
                 "    Processor: KSTREAM-FILTER-0000000010 (stores: [])\n"
                 "      --> KSTREAM-SINK-0000000011\n"
                 "      <-- KTABLE-TOSTREAM-0000000009\n"
                 "    Sink: KSTREAM-SINK-0000000011 (topic: out)\n"
                 "      <-- KSTREAM-FILTER-0000000010\n"
                 "\n");
}

/* Two streams over one topic share its source; topics in the order of Java's HashSet. */
static void sources_with_the_same_topics_are_one(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    const char *const topics[] = {"in-1", "in-2", "in-3", NULL};
    weir_stream one =
        weir_source_many(b, topics, &weir_string, &weir_string, &(weir_source_opts){.name = "one"});
    weir_stream other = weir_source_many(b, topics, &weir_string, &weir_string,
                                         &(weir_source_opts){.name = "other"});
    weir_to(one, "a", &(weir_sink_opts){.name = "out-a"});
    weir_to(other, "b", &(weir_sink_opts){.name = "out-b"});
    described(b, "Topologies:\n"
                 "   Sub-topology: 0\n"
                 "    Source: one (topics: [in-1, in-3, in-2])\n"
                 "      --> out-a, out-b\n"
                 "    Sink: out-a (topic: a)\n"
                 "      <-- one\n"
                 "    Sink: out-b (topic: b)\n"
                 "      <-- one\n"
                 "\n");
}

static void nameless_branches_are_numbered_from_one(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream out[2];
    weir_stream in =
        weir_source(b, "in", &weir_string, &weir_string, &(weir_source_opts){.name = "in"});
    weir_split(in, (const weir_branch[]){{NULL, has_value, NULL}, {NULL, NULL, NULL}}, 2, out,
               &(weir_named){"s-"});
    described(b, "Topologies:\n"
                 "   Sub-topology: 0\n"
                 "    Source: in (topics: [in])\n"
                 "      --> s-\n"
                 "    Processor: s- (stores: [])\n"
                 "      --> s-0, s-1\n"
                 "      <-- in\n"
                 "    Processor: s-0 (stores: [])\n"
                 "      --> none\n"
                 "      <-- s-\n"
                 "    Processor: s-1 (stores: [])\n"
                 "      --> none\n"
                 "      <-- s-\n"
                 "\n");
}

static void a_table_without_a_store_gets_one_when_it_is_joined(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table t = weir_table_source(b, "t", NULL, &weir_string, &weir_string, NULL);
    weir_stream s = weir_source(b, "s", &weir_string, &weir_string, NULL);
    weir_join_table(s, t, &weir_string, kit_join, NULL, NULL);
    described(b, "Topologies:\n"
                 "   Sub-topology: 0\n"
                 "    Source: KSTREAM-SOURCE-0000000001 (topics: [t])\n"
                 "      --> KTABLE-SOURCE-0000000002\n"
                 "    Source: KSTREAM-SOURCE-0000000003 (topics: [s])\n"
                 "      --> KSTREAM-JOIN-0000000004\n"
                 "    Processor: KSTREAM-JOIN-0000000004 (stores: [t-STATE-STORE-0000000000])\n"
                 "      --> none\n"
                 "      <-- KSTREAM-SOURCE-0000000003\n"
                 "    Processor: KTABLE-SOURCE-0000000002 (stores: [t-STATE-STORE-0000000000])\n"
                 "      --> none\n"
                 "      <-- KSTREAM-SOURCE-0000000001\n"
                 "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_count),
        cmocka_unit_test(global_tables_are_numbered_among_the_others),
        cmocka_unit_test(nameless_nodes_are_numbered_as_kafka_does),
        cmocka_unit_test(sources_with_the_same_topics_are_one),
        cmocka_unit_test(nameless_branches_are_numbered_from_one),
        cmocka_unit_test(a_table_without_a_store_gets_one_when_it_is_joined),
    };
    return cmocka_run_group_tests_name("topology_describe", tests, NULL, NULL);
}
