/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores of operators of the DSL that weir_connect opens to processors: of each kind, and what is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string

static weir_err forward_number(weir_ctx *ctx, const weir_record *in, const void *number)
{
    weir_record out = *in;
    out.value = number;
    return weir_forward(ctx, &out);
}

/* The count of the record's key. */
static weir_err read_rows(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const void *count = NULL;
    weir_kv *kv = weir_store(ctx, "counts");
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &count, NULL) : weir_ctx_error(ctx);
    return err == WEIR_OK ? forward_number(ctx, in, count) : err;
}

/* The count of the key in the window that begins at the record's time. */
static weir_err read_window(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const void *count = NULL;
    weir_window *windows = weir_window_store(ctx, "counts");
    weir_err err = windows != NULL
                       ? weir_window_get(windows, in->key, in->timestamp_ms, &count, NULL)
                       : weir_ctx_error(ctx);
    return err == WEIR_OK ? forward_number(ctx, in, count) : err;
}

/* The count of the key's session that contains the record's time. */
static weir_err read_session(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_session *sessions = weir_session_store(ctx, "counts");
    weir_session_iter *iter = NULL;
    weir_session_row row = {0};
    weir_err err = sessions != NULL ? weir_session_find(sessions, in->key, in->timestamp_ms,
                                                        in->timestamp_ms, false, &iter)
                                    : weir_ctx_error(ctx);
    int64_t count = 0;
    if (err == WEIR_OK && weir_session_next(iter, &row)) {
        count = *(const int64_t *)row.value;
    }
    weir_err end = weir_session_iter_close(iter);
    err = err == WEIR_OK ? end : err;
    return err == WEIR_OK ? forward_number(ctx, in, &count) : err;
}

static const weir_processor_ops rows_ops = {"rows", NULL, read_rows, NULL};
static const weir_processor_ops window_ops = {"window", NULL, read_window, NULL};
static const weir_processor_ops session_ops = {"session", NULL, read_session, NULL};

/* Records of "asked" read the store that `add` counts the records of "in" in. */
static weir_topology *build(const weir_config *config, weir_error *error,
                            void (*add)(weir_grouped by), const weir_processor_ops *ops)
{
    weir_builder *b = weir_builder_new();
    add(weir_group_by_key(weir_source(b, "in", STRINGS, NULL), NULL));
    weir_stream asked = weir_source(b, "asked", STRINGS, NULL);
    weir_process_opts named = {.name = "reader"};
    weir_to(weir_process_values(asked, &weir_i64, ops, NULL, &named), "answers", NULL);
    weir_connect(b, "reader", "counts");
    return weir_build(b, config, error);
}

static void add_count(weir_grouped by)
{
    weir_count(by, "counts", NULL);
}

static void add_windowed(weir_grouped by)
{
    weir_windowed_count(weir_windowed_by(by, weir_tumbling(10, 0), NULL), "counts", NULL);
}

static void add_sessions(weir_grouped by)
{
    weir_session_windowed_count(weir_session_windowed_by(by, weir_session_gap(10, 0), NULL),
                                "counts", NULL);
}

static weir_topology *with_rows(const weir_config *config, weir_error *error)
{
    return build(config, error, add_count, &rows_ops);
}

static weir_topology *with_windows(const weir_config *config, weir_error *error)
{
    return build(config, error, add_windowed, &window_ops);
}

static weir_topology *with_sessions(const weir_config *config, weir_error *error)
{
    return build(config, error, add_sessions, &session_ops);
}

static weir_topology *with_the_wrong_kind(const weir_config *config, weir_error *error)
{
    return build(config, error, add_windowed, &rows_ops);
}

static weir_sync *open_sync(weir_topology_fn topology)
{
    weir_sync_opts opts = {.on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(topology, &opts, NULL);
    assert_non_null(sync);
    return sync;
}

static void a_processor_reads_a_store_of_each_kind(void **state)
{
    (void)state;
    static const weir_topology_fn topologies[] = {with_rows, with_windows, with_sessions};
    for (size_t i = 0; i < 3; i++) {
        weir_sync *sync = open_sync(topologies[i]);
        weir_input in = weir_sync_input(sync, "in", STRINGS);
        weir_input asked = weir_sync_input(sync, "asked", STRINGS);
        weir_input_set_time(in, 20, 1);
        weir_input_set_time(asked, 20, 0);
        weir_input_text(in, "k", "v");
        weir_input_text(in, "k", "w");

        weir_input_text(asked, "k", "?");

        const weir_row *row =
            weir_output_next(weir_sync_output(sync, "answers", &weir_string, &weir_i64));
        assert_non_null(row);
        assert_non_null(row->value);
        assert_int_equal(*(const int64_t *)row->value, 2);
        weir_sync_free(sync);
    }
}

static void a_store_of_another_kind_is_named(void **state)
{
    (void)state;
    weir_sync *sync = open_sync(with_the_wrong_kind);
    weir_input_record record = {.key = weir_text("k"), .value = weir_text("v"), .at = WEIR_AT(1)};
    weir_error error = {0};

    assert_int_equal(weir_input_try_send(weir_sync_input(sync, "asked", STRINGS), &record, &error),
                     WEIR_EINVAL);

    assert_non_null(strstr(error.message, "reader"));
    assert_non_null(
        strstr(error.message, "the store 'counts' is a window store: use weir_window_store"));
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_processor_reads_a_store_of_each_kind),
        cmocka_unit_test(a_store_of_another_kind_is_named),
    };
    return cmocka_run_group_tests_name("connected_stores", tests, NULL, NULL);
}
