/* SPDX-License-Identifier: Apache-2.0
 *
 * A processor alone: what it forwards, schedules and asks for, with metadata and clocks that the
 * test sets. */
#include <stdio.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_isolated.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define START_MS 5000
#define EVERY_MS 100

/* What the next call does; the state of the processor. */
typedef struct script {
    weir_punctuator wall;
    bool cancel;
    bool fail_in_open;
    bool fail_when_called; /* the punctuator */
    int stream_calls;
    int64_t last_ms;
} script;

static weir_err on_wall(weir_ctx *ctx, int64_t now_ms, void *state)
{
    script *of = state;
    const weir_slice key = weir_slice_of("tick");
    of->last_ms = now_ms;
    if (of->fail_when_called) {
        return weir_fail(ctx, WEIR_EUSER, "no ticks today");
    }
    if (of->cancel) {
        weir_punctuator_cancel(of->wall);
    }
    if (weir_ctx_metadata(ctx).topic != NULL) {
        return weir_fail(ctx, WEIR_EUSER, "a punctuator has no topic");
    }
    return weir_forward(ctx, &(weir_record){.key = &key, .value = &now_ms, .timestamp_ms = now_ms});
}

static weir_err on_stream(weir_ctx *ctx, int64_t now_ms, void *state)
{
    script *of = state;
    (void)ctx;
    of->stream_calls++;
    of->last_ms = now_ms;
    return WEIR_OK;
}

static weir_err open_both(weir_ctx *ctx, void *user, void **state)
{
    script *of = user;
    *state = of;
    if (of->fail_in_open) {
        return weir_fail(ctx, WEIR_EUSER, "not today");
    }
    weir_err err = weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, EVERY_MS, on_wall, &of->wall);
    return err == WEIR_OK ? weir_schedule(ctx, WEIR_STREAM_TIME, EVERY_MS, on_stream, NULL) : err;
}

static bool is(const weir_record *in, const char *text)
{
    const weir_slice *value = in->value;
    return value != NULL && weir_slice_equal(*value, weir_slice_of(text));
}

/* Forwards the value's length; some values are commands. */
static weir_err process(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const weir_slice *value = in->value;
    weir_record_metadata at = weir_ctx_metadata(ctx);
    int64_t number = value != NULL ? (int64_t)value->len : -1;
    weir_record out = {in->key, &number, in->timestamp_ms, in->headers};
    if (is(in, "fail")) {
        return weir_fail(ctx, WEIR_EUSER, "as you wish");
    }
    if (is(in, "commit")) {
        weir_ctx_commit(ctx);
        return WEIR_OK;
    }
    if (is(in, "where")) {
        number = at.topic != NULL
                     ? (int64_t)strlen(at.topic) * 10000 + at.partition * 100 + at.offset
                     : -1;
    }
    return is(in, "right")   ? weir_forward_to(ctx, &out, "right")
           : is(in, "wrong") ? weir_forward_to(ctx, &out, "wrong")
                             : weir_forward(ctx, &out);
}

static const weir_processor_ops ops = {"script", open_both, process, NULL};

static const weir_isolated_opts defaults = {.key = &weir_string,
                                            .value = &weir_string,
                                            .out_value = &weir_i64,
                                            .children = LIST("left", "right"),
                                            .start = {START_MS, true},
                                            .on_failure = weir_cmocka_failure};

static weir_isolated *made(script *of, const weir_isolated_opts *opts)
{
    weir_error error = {0};
    weir_isolated *isolated = weir_isolated_new(&ops, of, opts, &error);
    if (isolated == NULL) {
        fail_msg("%s", error.message);
    }
    return isolated;
}

static void send(weir_isolated *isolated, const char *value, int64_t time_ms)
{
    weir_isolated_process(isolated, &(weir_input_record){.key = weir_text("k"),
                                                         .value = weir_text(value),
                                                         .at = WEIR_AT(time_ms)});
}

static weir_err try_send(weir_isolated *isolated, const char *value, weir_error *error)
{
    return weir_isolated_try_process(
        isolated,
        &(weir_input_record){.key = weir_text("k"), .value = weir_text(value), .at = WEIR_AT(1)},
        error);
}

/* The number that was forwarded last. */
static int64_t last_number(weir_isolated *isolated)
{
    weir_rows *rows = weir_isolated_forwards(isolated, NULL);
    assert_true(weir_rows_size(rows) > 0);
    return *(const int64_t *)weir_rows_at(rows, weir_rows_size(rows) - 1)->value;
}

static void a_test_calls_a_processor_and_its_punctuators(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_isolated *isolated = made(&of, &defaults);
    weir_isolated_set_metadata(isolated, (weir_record_metadata){"orders", 3, 42});
    weir_isolated_process(isolated, &(weir_input_record){.key = weir_text("k"),
                                                         .value = weir_text("commit"),
                                                         .at = WEIR_AT(7)});
    assert_true(weir_isolated_commit_requested(isolated));
    weir_isolated_advance_to(isolated, WEIR_WALL_CLOCK_TIME, START_MS + EVERY_MS);
    weir_assert_size(weir_isolated_forwards(isolated, "left"), 1);
    weir_isolated_punctuate(isolated, 1);
    assert_int_equal(of.last_ms, 7);
    weir_isolated_free(isolated);
}

/* ---- Forwarded records ---- */

static void forwarded_records_have_child_time_and_headers(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_isolated *isolated = made(&of, &defaults);
    const weir_header header = {"trace", weir_slice_of("7")};
    weir_isolated_process(isolated, &(weir_input_record){.key = weir_text("k"),
                                                         .value = weir_text("abc"),
                                                         .at = WEIR_AT(0),
                                                         .headers = &header,
                                                         .header_count = 1});
    send(isolated, "right", 12);

    weir_rows *expected = weir_isolated_rows(isolated, &weir_string, &weir_i64);
    weir_rows_add_record(expected, &(weir_input_record){.key = weir_text("k"),
                                                        .value = &(int64_t){3},
                                                        .at = WEIR_AT(0),
                                                        .headers = &header,
                                                        .header_count = 1});
    weir_assert_same_records(weir_isolated_forwards(isolated, "left"), expected);
    weir_rows_add_record(
        expected,
        &(weir_input_record){.key = weir_text("k"), .value = &(int64_t){5}, .at = WEIR_AT(12)});
    weir_assert_same_records(weir_isolated_forwards(isolated, "right"), expected);
    weir_rows *all = weir_isolated_forwards(isolated, NULL);
    weir_assert_size(all, 3);
    assert_string_equal(weir_rows_at(all, 0)->child, "left");
    assert_string_equal(weir_rows_at(all, 1)->child, "right");
    weir_isolated_forget(isolated);
    weir_assert_size(weir_isolated_forwards(isolated, NULL), 0);
    weir_isolated_free(isolated);
}

static void one_child_is_there_if_none_is_named(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_isolated_opts opts = defaults;
    opts.children = NULL;
    weir_isolated *isolated = made(&of, &opts);
    weir_isolated_process(isolated, &(weir_input_record){.key = NULL, .value = NULL});
    const weir_row *row = weir_rows_at(weir_isolated_forwards(isolated, "child"), 0);
    assert_non_null(row);
    assert_null(row->key);
    assert_int_equal(*(const int64_t *)row->value, -1);
    assert_int_equal(row->timestamp_ms, START_MS);
    weir_isolated_free(isolated);
}

static void metadata_are_what_the_test_sets(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_isolated *isolated = made(&of, &defaults);
    send(isolated, "where", 1);
    assert_int_equal(last_number(isolated), 50000);
    char topic[] = "orders";
    weir_isolated_set_metadata(isolated, (weir_record_metadata){topic, 3, 42});
    topic[0] = '\0';
    send(isolated, "where", 1);
    send(isolated, "where", 1);
    assert_int_equal(last_number(isolated), 60342);
    weir_isolated_set_metadata(isolated, (weir_record_metadata){NULL, -1, -1});
    send(isolated, "where", 1);
    assert_int_equal(last_number(isolated), -1);
    weir_isolated_free(isolated);
}

static void a_request_for_a_commit_is_seen_until_it_is_forgotten(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_isolated *isolated = made(&of, &defaults);
    send(isolated, "a", 1);
    assert_false(weir_isolated_commit_requested(isolated));
    send(isolated, "commit", 1);
    send(isolated, "a", 1);
    assert_true(weir_isolated_commit_requested(isolated));
    weir_isolated_forget(isolated);
    assert_false(weir_isolated_commit_requested(isolated));
    weir_isolated_free(isolated);
}

/* ---- Time ---- */

static void punctuations_are_called_when_their_clock_is_advanced(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_isolated *isolated = made(&of, &defaults);
    assert_int_equal(weir_isolated_time_ms(isolated, WEIR_STREAM_TIME), -1);
    weir_isolated_advance_to(isolated, WEIR_WALL_CLOCK_TIME, START_MS + EVERY_MS - 1);
    weir_assert_size(weir_isolated_forwards(isolated, "left"), 0);
    weir_isolated_advance_to(isolated, WEIR_WALL_CLOCK_TIME, START_MS + 10 * EVERY_MS);
    weir_assert_size(weir_isolated_forwards(isolated, "left"), 1);
    assert_int_equal(of.last_ms, START_MS + 10 * EVERY_MS);
    assert_int_equal(of.stream_calls, 0);
    weir_isolated_advance_to(isolated, WEIR_STREAM_TIME, 10);
    assert_int_equal(of.stream_calls, 1);
    assert_int_equal(of.last_ms, 10);
    send(isolated, "a", EVERY_MS);
    assert_int_equal(of.stream_calls, 2);
    send(isolated, "a", 1);
    assert_int_equal(weir_isolated_time_ms(isolated, WEIR_STREAM_TIME), EVERY_MS);
    weir_isolated_free(isolated);
}

static void a_clock_is_set_without_a_call(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_error error;
    weir_isolated *isolated = made(&of, &defaults);
    weir_isolated_set_time(isolated, WEIR_WALL_CLOCK_TIME, 1000000);
    assert_int_equal(weir_isolated_time_ms(isolated, WEIR_WALL_CLOCK_TIME), 1000000);
    weir_isolated_set_time(isolated, WEIR_STREAM_TIME, 77);
    weir_isolated_set_time(isolated, WEIR_STREAM_TIME, -1);
    weir_assert_size(weir_isolated_forwards(isolated, NULL), 0);
    assert_int_equal(of.stream_calls, 0);
    assert_int_equal(weir_isolated_try_advance_to(isolated, WEIR_WALL_CLOCK_TIME, 5, &error),
                     WEIR_EINVAL);
    assert_string_equal(error.message,
                        "weir_isolated_try_advance_to: 5: the clock shows a later time, 1000000; "
                        "weir_isolated_set_time sets it back");
    weir_isolated_set_time(isolated, WEIR_WALL_CLOCK_TIME, 5);
    weir_isolated_process(isolated, &(weir_input_record){.value = weir_text("a")});
    assert_int_equal(weir_rows_at(weir_isolated_forwards(isolated, NULL), 0)->timestamp_ms, 5);
    weir_isolated_free(isolated);
}

static void punctuations_are_listed_and_called_one_by_one(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_error error;
    weir_isolated_punctuation all[3];
    weir_isolated *isolated = made(&of, &defaults);
    assert_int_equal(weir_isolated_punctuations(isolated, all, 3), 2);
    assert_int_equal(all[0].kind, WEIR_WALL_CLOCK_TIME);
    assert_int_equal(all[0].interval_ms, EVERY_MS);
    assert_int_equal(all[0].due_ms, START_MS + EVERY_MS);
    assert_true(all[0].fn == on_wall);
    assert_false(all[0].cancelled);
    assert_int_equal(all[1].kind, WEIR_STREAM_TIME);
    weir_isolated_punctuate(isolated, 1);
    assert_int_equal(of.stream_calls, 1);
    assert_int_equal(of.last_ms, -1);
    weir_isolated_punctuate(isolated, 0);
    assert_int_equal(of.last_ms, START_MS);
    weir_isolated_punctuations(isolated, all, 1);
    assert_int_equal(all[0].due_ms, START_MS + EVERY_MS);
    of.cancel = true;
    weir_isolated_punctuate(isolated, 0);
    assert_int_equal(weir_isolated_punctuations(isolated, all, 3), 2);
    assert_true(all[0].cancelled);
    assert_int_equal(weir_isolated_try_punctuate(isolated, 0, &error), WEIR_ESTATE);
    assert_int_equal(weir_isolated_try_punctuate(isolated, 2, &error), WEIR_ENOTFOUND);
    assert_string_equal(error.message, "weir_isolated_try_punctuate: the processor has scheduled 2 "
                                       "punctuations, there is no [2]");
    weir_isolated_advance_to(isolated, WEIR_WALL_CLOCK_TIME, START_MS + 2 * EVERY_MS);
    assert_int_equal(of.last_ms, START_MS);
    weir_isolated_punctuations(isolated, all, 3);
    assert_true(all[0].cancelled);
    assert_false(all[1].cancelled);
    weir_isolated_free(isolated);
}

/* ---- Failures ---- */

static void a_failure_is_returned_and_the_next_record_processed(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_error error;
    weir_isolated *isolated = made(&of, &defaults);
    assert_int_equal(try_send(isolated, "fail", &error), WEIR_EUSER);
    assert_string_equal(error.message, "node 'processor', task 0_0, topic-0@0: as you wish");
    assert_int_equal(try_send(isolated, "wrong", &error), WEIR_ENOTFOUND);
    assert_non_null(strstr(error.message, "left"));
    weir_assert_size(weir_isolated_forwards(isolated, NULL), 0);
    assert_int_equal(try_send(isolated, "a", &error), WEIR_OK);
    of.fail_when_called = true;
    assert_int_equal(weir_isolated_try_punctuate(isolated, 0, &error), WEIR_EUSER);
    assert_string_equal(error.message, "node 'processor', task 0_0: no ticks today");
    assert_int_equal(
        weir_isolated_try_advance_to(isolated, WEIR_WALL_CLOCK_TIME, START_MS + EVERY_MS, &error),
        WEIR_EUSER);
    weir_assert_size(weir_isolated_forwards(isolated, "left"), 1);
    weir_isolated_free(isolated);
}

static void a_record_that_a_handler_skips_is_counted(void **state)
{
    (void)state;
    script of = {.last_ms = 0};
    weir_error error;
    weir_dropped_records dropped[2];
    weir_isolated_opts opts = defaults;
    opts.config = LIST("processing.exception.handler", "continue");
    weir_isolated *isolated = made(&of, &opts);
    assert_int_equal(try_send(isolated, "fail", &error), WEIR_OK);
    assert_int_equal(weir_isolated_dropped_records(isolated, dropped, 2), 1);
    assert_int_equal(dropped[0].reason, WEIR_DROP_PROCESSING_FAILED);
    assert_string_equal(dropped[0].node, "processor");
    weir_isolated_free(isolated);
}

static void assert_refused(script *of, const weir_isolated_opts *opts, weir_err code,
                           const char *text)
{
    weir_error error = {0};
    assert_null(weir_isolated_new(&ops, of, opts, &error));
    assert_int_equal(error.code, code);
    if (strstr(error.message, text) == NULL) {
        fail_msg("%s", error.message);
    }
}

static void what_cannot_be_made_says_why(void **state)
{
    (void)state;
    script of = {.fail_in_open = true};
    assert_refused(&of, &defaults, WEIR_EUSER, "node 'processor', task 0_0: not today");
    weir_isolated_opts opts = defaults;
    opts.value = NULL;
    assert_refused(&of, &opts, WEIR_EINVAL, "weir_isolated_opts.value is NULL");
    opts = defaults;
    opts.stores = LIST("counts");
    assert_refused(&of, &opts, WEIR_ENOTFOUND, "counts");
    opts = defaults;
    opts.start = WEIR_AT(-1);
    assert_refused(&of, &opts, WEIR_EINVAL, "a wall clock is not before 1970");
    opts = defaults;
    opts.out_key = &(weir_serde){.name = "half"};
    assert_refused(&of, &opts, WEIR_EINVAL, "weir_isolated_opts.out_key: a serde must have");
}

static weir_err forward_in_open(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_forward(ctx, &(weir_record){.timestamp_ms = 0});
}

static void nothing_is_forwarded_while_the_processor_opens(void **state)
{
    static const weir_processor_ops early = {"early", forward_in_open, process, NULL};
    (void)state;
    weir_error error = {0};
    assert_null(weir_isolated_new(&early, NULL, &defaults, &error));
    assert_int_equal(error.code, WEIR_ESTATE);
    assert_non_null(strstr(error.message, "records are forwarded in process and punctuators"));
}

/* ---- Jumps ---- */

static jmp_buf outside;

static weir_err jump(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    (void)state;
    longjmp(outside, 1);
}

static void it_is_freed_after_a_jump_out_of_the_processor(void **state)
{
    static const weir_processor_ops jumping = {"jumping", NULL, jump, NULL};
    (void)state;
    weir_error error = {0};
    weir_isolated *volatile isolated = weir_isolated_new(&jumping, NULL, &defaults, &error);
    assert_non_null(isolated);
    if (setjmp(outside) == 0) {
        send(isolated, "a", 1);
        fail_msg("nobody jumped");
    }
    assert_int_equal(try_send(isolated, "a", &error), WEIR_ESTATE);
    assert_int_equal(weir_isolated_try_punctuate(isolated, 0, &error), WEIR_ESTATE);
    weir_isolated_free(isolated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_calls_a_processor_and_its_punctuators),
        cmocka_unit_test(forwarded_records_have_child_time_and_headers),
        cmocka_unit_test(one_child_is_there_if_none_is_named),
        cmocka_unit_test(metadata_are_what_the_test_sets),
        cmocka_unit_test(a_request_for_a_commit_is_seen_until_it_is_forgotten),
        cmocka_unit_test(punctuations_are_called_when_their_clock_is_advanced),
        cmocka_unit_test(a_clock_is_set_without_a_call),
        cmocka_unit_test(punctuations_are_listed_and_called_one_by_one),
        cmocka_unit_test(a_failure_is_returned_and_the_next_record_processed),
        cmocka_unit_test(a_record_that_a_handler_skips_is_counted),
        cmocka_unit_test(what_cannot_be_made_says_why),
        cmocka_unit_test(nothing_is_forwarded_while_the_processor_opens),
        cmocka_unit_test(it_is_freed_after_a_jump_out_of_the_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
