/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores of a processor alone, of every kind; and a processor that cannot change keys. */
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_isolated.h>
#include <weir/windows.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SIZE_MS 10

WEIR_TIME_WINDOWED_SERDE(windowed, weir_string, SIZE_MS)
WEIR_SESSION_WINDOWED_SERDE(sessions, weir_string)

/* Puts the record into each store. */
static weir_err put_everywhere(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    int64_t time_ms = in->timestamp_ms;
    weir_kv *rows = weir_store(ctx, "rows");
    weir_window *windows = weir_window_store(ctx, "windows");
    weir_session *of_key = weir_session_store(ctx, "sessions");
    weir_versioned *versions = weir_versioned_store(ctx, "versions");
    if (rows == NULL || windows == NULL || of_key == NULL || versions == NULL) {
        return weir_ctx_error(ctx);
    }
    weir_err err = weir_kv_put(rows, in->key, in->value, time_ms);
    err = err == WEIR_OK ? weir_window_put(windows, in->key, in->value, time_ms, time_ms) : err;
    err = err == WEIR_OK ? weir_session_put(of_key, in->key, in->value, time_ms, time_ms + 5) : err;
    return err == WEIR_OK ? weir_versioned_put(versions, in->key, in->value, time_ms, NULL) : err;
}

static void add_stores(weir_builder *b, void *user)
{
    (void)user;
    weir_store_opts opts = {.key = &weir_string, .value = &weir_string};
    weir_add_store(b, "rows", &opts, NULL);
    weir_add_window_store(
        b, "windows", &(weir_window_opts){.window_ms = SIZE_MS, .retention_ms = 1000}, &opts, NULL);
    weir_add_session_store(b, "sessions", 1000, &opts, NULL);
    weir_add_versioned_store(b, "versions", 1000, &opts, NULL);
}

static void add_rows(weir_builder *b, void *user)
{
    (void)user;
    weir_add_store(b, "rows", &(weir_store_opts){.key = &weir_string, .value = &weir_string}, NULL);
}

static weir_isolated *made(const weir_processor_ops *ops, const weir_isolated_opts *opts)
{
    weir_error error = {0};
    weir_isolated_opts own = *opts;
    own.key = own.value = &weir_string;
    own.on_failure = weir_cmocka_failure;
    weir_isolated *isolated = weir_isolated_new(ops, NULL, &own, &error);
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

static void assert_value(const weir_row *row, const char *value)
{
    assert_non_null(row);
    assert_true(weir_slice_equal(*(const weir_slice *)row->value, weir_slice_of(value)));
}

static const weir_processor_ops putting = {"putting", NULL, put_everywhere, NULL};

static void a_processor_has_stores_of_every_kind(void **state)
{
    (void)state;
    weir_isolated *isolated = made(
        &putting, &(weir_isolated_opts){.stores = LIST("rows", "windows", "sessions", "versions"),
                                        .add_stores = add_stores});
    send(isolated, "a", 20);
    send(isolated, "b", 30);
    weir_store_view rows = weir_isolated_store(isolated, "rows", &weir_string, &weir_string);
    assert_value(weir_store_view_get(rows, weir_text("k")), "b");
    weir_store_view windows = weir_isolated_store(isolated, "windows", &windowed, &weir_string);
    weir_assert_size(weir_store_view_all(windows), 2);
    weir_windowed first = {weir_text("k"), 20, 20 + SIZE_MS};
    assert_value(weir_store_view_get(windows, &first), "a");
    weir_store_view of_key = weir_isolated_store(isolated, "sessions", &sessions, &weir_string);
    weir_assert_size(weir_store_view_all(of_key), 2);
    weir_store_view versions =
        weir_isolated_store(isolated, "versions", &weir_string, &weir_string);
    assert_value(weir_store_view_get(versions, weir_text("k")), "b");
    assert_value(weir_store_view_get(weir_store_view_as_of(versions, 25), weir_text("k")), "a");
    weir_isolated_free(isolated);
}

static weir_err read_row(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_kv *rows = weir_store(ctx, "rows");
    const void *value = NULL;
    weir_err err = rows != NULL ? weir_kv_get(rows, in->key, &value, NULL) : weir_ctx_error(ctx);
    weir_record out = *in;
    out.value = value;
    return err == WEIR_OK ? weir_forward(ctx, &out) : err;
}

static const weir_processor_ops reading = {"reading", NULL, read_row, NULL};

static void the_test_fills_a_store(void **state)
{
    (void)state;
    weir_isolated *isolated =
        made(&reading, &(weir_isolated_opts){.stores = LIST("rows"), .add_stores = add_rows});
    weir_store_view rows = weir_isolated_store(isolated, "rows", &weir_string, &weir_string);
    weir_sync_store_put(rows, weir_text("k"), weir_text("put"), 3);
    send(isolated, "x", 5);
    assert_value(weir_rows_at(weir_isolated_forwards(isolated, NULL), 0), "put");
    weir_isolated_free(isolated);
}

static void a_store_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    weir_error error;
    weir_isolated *isolated = made(&reading, &(weir_isolated_opts){.fixed_key = false});
    assert_int_equal(
        weir_isolated_try_process(isolated, &(weir_input_record){.key = weir_text("k")}, &error),
        WEIR_ENOTFOUND);
    assert_non_null(strstr(error.message, "the topology has no store 'rows'"));
    weir_isolated_free(isolated);
    weir_isolated_opts unused = {
        .key = &weir_string, .value = &weir_string, .add_stores = add_rows};
    assert_null(weir_isolated_new(&reading, NULL, &unused, &error));
    assert_string_equal(error.message, "no processor uses the store 'rows': name it in "
                                       "weir_process_opts.stores of one, or call weir_connect");
}

/* ---- Fixed keys ---- */

static weir_err other_key(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_record out = *in;
    out.key = weir_text("other");
    return weir_forward(ctx, &out);
}

static const weir_processor_ops changing = {"changing", NULL, other_key, NULL};

static void a_processor_of_values_keeps_the_key(void **state)
{
    (void)state;
    for (int fixed = 0; fixed <= 1; fixed++) {
        weir_isolated *isolated = made(&changing, &(weir_isolated_opts){.fixed_key = fixed != 0});
        send(isolated, "v", 5);
        const weir_row *row = weir_rows_at(weir_isolated_forwards(isolated, NULL), 0);
        assert_non_null(row);
        assert_true(weir_slice_equal(*(const weir_slice *)row->key,
                                     weir_slice_of(fixed != 0 ? "k" : "other")));
        weir_isolated_free(isolated);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_processor_has_stores_of_every_kind),
        cmocka_unit_test(the_test_fills_a_store),
        cmocka_unit_test(a_store_that_is_not_there_is_an_error),
        cmocka_unit_test(a_processor_of_values_keeps_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
