/* SPDX-License-Identifier: Apache-2.0
 *
 * Global stores with a processor of their own, of each kind, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "support/refused.h"

static weir_err put(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_kv *kv = weir_store(ctx, "global");
    return kv != NULL ? weir_kv_put(kv, in->key, in->value, in->timestamp_ms) : weir_ctx_error(ctx);
}

static weir_err put_window(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_window *window = weir_window_store(ctx, "global");
    return window != NULL ? weir_window_put(window, in->key, in->value, in->timestamp_ms, 0)
                          : weir_ctx_error(ctx);
}

static weir_err fire(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx, (void)now_ms, (void)state;
    return WEIR_OK;
}

static weir_err schedule(weir_ctx *ctx, void *user, void **state)
{
    (void)user, (void)state;
    return weir_schedule(ctx, WEIR_STREAM_TIME, 10, fire, NULL);
}

/* Forwards what the window [timestamp, ...) of the record's key has. */
static weir_err read_window(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_window *window = weir_window_store(ctx, "global");
    weir_record out = *in;
    weir_err err = window != NULL
                       ? weir_window_get(window, in->key, in->timestamp_ms, &out.value, NULL)
                       : weir_ctx_error(ctx);
    return err == WEIR_OK ? weir_forward(ctx, &out) : err;
}

static const weir_processor_ops put_ops = {"put", NULL, put, NULL};
static const weir_processor_ops put_window_ops = {"put_window", NULL, put_window, NULL};
static const weir_processor_ops schedule_ops = {"schedule", schedule, put, NULL};
static const weir_processor_ops read_window_ops = {"read_window", NULL, read_window, NULL};

#define STRINGS &weir_string, &weir_string
static const weir_store_opts strings = {.key = &weir_string, .value = &weir_string};

static weir_stream source(weir_builder *b)
{
    return weir_source(b, "in", STRINGS, &(weir_source_opts){.name = "in"});
}

static weir_topology *windows(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_window_opts sizes = {.window_ms = 10, .retention_ms = 1000};
    weir_add_window_store(b, "global", &sizes, &strings, NULL);
    weir_add_global_store(b, "rows", "global", STRINGS, &put_window_ops, NULL,
                          &(weir_global_store_opts){.name = "fill"});
    weir_to(weir_process_values(source(b), &weir_string, &read_window_ops, NULL, NULL), "out",
            NULL);
    return weir_build(b, config, error);
}

static void a_window_store_can_be_global(void **state)
{
    (void)state;
    weir_sync_opts opts = {.on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(windows, &opts, NULL);
    assert_non_null(sync);
    weir_input rows = weir_sync_input(sync, "rows", STRINGS);
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    weir_output out = weir_sync_output(sync, "out", STRINGS);
    weir_input_set_time(rows, 20, 0);
    weir_input_set_time(in, 20, 0);

    weir_input_text(rows, "k", "v");
    weir_input_text(in, "k", "?");

    const weir_row *row = weir_output_next(out);
    assert_non_null(row);
    assert_true(weir_slice_equal(*(const weir_slice *)row->value, weir_slice_of("v")));
    weir_sync_free(sync);
}

/* ---- Failures ----------------------------------------------------------------------------- */

static weir_err refuse_bad(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir_slice *value = in->value;
    return weir_slice_equal(*value, weir_slice_of("bad"))
               ? weir_fail(ctx, WEIR_EUSER, "a value that nobody wants")
               : put(ctx, in, state);
}

static const weir_processor_ops refuse_bad_ops = {"refuse_bad", NULL, refuse_bad, NULL};

static weir_topology *refuses(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "global", &strings, NULL);
    weir_add_global_store(b, "rows", "global", STRINGS, &refuse_bad_ops, NULL,
                          &(weir_global_store_opts){.name = "fill"});
    source(b);
    return weir_build(b, config, error);
}

/* Sends "bad" and then another record; *sent: what the first one gave. */
static weir_sync *refusing(const char *const *config, weir_err *sent, weir_error *error)
{
    weir_sync_opts opts = {.on_failure = weir_cmocka_failure, .config = config};
    weir_sync *sync = weir_sync_new(refuses, &opts, NULL);
    assert_non_null(sync);
    weir_input rows = weir_sync_input(sync, "rows", STRINGS);
    *sent = weir_input_try_send(
        rows, &(weir_input_record){.key = weir_text("k"), .value = weir_text("bad")}, error);
    return sync;
}

static void a_failing_processor_of_a_global_store_ends_the_instance(void **state)
{
    (void)state;
    static const char *const config[] = {"processing.exception.handler", "continue", NULL};
    weir_err sent = WEIR_OK;
    weir_error error = {0};
    weir_sync *sync = refusing(config, &sent, &error);
    assert_int_equal(sent, WEIR_EUSER);
    assert_non_null(strstr(error.message, "node 'fill', task global, rows-0@0"));
    assert_non_null(strstr(error.message, "a value that nobody wants"));
    weir_sync_free(sync);
}

static void records_that_fail_in_a_global_store_may_be_dropped(void **state)
{
    (void)state;
    static const char *const config[] = {"processing.exception.handler", "continue",
                                         "processing.exception.handler.global.enabled", "true",
                                         NULL};
    weir_err sent = WEIR_EUSER;
    weir_error error = {0};
    weir_dropped_records dropped = {0};
    weir_sync *sync = refusing(config, &sent, &error);
    assert_int_equal(sent, WEIR_OK);
    assert_int_equal(weir_sync_dropped_records(sync, &dropped, 1), 1);
    assert_string_equal(dropped.node, "fill");
    assert_int_equal(dropped.reason, WEIR_DROP_PROCESSING_FAILED);
    assert_int_equal(dropped.count, 1);
    weir_input_text(weir_sync_input(sync, "rows", STRINGS), "k", "good");
    weir_store_view store = weir_sync_store(sync, "global", STRINGS);
    const weir_row *row = weir_store_view_get(store, weir_text("k"));
    assert_non_null(row);
    assert_true(weir_slice_equal(*(const weir_slice *)row->value, weir_slice_of("good")));
    weir_sync_free(sync);
}

static void the_setting_changes_nothing_if_the_handler_fails(void **state)
{
    (void)state;
    static const char *const config[] = {"processing.exception.handler.global.enabled", "true",
                                         NULL};
    weir_err sent = WEIR_OK;
    weir_error error = {0};
    weir_sync *sync = refusing(config, &sent, &error);
    assert_int_equal(sent, WEIR_EUSER);
    weir_sync_free(sync);
}

static weir_topology *punctuates(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "global", &strings, NULL);
    weir_add_global_store(b, "rows", "global", STRINGS, &schedule_ops, NULL,
                          &(weir_global_store_opts){.name = "fill"});
    source(b);
    return weir_build(b, config, error);
}

static void its_processor_has_no_punctuations(void **state)
{
    (void)state;
    weir_error error = {0};
    assert_null(weir_sync_new(punctuates, NULL, &error));
    assert_int_equal(error.code, WEIR_ESTATE);
    assert_non_null(strstr(error.message, "fill"));
    assert_non_null(strstr(error.message, "the processor of a global store has no punctuations"));
}

static weir_topology *two_writers(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "global", &strings, NULL);
    weir_add_global_store(b, "rows", "global", STRINGS, &put_ops, NULL, NULL);
    weir_process(source(b), STRINGS, &put_ops, NULL, &(weir_process_opts){.name = "writes"});
    return weir_build(b, config, error);
}

static void another_processor_cannot_write_it(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync =
        weir_sync_new(two_writers, &(weir_sync_opts){.on_failure = weir_cmocka_failure}, NULL);
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    weir_input_record record = {.key = weir_text("k"), .value = weir_text("v")};

    assert_int_equal(weir_input_try_send(in, &record, &error), WEIR_ESTATE);

    assert_non_null(strstr(error.message, "writes"));
    assert_non_null(strstr(error.message, "'global' is written by its topic only"));
    weir_sync_free(sync);
}

/* ---- weir_build ---- */

static void the_store_must_be_added_before(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_global_store(b, "rows", "global", STRINGS, &put_ops, NULL, NULL);
    refused(b, WEIR_ENOTFOUND,
            "global store 'global' of topic 'rows' is not there: add it before, with "
            "weir_add_store or its like");
}

static void a_store_is_filled_from_one_topic(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "global", &strings, NULL);
    weir_add_global_store(b, "rows", "global", STRINGS, &put_ops, NULL, NULL);
    weir_add_global_store(b, "more", "global", STRINGS, &put_ops, NULL, NULL);
    refused(b, WEIR_ETOPOLOGY,
            "global store 'global' is filled from topic 'rows' and from topic 'more'");
}

static void the_store_of_a_table_is_not_made_global(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table_source(b, "t", "t", STRINGS, &(weir_store_opts){.node = "table"});
    weir_add_global_store(b, "rows", "t", STRINGS, &put_ops, NULL, NULL);
    refused(b, WEIR_ETOPOLOGY, "global store 't' of topic 'rows' is the store of 'table', too");
}

static void no_processor_is_connected_to_it(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "global", &strings, NULL);
    weir_add_global_store(b, "rows", "global", STRINGS, &put_ops, NULL, NULL);
    const char *const stores[] = {"global", NULL};
    weir_process(source(b), STRINGS, &put_ops, NULL,
                 &(weir_process_opts){.name = "p", .stores = stores});
    refused(b, WEIR_ETOPOLOGY,
            "processor 'p' must not be connected to 'global': a global store is open to all");
}

static void its_topic_has_no_other_reader(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    source(b);
    weir_add_store(b, "global", &strings, NULL);
    weir_add_global_store(b, "in", "global", STRINGS, &put_ops, NULL,
                          &(weir_global_store_opts){.name = "fill"});
    refused(b, WEIR_ETOPOLOGY, "topic 'in' is read by two sources, 'in' and 'fill-source'");
}

static void its_topic_is_read_from_the_beginning(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_source_opts latest = {.auto_offset_reset = "latest"};
    weir_add_store(b, "global", &strings, NULL);
    weir_add_global_store(b, "rows", "global", STRINGS, &put_ops, NULL,
                          &(weir_global_store_opts){.source = &latest});
    refused(b, WEIR_EINVAL,
            "global store 'global': topic 'rows' is read whole, auto_offset_reset is not for it");
}

static void nothing_is_below_its_processor(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "global", &strings, NULL);
    weir_add_global_store(b, "rows", "global", STRINGS, &put_ops, NULL,
                          &(weir_global_store_opts){.name = "fill"});
    const char *const parents[] = {"fill", NULL};
    weir_add_sink(b, "out", parents, "out", STRINGS, NULL);
    refused(b, WEIR_ETOPOLOGY, "the parent 'fill' of 'out' belongs to a global table");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_processor_of_a_global_store_ends_the_instance),
        cmocka_unit_test(records_that_fail_in_a_global_store_may_be_dropped),
        cmocka_unit_test(the_setting_changes_nothing_if_the_handler_fails),
        cmocka_unit_test(a_window_store_can_be_global),
        cmocka_unit_test(its_processor_has_no_punctuations),
        cmocka_unit_test(another_processor_cannot_write_it),
        cmocka_unit_test(the_store_must_be_added_before),
        cmocka_unit_test(a_store_is_filled_from_one_topic),
        cmocka_unit_test(the_store_of_a_table_is_not_made_global),
        cmocka_unit_test(no_processor_is_connected_to_it),
        cmocka_unit_test(its_topic_has_no_other_reader),
        cmocka_unit_test(its_topic_is_read_from_the_beginning),
        cmocka_unit_test(nothing_is_below_its_processor),
    };
    return cmocka_run_group_tests_name("global_stores", tests, NULL, NULL);
}
