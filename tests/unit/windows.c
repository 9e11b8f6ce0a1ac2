/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows: their checks, the serdes of windowed keys, late records, and results that are emitted
 * when a window closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <weir/dsl.h>

#include "support/driven.h"

#define SIZE_MS 10

WEIR_TIME_WINDOWED_SERDE(by_ten, weir_string, SIZE_MS)
WEIR_TIME_WINDOWED_SERDE(by_ten_i64, weir_i64, SIZE_MS)
WEIR_SESSION_WINDOWED_SERDE(by_session, weir_string)

/* ---- Topologies ---- */

static weir_grouped grouped(weir_builder *b)
{
    return weir_group_by_key(weir_source(b, "in", &weir_string, &weir_string, NULL), NULL);
}

static weir_topology *finish(weir_builder *b)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    return topology;
}

static void assert_refused(weir_builder *b, const char *expected)
{
    weir_error error = {0};
    assert_null(weir_build(b, NULL, &error));
    if (strstr(error.message, expected) == NULL) {
        fail_msg("'%s' is not in '%s'", expected, error.message);
    }
}

/* Counts in windows of 10 ms to the topic "out", from where they are read again to "copy". */
static weir_topology *counts(weir_windows windows, weir_emit_strategy emit)
{
    weir_builder *b = weir_builder_new();
    weir_windowed_stream windowed =
        weir_windowed_by(grouped(b), windows, &(weir_windowed_opts){emit});
    weir_table table =
        weir_windowed_count(windowed, "counts", &(weir_store_opts){.retention_ms = 1000});
    weir_to(weir_to_stream(table, NULL), "out", NULL);
    return finish(b);
}

static void pipe(driven *task, const char *key, const char *value, int64_t time_ms)
{
    if (driven_pipe(task, "in", key, value, time_ms) != WEIR_OK) {
        fail_msg("%s", task->error.message);
    }
}

static size_t sent_to(const driven *task, const char *topic)
{
    size_t count = 0;
    for (size_t i = 0; i < task->sent_count; i++) {
        count += strcmp(driven_sent(task, i)->topic, topic) == 0;
    }
    return count;
}

/* ---- Checks ---- */

static void windows_that_there_are_not_are_named_with_their_node(void **state)
{
    (void)state;
    static const struct {
        weir_windows windows;
        const char *expected;
    } rows[] = {
        {{WEIR_WINDOWS_HOPPING, 0, 0, 0, 0}, "the size of its windows is 0 ms, less than 1"},
        {{WEIR_WINDOWS_HOPPING, -5, -5, 0, 0}, "the size of its windows is -5 ms"},
        {{WEIR_WINDOWS_HOPPING, 10, 0, 0, 0}, "the advance of its windows is 0 ms"},
        {{WEIR_WINDOWS_HOPPING, 10, 11, 0, 0}, "advance by 11 ms, more than their size, which is"},
        {{WEIR_WINDOWS_HOPPING, 10, 10, 0, -1}, "the grace is -1 ms, less than 0"},
        {{WEIR_WINDOWS_SLIDING, -1, 0, 0, 0}, "the time difference of its windows is -1 ms"},
        {{WEIR_WINDOWS_UNLIMITED, INT64_MAX, 0, -1, 0}, "the start of its windows is -1 ms"},
        {{(weir_windows_type)9, 1, 1, 0, 0}, "there are no windows of type 9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_builder *b = weir_builder_new();
        weir_windowed_by(grouped(b), rows[i].windows, NULL);
        weir_error error;
        weir_builder_error(b, &error);
        assert_non_null(strstr(error.message, "windowed_by below 'KSTREAM-SOURCE-0000000000': "));
        assert_refused(b, rows[i].expected);
    }
    weir_builder *b = weir_builder_new();
    weir_session_windowed_by(grouped(b), weir_session_gap(-1, 0), NULL);
    assert_refused(b, "the gap of its sessions is -1 ms");
    b = weir_builder_new();
    weir_session_windowed_by(grouped(b), weir_session_gap(1, -1), NULL);
    assert_refused(b, "the grace is -1 ms");
    b = weir_builder_new();
    weir_windowed_by(grouped(b), weir_tumbling(1, 0), &(weir_windowed_opts){(weir_emit_strategy)7});
    assert_refused(b, "there is no emit 7");
}

static void a_retention_shorter_than_windows_may_change_is_refused(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_windowed_stream windowed = weir_windowed_by(grouped(b), weir_tumbling(10, 5), NULL);
    weir_windowed_count(windowed, "counts", &(weir_store_opts){.retention_ms = 14});
    assert_refused(b, "store 'counts': retention_ms is 14, but its windows may change for 15 ms");
    b = weir_builder_new();
    weir_count(grouped(b), "counts", &(weir_store_opts){.retention_ms = 14});
    assert_refused(b, "store 'counts': retention_ms is for aggregations of windows");
}

/* ---- Serdes ---- */

/* Reads "keys" with windowed keys, and forwards their text to "out". */
static weir_err key_text(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    weir_buf text = {0};
    weir_err err = weir_windowed_print(ctx, in->key, &text, ((const weir_serde *)user)->user);
    weir_slice made = weir__buf_slice(&text);
    char *copy = err == WEIR_OK ? weir_alloc(ctx, made.len + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, made.data, made.len);
        *(weir_slice *)out = (weir_slice){copy, made.len};
    }
    weir__buf_fini(&text);
    return err;
}

static void assert_read_and_written(const weir_serde *serde, weir_slice key, const char *expected)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "keys", serde, &weir_string, NULL);
    weir_to(weir_map_values(in, &weir_string, key_text, (void *)(uintptr_t)serde, NULL), "out",
            NULL);
    weir_topology *topology = finish(b);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    weir_slice value = weir_slice_of("v");
    weir_err err = driven_pipe_record(&task, "keys", key, value, 1, NULL, 0);
    if (expected == NULL) {
        assert_int_equal(err, WEIR_EDECODE);
    } else if (err != WEIR_OK) {
        fail_msg("%s", task.error.message);
    } else {
        const weir__message_view *sent = driven_sent(&task, 0);
        assert_true(weir_slice_equal(sent->key, key));
        assert_int_equal(sent->value.len, strlen(expected));
        assert_memory_equal(sent->value.data, expected, strlen(expected));
    }
    driven_close(&task);
    weir_topology_free(topology);
}

#define BYTES(text) ((weir_slice){(text), sizeof(text) - 1})

static void windowed_keys_are_read_and_written_in_kafkas_layout(void **state)
{
    (void)state;
    assert_read_and_written(&by_ten, BYTES("ab\0\0\0\0\0\0\1\2"), "ab@258/268");
    assert_read_and_written(&by_ten, BYTES("\0\0\0\0\0\0\0\0"), "@0/10");
    assert_read_and_written(&by_ten, BYTES("\1\0\0\0\0\0\0\0\2"), "0x01@2/12");
    assert_read_and_written(&by_ten_i64, BYTES("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0"), "1@0/10");
    assert_read_and_written(&by_session, BYTES("k\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\5"), "k@5/7");
    assert_read_and_written(&by_ten, BYTES("\x7f\xff\xff\xff\xff\xff\xff\xff"),
                            "@9223372036854775807/9223372036854775807");
}

static void bytes_that_are_no_windowed_key_are_undecodable(void **state)
{
    (void)state;
    assert_read_and_written(&by_ten, BYTES("short"), NULL);
    assert_read_and_written(&by_ten, BYTES("k\xff\0\0\0\0\0\0\0"), NULL);
    assert_read_and_written(&by_session, BYTES("k\0\0\0\0\0\0\0\7"), NULL);
    assert_read_and_written(&by_session, BYTES("k\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\7"), NULL);
    assert_read_and_written(&by_ten_i64, BYTES("\0\0\0\0\0\0\0\0\0\0"), NULL);
}

static weir_err no_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)in;
    *(weir_windowed *)out = *(const weir_windowed *)user;
    return WEIR_OK;
}

static void a_window_that_there_is_not_cannot_be_written(void **state)
{
    (void)state;
    const weir_slice k = weir_slice_of("k");
    const weir_windowed wrong[] = {{NULL, 0, 10}, {&k, -1, 10}, {&k, 11, 10}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_builder *b = weir_builder_new();
        weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
        weir_to(weir_select_key(in, &by_session, no_key, (void *)(uintptr_t)&wrong[i], NULL), "out",
                NULL);
        weir_topology *topology = finish(b);
        driven task = {0};
        assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
        assert_int_equal(driven_pipe(&task, "in", "k", "v", 1), WEIR_EINVAL);
        assert_non_null(strstr(task.error.message, "a window from "));
        driven_close(&task);
        weir_topology_free(topology);
    }
}

static weir_err pass_on(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static const weir_processor_ops pass_on_ops = {.name = "pass-on", .process = pass_on};

static void windowed_keys_are_one_type_if_what_is_inside_is(void **state)
{
    (void)state;
    static const struct {
        const weir_serde *serde;
        const char *expected; /* NULL: they agree */
    } rows[] = {{&by_ten, NULL}, {&by_ten_i64, "by_ten_i64"}, {&by_session, "by_session"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_builder *b = weir_builder_new();
        weir_windowed_stream windowed = weir_windowed_by(grouped(b), weir_tumbling(60, 0), NULL);
        weir_table left = weir_windowed_count(windowed, "left", NULL);
        weir_to(weir_to_stream(left, &(weir_named){"changes"}), "out", NULL);
        weir_add_processor(b, "p", (const char *const[]){"changes", NULL}, &pass_on_ops, NULL);
        weir_add_sink(b, "sink", (const char *const[]){"changes", NULL}, "other", rows[i].serde,
                      &weir_i64, NULL);
        if (rows[i].expected != NULL) {
            assert_refused(b, rows[i].expected);
        } else {
            weir_topology_free(finish(b));
        }
    }
}

/* ---- Late records, emit on close ---- */

static void a_late_record_is_counted_for_each_window_that_has_closed(void **state)
{
    (void)state;
    weir_topology *topology = counts(weir_hopping(10, 5, 0), WEIR_EMIT_ON_UPDATE);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "k", "a", 20);
    assert_int_equal(driven_dropped(&task), 0);
    pipe(&task, "k", "b", 12); /* 5/15 has closed, 10/20 just so */
    assert_int_equal(driven_dropped(&task), 2);
    assert_non_null(strstr(task.log, "its window has closed: window 5/15, stream time 20"));
    pipe(&task, "k", "c", 16); /* 15/25 is open */
    assert_int_equal(driven_dropped(&task), 3);
    pipe(&task, NULL, "d", 20);
    assert_int_equal(driven_dropped(&task), 4);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_record_at_an_edge_is_in_the_window_that_begins_there(void **state)
{
    (void)state;
    weir_topology *topology = counts(weir_hopping(SIZE_MS, 5, 100), WEIR_EMIT_ON_UPDATE);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "k", "a", 10); /* 5/15 and 10/20 */
    assert_int_equal(sent_to(&task, "out"), 2);
    pipe(&task, "k", "b", 14); /* the same */
    assert_int_equal(sent_to(&task, "out"), 4);
    pipe(&task, "k", "c", 0); /* 0/10 */
    assert_int_equal(sent_to(&task, "out"), 5);
    driven_close(&task);
    weir_topology_free(topology);
}

/* The times that a task keeps come from metadata that any client of the group can write. */
static void times_of_names_that_no_node_has_change_nothing(void **state)
{
    (void)state;
    weir_topology *topology = counts(weir_tumbling(SIZE_MS, 0), WEIR_EMIT_ON_UPDATE);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    weir__graph *graph = driven_task(&task)->graph;
    const char *kept = weir__graph_kept_times(graph)->name;
    char longer[64];
    snprintf(longer, sizeof longer, "%s%c%s", kept, '\0', "behind");
    const weir_slice names[] = {{"", 0}, {"a\0b", 3}, {longer, strlen(kept) + 7}, {kept, 1}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(weir__graph_restore_time(graph, names[i], 1000), WEIR_OK);
    }
    pipe(&task, "k", "a", 1);
    assert_int_equal(driven_dropped(&task), 0);
    assert_int_equal(weir__graph_restore_time(graph, weir_slice_of(kept), 1000), WEIR_OK);
    assert_int_equal(weir__graph_restore_time(graph, weir_slice_of(kept), 5), WEIR_OK);
    pipe(&task, "k", "a", 1000);
    pipe(&task, "k", "a", 2); /* late by the time that was restored */
    assert_int_equal(driven_dropped(&task), 1);
    driven_close(&task);
    weir_topology_free(topology);
}

static void closed_windows_are_emitted_once_in_the_interval_by_the_wall_clock(void **state)
{
    (void)state;
    weir_topology *topology = counts(weir_tumbling(SIZE_MS, 0), WEIR_EMIT_ON_CLOSE);
    driven task = {
        .settings = DRIVEN_SETTINGS("__emit.interval.ms.kstreams.windowed.aggregation__", "1000")};
    assert_int_equal(driven_open(&task, topology, 5000), WEIR_OK);
    pipe(&task, "k", "a", 1);
    pipe(&task, "k", "b", 11); /* closes 0/10, but the interval began with the first record */
    assert_int_equal(sent_to(&task, "out"), 0);
    assert_int_equal(driven_advance(&task, 999), WEIR_OK);
    pipe(&task, "k", "c", 21);
    assert_int_equal(sent_to(&task, "out"), 0);
    assert_int_equal(driven_advance(&task, 1), WEIR_OK);
    pipe(&task, "k", "d", 22);
    assert_int_equal(sent_to(&task, "out"), 2);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_window_that_ends_at_stream_time_is_emitted_once(void **state)
{
    (void)state;
    weir_topology *topology = counts(weir_tumbling(SIZE_MS, 0), WEIR_EMIT_ON_CLOSE);
    driven task = {.settings =
                       DRIVEN_SETTINGS("__emit.interval.ms.kstreams.windowed.aggregation__", "0")};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "k", "a", 1);
    pipe(&task, "k", "b", 9);
    assert_int_equal(sent_to(&task, "out"), 0);
    pipe(&task, "k", "c", 10);
    assert_int_equal(sent_to(&task, "out"), 1);
    pipe(&task, "k", "d", 11);
    assert_int_equal(sent_to(&task, "out"), 1);
    pipe(&task, "k", "e", 20);
    pipe(&task, "k", "f", 21);
    assert_int_equal(sent_to(&task, "out"), 2);
    driven_close(&task);
    weir_topology_free(topology);
}

static void closed_windows_are_emitted_at_once_without_an_interval(void **state)
{
    (void)state;
    weir_topology *topology = counts(weir_tumbling(SIZE_MS, 0), WEIR_EMIT_ON_CLOSE);
    driven task = {.settings =
                       DRIVEN_SETTINGS("__emit.interval.ms.kstreams.windowed.aggregation__", "0")};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "k", "a", 1);
    pipe(&task, "k", "b", 11);
    assert_int_equal(sent_to(&task, "out"), 1);
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_that_there_are_not_are_named_with_their_node),
        cmocka_unit_test(a_retention_shorter_than_windows_may_change_is_refused),
        cmocka_unit_test(windowed_keys_are_read_and_written_in_kafkas_layout),
        cmocka_unit_test(bytes_that_are_no_windowed_key_are_undecodable),
        cmocka_unit_test(a_window_that_there_is_not_cannot_be_written),
        cmocka_unit_test(windowed_keys_are_one_type_if_what_is_inside_is),
        cmocka_unit_test(a_record_at_an_edge_is_in_the_window_that_begins_there),
        cmocka_unit_test(a_window_that_ends_at_stream_time_is_emitted_once),
        cmocka_unit_test(a_late_record_is_counted_for_each_window_that_has_closed),
        cmocka_unit_test(times_of_names_that_no_node_has_change_nothing),
        cmocka_unit_test(closed_windows_are_emitted_once_in_the_interval_by_the_wall_clock),
        cmocka_unit_test(closed_windows_are_emitted_at_once_without_an_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
