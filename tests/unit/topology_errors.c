/* SPDX-License-Identifier: Apache-2.0
 *
 * Topologies that weir_build refuses, and its error messages. */
#include "support/refused.h"
#include "topology_kit.h"

static weir_err forward(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static const weir_processor_ops forward_ops = {"forward", NULL, forward, NULL};

static weir_err same_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->key;
    return WEIR_OK;
}

static weir_err all(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *keep = true;
    return WEIR_OK;
}

static weir_stream strings(weir_builder *b, const char *topic, const char *name)
{
    return weir_source(b, topic, &weir_string, &weir_string, &(weir_source_opts){.name = name});
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* "<application.id>-<store>-changelog" is a topic's name. */
static void a_name_too_long_for_an_internal_topic(void **state)
{
    (void)state;
    char application[201];
    char store[41];
    memset(application, 'a', 200);
    memset(store, 's', 40);
    application[200] = store[40] = '\0';
    weir_config *config = weir_config_new();
    weir_error error = {0};
    assert_int_equal(weir_config_set(config, "application.id", application, &error), WEIR_OK);
    weir_builder *b = weir_builder_new();
    weir_count(weir_group_by_key(strings(b, "in", "in"), NULL), store, NULL);
    assert_null(weir_build(b, config, &error));
    assert_int_equal(error.code, WEIR_ETOPOLOGY);
    assert_non_null(strstr(error.message, "has a name of 251 characters"));
    assert_int_equal(weir_config_set(config, "application.id", application + 2, &error), WEIR_OK);
    b = weir_builder_new();
    weir_count(weir_group_by_key(strings(b, "in", "in"), NULL), store, NULL);
    weir_topology *topology = weir_build(b, config, &error);
    assert_non_null(topology);
    assert_int_equal(weir_config_set(config, "application.id", application, &error), WEIR_OK);
    assert_int_equal(weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", &error), WEIR_OK);
    assert_null(weir_app_new(topology, config, NULL, &error));
    assert_int_equal(error.code, WEIR_ETOPOLOGY);
    weir_topology_free(topology);
    weir_config_free(config);
}

static void only_a_source_table_takes_source_options(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_count(weir_group_by_key(strings(b, "in", "in"), NULL), "counts",
               &(weir_store_opts){.source = &(weir_source_opts){.name = "x"}});
    refused(b, WEIR_EINVAL,
            "count 'KSTREAM-AGGREGATE-0000000001': store 'counts': `source` is for tables that are "
            "read from a topic");
}

static void two_nodes_with_one_name(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = strings(b, "in", "in");
    weir_filter(in, all, NULL, &(weir_named){"same"});
    weir_filter_not(in, all, NULL, &(weir_named){"same"});
    refused(b, WEIR_EEXISTS, "filter below 'in': there are two nodes named 'same'");
}

static void operators_with_the_name_of_another_node(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = strings(b, "in", "same");
    weir_merge(in, strings(b, "more", "more"), &(weir_named){"same"});
    refused(b, WEIR_EEXISTS, "merge below 'same': there are two nodes named 'same'");
    b = weir_builder_new();
    weir_to_table(strings(b, "in", "same"), "rows", &(weir_store_opts){.node = "same"});
    refused(b, WEIR_EEXISTS, "to_table below 'same': there are two nodes named 'same'");
}

static void a_name_with_characters_that_topics_may_not_have(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_filter(strings(b, "in", "in"), all, NULL, &(weir_named){"no good"});
    refused(b, WEIR_ETOPOLOGY,
            "filter below 'in': node name 'no good': character 3 is not a letter, a digit, '.', "
            "'_' or '-'");
}

static void two_stores_with_one_name(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_grouped by_key = weir_group_by_key(strings(b, "in", "in"), NULL);
    weir_count(by_key, "same", NULL);
    weir_count(by_key, "same", NULL);
    refused(b, WEIR_EEXISTS,
            "count 'KSTREAM-AGGREGATE-0000000002': there are two stores named 'same'");
}

static void a_parent_that_is_not_there(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), &weir_string, &weir_string, NULL);
    weir_add_processor(b, "p", LIST("nobody"), &forward_ops, NULL);
    refused(b, WEIR_ENOTFOUND, "the parent 'nobody' of 'p' is not there");
}

static void a_node_that_is_its_own_parent(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_processor(b, "p", LIST("p"), &forward_ops, NULL);
    refused(b, WEIR_ENOTFOUND, "the parent 'p' of 'p' is not there (it is the node itself)");
}

static void a_sink_as_parent(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), &weir_string, &weir_string, NULL);
    weir_add_sink(b, "out", LIST("in"), "out", &weir_string, &weir_string, NULL);
    weir_add_processor(b, "p", LIST("out"), &forward_ops, NULL);
    refused(b, WEIR_ETOPOLOGY, "the parent 'out' of 'p' is a sink");
}

static void a_table_as_parent(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table_source(b, "t", "t", &weir_string, &weir_string, &(weir_store_opts){.node = "t"});
    weir_add_processor(b, "p", LIST("t"), &forward_ops, NULL);
    refused(b, WEIR_ETOPOLOGY,
            "the parent 't' of 'p' is a table: make it a stream with weir_to_stream");
}

static void a_processor_without_parents(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_processor(b, "p", NULL, &forward_ops, NULL);
    refused(b, WEIR_ETOPOLOGY, "'p' has no parents");
}

static void a_topic_read_by_two_sources(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    strings(b, "t", "stream");
    weir_table_source(b, "t", "t", &weir_string, &weir_string, &(weir_store_opts){.node = "table"});
    refused(b, WEIR_ETOPOLOGY, "topic 't' is read by two sources, 'stream' and 'table-source'");
}

static void one_topic_as_two_types(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    strings(b, "t", "one");
    weir_source(b, "t", &weir_string, &weir_i64, NULL);
    refused(b, WEIR_ETYPE,
            "topic 't' read by two streams: its first value is string, its second value is i64");
}

static void a_store_that_is_not_there(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_process(strings(b, "in", "in"), &weir_string, &weir_string, &forward_ops, NULL,
                 &(weir_process_opts){.name = "p", .stores = LIST("nothing")});
    refused(b, WEIR_ENOTFOUND, "processor 'p' uses store 'nothing', which is not there");
}

static void a_store_for_a_processor_that_is_not_there(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    strings(b, "in", "in");
    weir_add_store(b, "s", &(weir_store_opts){.key = &weir_string, .value = &weir_string},
                   LIST("nobody"));
    refused(b, WEIR_ENOTFOUND, "store 's' is for processor 'nobody', which is not there");
}

static void a_store_that_no_processor_uses(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    strings(b, "in", "in");
    weir_add_store(b, "s", &(weir_store_opts){.key = &weir_string, .value = &weir_string}, NULL);
    refused(b, WEIR_ETOPOLOGY,
            "no processor uses the store 's': name it in weir_process_opts.stores of one, or call "
            "weir_connect");
}

static void a_join_of_other_key_types(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream orders =
        weir_source(b, "orders", &weir_i64, &weir_string, &(weir_source_opts){.name = "orders"});
    weir_table customers =
        weir_table_source(b, "customers", "customers", &weir_string, &weir_string, NULL);
    weir_left_join_table(orders, customers, &weir_string, kit_join, NULL, &(weir_named){"j"});
    refused(b, WEIR_ETYPE,
            "left_join 'j' of stream 'orders' and table 'customers': left key is i64, table key is "
            "string");
}

static void a_merge_of_other_types(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream numbers = weir_source(b, "numbers", &weir_string, &weir_i64, NULL);
    weir_merge(strings(b, "texts", "texts"), numbers, &(weir_named){"both"});
    refused(b, WEIR_ETYPE,
            "merge 'both' of streams 'texts' and 'numbers': left value is "
            "string, right value is i64");
}

static int64_t no_time(weir_ctx *ctx, const weir_record *record, int64_t partition_time_ms,
                       void *user)
{
    (void)ctx, (void)record, (void)partition_time_ms, (void)user;
    return -1;
}

static void a_topic_read_with_two_timestamp_functions(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    strings(b, "in", "first");
    weir_source(b, "in", &weir_string, &weir_string,
                &(weir_source_opts){.name = "second", .timestamp = no_time});
    refused(b, WEIR_ETOPOLOGY, "topic 'in' read by two streams with different timestamp functions");
}

static void a_source_without_topics(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_source_many(b, LIST(NULL), &weir_string, &weir_string, NULL);
    refused(b, WEIR_ETOPOLOGY, "source 'KSTREAM-SOURCE-0000000000' reads no topic");
}

static void a_split_with_a_branch_without_a_function(void **state)
{
    (void)state;
    weir_stream out[2];
    const weir_branch branches[] = {{"-rest", NULL, NULL}, {"-all", all, NULL}};
    weir_builder *b = weir_builder_new();
    weir_split(strings(b, "in", "in"), branches, 2, out, NULL);
    refused(b, WEIR_EINVAL,
            "split below 'in' needs branches, and a function for each but the last");
    b = weir_builder_new();
    weir_split(strings(b, "in", "in"), branches, 0, out, NULL);
    refused(b, WEIR_EINVAL,
            "split below 'in' needs branches, and a function for each but the last");
}

static void a_sink_of_another_type_than_its_parent(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), &weir_string, &weir_i64, NULL);
    weir_add_sink(b, "out", LIST("in"), "out", &weir_string, &weir_string, NULL);
    refused(b, WEIR_ETYPE, "sink 'out' below 'in': its parent's value is i64, its value is string");
}

static void no_serde_and_no_default_one(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_source(b, "in", NULL, &weir_string, &(weir_source_opts){.name = "in"});
    refused(b, WEIR_ETYPE,
            "source 'in' has no serde for its key, and default.key.serde is not set");
}

static void a_join_that_repartitions_without_a_name(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table t = weir_table_source(b, "t", "t", &weir_string, &weir_string, NULL);
    weir_stream rekeyed = weir_select_key(strings(b, "in", "in"), &weir_string, same_key, NULL,
                                          &(weir_named){"rekeyed"});
    weir_join_table(rekeyed, t, &weir_string, kit_join, NULL, NULL);
    refused(b, WEIR_ETOPOLOGY,
            "join of stream 'rekeyed' and table 't': the left side must be repartitioned, so the "
            "join needs "
            "a name");
}

static void a_grouping_that_repartitions_without_any_name(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_grouped grouped =
        weir_group_by(strings(b, "in", "in"), NULL, &weir_string, same_key, NULL);
    weir_count(grouped, NULL, NULL);
    refused(b, WEIR_ETOPOLOGY,
            "the grouping below 'KSTREAM-KEY-SELECT-0000000001' must be repartitioned: name it, or "
            "the store of its aggregation");
}

static void a_table_that_repartitions_without_any_name(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream changed =
        weir_select_key(strings(b, "in", "in"), &weir_string, same_key, NULL, NULL);
    weir_to_table(changed, NULL, NULL);
    refused(
        b, WEIR_ETOPOLOGY,
        "to_table below 'KSTREAM-KEY-SELECT-0000000001' must be repartitioned: name its node or "
        "its store");
}

static weir_err same_row(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,
                         void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)key_out = *(const weir_slice *)in->key;
    *(weir_slice *)value_out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static void a_grouped_table_without_any_name(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table in = weir_table_source(b, "in", "in", &weir_string, &weir_string, NULL);
    weir_table_count(weir_table_group_by(in, NULL, &weir_string, &weir_string, same_row, NULL),
                     NULL, NULL);
    refused(
        b, WEIR_ETOPOLOGY,
        "the grouping 'KTABLE-SELECT-0000000002' has a repartition topic: name it, or the store of "
        "its aggregation");
}

static void a_global_store_connected_by_hand(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_global_table_source(b, "g", "g", &weir_string, &weir_string, NULL);
    weir_process(strings(b, "in", "in"), &weir_string, &weir_string, &forward_ops, NULL,
                 &(weir_process_opts){.name = "p", .stores = LIST("g")});
    refused(b, WEIR_ETOPOLOGY,
            "processor 'p' must not be connected to 'g': a global store is open to all");
}

static void a_sink_to_an_internal_topic(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_config *config = weir_config_new();
    assert_int_equal(weir_config_set(config, "application.id", "app", &error), WEIR_OK);
    weir_builder *b = weir_builder_new();
    weir_stream in = strings(b, "in", "in");
    weir_count(weir_group_by_key(in, NULL), "counts", NULL);
    weir_to(in, "app-counts-changelog", &(weir_sink_opts){.name = "out"});
    assert_null(weir_build(b, config, &error));
    assert_int_equal(error.code, WEIR_ETOPOLOGY);
    assert_string_equal(error.message, "sink 'out' writes to 'app-counts-changelog', an internal "
                                       "topic of this application");
    weir_config_free(config);
}

static void an_operator_without_a_function(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_filter(strings(b, "in", "in"), NULL, NULL, &(weir_named){"f"});
    refused(b, WEIR_EINVAL, "filter 'f' below 'in' needs a function");
}

static void an_empty_topology(void **state)
{
    (void)state;
    refused(weir_builder_new(), WEIR_ETOPOLOGY, "the topology has no nodes");
}

static void the_first_error_wins_and_later_calls_do_nothing(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = strings(b, "in", "bad name");
    weir_stream out[2];
    weir_stream more = weir_filter(in, NULL, NULL, NULL);
    more = weir_merge(more, in, NULL);
    more = weir_repartition(more, NULL, NULL);
    weir_split(more, NULL, 0, out, NULL);
    weir_table t = weir_count(weir_group_by_key(more, NULL), "counts", NULL);
    weir_reduce(weir_group_by(more, "g", NULL, NULL, NULL), NULL, NULL, NULL, NULL);
    weir_aggregate(weir_group_by_key(more, NULL), NULL, NULL, NULL, NULL, NULL);
    weir_join_table(more, t, NULL, NULL, NULL, NULL);
    weir_join_global(more, weir_global_table_source(b, "g", "g", NULL, NULL, NULL), NULL, NULL,
                     NULL, NULL);
    weir_to(weir_to_stream(t, NULL), "out", NULL);
    weir_add_store(b, "s", NULL, NULL);
    weir_add_sink(b, "x", NULL, NULL, NULL, NULL, NULL);
    refused(b, WEIR_ETOPOLOGY,
            "node name 'bad name': character 4 is not a letter, a digit, '.', '_' or '-'");
}

static void a_builder_that_could_not_be_made(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_stream in = weir_source(NULL, "in", &weir_string, &weir_string, NULL);
    weir_to(weir_filter(in, all, NULL, NULL), "out", NULL);
    weir_add_processor(NULL, "p", LIST("in"), &forward_ops, NULL);
    assert_null(weir_build(NULL, NULL, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_string_equal(error.message,
                        "weir_build: builder is NULL: weir_builder_new had no memory, or was not "
                        "called");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_nodes_with_one_name),
        cmocka_unit_test(operators_with_the_name_of_another_node),
        cmocka_unit_test(a_name_with_characters_that_topics_may_not_have),
        cmocka_unit_test(two_stores_with_one_name),
        cmocka_unit_test(a_parent_that_is_not_there),
        cmocka_unit_test(a_node_that_is_its_own_parent),
        cmocka_unit_test(a_sink_as_parent),
        cmocka_unit_test(a_table_as_parent),
        cmocka_unit_test(a_processor_without_parents),
        cmocka_unit_test(a_topic_read_by_two_sources),
        cmocka_unit_test(one_topic_as_two_types),
        cmocka_unit_test(a_store_that_is_not_there),
        cmocka_unit_test(a_store_for_a_processor_that_is_not_there),
        cmocka_unit_test(a_store_that_no_processor_uses),
        cmocka_unit_test(a_join_of_other_key_types),
        cmocka_unit_test(a_merge_of_other_types),
        cmocka_unit_test(a_topic_read_with_two_timestamp_functions),
        cmocka_unit_test(a_source_without_topics),
        cmocka_unit_test(a_split_with_a_branch_without_a_function),
        cmocka_unit_test(a_table_that_repartitions_without_any_name),
        cmocka_unit_test(a_grouped_table_without_any_name),
        cmocka_unit_test(a_sink_of_another_type_than_its_parent),
        cmocka_unit_test(no_serde_and_no_default_one),
        cmocka_unit_test(a_join_that_repartitions_without_a_name),
        cmocka_unit_test(a_grouping_that_repartitions_without_any_name),
        cmocka_unit_test(a_global_store_connected_by_hand),
        cmocka_unit_test(a_sink_to_an_internal_topic),
        cmocka_unit_test(an_operator_without_a_function),
        cmocka_unit_test(a_name_too_long_for_an_internal_topic),
        cmocka_unit_test(only_a_source_table_takes_source_options),
        cmocka_unit_test(an_empty_topology),
        cmocka_unit_test(the_first_error_wins_and_later_calls_do_nothing),
        cmocka_unit_test(a_builder_that_could_not_be_made),
    };
    return cmocka_run_group_tests_name("topology_errors", tests, NULL, NULL);
}
