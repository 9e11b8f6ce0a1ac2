/* SPDX-License-Identifier: Apache-2.0
 *
 * A topology with one processor and one store of windows or sessions, for tests of such stores. */
#ifndef WEIR_TESTS_WINDOW_KIT_H
#define WEIR_TESTS_WINDOW_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/driven.h"

#define TEXT_MAX 512
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_TIME ((int64_t)-1)

/* What the processor of a test does with each record. */
typedef struct work {
    void (*run)(weir_ctx *ctx, const weir_record *in);
} work;

static char seen[TEXT_MAX]; /* by the current test */

static inline weir_slice text_of(const void *value)
{
    return value != NULL ? *(const weir_slice *)value : (weir_slice){0};
}

static inline void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void note(const char *format, ...)
{
    size_t used = strlen(seen);
    va_list args;
    va_start(args, format);
    vsnprintf(seen + used, sizeof seen - used, format, args);
    va_end(args);
}

static inline weir_err run_work(weir_ctx *ctx, const weir_record *in, void *state)
{
    ((const work *)state)->run(ctx, in);
    return WEIR_OK;
}

static const weir_processor_ops work_ops = {"work", NULL, run_work, NULL};

/* ---- Topologies --------------------------------------------------------------------------- */

typedef void (*add_fn)(weir_builder *b, weir_backend backend);

static inline weir_topology *topology_with(add_fn add, weir_backend backend, work *todo)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), &weir_string, &weir_string, NULL);
    weir_add_processor(b, "p", LIST("in"), &work_ops, todo);
    add(b, backend);
    weir_topology *topology = weir_build(b, NULL, &error);
    if (topology == NULL) {
        fail_msg("%s", error.message);
    }
    return topology;
}

static inline void add_windows(weir_builder *b, weir_backend backend)
{
    weir_window_opts windows = {.window_ms = 10, .retention_ms = 100000};
    weir_store_opts opts = {.backend = backend, .key = &weir_string, .value = &weir_string};
    weir_add_window_store(b, "w", &windows, &opts, LIST("p"));
}

static inline void add_sessions(weir_builder *b, weir_backend backend)
{
    weir_store_opts opts = {.backend = backend, .key = &weir_string, .value = &weir_string};
    weir_add_session_store(b, "w", 100000, &opts, LIST("p"));
}

/* Opens, pipes a record of each of these times (-1: the end), and leaves the task open. */
static inline void pipe_all(driven *task, const weir_topology *topology, const int64_t *times_ms)
{
    seen[0] = '\0';
    if (driven_open(task, topology, 0) != WEIR_OK) {
        fail_msg("%s", task->error.message);
    }
    for (; *times_ms >= 0; times_ms++) {
        if (driven_pipe(task, "in", "k", "v", *times_ms) != WEIR_OK) {
            fail_msg("%s", task->error.message);
        }
    }
}

static const int64_t once[] = {7, NO_TIME};

static inline void run_on(weir_backend backend, add_fn add,
                          void (*run)(weir_ctx *, const weir_record *), const char *expected)
{
    work todo = {run};
    driven task = {0};
    weir_topology *topology = topology_with(add, backend, &todo);
    pipe_all(&task, topology, once);
    assert_string_equal(seen, expected);
    driven_close(&task);
    weir_topology_free(topology);
}

static inline void run_on_each(add_fn add, void (*run)(weir_ctx *ctx, const weir_record *in),
                               const char *in_memory, const char *in_rocksdb)
{
    run_on(WEIR_BACKEND_MEMORY, add, run, in_memory);
    run_on(WEIR_BACKEND_ROCKSDB, add, run, in_rocksdb);
}

static inline void run_on_both(add_fn add, void (*run)(weir_ctx *ctx, const weir_record *in),
                               const char *expected)
{
    run_on_each(add, run, expected, expected);
}

static inline void check_sent(const driven *task, size_t index, const char *key, size_t len,
                              const char *value, int64_t timestamp_ms)
{
    const weir__message_view *sent = driven_sent(task, index);
    assert_string_equal(sent->topic, DRIVEN_APPLICATION "-w-changelog");
    assert_int_equal(sent->key.len, len);
    assert_memory_equal(sent->key.data, key, len);
    assert_true(weir_slice_equal(sent->value, weir_slice_of(value)));
    assert_int_equal(sent->timestamp_ms, timestamp_ms);
}

#endif
