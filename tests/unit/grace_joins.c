/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of a stream and a versioned table with grace: mistakes, failures, what the joiner sees. The
 * recorded cases of Kafka Streams show the order and the times of the results. */
#include <stdio.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string
#define HISTORY_MS 100
#define GRACE_MS 10

static const weir_history history = {.retention_ms = HISTORY_MS};

/* "left|right place"; fails for the left value "bad". */
static weir_err join_text(weir_ctx *ctx, const void *key, const void *left, const void *right,
                          void *out, void *user)
{
    (void)key;
    (void)user;
    const weir_slice *a = left;
    const weir_slice none = weir_slice_of("none");
    const weir_slice *b = right != NULL ? right : &none;
    weir_record_metadata at = weir_ctx_metadata(ctx);
    if (weir_slice_equal(*a, weir_slice_of("bad"))) {
        return weir_fail(ctx, WEIR_EUSER, "a bad value");
    }
    char *text = weir_alloc(ctx, 64);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    int len = snprintf(text, 64, "%.*s|%.*s %s@%lld", (int)a->len, (const char *)a->data,
                       (int)b->len, (const char *)b->data, at.topic, (long long)at.offset);
    *(weir_slice *)out = (weir_slice){text, (size_t)len};
    return WEIR_OK;
}

static weir_topology *joined(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream s = weir_source(b, "s", STRINGS, NULL);
    weir_table t = weir_table_source(b, "t", "t", STRINGS, &(weir_store_opts){.history = &history});
    weir_grace_join_opts opts = {.name = "j", .grace_ms = GRACE_MS};
    weir_to(weir_left_join_table_with_grace(s, t, &weir_string, join_text, NULL, &opts), "out",
            NULL);
    return weir_build(b, config, error);
}

static weir_sync *made(const char *const *config)
{
    weir_error error = {0};
    weir_sync_opts opts = {.config = config, .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(joined, &opts, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

static weir_err try_send(weir_sync *sync, const char *topic, const char *key, const char *value,
                         int64_t time_ms, weir_error *error)
{
    weir_slice k = weir_slice_of(key);
    weir_slice v = weir_slice_of(value);
    weir_header header = {"h", {"1", 1}};
    weir_input_record record = {.key = key != NULL ? &k : NULL,
                                .value = value != NULL ? &v : NULL,
                                .headers = &header,
                                .header_count = 1};
    record.at = WEIR_AT(time_ms);
    return weir_input_try_send(weir_sync_input(sync, topic, STRINGS), &record, error);
}

static void send(weir_sync *sync, const char *topic, const char *key, const char *value,
                 int64_t time_ms)
{
    weir_error error = {0};
    if (try_send(sync, topic, key, value, time_ms, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

/* The results since the last call, each with its timestamp and a header. */
static void assert_results(weir_sync *sync, const char *expected)
{
    char text[512] = "";
    const weir_rows *rows = weir_output_rest(weir_sync_output(sync, "out", STRINGS));
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        const weir_slice *value = row->value;
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%.*s %lld", used > 0 ? ", " : "",
                 (int)value->len, (const char *)value->data, (long long)row->timestamp_ms);
        assert_int_equal(row->header_count, 1);
    }
    assert_string_equal(text, expected);
}

static void a_record_waits_for_rows_that_come_late(void **state)
{
    (void)state;
    weir_sync *sync = made(NULL);
    send(sync, "t", "a", "old", 1);
    send(sync, "s", "a", "one", 5);
    send(sync, "s", "a", "two", 8);
    send(sync, "t", "a", "new", 6);
    assert_results(sync, "");
    send(sync, "s", "b", "three", 16);
    assert_results(sync, "one|old s@0 5");
    send(sync, "s", "a", "late", 4);
    assert_results(sync, "late|old s@3 4");
    send(sync, "s", "b", "four", 40);
    assert_results(sync, "two|new s@1 8, three|none s@2 16");
    weir_sync_free(sync);
}

static void a_record_without_a_key_is_a_failure(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(NULL);
    assert_int_equal(try_send(sync, "s", NULL, "v", 1, &error), WEIR_EINVAL);
    assert_non_null(strstr(error.message, "node 'j'"));
    assert_non_null(
        strstr(error.message, "a record without a key cannot be put into the buffer 'j-Buffer'"));
    weir_sync_free(sync);
}

/* ... and not that of the record that made it due. */
static void a_failure_of_the_joiner_names_the_buffered_record(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(NULL);
    send(sync, "s", "a", "bad", 1);
    send(sync, "s", "a", "good", 2);
    assert_int_equal(try_send(sync, "s", "a", "good", 50, &error), WEIR_EUSER);
    assert_non_null(strstr(error.message, "node 'j', task 0_0, s-0@0: a bad value"));
    weir_sync_free(sync);
}

static void a_handler_that_continues_drops_the_buffered_record_only(void **state)
{
    (void)state;
    weir_sync *sync = made(LIST("processing.exception.handler", "continue"));
    weir_dropped_records dropped[4];
    send(sync, "s", "a", "bad", 1);
    send(sync, "s", "a", "good", 2);
    send(sync, "s", "a", "last", 50);
    assert_results(sync, "good|none s@1 2");
    assert_int_equal(weir_sync_dropped_records(sync, dropped, 4), 1);
    assert_int_equal(dropped[0].reason, WEIR_DROP_PROCESSING_FAILED);
    assert_int_equal(dropped[0].count, 1);
    send(sync, "s", "a", "more", 90);
    assert_results(sync, "last|none s@2 50");
    weir_sync_free(sync);
}

/* ---- Mistakes ----------------------------------------------------------------------------- */

static weir_err keep(weir_ctx *ctx, const weir_record *in, bool *out, void *user)
{
    (void)ctx, (void)in, (void)user;
    *out = true;
    return WEIR_OK;
}

static void assert_error(weir_builder *b, const char *expected)
{
    weir_error error = {0};
    assert_null(weir_build(b, NULL, &error));
    if (strstr(error.message, expected) == NULL) {
        fail_msg("%s", error.message);
    }
}

static weir_builder *with_grace(const weir_store_opts *opts, int64_t grace_ms)
{
    weir_builder *b = weir_builder_new();
    weir_stream s = weir_source(b, "s", STRINGS, NULL);
    weir_table t = weir_table_source(b, "t", "t", STRINGS, opts);
    weir_grace_join_opts of = {.name = "j", .grace_ms = grace_ms};
    weir_join_table_with_grace(s, t, &weir_string, join_text, NULL, &of);
    return b;
}

static void mistakes_are_errors_of_weir_build_that_name_join_and_table(void **state)
{
    (void)state;
    assert_error(with_grace(NULL, 10), "join 'j' has a grace, but table 't' is not versioned");
    assert_error(with_grace(&(weir_store_opts){.history = &history}, -1),
                 "join 'j' of stream 's' and table 't': the grace is -1 ms, less than 0");
    assert_error(with_grace(&(weir_store_opts){.history = &history}, HISTORY_MS + 1),
                 "join 'j': its grace is 101 ms, more than the history of table 't', which is 100");
}

/* The history is that of the table which has the rows. */
static void a_filter_has_the_history_of_its_table(void **state)
{
    (void)state;
    for (int64_t grace_ms = HISTORY_MS; grace_ms <= HISTORY_MS + 1; grace_ms++) {
        weir_error error = {0};
        weir_builder *b = weir_builder_new();
        weir_stream s = weir_source(b, "s", STRINGS, NULL);
        weir_table t =
            weir_table_source(b, "t", "t", STRINGS, &(weir_store_opts){.history = &history});
        weir_table f = weir_table_filter(t, keep, NULL, NULL, &(weir_store_opts){.node = "f"});
        weir_grace_join_opts opts = {.name = "j", .grace_ms = grace_ms};
        weir_join_table_with_grace(s, f, &weir_string, join_text, NULL, &opts);
        if (grace_ms > HISTORY_MS) {
            assert_error(b, "more than the history of table 'f', which is 100 ms");
            continue;
        }
        weir_topology *topology = weir_build(b, NULL, &error);
        assert_string_equal(error.message, "");
        weir_topology_free(topology);
    }
}

static void suppress_over_a_versioned_table_is_an_error(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table t = weir_table_source(b, "t", "t", STRINGS, &(weir_store_opts){.history = &history});
    weir_table f = weir_table_filter(t, keep, NULL, NULL, &(weir_store_opts){.node = "f"});
    weir_suppressed until = weir_until_time_limit(1, weir_shut_down_when_full(weir_unbounded()));
    weir_suppress(f, until, &(weir_suppress_opts){.name = "calm"});
    assert_error(b, "suppress 'calm': table 'f' is versioned");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_waits_for_rows_that_come_late),
        cmocka_unit_test(a_record_without_a_key_is_a_failure),
        cmocka_unit_test(a_failure_of_the_joiner_names_the_buffered_record),
        cmocka_unit_test(a_handler_that_continues_drops_the_buffered_record_only),
        cmocka_unit_test(mistakes_are_errors_of_weir_build_that_name_join_and_table),
        cmocka_unit_test(a_filter_has_the_history_of_its_table),
        cmocka_unit_test(suppress_over_a_versioned_table_is_an_error),
    };
    return cmocka_run_group_tests_name("grace joins", tests, NULL, NULL);
}
