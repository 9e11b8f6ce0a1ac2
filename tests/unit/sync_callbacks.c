/* SPDX-License-Identifier: Apache-2.0
 *
 * The synchronous driver calls the topology's callbacks on the test's thread: a test may jump out
 * of them, and they may call the driver. */
#include <setjmp.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string

typedef enum jump {
    NOWHERE,
    FROM_PROCESS,
    FROM_PUNCTUATOR,
} jump;

static jump from;
static jmp_buf outside;
static weir_sync *called; /* by the processor */

static weir_err punctuate(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    (void)state;
    if (from == FROM_PUNCTUATOR) {
        longjmp(outside, 1);
    }
    return WEIR_OK;
}

static weir_err open_it(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 1000, punctuate, NULL);
}

static void assert_calls_are_refused(weir_sync *sync, const char *why)
{
    weir_error error = {0};
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    assert_int_equal(weir_input_try_send(in, &(weir_input_record){0}, &error), WEIR_ESTATE);
    assert_non_null(strstr(error.message, why));
    assert_int_equal(weir_sync_try_advance(sync, 1, &error), WEIR_ESTATE);
    assert_non_null(strstr(error.message, why));
}

static weir_err process(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    if (from == FROM_PROCESS) {
        longjmp(outside, 1);
    }
    if (called != NULL) {
        assert_calls_are_refused(called, "a callback of the topology cannot send");
    }
    return weir_forward(ctx, in);
}

static weir_topology *jumping(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops ops = {"jumping", open_it, process, NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "source", LIST("in"), STRINGS, NULL);
    weir_add_processor(b, "p", LIST("source"), &ops, NULL);
    weir_add_sink(b, "sink", LIST("p"), "out", STRINGS, NULL);
    return weir_build(b, config, error);
}

static weir_sync *made(void)
{
    weir_error error = {0};
    weir_sync *sync =
        weir_sync_new(jumping, &(weir_sync_opts){.on_failure = weir_cmocka_failure}, &error);
    assert_non_null(sync);
    return sync;
}

static void free_after_a_jump(jump out_of)
{
    weir_sync *sync = made();
    from = out_of;
    if (setjmp(outside) == 0) {
        weir_input_text(weir_sync_input(sync, "in", STRINGS), "k", "v");
        weir_sync_advance(sync, 1000);
        fail_msg("nobody jumped");
    }
    from = NOWHERE;
    assert_calls_are_refused(sync, "after a jump out of a callback nothing more is processed");
    weir_sync_free(sync);
}

static void a_driver_is_freed_after_a_jump_out_of_a_processor(void **state)
{
    (void)state;
    free_after_a_jump(FROM_PROCESS);
}

static void a_driver_is_freed_after_a_jump_out_of_a_punctuator(void **state)
{
    (void)state;
    free_after_a_jump(FROM_PUNCTUATOR);
}

static void a_callback_cannot_send_or_advance_the_clock(void **state)
{
    (void)state;
    weir_sync *sync = made();
    weir_output out = weir_sync_output(sync, "out", STRINGS);
    called = sync;
    weir_input_text(weir_sync_input(sync, "in", STRINGS), "k", "v");
    called = NULL;
    assert_int_equal(weir_output_size(out), 1);
    assert_int_equal(weir_sync_now_ms(sync), WEIR_SYNC_START_MS);
    weir_input_text(weir_sync_input(sync, "in", STRINGS), "k", "w");
    assert_int_equal(weir_output_size(out), 2);
    weir_sync_free(sync);
}

static void the_clock_cannot_go_back(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made();
    assert_int_equal(weir_sync_try_advance(sync, INT64_MIN, &error), WEIR_EINVAL);
    assert_string_equal(error.message, "weir_sync_try_advance: -9223372036854775808 ms: the clock "
                                       "cannot go back");
    assert_int_equal(weir_sync_now_ms(sync), WEIR_SYNC_START_MS);
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_is_freed_after_a_jump_out_of_a_processor),
        cmocka_unit_test(a_driver_is_freed_after_a_jump_out_of_a_punctuator),
        cmocka_unit_test(a_callback_cannot_send_or_advance_the_clock),
        cmocka_unit_test(the_clock_cannot_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
