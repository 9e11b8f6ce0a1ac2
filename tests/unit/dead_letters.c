/* SPDX-License-Identifier: Apache-2.0
 *
 * errors.dead.letter.queue.topic.name: which records the topic gets, with which headers. */
#include <stdio.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string
#define CONFIG(...) ((const char *const[]){__VA_ARGS__, NULL})
#define TO_DEAD "errors.dead.letter.queue.topic.name", "dead"
#define TICK_MS 1000

static weir_err refuse_bad(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const weir_slice *value = in->value;
    return weir_slice_equal(*value, weir_slice_of("bad"))
               ? weir_fail(ctx, WEIR_EUSER, "a value that nobody wants")
               : weir_forward(ctx, in);
}

static weir_err fail_at(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)now_ms;
    (void)state;
    return weir_fail(ctx, WEIR_EUSER, "too late");
}

static weir_err schedule(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, TICK_MS, fail_at, NULL);
}

static const weir_processor_ops refuse_ops = {"refuse", NULL, refuse_bad, NULL};
static const weir_processor_ops late_ops = {"late", schedule, refuse_bad, NULL};

static weir_topology *processed_by(const weir_config *config, const weir_processor_ops *ops,
                                   weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream texts = weir_source(b, "texts", STRINGS, NULL);
    weir_to(weir_process(texts, STRINGS, ops, NULL, &(weir_process_opts){.name = "check"}), "out",
            NULL);
    return weir_build(b, config, error);
}

static weir_err nothing(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx, (void)in, (void)user;
    return WEIR_OK;
}

static weir_topology *texts(const weir_config *config, weir_error *error)
{
    return processed_by(config, &refuse_ops, error);
}

static weir_topology *late_texts(const weir_config *config, weir_error *error)
{
    return processed_by(config, &late_ops, error);
}

static weir_topology *numbers(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_for_each(
        weir_source(b, "numbers", &weir_string, &weir_i64, &(weir_source_opts){.name = "read"}),
        nothing, NULL, NULL);
    return weir_build(b, config, error);
}

static weir_sync *made(weir_topology_fn topology, const char *const *config)
{
    weir_error error = {0};
    weir_sync *sync = weir_sync_new(
        topology, &(weir_sync_opts){.on_failure = weir_cmocka_failure, .config = config}, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

static weir_err send(weir_sync *sync, const char *topic, const char *value, weir_error *error)
{
    const weir_header given = {"given", weir_slice_of("x")};
    return weir_input_try_send(weir_sync_input(sync, topic, STRINGS),
                               &(weir_input_record){.key = weir_text("k"),
                                                    .value = weir_text(value),
                                                    .at = WEIR_AT(1234),
                                                    .headers = &given,
                                                    .header_count = 1},
                               error);
}

static void assert_header(const weir_row *row, const char *name, const char *expected)
{
    weir_slice value;
    if (!weir_row_header(row, name, &value)) {
        fail_msg("there is no header %s", name);
    }
    if (expected == NULL) {
        assert_null(value.data);
    } else if (!weir_slice_equal(value, weir_slice_of(expected))) {
        fail_msg("%s: '%.*s' instead of '%s'", name, (int)value.len, (const char *)value.data,
                 expected);
    }
}

/* The only record of the topic; `topic` NULL: of no input record. */
static void assert_dead(weir_sync *sync, const char *value, const char *topic, const char *message,
                        const char *place)
{
    char exception[256];
    weir_rows *dead = weir_output_all(weir_sync_output(sync, "dead", STRINGS));
    weir_assert_size(dead, 1);
    const weir_row *row = weir_rows_at(dead, 0);
    if (topic != NULL) {
        assert_true(weir_slice_equal(*(const weir_slice *)row->key, weir_slice_of("k")));
        assert_true(weir_slice_equal(*(const weir_slice *)row->value, weir_slice_of(value)));
        assert_int_equal(row->timestamp_ms, 1234);
    } else {
        assert_null(row->key);
        assert_null(row->value);
    }
    assert_int_equal(row->header_count, 6);
    snprintf(exception, sizeof exception, "%s: %s",
             strstr(message, "decoded") != NULL ? "WEIR_EDECODE" : "WEIR_EUSER", message);
    assert_header(row, "__streams.errors.exception", exception);
    assert_header(row, "__streams.errors.message", message);
    assert_header(row, "__streams.errors.stacktrace", place);
    assert_header(row, "__streams.errors.topic", topic);
    assert_header(row, "__streams.errors.partition", topic != NULL ? "0" : "-1");
    assert_header(row, "__streams.errors.offset", topic != NULL ? "1" : "-1");
}

#define UNDECODABLE                                                                                \
    "node 'read', task 0_0, numbers-0@1: the value cannot be decoded: i64: 3 bytes instead of 8"

static void an_undecodable_record_is_sent_as_it_was_read(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync =
        made(numbers, CONFIG(TO_DEAD, "deserialization.exception.handler", "continue"));
    assert_int_equal(send(sync, "numbers", "12345678", &error), WEIR_OK);
    assert_int_equal(send(sync, "numbers", "bad", &error), WEIR_OK);
    assert_dead(sync, "bad", "numbers", UNDECODABLE, "node 'read', task 0_0");
    weir_sync_free(sync);
}

static void an_undecodable_record_that_stops_the_thread_is_sent_too(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(numbers, CONFIG(TO_DEAD));
    assert_int_equal(send(sync, "numbers", "12345678", &error), WEIR_OK);
    assert_int_equal(send(sync, "numbers", "bad", &error), WEIR_EDECODE);
    assert_dead(sync, "bad", "numbers", UNDECODABLE, "node 'read', task 0_0");
    weir_sync_free(sync);
}

static void a_record_that_a_processor_fails_with_is_sent_as_it_was_read(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(texts, CONFIG(TO_DEAD, "processing.exception.handler", "continue"));
    assert_int_equal(send(sync, "texts", "good", &error), WEIR_OK);
    assert_int_equal(send(sync, "texts", "bad", &error), WEIR_OK);
    assert_dead(sync, "bad", "texts", "a value that nobody wants", "node 'check', task 0_0");
    assert_int_equal(weir_output_size(weir_sync_output(sync, "out", STRINGS)), 1);
    weir_sync_free(sync);
}

static void a_record_whose_failure_stops_the_thread_is_sent_too(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(texts, CONFIG(TO_DEAD));
    assert_int_equal(send(sync, "texts", "good", &error), WEIR_OK);
    assert_int_equal(send(sync, "texts", "bad", &error), WEIR_EUSER);
    assert_dead(sync, "bad", "texts", "a value that nobody wants", "node 'check', task 0_0");
    weir_sync_free(sync);
}

static void a_punctuation_that_fails_has_no_record(void **state)
{
    (void)state;
    weir_sync *sync = made(late_texts, CONFIG(TO_DEAD, "processing.exception.handler", "continue"));
    weir_sync_advance(sync, TICK_MS);
    assert_dead(sync, NULL, NULL, "too late", "node 'check', task 0_0");
    weir_sync_free(sync);
}

static void note_topic(const char *topic, void *user)
{
    (void)user;
    assert_string_equal(topic, "out");
}

static void without_the_setting_nothing_is_sent(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(texts, CONFIG("processing.exception.handler", "continue"));
    assert_int_equal(send(sync, "texts", "good", &error), WEIR_OK);
    assert_int_equal(send(sync, "texts", "bad", &error), WEIR_OK);
    weir_sync_each_output(sync, note_topic, NULL);
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_undecodable_record_is_sent_as_it_was_read),
        cmocka_unit_test(an_undecodable_record_that_stops_the_thread_is_sent_too),
        cmocka_unit_test(a_record_that_a_processor_fails_with_is_sent_as_it_was_read),
        cmocka_unit_test(a_record_whose_failure_stops_the_thread_is_sent_too),
        cmocka_unit_test(a_punctuation_that_fails_has_no_record),
        cmocka_unit_test(without_the_setting_nothing_is_sent),
    };
    return cmocka_run_group_tests_name("dead letters", tests, NULL, NULL);
}
