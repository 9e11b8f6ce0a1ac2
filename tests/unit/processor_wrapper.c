/* SPDX-License-Identifier: Apache-2.0
 *
 * The wrapper around every processor of a topology (KIP-1112). */
#include <stdio.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string
#define COUNTS &weir_string, &weir_i64
#define NODES_MAX 16
#define NAME_MAX_LENGTH 48

/* What the wrapper has seen of a node, in all tasks. */
typedef struct seen {
    char node[NAME_MAX_LENGTH];
    int opened;
    int records;
    int punctuations;
    int closed;
} seen;

static seen all[NODES_MAX];
static size_t all_count;

static seen *seen_of(const char *node)
{
    for (size_t i = 0; i < all_count; i++) {
        if (strcmp(all[i].node, node) == 0) {
            return &all[i];
        }
    }
    assert_true(all_count < NODES_MAX);
    seen *added = &all[all_count++];
    *added = (seen){0};
    snprintf(added->node, sizeof added->node, "%s", node);
    return added;
}

static weir_err open_seen(weir_ctx *ctx, void *user, void **state)
{
    assert_ptr_equal(user, all);
    *state = seen_of(weir_ctx_node(ctx));
    ((seen *)*state)->opened++;
    return WEIR_OK;
}

static weir_err count_record(weir_ctx *ctx, const weir_record *in, void *state)
{
    seen *of = state;
    of->records++;
    assert_string_equal(weir_ctx_node(ctx), of->node);
    return weir_call_wrapped(ctx, in);
}

static weir_err count_punctuation(weir_ctx *ctx, int64_t now_ms, void *state)
{
    ((seen *)state)->punctuations++;
    return weir_call_wrapped_punctuator(ctx, now_ms);
}

static void close_seen(void *state)
{
    ((seen *)state)->closed++;
}

static const weir_processor_wrapper counting = {open_seen, count_record, count_punctuation,
                                                close_seen};

/* ---- A topology of both kinds of processors ---- */

static weir_err tick(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)state;
    return weir_forward(ctx,
                        &(weir_record){.key = &(weir_slice){"tick", 4}, .timestamp_ms = now_ms});
}

static weir_err open_ticking(weir_ctx *ctx, void *user, void **state)
{
    (void)user;
    (void)state;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 1000, tick, NULL);
}

static weir_err pass(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static const weir_processor_ops ticking = {"ticking", open_ticking, pass, NULL};

static weir_err put_global(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_kv_put(weir_store(ctx, "rates"), in->key, in->value, in->timestamp_ms);
}

static const weir_processor_ops keeping = {"keeping", NULL, put_global, NULL};

static weir_err is_not_x(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *value = in->value;
    *keep = value == NULL || value->len != 1 || *(const char *)value->data != 'x';
    return WEIR_OK;
}

static void add_nodes(weir_builder *b)
{
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_stream kept = weir_filter(in, is_not_x, NULL, &(weir_named){"kept"});
    weir_stream ticks =
        weir_process(kept, STRINGS, &ticking, NULL, &(weir_process_opts){.name = "ticks"});
    weir_to(ticks, "out", NULL);
    weir_table counts = weir_count(weir_group_by_key(kept, NULL), "counts", NULL);
    weir_to(weir_to_stream(counts, &(weir_named){"changes"}), "counts", NULL);
    weir_add_store(b, "rates", &(weir_store_opts){.key = &weir_string, .value = &weir_string},
                   NULL);
    weir_add_global_store(b, "rates", "rates", STRINGS, &keeping, NULL,
                          &(weir_global_store_opts){.name = "keep-rates"});
}

static weir_topology *counted(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_wrap_processors(b, &counting, all);
    add_nodes(b);
    return weir_build(b, config, error);
}

static void send_text(weir_sync *sync, const char *topic, const char *key, const char *value)
{
    weir_input_send(weir_sync_input(sync, topic, STRINGS),
                    &(weir_input_record){.key = weir_text(key), .value = weir_text(value)});
}

static weir_sync *new_sync(weir_topology_fn topology, int32_t partitions)
{
    weir_error error = {0};
    weir_sync_opts opts = {.on_failure = weir_cmocka_failure, .partitions = partitions};
    weir_sync *sync = weir_sync_new(topology, &opts, &error);
    assert_string_equal(error.message, "");
    return sync;
}

static void records_and_punctuations_of_each_node_are_seen(void **state)
{
    (void)state;
    all_count = 0;
    weir_sync *sync = new_sync(counted, 1);
    send_text(sync, "rates", "eur", "1");
    send_text(sync, "in", "a", "1");
    send_text(sync, "in", "a", "x");
    send_text(sync, "in", "b", "2");
    for (int i = 0; i < 3; i++) {
        weir_sync_advance(sync, 1000);
    }
    weir_output out = weir_sync_output(sync, "out", STRINGS);
    weir_assert_size(weir_output_rest(out), 5); /* 2 records, 3 ticks */
    weir_assert_size(weir_output_rest(weir_sync_output(sync, "counts", COUNTS)), 2);
    assert_int_equal(seen_of("kept")->records, 3);
    assert_int_equal(seen_of("ticks")->records, 2);
    assert_int_equal(seen_of("ticks")->punctuations, 3);
    assert_int_equal(seen_of("changes")->records, 2);
    assert_int_equal(seen_of("keep-rates")->records, 1);
    weir_sync_free(sync);
    for (size_t i = 0; i < all_count; i++) {
        assert_int_equal(all[i].opened, 1);
        assert_int_equal(all[i].closed, 1);
    }
}

static void each_task_has_a_state_of_its_own(void **state)
{
    (void)state;
    all_count = 0;
    weir_sync *sync = new_sync(counted, 3);
    send_text(sync, "in", "a", "1");
    weir_sync_free(sync);
    assert_int_equal(seen_of("kept")->opened, 3);
    assert_int_equal(seen_of("kept")->closed, 3);
    assert_int_equal(seen_of("kept")->records, 1);
    assert_int_equal(seen_of("keep-rates")->opened, 1);
}

/* ---- What a wrapper may do ---- */

static weir_err add_trace(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_record own = *in;
    own.headers = weir_headers_copy(ctx, in->headers);
    if (own.headers == NULL) {
        return WEIR_ENOMEM;
    }
    weir_err err = weir_headers_add(own.headers, "node", weir_slice_of(weir_ctx_node(ctx)));
    own.timestamp_ms++;
    return err == WEIR_OK ? weir_call_wrapped(ctx, &own) : err;
}

static weir_topology *traced(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    add_nodes(b);
    weir_wrap_processors(b, &(weir_processor_wrapper){.process = add_trace}, NULL);
    return weir_build(b, config, error);
}

static void processors_get_the_record_that_the_wrapper_gives(void **state)
{
    (void)state;
    weir_sync *sync = new_sync(traced, 1);
    weir_input_send(
        weir_sync_input(sync, "in", STRINGS),
        &(weir_input_record){.key = weir_text("a"), .value = weir_text("1"), .at = WEIR_AT(10)});
    const weir_row *row = weir_output_next(weir_sync_output(sync, "out", STRINGS));
    assert_non_null(row);
    assert_int_equal(row->timestamp_ms, 12);
    assert_int_equal(row->header_count, 2);
    assert_memory_equal(row->headers[0].value.data, "kept", 4);
    assert_memory_equal(row->headers[1].value.data, "ticks", 5);
    weir_sync_free(sync);
}

static weir_err hold_back(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return strcmp(weir_ctx_node(ctx), "ticks") == 0 ? WEIR_OK : weir_call_wrapped(ctx, in);
}

static weir_topology *held_back(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_wrap_processors(b, &(weir_processor_wrapper){.process = hold_back}, NULL);
    add_nodes(b);
    return weir_build(b, config, error);
}

static void records_that_are_not_passed_on_are_held_back(void **state)
{
    (void)state;
    weir_sync *sync = new_sync(held_back, 1);
    send_text(sync, "in", "a", "1");
    weir_assert_size(weir_output_rest(weir_sync_output(sync, "out", STRINGS)), 0);
    weir_assert_size(weir_output_rest(weir_sync_output(sync, "counts", COUNTS)), 1);
    weir_sync_advance(sync, 1000); /* its punctuator is not wrapped */
    weir_assert_size(weir_output_rest(weir_sync_output(sync, "out", STRINGS)), 1);
    weir_sync_free(sync);
}

/* ---- Errors ---- */

static weir_err fail_in_ticks(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return strcmp(weir_ctx_node(ctx), "ticks") == 0 ? weir_fail(ctx, WEIR_EUSER, "no more today")
                                                    : weir_call_wrapped(ctx, in);
}

static weir_err fail_to_open(weir_ctx *ctx, void *user, void **state)
{
    (void)user;
    (void)state;
    return strcmp(weir_ctx_node(ctx), "changes") == 0 ? weir_fail(ctx, WEIR_EUSER, "not open")
                                                      : WEIR_OK;
}

static weir_err too_early(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_call_wrapped(ctx, &(weir_record){in->key, in->value, -1, in->headers});
}

static weir_err punctuate_in_process(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)in;
    (void)state;
    return weir_call_wrapped_punctuator(ctx, 0);
}

static weir_err process_in_punctuate(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)now_ms;
    (void)state;
    return weir_call_wrapped(ctx, &(weir_record){.timestamp_ms = 0});
}

static const weir_processor_wrapper *wrapper;

static weir_topology *wrapped(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_wrap_processors(b, wrapper, NULL);
    add_nodes(b);
    return weir_build(b, config, error);
}

/* Sends a record and lets the punctuator run; the text of the first failure must have `part`. */
static void assert_fails(const weir_processor_wrapper *with, weir_err code, const char *part)
{
    wrapper = with;
    weir_error error = {0};
    weir_sync *sync = weir_sync_new(wrapped, &(weir_sync_opts){.partitions = 1}, &error);
    if (sync != NULL) {
        weir_err err = weir_input_try_send(
            weir_sync_input(sync, "in", STRINGS),
            &(weir_input_record){.key = weir_text("a"), .value = weir_text("1")}, &error);
        err = err == WEIR_OK ? weir_sync_try_advance(sync, 1000, &error) : err;
        assert_int_equal(err, code);
    }
    assert_int_equal(error.code, code);
    assert_non_null(strstr(error.message, part));
    weir_sync_free(sync);
}

static void a_wrapper_that_fails_is_reported_with_its_node(void **state)
{
    (void)state;
    assert_fails(&(weir_processor_wrapper){.process = fail_in_ticks}, WEIR_EUSER, "node 'ticks'");
    assert_fails(&(weir_processor_wrapper){.open = fail_to_open, .process = count_record},
                 WEIR_EUSER, "node 'changes'");
    assert_fails(&(weir_processor_wrapper){.process = too_early}, WEIR_EINVAL,
                 "negative timestamp -1");
}

static void calls_outside_of_their_function_are_errors(void **state)
{
    (void)state;
    assert_fails(&(weir_processor_wrapper){.process = punctuate_in_process}, WEIR_ESTATE,
                 "weir_call_wrapped_punctuator is for");
    assert_fails(&(weir_processor_wrapper){.process = hold_back, .punctuate = process_in_punctuate},
                 WEIR_ESTATE, "weir_call_wrapped is for");
    assert_int_equal(weir_call_wrapped(NULL, NULL), WEIR_EINVAL);
    assert_int_equal(weir_call_wrapped_punctuator(NULL, 0), WEIR_EINVAL);
}

static void a_wrapper_without_its_function_is_refused(void **state)
{
    (void)state;
    static const weir_processor_wrapper empty = {0};
    weir_error error = {0};
    wrapper = NULL;
    assert_null(weir_sync_new(wrapped, NULL, &error));
    assert_non_null(strstr(error.message, "weir_wrap_processors: wrapper"));
    wrapper = &empty;
    assert_null(weir_sync_new(wrapped, NULL, &error));
    assert_non_null(strstr(error.message, "weir_wrap_processors: wrapper->process"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_punctuations_of_each_node_are_seen),
        cmocka_unit_test(each_task_has_a_state_of_its_own),
        cmocka_unit_test(processors_get_the_record_that_the_wrapper_gives),
        cmocka_unit_test(records_that_are_not_passed_on_are_held_back),
        cmocka_unit_test(a_wrapper_that_fails_is_reported_with_its_node),
        cmocka_unit_test(calls_outside_of_their_function_are_errors),
        cmocka_unit_test(a_wrapper_without_its_function_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
