/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions and sliding windows: errors, the order of sessions that end together, headers, the
 * cache. What they compute is in the recorded cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/dsl.h>

#include "support/driven.h"

#define GAP_MS 10
/* Closed sessions are emitted at once. */
#define AT_ONCE DRIVEN_SETTINGS("__emit.interval.ms.kstreams.windowed.aggregation__", "0")

static weir_stream source(weir_builder *b)
{
    return weir_source(b, "in", &weir_string, &weir_string, NULL);
}

static weir_session_stream sessions(weir_builder *b, weir_emit_strategy emit)
{
    return weir_session_windowed_by(weir_group_by_key(source(b), NULL), weir_session_gap(GAP_MS, 0),
                                    &(weir_windowed_opts){emit});
}

static weir_topology *built(weir_builder *b)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    return topology;
}

static void refused(weir_builder *b, const char *expected)
{
    weir_error error = {0};
    assert_null(weir_build(b, NULL, &error));
    if (strstr(error.message, expected) == NULL) {
        fail_msg("'%s' is not in '%s'", expected, error.message);
    }
}

static weir_topology *counted(weir_emit_strategy emit, weir_backend backend)
{
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.backend = backend, .retention_ms = 1000};
    weir_table counts = weir_session_windowed_count(sessions(b, emit), "counts", &opts);
    weir_to(weir_to_stream(counts, NULL), "out", NULL);
    return built(b);
}

static void pipe(driven *task, const char *key, int64_t time_ms)
{
    const weir_header header = {"h", weir_slice_of("v")};
    weir_err err =
        driven_pipe_record(task, "in", weir_slice_of(key), weir_slice_of("v"), time_ms, &header, 1);
    if (err != WEIR_OK) {
        fail_msg("%s", task->error.message);
    }
}

static int64_t number_at(weir_slice bytes, size_t from)
{
    uint64_t number = 0;
    for (size_t i = from; i < from + 8; i++) {
        number = number << 8 | ((const uint8_t *)bytes.data)[i];
    }
    return (int64_t)number;
}

/* "a 5-10: 2; b 3-10: -;" of the records sent to "out". */
static const char *sent(const driven *task)
{
    static char text[512];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < task->sent_count; i++) {
        const weir__message_view *at = driven_sent(task, i);
        char count[24] = "-";
        if (strcmp(at->topic, "out") != 0) {
            continue;
        }
        if (at->value.data != NULL) {
            snprintf(count, sizeof count, "%lld", (long long)number_at(at->value, 0));
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s %lld-%lld: %s; ", 1,
                                 (const char *)at->key.data, (long long)number_at(at->key, 9),
                                 (long long)number_at(at->key, 1), count);
        assert_true(used < sizeof text);
    }
    return text;
}

/* ---- Tests ---- */

static void a_retention_shorter_than_sessions_may_change_is_refused(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_session_windowed_count(sessions(b, WEIR_EMIT_ON_UPDATE), "counts",
                                &(weir_store_opts){.retention_ms = GAP_MS - 1});
    refused(b, "store 'counts': retention_ms is 9, but its windows may change for 10 ms after "
               "their end");
}

static void nodes_and_store_are_numbered_as_by_kafka(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_session_windowed_count(sessions(b, WEIR_EMIT_ON_UPDATE), NULL, NULL);
    weir_topology *topology = built(b);
    char *text = weir_topology_describe(topology);
    assert_non_null(strstr(text, "Processor: KSTREAM-AGGREGATE-0000000003 (stores: "
                                 "[KSTREAM-AGGREGATE-STATE-STORE-0000000002])"));
    free(text);
    weir_topology_free(topology);
}

static void a_session_that_grows_deletes_those_it_is_made_of(void **state)
{
    (void)state;
    driven task = {0};
    weir_topology *topology = counted(WEIR_EMIT_ON_UPDATE, WEIR_BACKEND_DEFAULT);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "a", 0);
    pipe(&task, "a", 20);
    pipe(&task, "a", 10);
    pipe(&task, "a", 10);
    assert_string_equal(sent(&task), "a 0-0: 1; a 20-20: 1; a 0-0: -; a 20-20: -; a 0-20: 3; "
                                     "a 0-20: -; a 0-20: 4; ");
    driven_close(&task);
    weir_topology_free(topology);
}

static void the_cache_forwards_only_the_last_session(void **state)
{
    (void)state;
    driven task = {.cache_bytes = 1 << 20};
    weir_topology *topology = counted(WEIR_EMIT_ON_UPDATE, WEIR_BACKEND_DEFAULT);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "a", 0);
    pipe(&task, "a", 5);
    assert_int_equal(driven_commit(&task), WEIR_OK);
    assert_string_equal(sent(&task), "a 0-5: 2; ");
    pipe(&task, "a", 9);
    pipe(&task, "a", 12);
    assert_int_equal(driven_commit(&task), WEIR_OK);
    assert_string_equal(sent(&task), "a 0-5: 2; a 0-5: -; a 0-12: 4; ");
    driven_close(&task);
    weir_topology_free(topology);
}

/* Both end at 10; the record at 30 closes them. */
static const char *two_that_end_together(driven *task, weir_topology *topology)
{
    assert_int_equal(driven_open(task, topology, 0), WEIR_OK);
    pipe(task, "b", 3);
    pipe(task, "a", 5);
    pipe(task, "a", 10);
    pipe(task, "b", 10);
    pipe(task, "c", 30);
    return sent(task);
}

static void sessions_that_end_together_are_emitted_by_key_in_memory(void **state)
{
    (void)state;
    driven task = {.settings = AT_ONCE};
    weir_topology *topology = counted(WEIR_EMIT_ON_CLOSE, WEIR_BACKEND_MEMORY);
    assert_string_equal(two_that_end_together(&task, topology), "a 5-10: 2; b 3-10: 2; ");
    driven_close(&task);
    weir_topology_free(topology);
}

static void sessions_that_end_together_are_emitted_by_start_on_disk(void **state)
{
    (void)state;
    driven task = {.settings = AT_ONCE};
    weir_topology *topology = counted(WEIR_EMIT_ON_CLOSE, WEIR_BACKEND_ROCKSDB);
    assert_string_equal(two_that_end_together(&task, topology), "b 3-10: 2; a 5-10: 2; ");
    driven_close(&task);
    weir_topology_free(topology);
}

/* More sessions than fit at first into the list of those that end together. */
static void any_number_of_sessions_may_end_together(void **state)
{
    (void)state;
    static const weir_backend backends[] = {WEIR_BACKEND_MEMORY, WEIR_BACKEND_ROCKSDB};
    for (size_t b = 0; b < 2; b++) {
        driven task = {.settings = AT_ONCE};
        weir_topology *topology = counted(WEIR_EMIT_ON_CLOSE, backends[b]);
        assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
        for (int i = 0; i < 40; i++) {
            const char key[] = {(char)('A' + i), '\0'};
            pipe(&task, key, 10);
        }
        pipe(&task, "z", 30);
        char last = 'A' - 1;
        size_t emitted = 0;
        for (size_t i = 0; i < task.sent_count; i++) {
            const weir__message_view *at = driven_sent(&task, i);
            if (strcmp(at->topic, "out") == 0) {
                char key = *(const char *)at->key.data;
                assert_true(key > last);
                last = key;
                emitted++;
            }
        }
        assert_int_equal(emitted, 40);
        driven_close(&task);
        weir_topology_free(topology);
    }
}

static weir_err joined_by_dash(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                               void *user)
{
    (void)user;
    const weir_slice *a = aggregate;
    const weir_slice *b = value;
    char *text = weir_alloc(ctx, a->len + b->len + 1);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, a->data, a->len);
    text[a->len] = '-';
    memcpy(text + a->len + 1, b->data, b->len);
    *(weir_slice *)out = (weir_slice){text, a->len + b->len + 1};
    return WEIR_OK;
}

static void a_reducer_merges_sessions_by_their_end_before_it_adds_the_record(void **state)
{
    (void)state;
    driven task = {0};
    weir_builder *b = weir_builder_new();
    weir_table reduced =
        weir_session_windowed_reduce(sessions(b, WEIR_EMIT_ON_UPDATE), joined_by_dash, NULL,
                                     "reduced", &(weir_store_opts){.retention_ms = 1000});
    weir_to(weir_to_stream(reduced, NULL), "out", NULL);
    weir_topology *topology = built(b);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "earlier", 15 - GAP_MS), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "later", 20), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "between", 15), WEIR_OK);
    const weir__message_view *last = driven_sent(&task, task.sent_count - 1);
    assert_string_equal(last->topic, "out");
    assert_true(weir_slice_equal(last->value, weir_slice_of("earlier-later-between")));
    driven_close(&task);
    weir_topology_free(topology);
}

static weir_err no_aggregate(weir_ctx *ctx, void *out, void *user)
{
    (void)user;
    weir_out_null(ctx, out);
    return WEIR_OK;
}

static weir_err same_value(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                           void *user)
{
    (void)ctx;
    (void)aggregate;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static weir_err cannot_merge(weir_ctx *ctx, const void *key, const void *left, const void *right,
                             void *out, void *user)
{
    (void)key;
    (void)left;
    (void)right;
    (void)out;
    (void)user;
    return weir_fail(ctx, WEIR_EUSER, "sessions that do not go together");
}

static void a_failed_merger_is_reported_with_its_node(void **state)
{
    (void)state;
    driven task = {0};
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.node = "n", .value = &weir_string};
    weir_session_windowed_aggregate(sessions(b, WEIR_EMIT_ON_UPDATE), no_aggregate, same_value,
                                    cannot_merge, NULL, "s", &opts);
    weir_topology *topology = built(b);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "a", 0);
    assert_int_equal(driven_pipe(&task, "in", "a", "v", 5), WEIR_EUSER);
    assert_non_null(strstr(task.error.message, "node 'n'"));
    assert_non_null(strstr(task.error.message, "sessions that do not go together"));
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_record_may_be_in_many_sliding_windows(void **state)
{
    (void)state;
    driven task = {0};
    weir_builder *b = weir_builder_new();
    weir_table counts = weir_windowed_count(
        weir_windowed_by(weir_group_by_key(source(b), NULL), weir_sliding(100, 0), NULL), "counts",
        NULL);
    weir_to(weir_to_stream(counts, NULL), "out", NULL);
    weir_topology *topology = built(b);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    for (int i = 0; i < 60; i++) {
        pipe(&task, "a", 200 + i);
    }
    /* The last record: 59 right windows of those before it, from the latest; its left window. */
    size_t first = task.sent_count - 2 * 60;
    for (int i = 0; i < 60; i++) {
        const weir__message_view *at = driven_sent(&task, first + 2 * (size_t)i + 1);
        assert_string_equal(at->topic, "out");
    }
    const weir__message_view *left = driven_sent(&task, task.sent_count - 1);
    assert_int_equal(number_at(left->key, 1), 159);
    assert_int_equal(number_at(left->value, 0), 60);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_session_has_the_headers_of_the_record_only_when_it_closes(void **state)
{
    (void)state;
    static const weir_emit_strategy emits[] = {WEIR_EMIT_ON_UPDATE, WEIR_EMIT_ON_CLOSE};
    for (size_t i = 0; i < 2; i++) {
        driven task = {.settings = AT_ONCE};
        weir_topology *topology = counted(emits[i], WEIR_BACKEND_DEFAULT);
        assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
        pipe(&task, "a", 0);
        pipe(&task, "a", 50);
        size_t headers = 0;
        for (size_t r = 0; r < task.sent_count; r++) {
            const weir__message_view *at = driven_sent(&task, r);
            headers += strcmp(at->topic, "out") == 0 ? at->header_count : 0;
        }
        assert_int_equal(headers, i);
        driven_close(&task);
        weir_topology_free(topology);
    }
}

static void sliding_windows_without_length_fail_at_the_first_record(void **state)
{
    (void)state;
    driven task = {0};
    weir_builder *b = weir_builder_new();
    weir_windowed_count(
        weir_windowed_by(weir_group_by_key(source(b), NULL), weir_sliding(0, 0), NULL), "counts",
        &(weir_store_opts){.node = "n"});
    weir_topology *topology = built(b);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "v", 1), WEIR_EINVAL);
    assert_non_null(strstr(task.error.message, "node 'n'"));
    assert_non_null(strstr(task.error.message, "the time difference of its sliding windows is 0"));
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retention_shorter_than_sessions_may_change_is_refused),
        cmocka_unit_test(nodes_and_store_are_numbered_as_by_kafka),
        cmocka_unit_test(a_session_that_grows_deletes_those_it_is_made_of),
        cmocka_unit_test(the_cache_forwards_only_the_last_session),
        cmocka_unit_test(sessions_that_end_together_are_emitted_by_key_in_memory),
        cmocka_unit_test(sessions_that_end_together_are_emitted_by_start_on_disk),
        cmocka_unit_test(a_reducer_merges_sessions_by_their_end_before_it_adds_the_record),
        cmocka_unit_test(any_number_of_sessions_may_end_together),
        cmocka_unit_test(a_failed_merger_is_reported_with_its_node),
        cmocka_unit_test(a_record_may_be_in_many_sliding_windows),
        cmocka_unit_test(a_session_has_the_headers_of_the_record_only_when_it_closes),
        cmocka_unit_test(sliding_windows_without_length_fail_at_the_first_record),
    };
    return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
