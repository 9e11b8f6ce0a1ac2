/* SPDX-License-Identifier: Apache-2.0
 *
 * The stacks of layers over which the contract and the model tests run. */
#ifndef WEIR_TESTS_STATE_STACKS_H
#define WEIR_TESTS_STATE_STACKS_H

#include "state_kit.h"

#include "state/cache.h"

typedef struct stack {
    const char *name;
    bool rocksdb;
    bool changelog;
    int cache_bytes; /* negative: no cache */
    bool lazy;       /* made by the first write */
    bool buffered;
    bool uncommitted; /* it can be rolled back */
} stack;

static const stack stacks[] = {
    {"memory", false, false, -1, false, false, false},
    {"rocksdb", true, false, -1, false, false, false},
    {"lazy rocksdb", true, false, -1, true, false, false},
    {"changelog over memory", false, true, -1, false, false, false},
    {"cache over memory", false, false, 1 << 20, false, false, false},
    {"small cache over changelog over memory", false, true, 1000, false, false, false},
    {"small cache over lazy rocksdb", true, false, 1000, true, false, false},
    {"no cache bytes over memory", false, false, 0, false, false, false},
    {"buffered rocksdb", true, false, -1, false, true, false},
    {"changelog over buffered lazy rocksdb", true, true, -1, true, true, false},
    {"uncommitted memory", false, false, -1, false, false, true},
    {"uncommitted rocksdb", true, false, -1, false, false, true},
    {"small cache over uncommitted lazy rocksdb", true, false, 1000, true, false, true},
};
#define STACK_COUNT (sizeof stacks / sizeof stacks[0])

/* The state of a test. */
typedef struct opened {
    const stack *stack;
    char directory[KIT_PATH_MAX];
    weir__kv *base; /* for restore */
    weir__cache *cache;
    weir__uncommitted uncommitted;
    weir__kv *kv;
} opened;

static inline weir_err stack_log(void *user, const weir__log_record *record, weir_error *error)
{
    (void)user, (void)record, (void)error;
    return WEIR_OK;
}

static inline int64_t stack_now(void *user)
{
    (void)user;
    return 0;
}

static inline weir__origin stack_origin(void *user)
{
    (void)user;
    return (weir__origin){.topic = "input", .headers = {"headers", 7}};
}

static inline weir_err stack_flushed(void *user, const weir__flushed *flushed, weir_error *error)
{
    (void)user, (void)flushed, (void)error;
    return WEIR_OK;
}

static inline int stack_open(void **state)
{
    const stack *which = *state;
    opened *o = calloc(1, sizeof *o);
    o->stack = which;
    if (which->rocksdb) {
        kit_directory(o->directory);
    }
    weir__changelog_sink sink = {stack_log, stack_now, NULL};
    weir__cache_client client = {
        .origin = stack_origin, .on_flush = stack_flushed, .old_rows = true};
    weir__store_plan plan = kit_plan(which->rocksdb ? o->directory : NULL, false);
    plan.buffered = which->buffered;
    plan.uncommitted = which->uncommitted ? &o->uncommitted : NULL;
    plan.sink = which->changelog ? &sink : NULL;
    plan.client = &client;
    if (which->cache_bytes >= 0) {
        assert_ok(weir__cache_new((size_t)which->cache_bytes, &o->cache));
        plan.cache = o->cache;
    }
    if (which->rocksdb && !which->lazy) {
        weir__kv_close(kit_rocksdb(o->directory, false)); /* makes the database */
    }
    weir__store_layers layers;
    assert_ok(weir__store_open(&plan, &layers, NULL));
    o->base = layers.base;
    o->kv = layers.top;
    *state = o;
    return 0;
}

static inline int stack_close(void **state)
{
    opened *o = *state;
    weir__kv_close(o->kv);
    weir__cache_free(o->cache);
    if (o->stack->rocksdb) {
        kit_remove(o->directory);
    }
    free(o);
    return 0;
}

/* Runs each case over each stack: "memory: an_empty_value_is_not_null". */
static inline int run_over_stacks(const char *group, const struct CMUnitTest *cases, size_t count)
{
    struct CMUnitTest *tests = calloc(count * STACK_COUNT, sizeof *tests);
    char(*names)[160] = calloc(count * STACK_COUNT, sizeof *names);
    for (size_t i = 0; i < count * STACK_COUNT; i++) {
        const stack *which = &stacks[i / count];
        const struct CMUnitTest *one = &cases[i % count];
        snprintf(names[i], sizeof names[i], "%s: %s", which->name, one->name);
        tests[i] = (struct CMUnitTest){names[i], one->test_func, stack_open, stack_close,
                                       (void *)(uintptr_t)which};
    }
    int failed = _cmocka_run_group_tests(group, tests, count * STACK_COUNT, NULL, NULL);
    free(names);
    free(tests);
    return failed;
}

#endif
