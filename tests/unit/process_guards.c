/* SPDX-License-Identifier: Apache-2.0
 *
 * A callback that writes past the end of its output buffer: the error names node and callback, in
 * all builds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/poison.h"
#include "support/driven.h"

#define WRITTEN_PAST ((size_t)2000)

/* As a callback does without AddressSanitizer; it would stop the test here. */
__attribute__((no_sanitize_address)) static void write_past(void *out, size_t size)
{
    volatile unsigned char *at = out;
    for (size_t i = 0; i < WRITTEN_PAST; i++) {
        at[size + i] = 7;
    }
}

/* ---- Callbacks ----------------------------------------------------------------------------- */

static weir_err value_past(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *(int64_t *)out = 1;
    write_past(out, sizeof(int64_t));
    return WEIR_OK;
}

static weir_err failing_past(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    value_past(ctx, in, out, user);
    return weir_fail(ctx, WEIR_EUSER, "something else");
}

__attribute__((no_sanitize_address)) static weir_err byte_past(weir_ctx *ctx, const weir_record *in,
                                                               void *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    ((volatile unsigned char *)out)[sizeof(int64_t)] = 0;
    return WEIR_OK;
}

static weir_err key_past(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,
                         void *user)
{
    (void)ctx;
    (void)in;
    if (user != NULL) {
        write_past(key_out, sizeof(int64_t));
    } else {
        write_past(value_out, sizeof(int64_t));
    }
    return WEIR_OK;
}

static weir_err init_past(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    if (user != NULL) {
        write_past(out, sizeof(int64_t));
    }
    return WEIR_OK;
}

static weir_err aggregate_past(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                               void *out, void *user)
{
    (void)aggregate;
    return value_past(ctx, in, out, user);
}

static weir_err reduce_past(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                            void *user)
{
    (void)aggregate;
    (void)value;
    return value_past(ctx, NULL, out, user);
}

static weir_err join_past(weir_ctx *ctx, const void *key, const void *left, const void *right,
                          void *out, void *user)
{
    (void)key;
    (void)left;
    (void)right;
    return value_past(ctx, NULL, out, user);
}

static weir_err alloc_past(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)in;
    (void)user;
    weir_alloc(ctx, 8);
    write_past(weir_alloc(ctx, 24), 24);
    weir_alloc(ctx, 8);
    return WEIR_OK;
}

static weir_err on_time(weir_ctx *ctx, int64_t time_ms, void *state)
{
    (void)time_ms;
    (void)state;
    write_past(weir_alloc(ctx, 5), 5);
    return WEIR_OK;
}

static weir_err open_punctuating(weir_ctx *ctx, void *user, void **state)
{
    (void)user;
    (void)state;
    return weir_schedule(ctx, WEIR_STREAM_TIME, 10, on_time, NULL);
}

static weir_err forward(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static weir_err forgive(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_forward(ctx, in);
    return WEIR_OK;
}

static const weir_processor_ops punctuating = {"punctuating", open_punctuating, forward, NULL};
static const weir_processor_ops forgiving = {"forgiving", NULL, forgive, NULL};

static weir_err decode_past(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    write_past(out, 4);
    return WEIR_OK;
}

static weir_err encode_past(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)in;
    (void)user;
    write_past(weir_alloc(ctx, 10), 10);
    return weir_put(out, "x", 1);
}

static weir_err decode_good(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(int32_t *)out = (int32_t)in.len;
    return WEIR_OK;
}

static const weir_serde bad_decode = {
    .name = "point", .size = 4, .decode = decode_past, .encode = encode_past};
static const weir_serde bad_encode = {
    .name = "spot", .size = 4, .decode = decode_good, .encode = encode_past};

static int64_t time_past(weir_ctx *ctx, const weir_record *record, int64_t partition_time_ms,
                         void *user)
{
    (void)record;
    (void)partition_time_ms;
    (void)user;
    write_past(weir_alloc(ctx, 3), 3);
    return 0;
}

/* ---- Cases --------------------------------------------------------------------------------- */

static void fail_with(weir_builder *b, weir_err code, const char *message)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    driven task = {0};
    assert_non_null(topology);
    weir_err err = driven_open(&task, topology, 0);
    const weir_slice number = {"\0\0\0\0\0\0\0\1", 8};
    weir_slice key = weir_slice_of("k");
    if (err == WEIR_OK && topology->nodes[0].kind == WEIR__SOURCE &&
        driven_task(&task)->queue_count > 1) {
        err = driven_pipe_record(&task, "side", key, number, 0, NULL, 0);
    }
    for (int i = 0; i < 2 && err == WEIR_OK; i++) {
        err = driven_pipe_record(&task, "in", key, number, 100 * i, NULL, 0);
    }
    assert_int_equal(err, code);
    const char *text = strstr(task.error.message, "node '");
    assert_non_null(text);
    if (strncmp(text, message, strlen(message)) != 0) {
        fail_msg("%s expected, got %s", message, text);
    }
    driven_close(&task);
    weir_topology_free(topology);
}

static weir_stream source(weir_builder *b)
{
    return weir_source(b, "in", &weir_string, &weir_i64, &(weir_source_opts){.name = "in"});
}

#define AT "task 0_0, in-0@"
#define PAST " wrote past the end of its result, 8 bytes of i64"

static void results_of_functions_are_checked(void **state)
{
    (void)state;
    const weir_named named = {"n"};
    weir_builder *b = weir_builder_new();
    weir_map_values(source(b), &weir_i64, value_past, NULL, &named);
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the map_values function" PAST);
    b = weir_builder_new();
    weir_map_values(source(b), &weir_i64, byte_past, NULL, &named);
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the map_values function" PAST);
    b = weir_builder_new();
    weir_select_key(source(b), &weir_i64, value_past, NULL, &named);
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the key function" PAST);
    b = weir_builder_new();
    weir_map(source(b), &weir_i64, &weir_i64, key_past, NULL, &named);
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the map function" PAST);
    b = weir_builder_new();
    weir_map(source(b), &weir_i64, &weir_i64, key_past, b, &named);
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the map function" PAST);
}

static void results_of_aggregations_are_checked(void **state)
{
    (void)state;
    const weir_store_opts opts = {.node = "n", .value = &weir_i64};
    weir_builder *b = weir_builder_new();
    weir_aggregate(weir_group_by_key(source(b), NULL), init_past, aggregate_past, b, "s", &opts);
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the initializer" PAST);
    b = weir_builder_new();
    weir_aggregate(weir_group_by_key(source(b), NULL), init_past, aggregate_past, NULL, "s", &opts);
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the aggregator" PAST);
    b = weir_builder_new();
    weir_reduce(weir_group_by_key(source(b), NULL), reduce_past, NULL, "s", &opts);
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "1: the reducer" PAST);
}

static void results_of_joins_are_checked(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table side = weir_table_source(b, "side", "side", &weir_string, &weir_i64, NULL);
    weir_join_table(source(b), side, &weir_i64, join_past, NULL, &(weir_named){"n"});
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the joiner" PAST);
    b = weir_builder_new();
    weir_global_table all = weir_global_table_source(b, "side", "side", &weir_i64, &weir_i64, NULL);
    weir_left_join_global(source(b), all, &weir_i64, join_past, NULL,
                          &(weir_global_join_opts){.name = "n", .key_fn = value_past});
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the key function" PAST);
}

static void areas_of_weir_alloc_are_checked(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_flat_map(source(b), &weir_string, &weir_i64, alloc_past, NULL, &(weir_named){"n"});
    fail_with(b, WEIR_EOVERRUN,
              "node 'n', " AT "0: the callback wrote past the end of 24 bytes of weir_alloc");
    b = weir_builder_new();
    weir_process(source(b), &weir_string, &weir_i64, &punctuating, NULL,
                 &(weir_process_opts){.name = "n"});
    fail_with(b, WEIR_EOVERRUN,
              "node 'n', task 0_0: the punctuation wrote past the end of 5 bytes of weir_alloc");
    b = weir_builder_new();
    weir_source(b, "in", &weir_string, &weir_i64,
                &(weir_source_opts){.name = "n", .timestamp = time_past});
    fail_with(b, WEIR_EOVERRUN,
              "node 'n', " AT "0: the timestamp function wrote past the end of 3 bytes of "
              "weir_alloc");
}

static void serdes_are_checked(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_source(b, "in", &weir_string, &bad_decode, &(weir_source_opts){.name = "n"});
    fail_with(b, WEIR_EOVERRUN,
              "node 'n', " AT "0: decode wrote past the end of its result, 4 bytes of point");
    b = weir_builder_new();
    weir_to(weir_source(b, "in", &weir_string, &bad_encode, NULL), "out",
            &(weir_sink_opts){.name = "n"});
    fail_with(b, WEIR_EOVERRUN,
              "node 'n', " AT "0: encode wrote past the end of 10 bytes of weir_alloc");
}

static void neither_a_processor_nor_the_functions_own_error_hides_it(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_process(source(b), &weir_string, &weir_i64, &forgiving, NULL, NULL);
    weir_map_values(in, &weir_i64, value_past, NULL, &(weir_named){"n"});
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the map_values function" PAST);
    b = weir_builder_new();
    weir_map_values(source(b), &weir_i64, failing_past, NULL, &(weir_named){"n"});
    fail_with(b, WEIR_EOVERRUN, "node 'n', " AT "0: the map_values function" PAST);
}

/* ---- With AddressSanitizer ------------------------------------------------------------------ */

#ifdef WEIR__ADDRESS_SANITIZER
static weir_err is_poisoned(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)in;
    bool *poisoned = user;
    const char *area = weir_alloc(ctx, 13);
    poisoned[0] = __asan_address_is_poisoned((char *)out + sizeof(int64_t)) != 0;
    poisoned[1] = __asan_address_is_poisoned((char *)out + sizeof(int64_t) - 1) == 0;
    poisoned[2] = __asan_address_is_poisoned(area + 13) != 0;
    poisoned[3] = __asan_address_is_poisoned(area + 12) == 0;
    return WEIR_OK;
}
#endif

static void red_zones_are_poisoned_for_address_sanitizer(void **state)
{
    (void)state;
#ifdef WEIR__ADDRESS_SANITIZER
    bool poisoned[4] = {false};
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_map_values(source(b), &weir_i64, is_poisoned, poisoned, NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    weir_slice number = {"\0\0\0\0\0\0\0\1", 8};
    assert_int_equal(driven_pipe_record(&task, "in", number, number, 0, NULL, 0), WEIR_OK);
    assert_true(poisoned[0] && poisoned[1] && poisoned[2] && poisoned[3]);
    driven_close(&task);
    weir_topology_free(topology);
#else
    skip(); /* this build has no AddressSanitizer */
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_of_functions_are_checked),
        cmocka_unit_test(results_of_aggregations_are_checked),
        cmocka_unit_test(results_of_joins_are_checked),
        cmocka_unit_test(areas_of_weir_alloc_are_checked),
        cmocka_unit_test(serdes_are_checked),
        cmocka_unit_test(neither_a_processor_nor_the_functions_own_error_hides_it),
        cmocka_unit_test(red_zones_are_poisoned_for_address_sanitizer),
    };
    return cmocka_run_group_tests_name("process_guards", tests, NULL, NULL);
}
