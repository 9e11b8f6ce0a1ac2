/* SPDX-License-Identifier: Apache-2.0
 *
 * cogroup: names, inputs, errors. What it computes is in the recorded cases. */
#include <stdio.h>

#include "support/driven.h"
#include "topology_kit.h"

/* ---- Callbacks: an aggregate counts "1" for a record of the first kind, "10" of the second. ----
 */

static weir_err zero(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = 0;
    return WEIR_OK;
}

static weir_err add(const void *aggregate, void *out, int64_t more)
{
    *(int64_t *)out = *(const int64_t *)aggregate + more;
    return WEIR_OK;
}

static weir_err add_one(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                        void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    return add(aggregate, out, 1);
}

static weir_err add_ten(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                        void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    return add(aggregate, out, 10);
}

static weir_stream strings(weir_builder *b, const char *topic)
{
    return weir_source(b, topic, &weir_string, &weir_string, NULL);
}

static const weir_store_opts numbers = {.value = &weir_i64};

static weir_topology *built(weir_builder *b)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    return topology;
}

static void refused(weir_builder *b, weir_err code, const char *text)
{
    weir_error error = {0};
    assert_null(weir_build(b, NULL, &error));
    assert_non_null(strstr(error.message, text));
    assert_int_equal(error.code, code);
}

static void to(weir_table table, const char *topic)
{
    weir_to(weir_to_stream(table, NULL), topic, NULL);
}

static int64_t last_number(const driven *task, const char *topic)
{
    for (size_t i = task->sent_count; i-- > 0;) {
        const weir__message_view *sent = driven_sent(task, i);
        if (strcmp(sent->topic, topic) == 0) {
            assert_int_equal(sent->value.len, 8);
            return ((const uint8_t *)sent->value.data)[7];
        }
    }
    fail_msg("nothing was sent to %s", topic);
    return -1;
}

/* ---- Tests ---- */

static void nodes_and_store_are_numbered_as_by_kafka(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_grouped other = weir_group_by(strings(b, "b"), "by", &weir_string, kit_value_as_key, NULL);
    weir_cogrouped all =
        weir_cogroup_add(weir_cogroup(weir_group_by_key(strings(b, "a"), NULL), add_one, NULL),
                         other, add_ten, NULL);
    weir_cogroup_aggregate(all, zero, NULL, NULL, &numbers);
    weir_topology *topology = built(b);
    char *text = weir_topology_describe(topology);
    /* Two sources and the key change, the store, 3 of the repartition, the inputs, the table. */
    assert_non_null(strstr(text, "Processor: COGROUPKSTREAM-AGGREGATE-0000000007 (stores: "
                                 "[COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000003])\n"));
    assert_non_null(strstr(text, "      --> COGROUPKSTREAM-MERGE-0000000009\n"
                                 "      <-- by-repartition-source\n"));
    free(text);
    weir_topology_free(topology);
}

static void adding_a_grouping_again_replaces_its_aggregator(void **state)
{
    (void)state;
    driven task = {0};
    weir_builder *b = weir_builder_new();
    weir_grouped one = weir_group_by_key(strings(b, "a"), NULL);
    weir_grouped two = weir_group_by_key(strings(b, "b"), NULL);
    weir_cogrouped all = weir_cogroup_add(weir_cogroup(one, add_one, NULL), two, add_ten, NULL);
    to(weir_cogroup_aggregate(weir_cogroup_add(all, one, add_ten, NULL), zero, NULL, "again",
                              &numbers),
       "again");
    to(weir_cogroup_aggregate(all, zero, NULL, "before", &numbers), "before");
    weir_topology *topology = built(b);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "a", "k", "v", 1), WEIR_OK);
    assert_int_equal(last_number(&task, "again"), 10);
    assert_int_equal(last_number(&task, "before"), 1);
    assert_int_equal(driven_pipe(&task, "b", "k", "v", 2), WEIR_OK);
    assert_int_equal(last_number(&task, "again"), 20);
    assert_int_equal(last_number(&task, "before"), 11);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_grouping_may_have_aggregations_of_its_own(void **state)
{
    (void)state;
    driven task = {0};
    weir_builder *b = weir_builder_new();
    weir_grouped by = weir_group_by(strings(b, "a"), "by", &weir_string, kit_value_as_key, NULL);
    to(weir_count(by, "counts", NULL), "counts");
    weir_cogrouped all = weir_cogroup(by, add_ten, NULL);
    to(weir_cogroup_aggregate(all, zero, NULL, "tens", &numbers), "tens");
    weir_topology *topology = built(b);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "a", "k", "v", 1), WEIR_OK);
    assert_int_equal(last_number(&task, "counts"), 1);
    assert_int_equal(last_number(&task, "tens"), 10);
    driven_close(&task);
    weir_topology_free(topology);
}

static void records_without_key_or_value_are_dropped(void **state)
{
    (void)state;
    driven task = {0};
    weir_builder *b = weir_builder_new();
    weir_cogrouped all = weir_cogroup(weir_group_by_key(strings(b, "a"), NULL), add_one, NULL);
    to(weir_cogroup_aggregate(all, zero, NULL, "ones", &numbers), "ones");
    weir_topology *topology = built(b);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "a", NULL, "v", 1), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "a", "k", NULL, 2), WEIR_OK);
    assert_int_equal(driven_dropped(&task), 2);
    assert_int_equal(task.sent_count, 0);
    driven_close(&task);
    weir_topology_free(topology);
}

static void inputs_with_other_keys_are_refused(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream other = weir_source(b, "b", &weir_i64, &weir_string, NULL);
    weir_cogrouped all =
        weir_cogroup_add(weir_cogroup(weir_group_by_key(strings(b, "a"), NULL), add_one, NULL),
                         weir_group_by_key(other, NULL), add_ten, NULL);
    weir_cogroup_aggregate(all, zero, NULL, "s",
                           &(weir_store_opts){.value = &weir_i64, .node = "n"});
    refused(b, WEIR_ETYPE, "cogroup 'n': the key of its first input");
}

static void an_input_that_needs_a_topic_without_any_name_is_refused(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_grouped by = weir_group_by(strings(b, "a"), NULL, &weir_string, kit_value_as_key, NULL);
    weir_cogroup_aggregate(weir_cogroup(by, add_one, NULL), zero, NULL, NULL, &numbers);
    refused(b, WEIR_ETOPOLOGY, "must be repartitioned: name it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_and_store_are_numbered_as_by_kafka),
        cmocka_unit_test(adding_a_grouping_again_replaces_its_aggregator),
        cmocka_unit_test(a_grouping_may_have_aggregations_of_its_own),
        cmocka_unit_test(records_without_key_or_value_are_dropped),
        cmocka_unit_test(inputs_with_other_keys_are_refused),
        cmocka_unit_test(an_input_that_needs_a_topic_without_any_name_is_refused),
    };
    return cmocka_run_group_tests_name("cogroup", tests, NULL, NULL);
}
