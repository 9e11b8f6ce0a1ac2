/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors of a task whose open fails, and is tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "process/graph.h"
#include "support/driven.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

typedef struct calls {
    int fails; /* opens of the second processor that fail */
    int opened;
    int closed;
    int fired;
} calls;

static weir_err tick(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    (**(calls **)state).fired++;
    return WEIR_OK;
}

static weir_err open_first(weir_ctx *ctx, void *user, void **state)
{
    calls **own = malloc(sizeof *own); /* leaks if it is not closed */
    *own = user;
    *state = own;
    (*own)->opened++;
    weir_err err = weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 100, tick, NULL);
    return err == WEIR_OK ? weir_schedule(ctx, WEIR_STREAM_TIME, 100, tick, NULL) : err;
}

static weir_err open_second(weir_ctx *ctx, void *user, void **state)
{
    weir_err err = open_first(ctx, user, state);
    calls *all = user;
    return err == WEIR_OK && all->fails-- > 0 ? weir_fail(ctx, WEIR_ERETRY, "not yet") : err;
}

static weir_err swallow(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    (void)state;
    return WEIR_OK;
}

static void close_any(void *state)
{
    calls **own = state;
    (*own)->closed++;
    free(own);
}

static const weir_processor_ops first_ops = {"first", open_first, swallow, close_any};
static const weir_processor_ops second_ops = {"second", open_second, swallow, close_any};

static void processors_are_closed_before_they_are_opened_again(void **state)
{
    (void)state;
    calls all = {.fails = 2};
    weir_error error = {0};
    driven task = {0};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), &weir_string, &weir_string, NULL);
    weir_add_processor(b, "first", LIST("in"), &first_ops, &all);
    weir_add_processor(b, "second", LIST("first"), &second_ops, &all);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_int_equal(driven_open(&task, topology, 1000), WEIR_ERETRY);
    assert_string_equal(task.error.message, "node 'second', task 0_0: not yet");
    weir__graph *graph = driven_task(&task)->graph;
    assert_int_equal(all.opened, 2);
    assert_int_equal(all.closed, 2);
    assert_false(weir__graph_punctuation_is_due(graph, WEIR_WALL_CLOCK_TIME, 5000));

    assert_int_equal(weir__graph_open(graph, &error), WEIR_ERETRY);
    assert_int_equal(weir__graph_open(graph, &error), WEIR_OK);
    assert_int_equal(all.opened, 6);
    assert_int_equal(all.closed, 4);
    size_t fired = 0;
    assert_int_equal(weir__graph_punctuate(graph, WEIR_WALL_CLOCK_TIME, 1100, &fired, &error),
                     WEIR_OK);
    assert_int_equal(fired, 2);
    assert_int_equal(weir__graph_punctuate(graph, WEIR_STREAM_TIME, 1100, &fired, &error), WEIR_OK);
    assert_int_equal(fired, 2);
    assert_int_equal(all.fired, 4);
    driven_close(&task);
    assert_int_equal(all.closed, 6);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processors_are_closed_before_they_are_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
