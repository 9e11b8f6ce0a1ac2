/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON values: numbers stay as they were written, and memory belongs to the record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <yyjson.h>

#include "support/driven.h"

/* ---- One node between a topic "in" and a topic "out" --------------------------------------- */

static weir_topology *mapping(weir_map_values_fn fn, void *user)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_json, NULL);
    weir_to(weir_map_values(in, &weir_json, fn, user, &(weir_named){"map"}), "out", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_non_null(topology);
    return topology;
}

static void assert_sent(const driven *task, size_t index, const char *text)
{
    assert_true(index < task->sent_count);
    weir_slice value = driven_sent(task, index)->value;
    if (!weir_slice_equal(value, weir_slice_of(text))) {
        fail_msg("%s expected, got %.*s", text, (int)value.len, (const char *)value.data);
    }
}

/* The result of `fn` for the text `in`. */
static void assert_maps(weir_map_values_fn fn, void *user, const char *in, const char *out)
{
    weir_topology *topology = mapping(fn, user);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    if (driven_pipe(&task, "in", "k", in, 0) != WEIR_OK) {
        fail_msg("%s", task.error.message);
    }
    assert_sent(&task, 0, out);
    driven_close(&task);
    weir_topology_free(topology);
}

static void assert_fails(weir_map_values_fn fn, void *user, const char *in, weir_err code,
                         const char *message)
{
    weir_topology *topology = mapping(fn, user);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", in, 0), code);
    const char *text = strstr(task.error.message, "json: ");
    assert_non_null(text);
    assert_string_equal(text, message);
    driven_close(&task);
    weir_topology_free(topology);
}

static weir_err same(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_json_value *)out = *(const weir_json_value *)in->value;
    return WEIR_OK;
}

/* ---- Numbers as written -------------------------------------------------------------------- */

#define NUMBERS                                                                                    \
    "[19.99,0.1,1.10,-0,1E2,1e400,9223372036854775808,-18446744073709551617,"                      \
    "123456789012345678901234567890,0.12345678901234567890123,2.50e-3]"

static void numbers_pass_through_as_written(void **state)
{
    (void)state;
    assert_maps(same, NULL, NUMBERS, NUMBERS);
    assert_maps(same, NULL, "1.10", "1.10");
    assert_maps(same, NULL, " { \"a\\u0000b\" : \"\\u0000\" , \"a\":[ ] } ",
                "{\"a\\u0000b\":\"\\u0000\",\"a\":[]}");
}

static weir_err set_status(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    yyjson_mut_doc *doc = weir_json_edit(ctx, in->value);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
    yyjson_mut_obj_replace(root, yyjson_mut_str(doc, "status"), yyjson_mut_str(doc, "paid"));
    yyjson_mut_obj_add_int(doc, root, "items", 3);
    return weir_json_set(ctx, doc, out);
}

static void other_members_keep_their_numbers_when_one_changes(void **state)
{
    (void)state;
    assert_maps(set_status, NULL, "{\"total\":1.10,\"status\":\"open\",\"parts\":" NUMBERS "}",
                "{\"total\":1.10,\"status\":\"paid\",\"parts\":" NUMBERS ",\"items\":3}");
}

static weir_err made(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)in;
    char local[] = "a string on the stack";
    yyjson_mut_doc *doc = weir_json_new(ctx);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_str(doc, root, "text", local); /* not copied by yyjson */
    yyjson_mut_obj_add_real(doc, root, "price", 19.99);
    yyjson_mut_obj_add_val(doc, root, "exact", yyjson_mut_raw(doc, "19.990"));
    weir_err err = weir_json_set(ctx, doc, out);
    memset(local, '#', sizeof local - 1);
    *(bool *)user = yyjson_is_raw(yyjson_obj_get(((weir_json_value *)out)->root, "price"));
    return err;
}

static void a_value_made_in_a_callback_is_like_one_that_was_read(void **state)
{
    (void)state;
    bool number_is_text = false;
    assert_maps(made, &number_is_text, "null",
                "{\"text\":\"a string on the stack\",\"price\":19.99,\"exact\":19.990}");
    assert_true(number_is_text);
}

/* ---- Numbers read -------------------------------------------------------------------------- */

typedef struct numbers {
    int64_t i64;
    double f64;
} numbers;

static weir_err read_i64(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    weir_json_value *value = out;
    *value = *(const weir_json_value *)in->value;
    return weir_json_i64(ctx, yyjson_obj_get(value->root, "n"), &((numbers *)user)->i64);
}

static weir_err read_f64(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    weir_json_value *value = out;
    *value = *(const weir_json_value *)in->value;
    return weir_json_f64(ctx, yyjson_obj_get(value->root, "n"), &((numbers *)user)->f64);
}

static void assert_i64(const char *json, int64_t expected)
{
    numbers got = {.i64 = 7};
    assert_maps(read_i64, &got, json, json);
    assert_true(got.i64 == expected);
}

static void assert_f64(const char *json, double expected)
{
    numbers got = {.f64 = 7};
    assert_maps(read_f64, &got, json, json);
    assert_memory_equal(&got.f64, &expected, sizeof expected);
}

static void numbers_are_read_with_all_their_bits(void **state)
{
    (void)state;
    assert_i64("{\"n\":-42}", -42);
    assert_i64("{\"n\":9223372036854775807}", INT64_MAX);
    assert_i64("{\"n\":-9223372036854775808}", INT64_MIN);
    assert_i64("{\"n\":1E2}", 100);
    assert_i64("{\"n\":-3.0}", -3);
    assert_f64("{\"n\":19.99}", 19.99);
    assert_f64("{\"n\":1.10}", 1.1);
    assert_f64("{\"n\":-0.0}", -0.0);
    assert_f64("{\"n\":18446744073709551616}", 18446744073709551616.0);
}

static void a_value_that_is_no_such_number_is_an_error(void **state)
{
    (void)state;
    numbers got = {.i64 = 7, .f64 = 7};
    assert_fails(read_i64, &got, "{\"n\":9223372036854775808}", WEIR_EDECODE,
                 "json: /n: 9223372036854775808 is not an integer of 64 bits");
    assert_fails(read_i64, &got, "{\"n\":1.5}", WEIR_EDECODE,
                 "json: /n: 1.5 is not an integer of 64 bits");
    assert_fails(read_f64, &got, "{\"n\":1e400}", WEIR_EDECODE,
                 "json: /n: 1e400 is outside of what a double holds");
    assert_fails(read_f64, &got, "{\"n\":\"1\"}", WEIR_EDECODE,
                 "json: /n: a number is expected, there is string");
    assert_fails(read_i64, &got, "{}", WEIR_EDECODE,
                 "json: a number is expected, there is nothing (the member is missing)");
    assert_true(got.i64 == 7 && got.f64 >= 7 && got.f64 <= 7);
}

static weir_err read_deep(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    weir_json_value *value = out;
    *value = *(const weir_json_value *)in->value;
    yyjson_val *list = yyjson_obj_get(yyjson_obj_get(value->root, "a/b~"), "list");
    return weir_json_i64(ctx, yyjson_arr_get(yyjson_arr_get(list, 1), 2), user);
}

static void an_error_names_the_place_of_the_value_in_its_document(void **state)
{
    (void)state;
    int64_t got = 7;
    assert_fails(read_deep, &got,
                 "{\"x\":[0],\"a/b~\":{\"y\":1,\"list\":[[1,2,3],[4,5,{\"z\":6}]]}}", WEIR_EDECODE,
                 "json: /a~1b~0/list/1/2: a number is expected, there is object");
    assert_int_equal(got, 7);
}

/* ---- Values that cannot be ------------------------------------------------------------------ */

static weir_err set_without_root(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)in;
    (void)user;
    return weir_json_set(ctx, weir_json_new(ctx), out);
}

static weir_err set_not_a_number(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)in;
    (void)user;
    yyjson_mut_doc *doc = weir_json_new(ctx);
    yyjson_mut_doc_set_root(doc, yyjson_mut_real(doc, 0.0 / 0.0));
    return weir_json_set(ctx, doc, out);
}

static weir_err set_broken_text(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)in;
    (void)user;
    yyjson_mut_doc *doc = weir_json_new(ctx);
    yyjson_mut_doc_set_root(doc, yyjson_mut_raw(doc, "1,2"));
    return weir_json_set(ctx, doc, out);
}

static void values_that_json_lacks_are_refused_where_they_are_made(void **state)
{
    (void)state;
    assert_fails(set_without_root, NULL, "1", WEIR_EINVAL,
                 "json: a document without root is no value");
    assert_fails(set_not_a_number, NULL, "1", WEIR_EINVAL,
                 "json: the value cannot be written: nan or inf number is not allowed");
    assert_fails(set_broken_text, NULL, "1", WEIR_EDECODE,
                 "json: unexpected content after document (line 1, column 2)");
}

/* `depth` arrays in each other. */
static void nest(char *out, size_t depth)
{
    memset(out, '[', depth);
    memset(out + depth, ']', depth);
    out[2 * depth] = '\0';
}

static void text_that_nests_too_deep_is_not_decoded(void **state)
{
    (void)state;
    static char text[2 * WEIR_JSON_DEPTH_MAX + 3];
    nest(text, WEIR_JSON_DEPTH_MAX);
    assert_maps(same, NULL, text, text);
    nest(text, WEIR_JSON_DEPTH_MAX + 1);
    assert_fails(same, NULL, text, WEIR_EDECODE, "json: nested deeper than 1000 levels");
}

static void brackets_in_strings_and_beside_each_other_are_not_deep(void **state)
{
    (void)state;
    static char text[8 * WEIR_JSON_DEPTH_MAX];
    size_t used = 0;
    text[used++] = '[';
    for (size_t i = 0; i < WEIR_JSON_DEPTH_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s[]", i > 0 ? "," : "");
    }
    snprintf(text + used, sizeof text - used, ",\"\\\\\\\"[[\"]");
    assert_maps(same, NULL, text, text);
}

/* ---- In stores ------------------------------------------------------------------------------ */

static weir_err begin_total(weir_ctx *ctx, void *out, void *user)
{
    (void)user;
    yyjson_mut_doc *doc = weir_json_new(ctx);
    yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
    return weir_json_set(ctx, doc, out);
}

/* Each record becomes a member of its key's object, named by its place there. */
static weir_err add_member(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                           void *user)
{
    (void)user;
    static const char *const names[] = {"a", "b", "c"};
    const weir_json_value *more = in->value;
    yyjson_mut_doc *doc = weir_json_edit(ctx, aggregate);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
    yyjson_mut_obj_add_val(doc, root, names[yyjson_mut_obj_size(root)],
                           yyjson_val_mut_copy(doc, more->root));
    return weir_json_set(ctx, doc, out);
}

static void aggregate_json(size_t cache_bytes)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_json, NULL);
    weir_grouped grouped = weir_group_by_key(in, NULL);
    weir_table total = weir_aggregate(grouped, begin_total, add_member, NULL, "totals",
                                      &(weir_store_opts){.value = &weir_json});
    weir_to(weir_to_stream(total, NULL), "out", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_non_null(topology);
    driven task = {.cache_bytes = cache_bytes};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "1.10", 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "other", "-0", 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "{\"x\":1e400}", 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "12345678901234567890123", 0), WEIR_OK);
    assert_int_equal(driven_commit(&task), WEIR_OK);
    size_t last = 0;
    for (size_t i = 0; i < task.sent_count; i++) {
        bool output = strcmp(driven_sent(&task, i)->topic, "out") == 0;
        last =
            output && weir_slice_equal(driven_sent(&task, i)->key, weir_slice_of("k")) ? i : last;
    }
    assert_sent(&task, last, "{\"a\":1.10,\"b\":{\"x\":1e400},\"c\":12345678901234567890123}");
    driven_close(&task);
    weir_topology_free(topology);
}

static void aggregates_keep_the_numbers_of_all_records(void **state)
{
    (void)state;
    aggregate_json(0);
    aggregate_json(1 << 20);
}

static weir_err join_both(weir_ctx *ctx, const void *key, const void *left, const void *right,
                          void *out, void *user)
{
    (void)key;
    (void)user;
    yyjson_mut_doc *doc = weir_json_edit(ctx, left);
    yyjson_val *price = yyjson_obj_get(((const weir_json_value *)right)->root, "price");
    yyjson_mut_obj_add_val(doc, yyjson_mut_doc_get_root(doc), "price",
                           yyjson_val_mut_copy(doc, price));
    return weir_json_set(ctx, doc, out);
}

static void a_join_takes_members_of_both_sides(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_table prices = weir_table_source(b, "prices", "prices", &weir_string, &weir_json, NULL);
    weir_stream orders = weir_source(b, "orders", &weir_string, &weir_json, NULL);
    weir_to(weir_join_table(orders, prices, &weir_json, join_both, NULL, NULL), "out", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_non_null(topology);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "prices", "k", "{\"price\":19.90,\"x\":1}", 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "orders", "k", "{\"count\":1E1}", 1), WEIR_OK);
    assert_sent(&task, task.sent_count - 1, "{\"count\":1E1,\"price\":19.90}");
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_pass_through_as_written),
        cmocka_unit_test(other_members_keep_their_numbers_when_one_changes),
        cmocka_unit_test(a_value_made_in_a_callback_is_like_one_that_was_read),
        cmocka_unit_test(numbers_are_read_with_all_their_bits),
        cmocka_unit_test(a_value_that_is_no_such_number_is_an_error),
        cmocka_unit_test(an_error_names_the_place_of_the_value_in_its_document),
        cmocka_unit_test(values_that_json_lacks_are_refused_where_they_are_made),
        cmocka_unit_test(text_that_nests_too_deep_is_not_decoded),
        cmocka_unit_test(brackets_in_strings_and_beside_each_other_are_not_deep),
        cmocka_unit_test(aggregates_keep_the_numbers_of_all_records),
        cmocka_unit_test(a_join_takes_members_of_both_sides),
    };
    return cmocka_run_group_tests_name("process_json", tests, NULL, NULL);
}
