/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that pass through a graph: errors and the node that they name, handlers,
 * forwarding, headers, punctuations, what a processor can ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/driven.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static weir_err forward(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static const weir_processor_ops forward_ops = {"forward", NULL, forward, NULL};

static bool is(const void *value, const char *text)
{
    return value != NULL && weir_slice_equal(*(const weir_slice *)value, weir_slice_of(text));
}

/* A topology in -> "p" (of `ops`) -> out, open. */
typedef struct one_processor {
    weir_topology *topology;
    driven task;
} one_processor;

static weir_topology *with_processor(const weir_processor_ops *ops, void *user)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), &weir_string, &weir_string, NULL);
    weir_add_processor(b, "p", LIST("in"), ops, user);
    weir_add_processor(b, "below", LIST("p"), &forward_ops, NULL);
    weir_add_sink(b, "out", LIST("below"), "out", &weir_string, &weir_string, NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    if (topology == NULL) {
        fail_msg("%s", error.message);
    }
    return topology;
}

static void open_with(one_processor *of, const weir_processor_ops *ops, void *user)
{
    of->topology = with_processor(ops, user);
    if (driven_open(&of->task, of->topology, 1000) != WEIR_OK) {
        fail_msg("%s", of->task.error.message);
    }
}

static void close_it(one_processor *of)
{
    driven_close(&of->task);
    weir_topology_free(of->topology);
}

static void assert_sent(const driven *task, size_t index, const char *key, const char *value,
                        int64_t timestamp_ms)
{
    assert_true(index < task->sent_count);
    const weir__message_view *record = driven_sent(task, index);
    assert_true(weir_slice_equal(record->key, weir_slice_of(key)));
    assert_true(weir_slice_equal(record->value, weir_slice_of(value)));
    assert_int_equal(record->timestamp_ms, timestamp_ms);
}

/* ---- Errors ------------------------------------------------------------------------------- */

static weir_err fail_on_x(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    if (is(in->value, "x")) {
        return weir_fail(ctx, WEIR_EUSER, "the value is %s", "x");
    }
    if (is(in->value, "odd")) {
        return (weir_err)-1;
    }
    return is(in->value, "mute") ? WEIR_EUSER : weir_forward(ctx, in);
}

static const weir_processor_ops fail_on_x_ops = {"fail_on_x", NULL, fail_on_x, NULL};

static void an_error_names_node_task_and_record(void **state)
{
    (void)state;
    one_processor of = {0};
    open_with(&of, &fail_on_x_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "a", 1), WEIR_OK);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "x", 2), WEIR_EUSER);
    assert_string_equal(of.task.error.message, "node 'p', task 0_0, in-0@1: the value is x");
    close_it(&of);
}

static void an_error_without_a_text_gets_one(void **state)
{
    (void)state;
    one_processor of = {0};
    open_with(&of, &fail_on_x_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "mute", 1), WEIR_EUSER);
    assert_string_equal(of.task.error.message, "node 'p', task 0_0, in-0@0: user callback failed");
    close_it(&of);
    of = (one_processor){0};
    open_with(&of, &fail_on_x_ops, NULL);
    assert_true(driven_pipe(&of.task, "in", "k", "odd", 1) != WEIR_OK);
    assert_string_equal(of.task.error.message, "node 'p', task 0_0, in-0@0: the callback returned "
                                               "-1, which is not a weir_err");
    close_it(&of);
}

static void an_ignored_error_drops_the_record_at_that_node(void **state)
{
    (void)state;
    one_processor of = {0};
    of.task.settings = DRIVEN_SETTINGS("processing.exception.handler", "continue");
    open_with(&of, &fail_on_x_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "x", 1), WEIR_OK);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "a", 2), WEIR_OK);
    assert_int_equal(of.task.sent_count, 1);
    assert_int_equal(driven_dropped(&of.task), 1);
    close_it(&of);
}

static weir_err fail_open(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_fail(ctx, WEIR_ECONFIG, "no key");
}

static void count_close(void *state)
{
    if (state != NULL) {
        (*(int *)state)++;
    }
}

static const weir_processor_ops fail_open_ops = {"fail_open", fail_open, forward, count_close};

static void a_processor_that_cannot_open_is_closed(void **state)
{
    (void)state;
    int closed = 0;
    one_processor of = {.topology = with_processor(&fail_open_ops, &closed)};
    assert_int_equal(driven_open(&of.task, of.topology, 0), WEIR_ECONFIG);
    assert_string_equal(of.task.error.message, "node 'p', task 0_0: no key");
    close_it(&of);
    assert_int_equal(closed, 1);
}

static void undecodable_bytes_name_source_record_and_side(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_i64, NULL);
    weir_to(in, "out", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "abc", 1), WEIR_EDECODE);
    assert_string_equal(task.error.message,
                        "node 'KSTREAM-SOURCE-0000000000', task 0_0, in-0@0: the value cannot be "
                        "decoded: i64: 3 bytes instead of 8");
    driven_close(&task);
    weir_topology_free(topology);
}

static const char *const skips_invalid[] = {"default.timestamp.extractor", "log_and_skip", NULL};
static const char *const takes_partition_time[] = {"default.timestamp.extractor",
                                                   "use_partition_time", NULL};

static void a_negative_timestamp_without_extractor_is_final(void **state)
{
    (void)state;
    one_processor of = {0};
    of.task.settings = DRIVEN_SETTINGS("deserialization.exception.handler", "continue");
    open_with(&of, &forward_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", -1), WEIR_EINVAL);
    assert_non_null(strstr(of.task.error.message,
                           "the record's timestamp is -1; give the source a timestamp function, or "
                           "set default.timestamp.extractor to log_and_skip or "
                           "use_partition_time"));
    close_it(&of);
}

static void a_negative_timestamp_is_dropped_by_log_and_skip(void **state)
{
    (void)state;
    one_processor of = {.task.settings = skips_invalid};
    open_with(&of, &forward_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", -1), WEIR_OK);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 7), WEIR_OK);
    assert_int_equal(of.task.sent_count, 1);
    assert_int_equal(driven_dropped(&of.task), 1);
    close_it(&of);
}

static void a_negative_timestamp_without_an_earlier_one_is_final(void **state)
{
    (void)state;
    one_processor of = {.task.settings = takes_partition_time};
    open_with(&of, &forward_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", -1), WEIR_EINVAL);
    assert_non_null(strstr(of.task.error.message, "no earlier record gives its partition a time"));
    assert_non_null(strstr(of.task.error.message, "default.timestamp.extractor"));
    close_it(&of);
}

static void a_negative_timestamp_becomes_the_time_of_its_partition(void **state)
{
    (void)state;
    one_processor of = {.task.settings = takes_partition_time};
    open_with(&of, &forward_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 70), WEIR_OK);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 50), WEIR_OK);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", -1), WEIR_OK);
    assert_int_equal(of.task.sent_count, 3);
    assert_int_equal(driven_sent(&of.task, 2)->timestamp_ms, 70);
    close_it(&of);
}

/* ---- Forwarding --------------------------------------------------------------------------- */

static weir_err forward_to(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const weir_slice *child = in->key;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)child->len, (const char *)child->data);
    return weir_forward_to(ctx, in, name);
}

static const weir_processor_ops forward_to_ops = {"forward_to", NULL, forward_to, NULL};

static void a_child_is_found_by_name_and_others_are_named(void **state)
{
    (void)state;
    one_processor of = {0};
    open_with(&of, &forward_to_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "below", "a", 1), WEIR_OK);
    assert_int_equal(of.task.sent_count, 1);
    assert_int_equal(driven_pipe(&of.task, "in", "nobody", "a", 1), WEIR_ENOTFOUND);
    assert_string_equal(
        of.task.error.message,
        "node 'p', task 0_0, in-0@1: there is no child 'nobody'; the children are: below");
    close_it(&of);
}

static weir_err forgive(weir_ctx *ctx, const weir_record *in, void *state)
{
    weir_record late = *in;
    (void)state;
    late.timestamp_ms = -5;
    if (weir_forward(ctx, &late) != WEIR_EINVAL) {
        return weir_fail(ctx, WEIR_ESTATE, "a negative timestamp went through");
    }
    weir_slice none = {NULL, 0};
    return weir_forward(ctx, &(weir_record){in->key, &none, in->timestamp_ms, NULL});
}

static const weir_processor_ops forgive_ops = {"forgive", NULL, forgive, NULL};

static void a_failed_forward_may_be_ignored(void **state)
{
    (void)state;
    one_processor of = {0};
    open_with(&of, &forgive_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 7), WEIR_OK);
    assert_int_equal(of.task.sent_count, 1);
    close_it(&of);
}

static weir_err tag(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    if (weir_headers_add(in->headers, "tag", weir_slice_of("1")) != WEIR_OK) {
        return weir_fail(ctx, WEIR_ENOMEM, "header");
    }
    return weir_forward(ctx, in);
}

static const weir_processor_ops tag_ops = {"tag", NULL, tag, NULL};

static void headers_are_shared_by_siblings_but_not_with_process_values(void **state)
{
    (void)state;
    for (int values = 0; values <= 1; values++) {
        weir_error error = {0};
        weir_builder *b = weir_builder_new();
        weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
        if (values) {
            weir_process_values(in, &weir_string, &tag_ops, NULL, NULL);
        } else {
            weir_process(in, &weir_string, &weir_string, &tag_ops, NULL, NULL);
        }
        weir_to(in, "out", NULL);
        weir_topology *topology = weir_build(b, NULL, &error);
        driven task = {0};
        assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
        assert_int_equal(driven_pipe(&task, "in", "k", "v", 1), WEIR_OK);
        assert_int_equal(driven_sent(&task, 0)->header_count, values ? 0 : 1);
        driven_close(&task);
        weir_topology_free(topology);
    }
}

static weir_err headers_by_hand(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_headers *headers = weir_headers_copy(ctx, NULL);
    weir_slice value = {NULL, 0};
    for (int i = 0; i < 6; i++) {
        weir_headers_add(headers, i % 2 == 0 ? "even" : "odd", weir_slice_of(i < 4 ? "old" : ""));
    }
    weir_headers_add(headers, "none", (weir_slice){NULL, 0});
    bool good = weir_headers_count(headers) == 7 && weir_headers_last(headers, "even", &value) &&
                value.len == 0 && value.data != NULL &&
                weir_headers_last(headers, "none", &value) && value.data == NULL &&
                !weir_headers_last(headers, "no", &value) &&
                weir_headers_remove(headers, "even") == 3 && weir_headers_count(headers) == 4 &&
                strcmp(weir_headers_at(headers, 3).name, "none") == 0 &&
                weir_headers_at(headers, 4).name == NULL && weir_headers_count(NULL) == 0;
    return good ? weir_forward(ctx, in) : weir_fail(ctx, WEIR_EUSER, "headers");
}

static const weir_processor_ops headers_ops = {"headers", NULL, headers_by_hand, NULL};

static void headers_keep_their_order_and_may_repeat(void **state)
{
    (void)state;
    one_processor of = {0};
    open_with(&of, &headers_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 1), WEIR_OK);
    close_it(&of);
}

/* ---- Time and metadata -------------------------------------------------------------------- */

typedef struct clocks {
    weir_punctuator stream;
    int fired;
    int64_t last_ms;
} clocks;

static weir_err tick(weir_ctx *ctx, int64_t now_ms, void *state)
{
    clocks *seen = state;
    weir_record_metadata at = weir_ctx_metadata(ctx);
    seen->fired++;
    seen->last_ms = now_ms;
    if (at.topic != NULL || at.partition != -1 || at.offset != -1) {
        return weir_fail(ctx, WEIR_ESTATE, "a punctuation with a record");
    }
    weir_slice text = weir_slice_of("tick");
    return weir_forward(ctx, &(weir_record){&text, NULL, now_ms, NULL});
}

static weir_err clocks_open(weir_ctx *ctx, void *user, void **state)
{
    clocks *seen = user;
    *state = seen;
    if (weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 0, tick, NULL) != WEIR_EINVAL) {
        return WEIR_ESTATE;
    }
    weir_err err = weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 100, tick, NULL);
    return err == WEIR_OK ? weir_schedule(ctx, WEIR_STREAM_TIME, 10, tick, &seen->stream) : err;
}

static weir_err swallow(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    (void)state;
    return WEIR_OK;
}

static const weir_processor_ops clocks_ops = {"clocks", clocks_open, swallow, NULL};

static void punctuations_keep_their_interval_and_skip_missed_times(void **state)
{
    (void)state;
    clocks seen = {0};
    one_processor of = {0};
    open_with(&of, &clocks_ops, &seen);
    assert_int_equal(weir__graph_next_punctuation(driven_task(&of.task)->graph, WEIR_STREAM_TIME),
                     0);
    assert_int_equal(
        weir__graph_next_punctuation(driven_task(&of.task)->graph, WEIR_WALL_CLOCK_TIME), 1100);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 5), WEIR_OK);
    assert_int_equal(seen.fired, 1);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 37), WEIR_OK);
    assert_int_equal(seen.fired, 2);
    assert_int_equal(seen.last_ms, 37);
    assert_int_equal(weir__graph_next_punctuation(driven_task(&of.task)->graph, WEIR_STREAM_TIME),
                     40);
    assert_int_equal(driven_advance(&of.task, 350), WEIR_OK);
    assert_int_equal(seen.fired, 3);
    assert_int_equal(
        weir__graph_next_punctuation(driven_task(&of.task)->graph, WEIR_WALL_CLOCK_TIME), 1400);
    weir_punctuator_cancel(seen.stream);
    assert_int_equal(weir__graph_next_punctuation(driven_task(&of.task)->graph, WEIR_STREAM_TIME),
                     INT64_MAX);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 90), WEIR_OK);
    assert_int_equal(seen.fired, 3);
    assert_sent(&of.task, 2, "tick", NULL, 1350);
    close_it(&of);
}

static weir_err anchored_open(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    weir_err err = weir_schedule_from(ctx, WEIR_WALL_CLOCK_TIME, 30, 100, tick, NULL);
    return err == WEIR_OK ? weir_schedule_from(ctx, WEIR_STREAM_TIME, 30, 10, tick, NULL) : err;
}

static const weir_processor_ops anchored_ops = {"anchored", anchored_open, swallow, NULL};

/* The wall clock is 1000 at first, stream time is unknown. */
static void a_punctuation_with_a_start_is_due_then_or_in_its_rhythm(void **state)
{
    (void)state;
    clocks seen = {0};
    one_processor of = {0};
    open_with(&of, &anchored_ops, &seen);
    assert_int_equal(
        weir__graph_next_punctuation(driven_task(&of.task)->graph, WEIR_WALL_CLOCK_TIME), 1030);
    assert_int_equal(weir__graph_next_punctuation(driven_task(&of.task)->graph, WEIR_STREAM_TIME),
                     30);
    close_it(&of);
}

static weir_err ask(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_record_metadata at = weir_ctx_metadata(ctx);
    bool good = strcmp(at.topic, "in") == 0 && at.partition == 0 && at.offset == 0 &&
                strcmp(weir_ctx_task(ctx), "0_0") == 0 &&
                strcmp(weir_ctx_application(ctx), DRIVEN_APPLICATION) == 0 &&
                strcmp(weir_ctx_node(ctx), "p") == 0 && weir_ctx_stream_time_ms(ctx) == 44 &&
                weir_ctx_wall_clock_ms(ctx) == 1000;
    weir_ctx_commit(ctx);
    if (weir_store(ctx, "nothing") != NULL || weir_ctx_error(ctx) != WEIR_ENOTFOUND) {
        good = false;
    }
    return good ? weir_forward(ctx, in) : weir_fail(ctx, WEIR_EUSER, "the context is wrong");
}

static const weir_processor_ops ask_ops = {"ask", NULL, ask, NULL};

static void a_processor_knows_where_and_when_it_is(void **state)
{
    (void)state;
    one_processor of = {0};
    of.task.cache_bytes = 1; /* no commit but the one that is asked for */
    open_with(&of, &ask_ops, NULL);
    assert_int_equal(driven_pipe(&of.task, "in", "k", "v", 44), WEIR_OK);
    assert_int_equal(driven_task(&of.task)->queues[0].committed_offset, 1);
    close_it(&of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_names_node_task_and_record),
        cmocka_unit_test(an_error_without_a_text_gets_one),
        cmocka_unit_test(an_ignored_error_drops_the_record_at_that_node),
        cmocka_unit_test(a_processor_that_cannot_open_is_closed),
        cmocka_unit_test(undecodable_bytes_name_source_record_and_side),
        cmocka_unit_test(a_negative_timestamp_without_extractor_is_final),
        cmocka_unit_test(a_negative_timestamp_is_dropped_by_log_and_skip),
        cmocka_unit_test(a_negative_timestamp_without_an_earlier_one_is_final),
        cmocka_unit_test(a_negative_timestamp_becomes_the_time_of_its_partition),
        cmocka_unit_test(a_child_is_found_by_name_and_others_are_named),
        cmocka_unit_test(a_failed_forward_may_be_ignored),
        cmocka_unit_test(headers_are_shared_by_siblings_but_not_with_process_values),
        cmocka_unit_test(headers_keep_their_order_and_may_repeat),
        cmocka_unit_test(punctuations_keep_their_interval_and_skip_missed_times),
        cmocka_unit_test(a_punctuation_with_a_start_is_due_then_or_in_its_rhythm),
        cmocka_unit_test(a_processor_knows_where_and_when_it_is),
    };
    return cmocka_run_group_tests_name("process_graph", tests, NULL, NULL);
}
