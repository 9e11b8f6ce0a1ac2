/* SPDX-License-Identifier: Apache-2.0
 *
 * topology.optimization: what the passes do to the nodes, by the description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string

static weir_err key_of(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx, (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static weir_err all(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx, (void)in, (void)user;
    *keep = true;
    return WEIR_OK;
}

static weir_err same(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    return key_of(ctx, in, out, user);
}

static weir_err left(weir_ctx *ctx, const void *key, const void *l, const void *r, void *out,
                     void *user)
{
    (void)ctx, (void)key, (void)r, (void)user;
    *(weir_slice *)out = *(const weir_slice *)l;
    return WEIR_OK;
}

static weir_err pass(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static const weir_processor_ops pass_ops = {"pass", NULL, pass, NULL};

static weir_stream source(weir_builder *b, const char *name)
{
    return weir_source(b, name, STRINGS, &(weir_source_opts){.name = name});
}

static weir_stream by_value(weir_stream in, const char *name)
{
    return weir_select_key(in, &weir_string, key_of, NULL, &(weir_named){name});
}

static weir_stream filtered(weir_stream in, const char *name)
{
    return weir_filter(in, all, NULL, &(weir_named){name});
}

/* A count named like its store, behind the topic <group>-repartition. */
static weir_table counted(weir_stream in, const char *group, const char *store)
{
    return weir_count(weir_group_by_key(in, group), store, &(weir_store_opts){.node = store});
}

/* ---- Descriptions ---- */

static char *describe(weir_builder *b, const char *optimization)
{
    weir_error error = {0};
    weir_config *config = weir_config_new();
    assert_int_equal(weir_config_set(config, "topology.optimization", optimization, &error),
                     WEIR_OK);
    weir_topology *topology = weir_build(b, config, &error);
    assert_string_equal(error.message, "");
    char *text = weir_topology_describe(topology);
    weir_topology_free(topology);
    weir_config_free(config);
    return text;
}

/* "<node> > <children>" of the node's line, or NULL. */
static void assert_below(const char *text, const char *node, const char *children)
{
    char line[128];
    snprintf(line, sizeof line, ": %s (", node);
    const char *at = strstr(text, line);
    if (at == NULL) {
        fail_msg("no node %s in\n%s", node, text);
    }
    at = strstr(at, "--> ");
    size_t length = strcspn(at + 4, "\n");
    if (length != strlen(children) || strncmp(at + 4, children, length) != 0) {
        fail_msg("%s: '%.*s', not '%s', in\n%s", node, (int)length, at + 4, children, text);
    }
}

static size_t topics_in(const char *text)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "-repartition])")) != NULL; at++) {
        count++;
    }
    return count;
}

/* ---- Merged repartition topics ---- */

static weir_builder *two_groupings(void)
{
    weir_builder *b = weir_builder_new();
    weir_stream keyed = by_value(source(b, "in"), "keyed");
    counted(keyed, "g1", "n1");
    counted(filtered(keyed, "some"), "g2", "n2");
    return b;
}

static void topics_below_one_change_of_keys_become_the_first_of_them(void **state)
{
    (void)state;
    char *text = describe(two_groupings(), "merge.repartition.topics");
    assert_below(text, "keyed", "g1-repartition-filter");
    assert_below(text, "g1-repartition-source", "some, n1");
    assert_below(text, "some", "n2");
    assert_int_equal(topics_in(text), 1);
    free(text);
}

static void nothing_is_moved_by_default(void **state)
{
    (void)state;
    static const char *const values[] = {"none", "reuse.ktable.source.topics"};
    for (size_t i = 0; i < 2; i++) {
        char *text = describe(two_groupings(), values[i]);
        assert_below(text, "keyed", "some, g1-repartition-filter");
        assert_int_equal(topics_in(text), 2);
        free(text);
    }
}

/* Kafka Streams fails to build this: "Found a null keyChangingChild node". */
static void two_groupings_behind_one_filter_share_a_topic(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream some = filtered(by_value(source(b, "in"), "keyed"), "some");
    counted(some, "g1", "n1");
    counted(some, "g2", "n2");
    char *text = describe(b, "all");
    assert_below(text, "keyed", "g1-repartition-filter");
    assert_below(text, "g1-repartition-source", "some");
    assert_below(text, "some", "n1, n2");
    assert_int_equal(topics_in(text), 1);
    free(text);
}

static void operators_beside_the_way_stay_above(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream keyed = by_value(source(b, "in"), "keyed");
    weir_stream other = filtered(keyed, "other");
    weir_to(other, "out", &(weir_sink_opts){.name = "out"});
    weir_stream some = filtered(keyed, "some");
    weir_to(some, "copies", &(weir_sink_opts){.name = "copies"});
    counted(some, "g1", "n1");
    char *text = describe(b, "all");
    assert_below(text, "keyed", "g1-repartition-filter, other");
    assert_below(text, "other", "out");
    assert_below(text, "some", "copies, n1");
    free(text);
}

static void a_topic_does_not_move_above_what_may_change_values(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        weir_builder *b = weir_builder_new();
        weir_stream keyed = by_value(source(b, "in"), "keyed");
        weir_named named = {"changed"};
        weir_process_opts opts = {.name = "changed"};
        weir_stream changed = i == 0 ? weir_map_values(keyed, &weir_string, same, NULL, &named)
                              : i == 1
                                  ? weir_process_values(keyed, &weir_string, &pass_ops, NULL, &opts)
                                  : weir_process(keyed, STRINGS, &pass_ops, NULL, &opts);
        counted(filtered(changed, "some"), "g1", "n1");
        char *text = describe(b, "all");
        assert_below(text, "keyed", "changed");
        assert_below(text, "changed", "some");
        assert_below(text, "some", "g1-repartition-filter");
        free(text);
    }
}

static void joins_by_key_share_the_topic(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream keyed = by_value(source(b, "in"), "keyed");
    weir_table t = weir_table_source(b, "t", "t", STRINGS, &(weir_store_opts){.node = "t"});
    counted(keyed, "g1", "n1");
    weir_stream joined = weir_left_join_table(filtered(keyed, "some"), t, &weir_string, left, NULL,
                                              &(weir_named){"joined"});
    weir_to(joined, "out", &(weir_sink_opts){.name = "out"});
    char *text = describe(b, "all");
    assert_below(text, "g1-repartition-source", "some, n1");
    assert_below(text, "some", "joined");
    assert_int_equal(topics_in(text), 1);
    free(text);
}

/* One side of the merge has its keys as they were; all records must go through the topic. */
static void a_topic_stays_below_a_merge(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream keyed = by_value(source(b, "in"), "keyed");
    weir_stream both = weir_merge(keyed, source(b, "other"), &(weir_named){"both"});
    counted(filtered(both, "some"), "g1", "n1");
    counted(both, "g2", "n2");
    char *text = describe(b, "all");
    assert_below(text, "keyed", "both");
    assert_below(text, "both", "g1-repartition-filter");
    assert_below(text, "g1-repartition-source", "some, n2");
    assert_int_equal(topics_in(text), 1);
    free(text);
}

/* Kafka Streams would move the first topic to below `keyed`, past the records of `again`. */
static void a_topic_below_a_merge_is_not_that_of_one_side(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream again = by_value(source(b, "other"), "again");
    weir_stream keyed = by_value(source(b, "in"), "keyed");
    weir_stream both = weir_merge(again, keyed, &(weir_named){"both"});
    counted(both, "g1", "n1");
    counted(keyed, "g2", "n2");
    char *text = describe(b, "all");
    assert_below(text, "again", "both");
    assert_below(text, "keyed", "both, g2-repartition-filter");
    assert_below(text, "both", "g1-repartition-filter");
    assert_int_equal(topics_in(text), 2);
    free(text);
}

/* Each way up through 50 merges would be one of 2^50. */
static void many_merges_are_looked_through_once(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = source(b, "in");
    for (int i = 0; i < 50; i++) {
        weir_stream left = weir_filter(in, all, NULL, NULL);
        in = weir_merge(left, weir_filter(in, all, NULL, NULL), NULL);
    }
    counted(by_value(in, "keyed"), "g1", "n1");
    weir_process_opts opts = {.name = "free"};
    counted(weir_process(in, STRINGS, &pass_ops, NULL, &opts), "g2", "n2");
    char *text = describe(b, "all");
    assert_below(text, "keyed", "g1-repartition-filter");
    assert_below(text, "free", "g2-repartition-filter");
    free(text);
}

static void a_repartition_by_hand_stays(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream some = filtered(by_value(source(b, "in"), "keyed"), "some");
    weir_stream again = weir_repartition(some, "r", NULL);
    counted(again, "g1", "n1");
    char *text = describe(b, "all");
    assert_below(text, "keyed", "some");
    assert_below(text, "some", "r-repartition-filter");
    assert_below(text, "r-repartition-source", "n1");
    free(text);
}

static void each_change_of_keys_has_a_topic_of_its_own(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream keyed = by_value(source(b, "in"), "keyed");
    weir_stream first = by_value(keyed, "first");
    counted(first, "g1", "n1");
    counted(by_value(keyed, "second"), "g2", "n2");
    char *text = describe(b, "all");
    assert_below(text, "first", "g1-repartition-filter");
    assert_below(text, "second", "g2-repartition-filter");
    assert_int_equal(topics_in(text), 2);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_below_one_change_of_keys_become_the_first_of_them),
        cmocka_unit_test(nothing_is_moved_by_default),
        cmocka_unit_test(two_groupings_behind_one_filter_share_a_topic),
        cmocka_unit_test(operators_beside_the_way_stay_above),
        cmocka_unit_test(a_topic_does_not_move_above_what_may_change_values),
        cmocka_unit_test(joins_by_key_share_the_topic),
        cmocka_unit_test(a_topic_stays_below_a_merge),
        cmocka_unit_test(a_topic_below_a_merge_is_not_that_of_one_side),
        cmocka_unit_test(many_merges_are_looked_through_once),
        cmocka_unit_test(a_repartition_by_hand_stays),
        cmocka_unit_test(each_change_of_keys_has_a_topic_of_its_own),
    };
    return cmocka_run_group_tests_name("topology_optimization", tests, NULL, NULL);
}
