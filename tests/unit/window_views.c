/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests that look into window and session stores, and read windowed keys of topics: they name keys
 * with a serde of windowed keys. */
#include <setjmp.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "support/jump_out.h"

#define STRINGS &weir_string, &weir_string
#define SIZE_MS 10

WEIR_TIME_WINDOWED_SERDE(by_ten, weir_string, SIZE_MS)
WEIR_SESSION_WINDOWED_SERDE(by_session, weir_string)

/* Keeps each record as a session that begins with the record and ends 3 ms later. */
static weir_err keep_session(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_session *store = weir_session_store(ctx, "sessions");
    return store != NULL
               ? weir_session_put(store, in->key, in->value, in->timestamp_ms, in->timestamp_ms + 3)
               : weir_ctx_error(ctx);
}

static const weir_processor_ops keep_session_ops = {.name = "keep", .process = keep_session};

static weir_topology *counting(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_store_opts memory = {.backend = WEIR_BACKEND_MEMORY, .retention_ms = 1000};
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_windowed_stream windowed =
        weir_windowed_by(weir_group_by_key(in, NULL), weir_tumbling(SIZE_MS, 0), NULL);
    weir_to(weir_to_stream(weir_windowed_count(windowed, "counts", &memory), NULL), "out", NULL);
    weir_store_opts texts = {
        .backend = WEIR_BACKEND_MEMORY, .key = &weir_string, .value = &weir_string};
    weir_add_session_store(b, "sessions", 1000, &texts, NULL);
    weir_process_opts opts = {.stores = (const char *const[]){"sessions", NULL}};
    weir_process(in, STRINGS, &keep_session_ops, NULL, &opts);
    return weir_build(b, config, error);
}

static weir_sync *filled(int32_t partitions)
{
    weir_sync *sync = weir_sync_new(
        counting, &(weir_sync_opts){.partitions = partitions, .on_failure = weir_cmocka_failure},
        NULL);
    assert_non_null(sync);
    static const struct {
        const char *key;
        int64_t time_ms;
    } records[] = {{"a", 1}, {"a", 9}, {"b", 5}, {"a", 12}, {"ab", 25}};
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        weir_input_set_time(in, records[i].time_ms, 0);
        weir_input_text(in, records[i].key, "v");
    }
    return sync;
}

static weir_windowed window(const weir_slice *key, int64_t start_ms)
{
    return (weir_windowed){key, start_ms, start_ms + SIZE_MS};
}

static void add(weir_rows *rows, const char *key, int64_t start_ms, int64_t count)
{
    weir_slice text = weir_slice_of(key);
    weir_windowed at = window(&text, start_ms);
    weir_rows_put(rows, &at, &count);
}

static void a_view_has_decoded_windows(void **state)
{
    (void)state;
    for (int32_t partitions = 1; partitions <= 4; partitions += 3) {
        weir_sync *sync = filled(partitions);
        weir_store_view counts = weir_sync_store(sync, "counts", &by_ten, &weir_i64);
        weir_rows *expected = weir_sync_rows(sync, &by_ten, &weir_i64);
        add(expected, "a", 0, 2);
        add(expected, "a", 10, 1);
        add(expected, "ab", 20, 1);
        add(expected, "b", 0, 1);
        weir_assert_same_rows(weir_store_view_all(counts), expected);
        weir_output out = weir_sync_output(sync, "out", &by_ten, &weir_i64);
        weir_assert_same_rows(weir_output_table(out), expected);
        weir_sync_free(sync);
    }
}

static void a_window_is_found_by_its_key_and_start(void **state)
{
    (void)state;
    weir_sync *sync = filled(1);
    weir_store_view counts = weir_sync_store(sync, "counts", &by_ten, &weir_i64);
    weir_slice a = weir_slice_of("a");
    weir_windowed first = window(&a, 0);
    weir_windowed second = window(&a, 10);
    const weir_row *row = weir_store_view_get(counts, &first);
    assert_non_null(row);
    assert_int_equal(*(const int64_t *)row->value, 2);
    assert_int_equal(((const weir_windowed *)row->key)->end_ms, SIZE_MS);
    assert_int_equal(row->timestamp_ms, 9);
    weir_windowed none = window(&a, 20);
    assert_null(weir_store_view_get(counts, &none));
    assert_int_equal(weir_rows_size(weir_store_view_range(counts, &first, &second)), 2);
    assert_int_equal(weir_rows_size(weir_store_view_prefix(counts, a)), 3); /* and ab */
    assert_int_equal(weir_store_view_size(counts), 4);
    weir_sync_free(sync);
}

static void a_view_has_decoded_sessions(void **state)
{
    (void)state;
    weir_sync *sync = filled(1);
    weir_store_view sessions = weir_sync_store(sync, "sessions", &by_session, &weir_string);
    weir_slice b = weir_slice_of("b");
    weir_windowed session = {&b, 5, 8};
    assert_int_equal(weir_store_view_size(sessions), 5);
    assert_non_null(weir_store_view_get(sessions, &session));
    session.end_ms = 9;
    assert_null(weir_store_view_get(sessions, &session));
    weir_sync_free(sync);
}

static void a_test_puts_windows_and_sessions(void **state)
{
    (void)state;
    for (int32_t partitions = 1; partitions <= 4; partitions += 3) {
        weir_sync *sync = filled(partitions);
        weir_store_view counts = weir_sync_store(sync, "counts", &by_ten, &weir_i64);
        weir_store_view sessions = weir_sync_store(sync, "sessions", &by_session, &weir_string);
        weir_slice b = weir_slice_of("b");
        weir_windowed at = window(&b, 30);
        weir_sync_store_put(counts, &at, &(int64_t){41}, 35);
        weir_windowed session = {&b, 5, 8};
        weir_sync_store_put(sessions, &session, NULL, 0);
        weir_input in = weir_sync_input(sync, "in", STRINGS);
        weir_input_set_time(in, 31, 0);
        weir_input_text(in, "b", "v");
        assert_int_equal(*(const int64_t *)weir_store_view_get(counts, &at)->value, 42);
        assert_int_equal(weir_store_view_get(counts, &at)->timestamp_ms, 35);
        assert_null(weir_store_view_get(sessions, &session));
        weir_sync_free(sync);
    }
}

static const char *failure_of(const char *store, const weir_serde *key, const void *put)
{
    static struct failure failure;
    weir_sync_opts opts = {.on_failure = jump_out, .user = &failure};
    weir_sync *sync = weir_sync_new(counting, &opts, NULL);
    failure.message[0] = '\0';
    if (setjmp(failure.out) == 0) {
        weir_store_view view = weir_sync_store(sync, store, key, &weir_bytes);
        if (put != NULL) {
            weir_sync_store_put(view, put, NULL, 0);
        } else {
            weir_store_view_all(view);
        }
    }
    weir_sync_free(sync);
    return failure.message;
}

static void keys_of_another_kind_are_refused(void **state)
{
    (void)state;
    const char *windows = "store 'counts': its keys are windows, not ";
    const char *sessions = "its keys are sessions, not by_ten";
    weir_slice a = weir_slice_of("a");
    weir_windowed at = window(&a, 0);
    assert_non_null(strstr(failure_of("counts", &weir_string, NULL), windows));
    assert_non_null(strstr(failure_of("counts", &by_session, NULL), "WEIR_TIME_WINDOWED_SERDE"));
    assert_non_null(strstr(failure_of("sessions", &by_ten, NULL), sessions));
    assert_non_null(strstr(failure_of("counts", &weir_string, &a), windows));
    assert_non_null(strstr(failure_of("counts", &by_session, &at), windows));
    assert_non_null(strstr(failure_of("sessions", &by_ten, &at), sessions));
    assert_non_null(strstr(failure_of("counts", &weir_bytes, &a), "key have no time"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_has_decoded_windows),
        cmocka_unit_test(a_window_is_found_by_its_key_and_start),
        cmocka_unit_test(a_view_has_decoded_sessions),
        cmocka_unit_test(a_test_puts_windows_and_sessions),
        cmocka_unit_test(keys_of_another_kind_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
