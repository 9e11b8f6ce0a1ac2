/* SPDX-License-Identifier: Apache-2.0
 *
 * Types of processors: what weir_build compares, what is compared when a store is opened, and what
 * the compiler sees (tests/tidy/typed). */
#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/typed.h>

#include "support/refused.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string

/* Sums the numbers of each key. */
WEIR_PROCESSOR_TYPES(sum_types, weir_string, weir_i64, weir_string, weir_i64)
WEIR_TYPED_STORE(sums, weir_string, weir_i64)

static weir_err sum(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const int64_t *before = NULL;
    sums store = sums_open(ctx, "sums");
    weir_err err = sums_get(store, sum_types_key(in), &before, NULL);
    int64_t now = *sum_types_value(in) + (before != NULL ? *before : 0);
    if (err == WEIR_OK) {
        err = sums_put(store, sum_types_key(in), &now, in->timestamp_ms);
    }
    return err == WEIR_OK ? sum_types_forward(ctx, in, sum_types_key(in), &now) : err;
}

static const weir_processor_ops sum_ops = {"sum", NULL, sum, NULL};

static weir_stream numbers(weir_builder *b)
{
    return weir_source(b, "in", &weir_string, &weir_i64, &(weir_source_opts){.name = "in"});
}

/* A topology whose store has values of that serde. */
static weir_topology *summing(const weir_config *config, weir_error *error, void *user)
{
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "sums", &(weir_store_opts){.key = &weir_string, .value = user}, NULL);
    weir_to(weir_process(
                numbers(b), &weir_string, &weir_i64, &sum_ops, NULL,
                &(weir_process_opts){.name = "sum", .stores = LIST("sums"), .types = &sum_types}),
            "out", NULL);
    return weir_build(b, config, error);
}

static weir_sync *made(const weir_serde *value)
{
    weir_sync_opts opts = {.build = summing,
                           .build_user = (void *)(uintptr_t)value,
                           .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(NULL, &opts, NULL);
    assert_non_null(sync);
    return sync;
}

static void a_typed_processor_uses_a_typed_store(void **state)
{
    (void)state;
    weir_sync *sync = made(&weir_i64);
    weir_input in = weir_sync_input(sync, "in", &weir_string, &weir_i64);
    weir_input_send(in, &(weir_input_record){.key = weir_text("a"), .value = &(int64_t){5}});
    weir_input_send(in, &(weir_input_record){.key = weir_text("a"), .value = &(int64_t){7}});
    weir_rows *expected = weir_sync_rows(sync, &weir_string, &weir_i64);
    weir_rows_add(expected, weir_text("a"), &(int64_t){5});
    weir_rows_add(expected, weir_text("a"), &(int64_t){12});
    weir_assert_same_list(weir_output_all(weir_sync_output(sync, "out", &weir_string, &weir_i64)),
                          expected);
    weir_sync_free(sync);
}

static void a_store_of_other_types_is_not_opened(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(&weir_f64);
    weir_input in = weir_sync_input(sync, "in", &weir_string, &weir_i64);
    weir_err err = weir_input_try_send(
        in, &(weir_input_record){.key = weir_text("a"), .value = &(int64_t){5}}, &error);
    assert_int_equal(err, WEIR_EINVAL);
    assert_non_null(strstr(error.message,
                           "the store 'sums': its values are f64, this processor takes them for "
                           "i64"));
    weir_sync_free(sync);
}

/* ---- weir_build --------------------------------------------------------------------------- */

static void a_processor_of_the_dsl_has_the_types_of_its_stream(void **state)
{
    (void)state;
    const weir_process_opts opts = {.name = "sum", .types = &sum_types};
    weir_builder *b = weir_builder_new();
    weir_process(weir_source(b, "in", STRINGS, &(weir_source_opts){.name = "in"}), &weir_string,
                 &weir_i64, &sum_ops, NULL, &opts);
    refused(b, WEIR_ETYPE,
            "processor 'sum' below 'in': its parent's value is string, the value it takes is i64");
    b = weir_builder_new();
    weir_process(numbers(b), &weir_string, &weir_f64, &sum_ops, NULL, &opts);
    refused(b, WEIR_ETYPE,
            "processor 'sum': the value of its records is f64, what it forwards as value is i64");
    b = weir_builder_new();
    weir_process_values(numbers(b), &weir_f64, &sum_ops, NULL, &opts);
    refused(b, WEIR_ETYPE,
            "processor 'sum': the value of its records is f64, what it forwards as value is i64");
}

/* in --> first --> second --> out, with the types of each processor. */
static weir_builder *chain(const weir_processor_types *first, const weir_processor_types *second,
                           const weir_serde *written)
{
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), &weir_string, &weir_i64, NULL);
    weir_add_processor(b, "first", LIST("in"), &sum_ops, NULL);
    if (second != NULL) {
        weir_declare_types(b, "second", second); /* before it is added */
    }
    weir_add_processor(b, "second", LIST("first"), &sum_ops, NULL);
    weir_add_sink(b, "out", LIST("second"), "out", &weir_string, written, NULL);
    weir_declare_types(b, "first", first);
    return b;
}

static void processors_and_sinks_have_the_types_that_their_parents_forward(void **state)
{
    (void)state;
    const weir_processor_types as_text = {&weir_string, &weir_i64, STRINGS};
    const weir_processor_types texts = {STRINGS, STRINGS};
    const weir_processor_types any = {&weir_string, NULL, NULL, NULL};
    weir_error error = {0};
    weir_topology *topology = weir_build(chain(&as_text, &texts, &weir_string), NULL, &error);
    assert_string_equal(error.message, "");
    weir_topology_free(topology);
    topology = weir_build(chain(&sum_types, &any, &weir_string), NULL, &error);
    assert_string_equal(error.message, "");
    weir_topology_free(topology);
    refused(chain(&as_text, &sum_types, &weir_i64), WEIR_ETYPE,
            "processor 'second' below 'first': its parent's value is string, the value it takes is "
            "i64");
    refused(chain(&texts, &texts, &weir_string), WEIR_ETYPE,
            "processor 'first' below 'in': its parent's value is i64, the value it takes is "
            "string");
    refused(chain(&as_text, &texts, &weir_i64), WEIR_ETYPE,
            "sink 'out' below 'second': its parent's value is string, its value is i64");
}

static void types_are_for_processors_of_the_program(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    numbers(b);
    weir_declare_types(b, "nobody", &sum_types);
    refused(b, WEIR_ENOTFOUND, "types are declared for processor 'nobody', which is not there");
    b = weir_builder_new();
    weir_merge(numbers(b), numbers(b), &(weir_named){"both"});
    weir_declare_types(b, "both", &sum_types);
    refused(b, WEIR_ETOPOLOGY,
            "types are declared for 'both', an operator: it has those of its arguments");
}

static void the_processor_of_a_global_store_has_the_types_of_the_topic(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "sums", &(weir_store_opts){.key = &weir_string, .value = &weir_i64}, NULL);
    weir_add_global_store(b, "all", "sums", STRINGS, &sum_ops, NULL,
                          &(weir_global_store_opts){.name = "fill", .types = &sum_types});
    refused(b, WEIR_ETYPE,
            "processor 'fill' below 'fill-source': its parent's value is string, the value it "
            "takes is i64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typed_processor_uses_a_typed_store),
        cmocka_unit_test(a_store_of_other_types_is_not_opened),
        cmocka_unit_test(a_processor_of_the_dsl_has_the_types_of_its_stream),
        cmocka_unit_test(processors_and_sinks_have_the_types_that_their_parents_forward),
        cmocka_unit_test(types_are_for_processors_of_the_program),
        cmocka_unit_test(the_processor_of_a_global_store_has_the_types_of_the_topic),
    };
    return cmocka_run_group_tests_name("processor types", tests, NULL, NULL);
}
