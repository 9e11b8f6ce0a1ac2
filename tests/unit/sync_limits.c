/* SPDX-License-Identifier: Apache-2.0
 *
 * Topologies that would never be done: a call of the synchronous driver ends nevertheless, and says
 * why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "support/rescheduling.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string
#define RECORDS_MAX 1000
#define FOREVER "a call reads more than 1000 records (weir_sync_opts.records_max); the topology "

static void ignore_log(int level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static weir_sync *made(weir_topology_fn topology, const weir_sync_opts *opts)
{
    weir_error error = {0};
    weir_sync_opts own = *opts;
    own.on_failure = weir_cmocka_failure;
    own.records_max = own.records_max > 0 ? own.records_max : RECORDS_MAX;
    weir_sync *sync = weir_sync_new(topology, &own, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

static weir_err send(weir_sync *sync, const char *topic, const char *value, weir_error *error)
{
    return weir_input_try_send(
        weir_sync_input(sync, topic, STRINGS),
        &(weir_input_record){.key = weir_text("k"), .value = weir_text(value), .at = WEIR_AT(1)},
        error);
}

static void assert_endless(weir_topology_fn topology, const weir_sync_opts *opts, const char *text)
{
    weir_error error = {0};
    weir_sync *sync = made(topology, opts);
    assert_int_equal(send(sync, "in", "v", &error), WEIR_ELIMIT);
    assert_string_equal(error.message, text);
    weir_sync_free(sync);
}

/* ---- Records that come back ---- */

static weir_topology *to_itself(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", STRINGS, NULL), "in", NULL);
    return weir_build(b, config, error);
}

static void a_topology_that_writes_to_the_topic_it_reads_ends_with_the_limit(void **state)
{
    (void)state;
    weir_sync *sync = made(to_itself, &(weir_sync_opts){0});
    for (int i = 0; i < 2; i++) {
        weir_error error = {0};
        assert_int_equal(send(sync, "in", "v", &error), WEIR_ELIMIT);
        assert_string_equal(error.message, FOREVER "writes to and reads 'in' (1000 times)");
    }
    assert_int_equal(weir_sync_try_advance(sync, 1, NULL), WEIR_ELIMIT);
    weir_output in = weir_sync_output(sync, "in", STRINGS);
    assert_int_equal(weir_output_size(in), RECORDS_MAX + 1);
    assert_int_equal(weir_output_next(in)->timestamp_ms, 1);
    weir_sync_free(sync);
}

/* A record of in, a and b, each. */
static weir_topology *in_a_circle(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_repartition(weir_source(b, "in", STRINGS, NULL), "again", NULL), "a", NULL);
    weir_to(weir_source(b, "a", STRINGS, NULL), "b", NULL);
    weir_stream last = weir_source(b, "b", STRINGS, NULL);
    weir_to(last, "in", NULL);
    weir_to(last, "out", NULL);
    return weir_build(b, config, error);
}

static void the_limit_names_the_topics_of_a_circle(void **state)
{
    (void)state;
    for (int32_t partitions = 1; partitions <= 2; partitions++) {
        assert_endless(in_a_circle, &(weir_sync_opts){.partitions = partitions},
                       FOREVER
                       "writes to and reads 'in' (250 times), 'a' (250 times), 'b' (250 times)");
    }
}

static weir_err repeat(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    weir_err err = WEIR_OK;
    for (int i = 0; i < RECORDS_MAX && err == WEIR_OK; i++) {
        err = weir_emit_value(ctx, in->value);
    }
    return err;
}

static weir_topology *repeating(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_to(weir_flat_map_values(in, &weir_string, repeat, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void records_that_nobody_reads_do_not_count(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(repeating, &(weir_sync_opts){0});
    assert_int_equal(send(sync, "in", "v", &error), WEIR_OK);
    assert_int_equal(send(sync, "in", "v", &error), WEIR_OK);
    assert_int_equal(weir_output_size(weir_sync_output(sync, "out", STRINGS)), 2 * RECORDS_MAX);
    weir_sync_free(sync);
}

static weir_err twice(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    const weir_slice *value = in->value;
    char *text = weir_alloc(ctx, 2 * value->len);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, value->data, value->len);
    memcpy(text + value->len, value->data, value->len);
    *(weir_slice *)out = (weir_slice){text, 2 * value->len};
    return WEIR_OK;
}

static weir_topology *doubling(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_to(weir_map_values(in, &weir_string, twice, NULL, NULL), "in", NULL);
    return weir_build(b, config, error);
}

static void values_that_grow_end_with_the_limit_of_bytes(void **state)
{
    (void)state;
    assert_endless(doubling, &(weir_sync_opts){.bytes_max = 1000},
                   "a call writes more than 1000 bytes (weir_sync_opts.bytes_max); the topology "
                   "writes to and reads 'in' (9 times)");
}

static weir_err next_topic(weir_ctx *ctx, const weir_record *record, weir_buf *topic, void *user)
{
    int *count = user;
    (void)ctx;
    (void)record;
    return weir_put_format(topic, "in%d", ++*count);
}

static weir_topology *to_new_topics(const weir_config *config, weir_error *error)
{
    static int count;
    weir_builder *b = weir_builder_new();
    count = 0;
    weir_to(weir_source_pattern(b, "in.*", STRINGS, NULL), NULL,
            &(weir_sink_opts){.topic_fn = next_topic, .user = &count});
    return weir_build(b, config, error);
}

static void new_topics_of_a_pattern_end_with_the_limit(void **state)
{
    (void)state;
    assert_endless(to_new_topics, &(weir_sync_opts){.records_max = 50},
                   "a call reads more than 50 records (weir_sync_opts.records_max); the topology "
                   "writes to and reads 'in1' (1 times), 'in2' (1 times), 'in3' (1 times)");
}

/* ---- Records that cannot be decoded ---- */

static weir_err swallow(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    return WEIR_OK;
}

static weir_topology *numbers(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_for_each(weir_source(b, "in", &weir_string, &weir_i64, NULL), swallow, NULL, NULL);
    weir_to(weir_source(b, "dead", STRINGS, NULL), "seen", NULL);
    return weir_build(b, config, error);
}

#define DEAD_TO(topic)                                                                             \
    LIST("errors.dead.letter.queue.topic.name", topic, "deserialization.exception.handler",        \
         "continue")

static void dead_letters_for_the_topic_they_come_from_end_with_the_limit(void **state)
{
    (void)state;
    assert_endless(numbers,
                   &(weir_sync_opts){.config = DEAD_TO("in"), .app = {.on_log = ignore_log}},
                   FOREVER "writes to and reads 'in' (1001 times)");
}

static void dead_letters_that_the_topology_reads_are_processed_in_the_same_call(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync =
        made(numbers, &(weir_sync_opts){.config = DEAD_TO("dead"), .app = {.on_log = ignore_log}});
    assert_int_equal(send(sync, "in", "v", &error), WEIR_OK);
    assert_int_equal(weir_output_size(weir_sync_output(sync, "seen", STRINGS)), 1);
    weir_sync_free(sync);
}

/* ---- Punctuations and retries ---- */

static weir_err tick(weir_ctx *ctx, int64_t now_ms, void *state)
{
    weir_slice key = weir_slice_of("tick");
    (void)state;
    return weir_forward(ctx, &(weir_record){.key = &key, .value = &key, .timestamp_ms = now_ms});
}

static weir_err schedule_tick(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 10, tick, NULL);
}

static weir_err forward(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static weir_topology *one_processor(const weir_config *config, weir_error *error,
                                    const weir_processor_ops *ops, const char *to)
{
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "source", LIST("in"), STRINGS, NULL);
    weir_add_processor(b, "p", LIST("source"), ops, NULL);
    weir_add_sink(b, "sink", LIST("p"), to, STRINGS, NULL);
    return weir_build(b, config, error);
}

static weir_topology *ticking(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops ops = {"ticking", schedule_tick, forward, NULL};
    return one_processor(config, error, &ops, "in");
}

static void a_punctuation_that_starts_an_endless_loop_ends_with_the_limit(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(ticking, &(weir_sync_opts){0});
    assert_int_equal(weir_sync_try_advance(sync, 9, &error), WEIR_OK);
    assert_int_equal(weir_sync_try_advance(sync, 1, &error), WEIR_ELIMIT);
    assert_string_equal(error.message, FOREVER "writes to and reads 'in' (1001 times)");
    weir_sync_free(sync);
}

static weir_topology *rescheduling(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops ops = {"rescheduling", schedule_first, forward, NULL};
    return one_processor(config, error, &ops, "out");
}

static void punctuators_that_schedule_each_other_without_end_fail(void **state)
{
    (void)state;
    assert_endless(
        rescheduling, &(weir_sync_opts){.config = LIST("processing.exception.handler", "continue")},
        "task 0_0: punctuation: node 'p', task 0_0: 262144 punctuations at one time: punctuators "
        "schedule others that are due at once");
}

static weir_err not_now(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_fail(ctx, WEIR_ERETRY, "not now");
}

static weir_topology *never_open(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops ops = {"never", not_now, forward, NULL};
    return one_processor(config, error, &ops, "out");
}

static void a_processor_that_asks_for_a_retry_when_it_opens_is_not_waited_for(void **state)
{
    (void)state;
    weir_error error = {0};
    assert_null(
        weir_sync_new(never_open, &(weir_sync_opts){.app = {.on_log = ignore_log}}, &error));
    assert_int_equal(error.code, WEIR_ERETRY);
    assert_string_equal(error.message, "node 'p', task 0_0: not now");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topology_that_writes_to_the_topic_it_reads_ends_with_the_limit),
        cmocka_unit_test(the_limit_names_the_topics_of_a_circle),
        cmocka_unit_test(records_that_nobody_reads_do_not_count),
        cmocka_unit_test(values_that_grow_end_with_the_limit_of_bytes),
        cmocka_unit_test(new_topics_of_a_pattern_end_with_the_limit),
        cmocka_unit_test(dead_letters_for_the_topic_they_come_from_end_with_the_limit),
        cmocka_unit_test(dead_letters_that_the_topology_reads_are_processed_in_the_same_call),
        cmocka_unit_test(a_punctuation_that_starts_an_endless_loop_ends_with_the_limit),
        cmocka_unit_test(punctuators_that_schedule_each_other_without_end_fail),
        cmocka_unit_test(a_processor_that_asks_for_a_retry_when_it_opens_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
