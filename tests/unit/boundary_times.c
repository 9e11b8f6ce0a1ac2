/* SPDX-License-Identifier: Apache-2.0
 *
 * Times at the ends of int64, through every operator and every kind of punctuation of a task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/boundaries.h"
#include "support/driven.h"
#include "support/operators.h"

/* ---- Operators ---- */

static void must(weir_err err, const driven *task)
{
    if (err != WEIR_OK) {
        fail_msg("%s", task->error.message);
    }
}

static bool is_boundary_time(int64_t timestamp_ms)
{
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        if (boundaries[i] == timestamp_ms) {
            return timestamp_ms >= 0;
        }
    }
    return false;
}

static int sent_to(const driven *task, const char *topic)
{
    int count = 0;
    for (size_t i = 0; i < task->sent_count; i++) {
        count += strcmp(driven_sent(task, i)->topic, topic) == 0 ? 1 : 0;
    }
    return count;
}

/* Those that no source accepts are left out; returns how many there were. */
static int pipe_all_valid(driven *task, const char *topic)
{
    int piped = 0;
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        if (boundaries[i] >= 0) {
            must(driven_pipe(task, topic, "k", "v", boundaries[i]), task);
            piped++;
        }
    }
    return piped;
}

/* Sends each time after each other one, so that stream time, aggregates and joins get both orders.
 */
static int pipe_pairs(driven *task, const char *topic)
{
    int accepted = 0;
    for (size_t i = 0; i < BOUNDARY_COUNT * BOUNDARY_COUNT; i++) {
        const int64_t pair[] = {boundaries[i / BOUNDARY_COUNT], boundaries[i % BOUNDARY_COUNT]};
        for (size_t k = 0; k < 2; k++) {
            must(driven_pipe(task, topic, "k", "v", pair[k]), task);
            accepted += pair[k] >= 0 ? 1 : 0;
        }
    }
    return accepted;
}

static void every_operator_takes_every_time(void **state)
{
    (void)state;
    weir_error error = {0};
    driven task = {0};
    weir_topology *topology = operators_topology(NULL, &error);
    assert_string_equal(error.message, "");
    must(driven_open(&task, topology, 1000), &task);
    pipe_all_valid(&task, OPERATORS_REFS);
    int rows = pipe_all_valid(&task, OPERATORS_ROWS);
    int accepted = pipe_pairs(&task, OPERATORS_IN);

    assert_int_equal(driven_dropped(&task), 2 * BOUNDARY_COUNT * BOUNDARY_COUNT - (size_t)accepted);
    assert_int_equal(driven_task(&task)->stream_time_ms, INT64_MAX);
    for (size_t i = 0; i < operators_count; i++) {
        const operators_case *one = &operators_all[i];
        if (sent_to(&task, one->name) != one->per_in * accepted + one->per_rows * rows) {
            fail_msg("%s gave %d records", one->name, sent_to(&task, one->name));
        }
    }
    for (size_t i = 0; i < task.sent_count; i++) {
        const weir__message_view *sent = driven_sent(&task, i);
        /* The producer gives the changelog records of a buffer their time. */
        bool of_buffer = strstr(sent->topic, "suppress-store-changelog") != NULL ||
                         strstr(sent->topic, "-Buffer-changelog") != NULL;
        if (of_buffer ? sent->timestamp_ms != WEIR__TIME_NOT_GIVEN
                      : !is_boundary_time(sent->timestamp_ms)) {
            fail_msg("%s has a record of %lld", sent->topic, (long long)sent->timestamp_ms);
        }
    }
    driven_close(&task);
    weir_topology_free(topology);
}

/* ---- Punctuations ---- */

typedef struct schedule {
    weir_time_kind kind;
    const int64_t *start; /* NULL: weir_schedule */
    int64_t interval_ms;
    weir_err err;
    int fired;
} schedule;

static weir_err tick(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    ((schedule *)state)->fired++;
    return WEIR_OK;
}

static weir_err open_schedule(weir_ctx *ctx, void *user, void **state)
{
    schedule *one = user;
    *state = one;
    one->err = one->start == NULL
                   ? weir_schedule(ctx, one->kind, one->interval_ms, tick, NULL)
                   : weir_schedule_from(ctx, one->kind, *one->start, one->interval_ms, tick, NULL);
    return WEIR_OK;
}

static weir_err swallow(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    (void)state;
    return WEIR_OK;
}

static const weir_processor_ops schedule_ops = {
    .name = "schedule", .open = open_schedule, .process = swallow};

static __int128 next_after(const schedule *one, __int128 due, int64_t now_ms)
{
    return due + ((now_ms - due) / one->interval_ms + 1) * one->interval_ms;
}

static __int128 first_due(const schedule *one, int64_t wall_ms)
{
    int64_t now_ms = one->kind == WEIR_STREAM_TIME ? -1 : wall_ms;
    if (one->start != NULL) {
        return *one->start < now_ms ? next_after(one, *one->start, now_ms) : *one->start;
    }
    return one->kind == WEIR_STREAM_TIME ? 0 : (__int128)wall_ms + one->interval_ms;
}

static void move_clock(driven *task, const schedule *one, int64_t now_ms)
{
    if (one->kind == WEIR_STREAM_TIME) {
        must(driven_pipe(task, "in", "k", "v", now_ms), task);
    } else {
        task->sync.worker.env.now_ms = now_ms;
        must(driven_advance(task, 0), task);
    }
}

/* Against the same in 128 bits. */
static void assert_rhythm(driven *task, const schedule *one, int64_t wall_ms)
{
    __int128 due = first_due(one, wall_ms);
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        if (boundaries[i] < wall_ms) {
            continue;
        }
        for (int again = 0; again < 2; again++) {
            int expected = one->fired + (due <= boundaries[i] ? 1 : 0);
            if (due <= boundaries[i]) {
                due = next_after(one, due, boundaries[i]);
            }
            move_clock(task, one, boundaries[i]);
            assert_int_equal(one->fired, expected);
            assert_int_equal(weir__graph_next_punctuation(driven_task(task)->graph, one->kind),
                             due < INT64_MAX ? (int64_t)due : INT64_MAX);
        }
    }
}

static weir_topology *with_processor(const weir_processor_ops *ops, void *user)
{
    const char *const in[] = {"in", NULL};
    weir_error error;
    weir_builder *builder = weir_builder_new();
    weir_add_source(builder, "in", in, &weir_string, &weir_string, NULL);
    weir_add_processor(builder, "p", in, ops, user);
    weir_topology *topology = weir_build(builder, NULL, &error);
    assert_non_null(topology);
    return topology;
}

static void check_schedule(schedule one, int64_t wall_ms)
{
    driven task = {0};
    weir_topology *topology = with_processor(&schedule_ops, &one);
    must(driven_open(&task, topology, wall_ms), &task);
    assert_int_equal(one.err, one.interval_ms < 1 ? WEIR_EINVAL : WEIR_OK);
    if (one.err == WEIR_OK) {
        assert_rhythm(&task, &one, wall_ms);
    }
    driven_close(&task);
    weir_topology_free(topology);
}

static void check_schedules(weir_time_kind kind, int64_t wall_ms)
{
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        check_schedule((schedule){.kind = kind, .interval_ms = boundaries[i]}, wall_ms);
        for (size_t j = 0; j < BOUNDARY_COUNT; j++) {
            check_schedule(
                (schedule){.kind = kind, .start = &boundaries[j], .interval_ms = boundaries[i]},
                wall_ms);
        }
    }
}

static void punctuations_by_stream_time_keep_their_rhythm_at_every_boundary(void **state)
{
    (void)state;
    check_schedules(WEIR_STREAM_TIME, 0);
}

static void punctuations_by_wall_clock_keep_their_rhythm_at_every_boundary(void **state)
{
    (void)state;
    check_schedules(WEIR_WALL_CLOCK_TIME, 0);
    check_schedules(WEIR_WALL_CLOCK_TIME, INT64_MAX - 1);
}

#define TIMERS 200000 /* more than there may be at a time */

/* A time-out for each record, cancelled by the next one. */
static weir_err renew_timers(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)in;
    (void)state;
    weir_err err = WEIR_OK;
    for (int i = 0; i < TIMERS && err == WEIR_OK; i++) {
        weir_punctuator timer;
        err = weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, i % 2 == 0 ? INT64_MAX : 3600000, tick,
                            &timer);
        if (err == WEIR_OK) {
            weir_punctuator_cancel(timer);
        }
    }
    return err;
}

static const weir_processor_ops renew_ops = {
    .name = "renew", .open = open_schedule, .process = renew_timers};

static void cancelled_punctuations_make_room(void **state)
{
    (void)state;
    driven task = {0};
    schedule one = {.kind = WEIR_WALL_CLOCK_TIME, .interval_ms = 100};
    weir_topology *topology = with_processor(&renew_ops, &one);
    must(driven_open(&task, topology, 1000), &task);
    must(driven_pipe(&task, "in", "k", "v", 1), &task);
    assert_int_equal(weir__graph_next_punctuation(driven_task(&task)->graph, WEIR_WALL_CLOCK_TIME),
                     1100);
    must(driven_advance(&task, 7200000), &task);
    assert_int_equal(one.fired, 1);
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_takes_every_time),
        cmocka_unit_test(punctuations_by_stream_time_keep_their_rhythm_at_every_boundary),
        cmocka_unit_test(punctuations_by_wall_clock_keep_their_rhythm_at_every_boundary),
        cmocka_unit_test(cancelled_punctuations_make_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
