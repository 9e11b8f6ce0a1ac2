/* SPDX-License-Identifier: Apache-2.0
 *
 * Handles of punctuations, and how many there may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/driven.h"

#define PUNCTUATIONS_MAX 65536 /* of weir/processor.h */
#define FAR_MS ((int64_t)1 << 50)
#define TIMERS 3

typedef struct timers timers;
typedef weir_err (*timers_fn)(weir_ctx *ctx, timers *all);

/* The state of the processor. Timer i fires first at 100 ms, and is scheduled by open. */
struct timers {
    weir_punctuator handles[TIMERS];
    int fired[TIMERS];
    timers_fn on_fire; /* of timer 0 */
    timers_fn on_close;
    weir_punctuator extra;
    int extra_fired;
    size_t scheduled;
    weir_err err;
};

static weir_err fire_0(weir_ctx *ctx, int64_t now_ms, void *state)
{
    timers *all = state;
    (void)now_ms;
    all->fired[0]++;
    return all->on_fire != NULL ? all->on_fire(ctx, all) : WEIR_OK;
}

static weir_err fire_1(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    ((timers *)state)->fired[1]++;
    return WEIR_OK;
}

static weir_err fire_2(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    ((timers *)state)->fired[2]++;
    return WEIR_OK;
}

static weir_err fire_extra(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    ((timers *)state)->extra_fired++;
    return WEIR_OK;
}

static weir_err schedule_all(weir_ctx *ctx, void *user, void **state)
{
    static const weir_punctuate_fn fns[TIMERS] = {fire_0, fire_1, fire_2};
    timers *all = user;
    weir_err err = WEIR_OK;
    *state = all;
    for (size_t i = 0; i < TIMERS && err == WEIR_OK; i++) {
        err = weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 100, fns[i], &all->handles[i]);
    }
    return err;
}

static weir_err swallow(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    (void)state;
    return WEIR_OK;
}

static void close_timers(void *state)
{
    timers *all = state;
    if (all->on_close != NULL) {
        all->on_close(NULL, all);
    }
}

static const weir_processor_ops timers_ops = {
    .name = "timers", .open = schedule_all, .process = swallow, .close = close_timers};

typedef struct with_timers {
    weir_topology *topology;
    driven task;
} with_timers;

static void open_timers(with_timers *of, timers *all)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", (const char *const[]){"in", NULL}, &weir_string, &weir_string, NULL);
    weir_add_processor(b, "p", (const char *const[]){"in", NULL}, &timers_ops, all);
    of->topology = weir_build(b, NULL, &error);
    if (of->topology == NULL || driven_open(&of->task, of->topology, 0) != WEIR_OK) {
        fail_msg("%s%s", error.message, of->task.error.message);
    }
}

static void close_it(with_timers *of)
{
    driven_close(&of->task);
    weir_topology_free(of->topology);
}

static void assert_fired(const timers *all, int first, int second, int third)
{
    assert_int_equal(all->fired[0], first);
    assert_int_equal(all->fired[1], second);
    assert_int_equal(all->fired[2], third);
}

/* ---- The limit ---- */

/* Schedules until there is no room. */
static weir_err schedule_too_many(weir_ctx *ctx, timers *all)
{
    weir_punctuator before = all->extra;
    do {
        before = all->extra;
        all->err = weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, FAR_MS, fire_extra, &all->extra);
        all->scheduled += all->err == WEIR_OK;
    } while (all->err == WEIR_OK);
    assert_memory_equal(&before, &all->extra, sizeof before);
    return all->err;
}

static void a_punctuator_that_schedules_too_many_fails_and_stays(void **state)
{
    (void)state;
    with_timers of = {
        .task = {.settings = DRIVEN_SETTINGS("processing.exception.handler", "continue")}};
    timers all = {.on_fire = schedule_too_many};
    open_timers(&of, &all);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_int_equal(all.err, WEIR_ELIMIT);
    assert_int_equal(all.scheduled, PUNCTUATIONS_MAX - TIMERS);
    assert_non_null(strstr(of.task.log, "node 'p', task 0_0"));
    assert_non_null(strstr(of.task.log, "the task already has 65536 punctuations of wall-clock "
                                        "time, which is the limit: cancel those"));
    all.on_fire = NULL;
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_fired(&all, 2, 2, 2);
    close_it(&of);
}

/* Its own place is free when it has cancelled itself. */
static weir_err replace_itself_when_full(weir_ctx *ctx, timers *all)
{
    assert_int_equal(schedule_too_many(ctx, all), WEIR_ELIMIT);
    weir_punctuator_cancel(all->handles[0]);
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 50, fire_extra, &all->extra);
}

static void a_punctuation_can_be_replaced_at_the_limit(void **state)
{
    (void)state;
    with_timers of = {0};
    timers all = {.on_fire = replace_itself_when_full};
    open_timers(&of, &all);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_int_equal(driven_advance(&of.task, 50), WEIR_OK);
    assert_int_equal(all.extra_fired, 1);
    assert_int_equal(driven_advance(&of.task, 50), WEIR_OK);
    assert_fired(&all, 1, 2, 2);
    close_it(&of);
}

/* ---- Cancelling ---- */

static weir_err cancel_itself(weir_ctx *ctx, timers *all)
{
    (void)ctx;
    weir_punctuator_cancel(all->handles[0]);
    weir_punctuator_cancel(all->handles[0]);
    return WEIR_OK;
}

static void a_punctuation_that_cancels_itself_has_no_other_call(void **state)
{
    (void)state;
    with_timers of = {0};
    timers all = {.on_fire = cancel_itself};
    open_timers(&of, &all);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    weir_punctuator_cancel(all.handles[0]); /* it has ended */
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_fired(&all, 1, 2, 2);
    close_it(&of);
}

static weir_err cancel_others(weir_ctx *ctx, timers *all)
{
    (void)ctx;
    weir_punctuator_cancel(all->handles[1]);
    weir_punctuator_cancel(all->handles[2]);
    return WEIR_OK;
}

/* The others are due at the same time as the one that cancels them. */
static void a_punctuation_cancelled_by_another_has_no_call(void **state)
{
    (void)state;
    with_timers of = {0};
    timers all = {.on_fire = cancel_others};
    open_timers(&of, &all);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    }
    assert_fired(&all, 3, 0, 0);
    close_it(&of);
}

static weir_err schedule_extra(weir_ctx *ctx, timers *all)
{
    return all->extra.number == 0
               ? weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 100, fire_extra, &all->extra)
               : WEIR_OK;
}

static void a_handle_of_an_ended_punctuation_cancels_no_other_one(void **state)
{
    (void)state;
    with_timers of = {0};
    timers all = {0};
    open_timers(&of, &all);
    weir_punctuator_cancel(all.handles[1]);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    all.on_fire = schedule_extra;
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_ptr_equal(all.extra.place, all.handles[1].place);
    weir_punctuator_cancel(all.handles[1]);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_int_equal(all.extra_fired, 1);
    weir_punctuator_cancel(all.extra);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_int_equal(all.extra_fired, 1);
    close_it(&of);
}

static weir_err schedule_last(weir_ctx *ctx, timers *all)
{
    return all->extra.number == 0 ? weir_schedule_from(ctx, WEIR_WALL_CLOCK_TIME, 150, INT64_MAX,
                                                       fire_extra, &all->extra)
                                  : WEIR_OK;
}

static weir_err cancel_all(weir_ctx *ctx, timers *all)
{
    cancel_others(ctx, all);
    cancel_itself(ctx, all);
    weir_punctuator_cancel(all->extra);
    return WEIR_OK;
}

/* Its second call would be beyond INT64_MAX. The close callback may still use all handles. */
static void a_punctuation_without_a_next_time_can_be_cancelled(void **state)
{
    (void)state;
    with_timers of = {0};
    timers all = {.on_fire = schedule_last, .on_close = cancel_all};
    open_timers(&of, &all);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_int_equal(all.extra_fired, 1);
    weir_punctuator_cancel(all.extra);
    weir_punctuator_cancel((weir_punctuator){0});
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_fired(&all, 3, 3, 3);
    close_it(&of);
}

static weir_err schedule_never(weir_ctx *ctx, timers *all)
{
    all->extra = all->handles[1];
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, INT64_MAX, fire_extra, &all->extra);
}

static void a_punctuation_that_is_never_due_is_none(void **state)
{
    (void)state;
    with_timers of = {0};
    timers all = {.on_fire = schedule_never};
    open_timers(&of, &all);
    assert_int_equal(driven_advance(&of.task, 100), WEIR_OK);
    assert_null(all.extra.place);
    assert_int_equal(all.extra.number, 0);
    close_it(&of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_punctuator_that_schedules_too_many_fails_and_stays),
        cmocka_unit_test(a_punctuation_can_be_replaced_at_the_limit),
        cmocka_unit_test(a_punctuation_that_cancels_itself_has_no_other_call),
        cmocka_unit_test(a_punctuation_cancelled_by_another_has_no_call),
        cmocka_unit_test(a_handle_of_an_ended_punctuation_cancels_no_other_one),
        cmocka_unit_test(a_punctuation_without_a_next_time_can_be_cancelled),
        cmocka_unit_test(a_punctuation_that_is_never_due_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
