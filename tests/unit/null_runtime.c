/* SPDX-License-Identifier: Apache-2.0
 *
 * The runtime's public functions with a NULL for each of their arguments, and with enum values that
 * do not exist: an error that names the argument, or nothing happens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/driven.h"

#include <weir/admin.h>

#include "core/error.h"
#include "process/context.h"
#include "support/null_rows.h"
#include "topology_kit.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NAMED (&(weir_named){"n"})
#define I64_STORE (&(weir_store_opts){.key = &weir_i64, .value = &weir_i64})
#define WINDOWS (&(weir_window_opts){.window_ms = 1, .retention_ms = 100})
#define COUNTS (&(weir_store_opts){.value = &weir_i64})
#define COGROUP weir_cogroup(by, add, NULL)

#include "null_builder_rows.h"
#include "null_config_rows.h"
#include "null_store_rows.h"
#include "null_struct_rows.h"
#include "null_windowed_rows.h"

/* ---- Outside of topologies ---------------------------------------------------------------- */

/* X(function, argument, check). */
#define PLAIN_ROWS(X)                                                                              \
    X(weir_err_str, err, assert_string_equal(weir_err_str((weir_err)77), "unknown error"))         \
    X(weir_err_name, err, assert_string_equal(weir_err_name((weir_err)77), "WEIR_EUNKNOWN"))       \
    X(weir_err_is_retriable, err, assert_false(weir_err_is_retriable((weir_err)77)))               \
    X(weir_state_name, state, assert_string_equal(weir_state_name((weir_state)77), "?"))           \
    X(weir_drop_reason_str, reason,                                                                \
      assert_string_equal(weir_drop_reason_str((weir_drop_reason)77), "unknown reason"))           \
    X(weir_step_name, kind, assert_null(weir_step_name((weir_step_kind)77)))                       \
    X(weir_step_text, step, char line[9]; weir_step_text(NULL, line, sizeof line);                 \
      assert_string_equal(line, ""))                                                               \
    X(weir_step_text, out, weir_step_text(&(weir_step){.kind = WEIR_STEP_POLL}, NULL, 9))          \
    X(weir_slice_of, text, assert_null(weir_slice_of(NULL).data))                                  \
    CONFIG_ROWS(X)                                                                                 \
    X(weir_topology_free, topology, weir_topology_free(NULL))                                      \
    X(weir_topology_describe, topology, assert_null(weir_topology_describe(NULL)))                 \
    X(weir_app_new, topology, assert_null(weir_app_new(NULL, config, NULL, &error));               \
      names(error.code))                                                                           \
    X(weir_app_new, config, assert_null(weir_app_new(topology, NULL, NULL, &error));               \
      names(error.code))                                                                           \
    X(weir_app_new, opts, weir_app_free(weir_app_new(topology, config, NULL, &error)))             \
    X(weir_app_new, error, assert_null(weir_app_new(NULL, NULL, NULL, NULL)))                      \
    X(weir_app_start, app, names(weir_app_start(NULL, &error)))                                    \
    X(weir_app_start, error, refused(weir_app_start(NULL, NULL)))                                  \
    X(weir_app_state, app, assert_int_equal(weir_app_state(NULL), WEIR_STATE_NOT_RUNNING))         \
    X(weir_app_dropped_records, app, assert_int_equal(weir_app_dropped_records(NULL, NULL, 1), 0)) \
    X(weir_app_dropped_records, out, weir_app *app = weir_app_new(topology, config, NULL, NULL);   \
      assert_int_equal(weir_app_dropped_records(app, NULL, 1), 0); weir_app_free(app))             \
    X(weir_app_close, app, refused(weir_app_close(NULL, 1)))                                       \
    X(weir_app_free, app, weir_app_free(NULL))                                                     \
    X(weir_create_topics, config, names(weir_create_topics(NULL, &topic, 1, &error)))              \
    X(weir_create_topics, topics, names(weir_create_topics(config, NULL, 1, &error)))              \
    X(weir_create_topics, error, refused(weir_create_topics(config, NULL, 1, NULL)))               \
    X(weir_builder_free, builder, weir_builder_free(NULL))                                         \
    X(weir_builder_error, builder, assert_int_equal(weir_builder_error(NULL, NULL), WEIR_EINVAL))  \
    X(weir_builder_error, error, weir_builder *empty = weir_builder_new();                         \
      assert_int_equal(weir_builder_error(empty, NULL), WEIR_OK); weir_builder_free(empty))        \
    X(weir_build, builder, assert_null(weir_build(NULL, config, &error)); names(error.code))       \
    X(weir_build, config, assert_null(weir_build(weir_builder_new(), NULL, &error)))               \
    X(weir_build, error, assert_null(weir_build(NULL, NULL, NULL)))

#define names(err) assert_names(&row, (err), &error)
#define refused(err) assert_names(&row, (err), NULL)

#define RUN_PLAIN(function, argument, ...)                                                         \
    {                                                                                              \
        const null_row row = {#function, #argument};                                               \
        weir_error error = {0};                                                                    \
        (void)row;                                                                                 \
        (void)error;                                                                               \
        __VA_ARGS__;                                                                               \
    }

static weir_topology *small_topology(void)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", STRINGS, NULL), "out", NULL);
    weir_topology *topology = weir_build(b, NULL, NULL);
    assert_non_null(topology);
    return topology;
}

static void functions_outside_of_topologies_refuse_null(void **state)
{
    (void)state;
    const weir_topic_spec topic = {.name = "x", .partitions = 1};
    weir_topology *topology = small_topology();
    weir_config *config = weir_config_new();
    assert_int_equal(weir_config_set(config, "application.id", "a", NULL), WEIR_OK);
    assert_int_equal(weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL), WEIR_OK);
    PLAIN_ROWS(RUN_PLAIN)
    weir_config_free(config);
    weir_topology_free(topology);
}

/* ---- Building ----------------------------------------------------------------------------- */

static weir_err keep(weir_ctx *ctx, const weir_record *in, bool *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *out = true;
    return WEIR_OK;
}

static weir_err map(weir_ctx *ctx, const weir_record *in, void *key, void *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)key;
    (void)out;
    (void)user;
    return WEIR_OK;
}

static weir_err each(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    return WEIR_OK;
}

static weir_err first(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    (void)out;
    (void)user;
    return WEIR_OK;
}

static weir_err add(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                    void *user)
{
    (void)ctx;
    (void)in;
    (void)aggregate;
    (void)out;
    (void)user;
    return WEIR_OK;
}

static weir_err reduce(weir_ctx *ctx, const void *left, const void *right, void *out, void *user)
{
    (void)ctx;
    (void)left;
    (void)right;
    (void)out;
    (void)user;
    return WEIR_OK;
}

static const weir_processor_ops ops = {"each", NULL, each, NULL};

/* `expected` NULL: the topology is good. */
static void assert_built(weir_builder *b, const char *function, const char *argument,
                         const char *expected)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    if ((topology == NULL) != (expected != NULL) ||
        (expected != NULL && strstr(error.message, expected) == NULL)) {
        fail_msg("%s: '%s': %s", function, argument,
                 topology == NULL ? error.message : "not refused");
    }
    weir_topology_free(topology);
}

#define RUN_BUILDER(function, argument, expected, ...)                                             \
    {                                                                                              \
        weir_builder *b = weir_builder_new();                                                      \
        weir_stream s = weir_source(b, "in", STRINGS, &(weir_source_opts){.name = "in"});          \
        weir_table t = weir_table_source(b, "t", "t", STRINGS, NULL);                              \
        weir_global_table g = weir_global_table_source(b, "g", "g", STRINGS, NULL);                \
        weir_grouped by = weir_group_by_key(s, NULL);                                              \
        (void)t, (void)g, (void)by;                                                                \
        __VA_ARGS__;                                                                               \
        assert_built(b, #function, #argument, expected);                                           \
    }

static void builders_name_the_null_argument(void **state)
{
    (void)state;
    SOURCE_ROWS(RUN_BUILDER)
    STATELESS_ROWS(RUN_BUILDER)
    TABLE_ROWS(RUN_BUILDER)
    WINDOWED_ROWS(RUN_BUILDER)
    NODE_ROWS(RUN_BUILDER)
}

static void store_settings_without_a_value_are_named(void **state)
{
    (void)state;
    weir_store_opts opts = {.changelog_config = LIST("cleanup.policy", "compact", "segment.ms")};
    weir_builder *b = weir_builder_new();
    weir_table_source(b, "t", "t", STRINGS, &opts);
    assert_built(b, "weir_table_source", "changelog_config",
                 "store 't': changelog_config: 'segment.ms' has no value");
}

static void store_settings_that_there_are_not_are_named(void **state)
{
    (void)state;
    const weir_store_opts wrong[] = {
        {.backend = (weir_backend)9}, {.caching = (weir_toggle)9}, {.logging = (weir_toggle)9}};
    const char *const expected[] = {"store 't': there is no backend 9", "store 't': caching and",
                                    "store 't': caching and"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_builder *b = weir_builder_new();
        weir_table_source(b, "t", "t", STRINGS, &wrong[i]);
        assert_built(b, "weir_table_source", "opts", expected[i]);
    }
}

static void a_zeroed_serde_is_refused(void **state)
{
    (void)state;
    static const weir_serde zeroed;
    weir_builder *b = weir_builder_new();
    weir_source(b, "in", &zeroed, &weir_string, NULL);
    assert_built(b, "weir_source", "key", "the serde '' must have a name, decode, encode");
    b = weir_builder_new();
    weir_source(b, "in", STRINGS, &(weir_source_opts){.name = "in"});
    weir_add_processor(b, "p", LIST("in"), &ops, NULL);
    weir_add_store(b, "st", &(weir_store_opts){.key = &weir_string, .value = &zeroed}, LIST("p"));
    assert_built(b, "weir_add_store", "opts", "store 'st': the serde ''");
}

static void topics_that_lack_something_are_named(void **state)
{
    (void)state;
    const struct {
        weir_topic_spec topic;
        const char *expected;
    } wrong[] = {
        {{.partitions = 1}, "topics[0] has no name"},
        {{.name = "", .partitions = 1}, "topics[0] has no name"},
        {{.name = "x"}, "topic 'x': 0 partitions"},
        {{.name = "x", .partitions = 1, .replication_factor = -2}, "replication_factor -2"},
        {{.name = "x", .partitions = 1, .config = LIST("a", "b", "segment.ms")},
         "config of topic 'x': 'segment.ms' has no value"},
        {{.name = "x", .partitions = 1}, "bootstrap.servers: must be set"},
    };
    weir_config *config = weir_config_new();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_error error = {0};
        assert_int_not_equal(weir_create_topics(config, &wrong[i].topic, 1, &error), WEIR_OK);
        if (strstr(error.message, wrong[i].expected) == NULL) {
            fail_msg("%s", error.message);
        }
    }
    weir_config_free(config);
}

/* ---- In callbacks ------------------------------------------------------------------------- */

#define RECORD_ROWS(X)                                                                             \
    X(weir_out_null, ctx, weir_out_null(NULL, &number))                                            \
    X(weir_out_null, out, weir_out_null(ctx, NULL))                                                \
    X(weir_emit, ctx, refused(weir_emit(NULL, &text, &text)))                                      \
    X(weir_emit, key, assert_int_equal(weir_emit(ctx, NULL, &text), WEIR_OK))                      \
    X(weir_emit, value, assert_int_equal(weir_emit(ctx, &text, NULL), WEIR_OK))                    \
    X(weir_emit_value, ctx, refused(weir_emit_value(NULL, &text)))                                 \
    X(weir_emit_value, value, assert_int_equal(weir_emit_value(ctx, NULL), WEIR_OK))               \
    X(weir_headers_count, headers, assert_int_equal(weir_headers_count(NULL), 0))                  \
    X(weir_headers_at, headers, assert_null(weir_headers_at(NULL, 0).name))                        \
    X(weir_headers_last, headers, assert_false(weir_headers_last(NULL, "h", &slice)))              \
    X(weir_headers_last, name, assert_false(weir_headers_last(in->headers, NULL, &slice)))         \
    X(weir_headers_last, value, assert_true(weir_headers_last(in->headers, "h", NULL)))            \
    X(weir_headers_add, headers, refused(weir_headers_add(NULL, "h", text)))                       \
    X(weir_headers_add, name, refused(weir_headers_add(in->headers, NULL, text)))                  \
    X(weir_headers_remove, headers, assert_int_equal(weir_headers_remove(NULL, "h"), 0))           \
    X(weir_headers_remove, name, assert_int_equal(weir_headers_remove(in->headers, NULL), 0))      \
    X(weir_headers_copy, ctx, assert_null(weir_headers_copy(NULL, in->headers)))                   \
    X(weir_headers_copy, headers, assert_non_null(weir_headers_copy(ctx, NULL)))                   \
    X(weir_forward, ctx, refused(weir_forward(NULL, in)))                                          \
    X(weir_forward, record, reported(weir_forward(ctx, NULL)))                                     \
    X(weir_call_wrapped, ctx, refused(weir_call_wrapped(NULL, in)))                                \
    X(weir_call_wrapped, record, reported(weir_call_wrapped(ctx, NULL)))                           \
    X(weir_call_wrapped_punctuator, ctx, refused(weir_call_wrapped_punctuator(NULL, 0)))           \
    X(weir_forward_to, ctx, refused(weir_forward_to(NULL, in, "out")))                             \
    X(weir_forward_to, record, reported(weir_forward_to(ctx, NULL, "out")))                        \
    X(weir_forward_to, child, reported(weir_forward_to(ctx, in, NULL)))                            \
    X(weir_schedule, ctx, refused(weir_schedule(NULL, WEIR_STREAM_TIME, 1, tick, NULL)))           \
    X(weir_schedule, kind, refused(weir_schedule(ctx, (weir_time_kind)9, 1, tick, NULL)))          \
    X(weir_schedule, fn, refused(weir_schedule(ctx, WEIR_STREAM_TIME, 1, NULL, NULL)))             \
    X(weir_schedule, out,                                                                          \
      assert_int_equal(weir_schedule(ctx, WEIR_STREAM_TIME, 1, tick, NULL), WEIR_OK))              \
    X(weir_schedule_from, ctx,                                                                     \
      refused(weir_schedule_from(NULL, WEIR_STREAM_TIME, 1, 1, tick, NULL)))                       \
    X(weir_schedule_from, kind,                                                                    \
      refused(weir_schedule_from(ctx, (weir_time_kind)9, 1, 1, tick, 0)))                          \
    X(weir_schedule_from, fn, refused(weir_schedule_from(ctx, WEIR_STREAM_TIME, 1, 1, NULL, 0)))   \
    X(weir_schedule_from, out,                                                                     \
      assert_int_equal(weir_schedule_from(ctx, WEIR_STREAM_TIME, 1, 1, tick, NULL), WEIR_OK))      \
    X(weir_punctuator_cancel, punctuator, weir_punctuator_cancel((weir_punctuator){0}))            \
    X(weir_store, ctx, assert_null(weir_store(NULL, "st")))                                        \
    X(weir_store, name, assert_null(weir_store(ctx, NULL)); reported(weir_ctx_error(ctx)))         \
    X(weir_ctx_error, ctx, refused(weir_ctx_error(NULL)))                                          \
    X(weir_ctx_metadata, ctx, assert_null(weir_ctx_metadata(NULL).topic))                          \
    X(weir_ctx_timestamp_ms, ctx, assert_int_equal(weir_ctx_timestamp_ms(NULL), -1))               \
    X(weir_ctx_headers, ctx, assert_null(weir_ctx_headers(NULL)))                                  \
    X(weir_ctx_task, ctx, assert_string_equal(weir_ctx_task(NULL), ""))                            \
    X(weir_ctx_application, ctx, assert_string_equal(weir_ctx_application(NULL), ""))              \
    X(weir_ctx_node, ctx, assert_string_equal(weir_ctx_node(NULL), ""))                            \
    X(weir_ctx_stream_time_ms, ctx, assert_int_equal(weir_ctx_stream_time_ms(NULL), -1))           \
    X(weir_ctx_wall_clock_ms, ctx, assert_int_equal(weir_ctx_wall_clock_ms(NULL), -1))             \
    X(weir_ctx_commit, ctx, weir_ctx_commit(NULL))

#define SERDE_ROWS(X)                                                                              \
    X(weir_alloc, ctx, assert_null(weir_alloc(NULL, 1)))                                           \
    X(weir_defer, ctx, refused(weir_defer(NULL, free, NULL)))                                      \
    X(weir_defer, fn, reported(weir_defer(ctx, NULL, NULL)))                                       \
    X(weir_fail, ctx, refused(weir_fail(NULL, WEIR_EINVAL, "why")))                                \
    X(weir_fail, code, assert_int_equal(weir_fail(ctx, (weir_err)77, "why"), 77))                  \
    X(weir_fail, format, refused(fail_without_text(ctx)))                                          \
    X(weir_put, out, refused(weir_put(NULL, "a", 1)))                                              \
    X(weir_put, data, refused(weir_put(&buf, NULL, 1)); refused(weir_put(&buf, "a", 1)))           \
    X(weir_put_format, out, refused(weir_put_format(NULL, "a")))                                   \
    X(weir_put_format, format, refused(put_without_text(&sink)))                                   \
    X(weir_json_new, ctx, assert_null(weir_json_new(NULL)))                                        \
    X(weir_json_edit, ctx, assert_null(weir_json_edit(NULL, NULL)))                                \
    X(weir_json_edit, of, assert_non_null(weir_json_edit(ctx, NULL)))                              \
    X(weir_json_set, ctx, refused(weir_json_set(NULL, NULL, &json)))                               \
    X(weir_json_set, doc, assert_int_equal(weir_json_set(ctx, NULL, &json), WEIR_ENOMEM))          \
    X(weir_json_set, out, reported(weir_json_set(ctx, NULL, NULL)))                                \
    X(weir_json_write, ctx, refused(weir_json_write(NULL, NULL, &buf)))                            \
    X(weir_json_write, doc, assert_int_equal(weir_json_write(ctx, NULL, &buf), WEIR_ENOMEM))       \
    X(weir_json_write, out, reported(weir_json_write(ctx, NULL, NULL)))                            \
    X(weir_json_i64, ctx, refused(weir_json_i64(NULL, NULL, &number)))                             \
    X(weir_json_i64, value, assert_int_equal(weir_json_i64(ctx, NULL, &number), WEIR_EDECODE))     \
    X(weir_json_i64, out, reported(weir_json_i64(ctx, NULL, NULL)))                                \
    X(weir_json_f64, ctx, refused(weir_json_f64(NULL, NULL, &real)))                               \
    X(weir_json_f64, value, assert_int_equal(weir_json_f64(ctx, NULL, &real), WEIR_EDECODE))       \
    X(weir_json_f64, out, reported(weir_json_f64(ctx, NULL, NULL)))

#define reported(err) assert_names(&row, (err), &ctx->error)

#define RUN_CALLBACK(function, argument, ...)                                                      \
    {                                                                                              \
        const null_row row = {#function, #argument};                                               \
        (void)row;                                                                                 \
        __VA_ARGS__;                                                                               \
    }

static weir_err tick(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    (void)state;
    return WEIR_OK;
}

static weir_err fail_without_text(weir_ctx *ctx)
{
    /* Called through a pointer: the compiler would find the NULL. */
    weir_err (*give_up)(weir_ctx *, weir_err, const char *, ...) = weir_fail;
    return give_up(ctx, WEIR_EINVAL, NULL);
}

static weir_err put_without_text(weir_buf *out)
{
    weir_err (*put)(weir_buf *, const char *, ...) = weir_put_format;
    return put(out, NULL);
}

static weir_err try_all(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    weir_slice text = weir_slice_of("x");
    weir_slice slice;
    int64_t number = 7;
    int64_t time_ms;
    double real;
    const void *found;
    weir_json_value json;
    weir_buf buf = {0};
    weir_buf sink = {0};
    weir_kv_iter *iter = NULL;
    weir_kv *kv = weir_store(ctx, "st");
    weir_window *windows = weir_window_store(ctx, "windows");
    weir_window_iter *rows = NULL;
    weir_window_row window;
    weir_session *sessions = weir_session_store(ctx, "sessions");
    weir_session_iter *found_s = NULL;
    weir_session_row session;
    const weir_wrapped wrapped = {&weir_string, 10};
    const weir_windowed of_a = {&text, 10, 20};
    weir_windowed read;
    weir_versioned *versions = weir_versioned_store(ctx, "versions");
    weir_versioned_iter *found_v = NULL;
    weir_versioned_row version;
    assert_non_null(kv);
    assert_non_null(windows);
    assert_non_null(sessions);
    assert_non_null(versions);
    assert_int_equal(weir_headers_add(in->headers, "h", text), WEIR_OK);
    RECORD_ROWS(RUN_CALLBACK)
    STORE_ROWS(RUN_CALLBACK)
    WINDOW_ROWS(RUN_CALLBACK)
    SESSION_ROWS(RUN_CALLBACK)
    VERSION_ROWS(RUN_CALLBACK)
    SERDE_ROWS(RUN_CALLBACK)
    WINDOWED_KEY_ROWS(RUN_CALLBACK)
    STRUCT_ROWS(RUN_CALLBACK)
    weir__buf_fini(&buf);
    weir__buf_fini(&sink);
    return WEIR_OK;
}

static const weir_processor_ops all_ops = {"all", NULL, try_all, NULL};

static void callbacks_get_an_error_for_null(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", LIST("in"), STRINGS, NULL);
    weir_add_processor(b, "p", LIST("in"), &all_ops, NULL);
    weir_add_store(b, "st", I64_STORE, LIST("p"));
    weir_add_window_store(b, "windows", WINDOWS, I64_STORE, LIST("p"));
    weir_add_session_store(b, "sessions", 100, I64_STORE, LIST("p"));
    weir_add_versioned_store(b, "versions", 100, I64_STORE, LIST("p"));
    weir_add_sink(b, "out", LIST("p"), "out", STRINGS, NULL);
    weir_topology *topology = weir_build(b, NULL, NULL);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 1000), WEIR_OK);
    if (driven_pipe(&task, "in", "k", "v", 44) != WEIR_OK) {
        fail_msg("%s", task.error.message);
    }
    driven_close(&task);
    weir_topology_free(topology);
}

/* ---- All of them -------------------------------------------------------------------------- */

static void a_code_does_not_depend_on_who_wants_its_text(void **state)
{
    (void)state;
    weir_error error = {WEIR_EFENCED, "gone"};
    assert_int_equal(weir__error_prefix(&error, WEIR_EFENCED, "task %s", "0_0"), WEIR_EFENCED);
    assert_string_equal(error.message, "task 0_0: gone");
    assert_int_equal(error.code, WEIR_EFENCED);
    assert_int_equal(weir__error_prefix(NULL, WEIR_EFENCED, "task %s", "0_0"), WEIR_EFENCED);
}

static void every_argument_has_a_row(void **state)
{
    (void)state;
    static const null_row rows[] = {
        PLAIN_ROWS(NULL_ROW) SOURCE_ROWS(NULL_ROW) STATELESS_ROWS(NULL_ROW) TABLE_ROWS(NULL_ROW)
            NODE_ROWS(NULL_ROW) RECORD_ROWS(NULL_ROW) STORE_ROWS(NULL_ROW) WINDOW_ROWS(NULL_ROW)
                SESSION_ROWS(NULL_ROW) VERSION_ROWS(NULL_ROW) SERDE_ROWS(NULL_ROW)
                    WINDOWED_ROWS(NULL_ROW) STRUCT_ROWS(NULL_ROW) WINDOWED_KEY_ROWS(NULL_ROW)};
    static const char *const headers[] = {"weir.h",    "admin.h",     "serde.h",
                                          "store.h",   "processor.h", "dsl.h",
                                          "windows.h", "windowed.h",  "suppress.h"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "runtime/include/weir/%s", headers[i]);
        assert_rows_complete(path, rows, sizeof rows / sizeof rows[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_outside_of_topologies_refuse_null),
        cmocka_unit_test(builders_name_the_null_argument),
        cmocka_unit_test(store_settings_without_a_value_are_named),
        cmocka_unit_test(store_settings_that_there_are_not_are_named),
        cmocka_unit_test(a_zeroed_serde_is_refused),
        cmocka_unit_test(topics_that_lack_something_are_named),
        cmocka_unit_test(callbacks_get_an_error_for_null),
        cmocka_unit_test(a_code_does_not_depend_on_who_wants_its_text),
        cmocka_unit_test(every_argument_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
