/* SPDX-License-Identifier: Apache-2.0
 *
 * What errors of weir_build call an operator: its kind, its name, its inputs. */
#include "support/refused.h"
#include "topology_kit.h"

static weir_stream strings(weir_builder *b, const char *topic, const char *name)
{
    return weir_source(b, topic, &weir_string, &weir_string, &(weir_source_opts){.name = name});
}

static weir_err forward(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static const weir_processor_ops forward_ops = {"forward", NULL, forward, NULL};

static weir_err number_of(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)
{
    (void)ctx, (void)in, (void)user;
    *(int64_t *)key_out = 1;
    return WEIR_OK;
}

static void a_key_function_of_another_type_than_the_global_table(void **state)
{
    (void)state;
    weir_global_join_opts opts = {.name = "j", .key_fn = number_of, .key = &weir_i64};
    weir_builder *b = weir_builder_new();
    weir_global_table all = weir_global_table_source(b, "g", "g", &weir_string, &weir_string, NULL);
    weir_join_global(strings(b, "in", "in"), all, &weir_string, kit_join, NULL, &opts);
    refused(b, WEIR_ETYPE,
            "join 'j' of stream 'in' and global table 'g': what key_fn gives is i64, table key is "
            "string");
    opts.key_fn = NULL;
    b = weir_builder_new();
    all = weir_global_table_source(b, "g", "g", &weir_string, &weir_string, NULL);
    weir_left_join_global(strings(b, "in", "in"), all, &weir_string, kit_join, NULL, &opts);
    refused(b, WEIR_EINVAL,
            "left_join 'j' of stream 'in' and global table 'g': `key` is for a key_fn, which is "
            "NULL");
}

/* Both builders have the error. */
static void refused_twice(weir_builder *one, weir_builder *other, const char *text)
{
    refused(one, WEIR_EINVAL, text);
    refused(other, WEIR_EINVAL, text);
}

static void inputs_of_two_builders(void **state)
{
    (void)state;
    weir_builder *a = weir_builder_new();
    weir_builder *b = weir_builder_new();
    weir_table t = weir_table_source(b, "t", "rows", &weir_string, &weir_string, NULL);
    weir_left_join_table(strings(a, "in", "in"), t, &weir_string, kit_join, NULL,
                         &(weir_named){"j"});
    refused_twice(a, b,
                  "left_join 'j' of stream 'in' and table 'rows': the two belong to two builders");
    a = weir_builder_new();
    b = weir_builder_new();
    weir_merge(strings(a, "one", "one"), strings(b, "two", "two"), NULL);
    refused_twice(a, b, "merge of streams 'one' and 'two': the two belong to two builders");
    a = weir_builder_new();
    weir_table u = weir_table_source(a, "u", "u", &weir_string, &weir_string, NULL);
    weir_table_outer_join(u, (weir_table){0}, kit_join, NULL, NULL, NULL);
    refused(a, WEIR_EINVAL, "outer_join of table 'u' and a handle that no operator gave");
}

static void an_operator_that_has_no_name_is_named_by_its_input(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_process(strings(b, "in", "in"), &weir_string, &weir_string, NULL, NULL, NULL);
    refused(b, WEIR_EINVAL, "process below 'in' needs a process function");
    b = weir_builder_new();
    weir_reduce(weir_group_by_key(strings(b, "in", "in"), NULL), NULL, NULL, NULL, NULL);
    refused(b, WEIR_EINVAL, "reduce below 'in' lacks a function");
    b = weir_builder_new();
    weir_repartition(strings(b, "in", "in"), NULL, NULL);
    refused(b, WEIR_EINVAL, "repartition below 'in' needs a name, for its topic");
    b = weir_builder_new();
    weir_repartition(strings(b, "in", "in"), "r", &(weir_repartition_opts){.partitions = -2});
    refused(b, WEIR_EINVAL,
            "repartition 'r' below 'in': its number of partitions is -2, less than 0");
    b = weir_builder_new();
    weir_map_values(strings(b, "in", "in"), &weir_string, NULL, NULL, &(weir_named){""});
    refused(b, WEIR_EINVAL, "map_values '' below 'in' needs a function");
    b = weir_builder_new();
    weir_count(weir_group_by_key(strings(b, "in", "in"), NULL), "",
               &(weir_store_opts){.node = "counts"});
    refused(b, WEIR_ETOPOLOGY,
            "count 'counts': store name '' must have 1 to 249 characters and not be \".\" or "
            "\"..\"");
}

static void a_repartition_of_other_types(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_repartition(strings(b, "in", "in"), "r", &(weir_repartition_opts){.key = &weir_i64});
    refused(b, WEIR_ETYPE,
            "repartition 'r' below 'in': the stream's key is string, its key is i64");
    b = weir_builder_new();
    weir_repartition(strings(b, "in", "in"), "r", &(weir_repartition_opts){.value = &weir_i64});
    refused(b, WEIR_ETYPE,
            "repartition 'r' below 'in': the stream's value is string, its value is i64");
}

/* A source without a name is known by its topic. */
static void an_input_that_has_no_name_is_named_by_its_topic(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "orders", &weir_string, &weir_string, NULL);
    weir_filter(in, NULL, NULL, NULL);
    refused(b, WEIR_EINVAL, "filter below 'orders' needs a function");
}

static void a_missing_serde_names_operator_and_result(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_join(strings(b, "l", "l"), strings(b, "r", "r"), weir_join_within(1, 1, 0), NULL, kit_join,
              NULL, NULL);
    refused(b, WEIR_ETYPE,
            "join of streams 'l' and 'r' has no serde for its result, and default.value.serde is "
            "not set");
    b = weir_builder_new();
    weir_process(strings(b, "in", "in"), &weir_string, NULL, &forward_ops, NULL,
                 &(weir_process_opts){.name = "p"});
    refused(b, WEIR_ETYPE,
            "process 'p' has no serde for its value, and default.value.serde is not set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repartition_of_other_types),
        cmocka_unit_test(a_key_function_of_another_type_than_the_global_table),
        cmocka_unit_test(inputs_of_two_builders),
        cmocka_unit_test(an_operator_that_has_no_name_is_named_by_its_input),
        cmocka_unit_test(an_input_that_has_no_name_is_named_by_its_topic),
        cmocka_unit_test(a_missing_serde_names_operator_and_result),
    };
    return cmocka_run_group_tests_name("operator names", tests, NULL, NULL);
}
