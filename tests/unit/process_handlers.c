/* SPDX-License-Identifier: Apache-2.0
 *
 * processing.exception.handler in a graph: the nodes that it covers, and the state after an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/dsl.h>

#include "support/driven.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The behaviour of the punctuators of the only processor. */
typedef struct script {
    bool forward;             /* to a child that fails */
    bool ignore;              /* the error that the child returned */
    const char *text;         /* of its own failure; NULL: none */
    bool second_fails_mutely; /* a second punctuator, due at the same time */
    int fired;
} script;

static weir_err first(weir_ctx *ctx, int64_t now_ms, void *state)
{
    script *plan = state;
    plan->fired++;
    weir_err err = WEIR_OK;
    if (plan->forward) {
        weir_slice key = weir_slice_of("k");
        err = weir_forward(ctx, &(weir_record){&key, &key, now_ms, NULL});
        err = plan->ignore ? WEIR_OK : err;
    }
    return plan->text != NULL ? weir_fail(ctx, WEIR_EUSER, "%s", plan->text) : err;
}

static weir_err second(weir_ctx *ctx, int64_t now_ms, void *state)
{
    const script *plan = state;
    (void)ctx;
    (void)now_ms;
    return plan->second_fails_mutely ? WEIR_EUSER : WEIR_OK;
}

static weir_err open_script(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    weir_err err = weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 100, first, NULL);
    return err == WEIR_OK ? weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 100, second, NULL) : err;
}

static weir_err swallow(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    (void)state;
    return WEIR_OK;
}

static weir_err fail_always(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)in;
    (void)state;
    return weir_fail(ctx, WEIR_EUSER, "the child fails");
}

static const weir_processor_ops script_ops = {"script", open_script, swallow, NULL};
static const weir_processor_ops fail_ops = {"fail", NULL, fail_always, NULL};

typedef struct fixture {
    weir_topology *topology;
    driven task;
} fixture;

static void open_fixture(fixture *f, script *plan, bool skip_failed)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), &weir_string, &weir_string, NULL);
    weir_add_processor(b, "p", LIST("in"), &script_ops, plan);
    weir_add_processor(b, "child", LIST("p"), &fail_ops, NULL);
    f->topology = weir_build(b, NULL, &error);
    assert_non_null(f->topology);
    f->task = (driven){.settings = DRIVEN_SETTINGS("processing.exception.handler",
                                                   skip_failed ? "continue" : "fail")};
    assert_int_equal(driven_open(&f->task, f->topology, 1000), WEIR_OK);
}

static void close_fixture(fixture *f)
{
    driven_close(&f->task);
    weir_topology_free(f->topology);
}

static void a_failed_punctuation_that_may_be_skipped_is_counted_without_a_place(void **state)
{
    (void)state;
    script plan = {.text = "no"};
    fixture f;
    open_fixture(&f, &plan, true);
    assert_int_equal(driven_advance(&f.task, 100), WEIR_OK);
    assert_int_equal(driven_advance(&f.task, 100), WEIR_OK);
    assert_int_equal(plan.fired, 2);
    assert_int_equal(driven_dropped(&f.task), 2);
    assert_non_null(strstr(f.task.log, "no input record"));
    close_fixture(&f);
}

static void a_failed_punctuation_is_an_error_without_such_a_handler(void **state)
{
    (void)state;
    script plan = {.text = "no"};
    fixture f;
    open_fixture(&f, &plan, false);
    assert_int_equal(driven_advance(&f.task, 100), WEIR_EUSER);
    assert_string_equal(f.task.error.message, "task 0_0: punctuation: node 'p', task 0_0: no");
    assert_int_equal(driven_dropped(&f.task), 0);
    close_fixture(&f);
}

static void a_child_of_a_punctuation_is_asked_about_once(void **state)
{
    (void)state;
    script plan = {.forward = true};
    fixture f;
    open_fixture(&f, &plan, true);
    assert_int_equal(driven_advance(&f.task, 100), WEIR_OK);
    assert_int_equal(driven_dropped(&f.task), 1);
    close_fixture(&f);
}

static void a_failure_that_a_punctuator_ignored_is_not_that_of_the_next(void **state)
{
    (void)state;
    script plan = {.forward = true, .ignore = true, .second_fails_mutely = true};
    fixture f;
    open_fixture(&f, &plan, false);
    assert_int_equal(driven_advance(&f.task, 100), WEIR_EUSER);
    assert_string_equal(f.task.error.message,
                        "task 0_0: punctuation: node 'p', task 0_0: user callback failed");
    close_fixture(&f);
}

/* ---- Null results ---- */

#define FAILURES 9

static weir_err many_values(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)in;
    (void)user;
    weir_err err = WEIR_OK;
    weir_slice bad = weir_slice_of("bad");
    weir_slice good = weir_slice_of("good");
    for (int i = 0; i < FAILURES && err == WEIR_OK; i++) {
        err = weir_emit_value(ctx, &bad);
    }
    return err == WEIR_OK ? weir_emit_value(ctx, &good) : err;
}

static weir_err null_or_failure(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    weir_out_null(ctx, out);
    return weir_slice_equal(*(const weir_slice *)in->value, weir_slice_of("good"))
               ? WEIR_OK
               : weir_fail(ctx, WEIR_EUSER, "bad");
}

static void a_result_is_null_whatever_failed_before_it(void **state)
{
    (void)state;
    weir_error error = {0};
    driven task = {.settings = DRIVEN_SETTINGS("processing.exception.handler", "continue")};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_stream many = weir_flat_map_values(in, &weir_string, many_values, NULL, NULL);
    weir_to(weir_map_values(many, &weir_i64, null_or_failure, NULL, NULL), "out", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_non_null(topology);
    assert_int_equal(driven_open(&task, topology, 1000), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "v", 1), WEIR_OK);
    assert_int_equal(driven_dropped(&task), FAILURES);
    assert_int_equal(task.sent_count, 1);
    assert_null(driven_sent(&task, 0)->value.data);
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_punctuation_that_may_be_skipped_is_counted_without_a_place),
        cmocka_unit_test(a_failed_punctuation_is_an_error_without_such_a_handler),
        cmocka_unit_test(a_child_of_a_punctuation_is_asked_about_once),
        cmocka_unit_test(a_failure_that_a_punctuator_ignored_is_not_that_of_the_next),
        cmocka_unit_test(a_result_is_null_whatever_failed_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
