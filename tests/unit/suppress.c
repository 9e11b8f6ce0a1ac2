/* SPDX-License-Identifier: Apache-2.0
 *
 * suppress: limits and full buffers, what nodes below see, restarts of a task, mistakes. The
 * recorded cases of Kafka Streams show the order and the times of what is forwarded. */
#include <stdio.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string
#define CHANGELOG "app-slow-store-changelog"
#define LONG_MS ((int64_t)1000000)

/* The topology of a test: the table "rows", suppressed, to "out". */
typedef struct build {
    weir_suppressed until;
    weir_suppress_opts opts;
    const char *error; /* a part of the error of weir_build; NULL: none */
} build;

static weir_err note_place(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    (void)in;
    weir_record_metadata at = weir_ctx_metadata(ctx);
    char *text = weir_alloc(ctx, 64);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    int len = snprintf(text, 64, "%s-%d@%lld", at.topic != NULL ? at.topic : "none", at.partition,
                       (long long)at.offset);
    *(weir_slice *)out = (weir_slice){text, (size_t)len};
    return WEIR_OK;
}

static weir_topology *suppressed(const weir_config *config, weir_error *error, void *user)
{
    const build *of = user;
    weir_builder *b = weir_builder_new();
    weir_table rows = weir_table_source(b, "rows", "rows", STRINGS, NULL);
    weir_table slow = weir_suppress(rows, of->until, &of->opts);
    weir_stream changes = weir_to_stream(slow, NULL);
    weir_to(changes, "out", NULL);
    weir_to(weir_map_values(changes, &weir_string, note_place, NULL, NULL), "places", NULL);
    return weir_build(b, config, error);
}

static weir_sync *made(build *of, const char *const *config)
{
    weir_error error = {0};
    of->opts.name = of->opts.name != NULL ? of->opts.name : "slow";
    weir_sync_opts opts = {
        .config = config, .build = suppressed, .build_user = of, .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(NULL, &opts, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

static weir_err try_send(weir_sync *sync, const char *key, const char *value, int64_t time_ms,
                         weir_error *error)
{
    weir_slice k = weir_slice_of(key);
    weir_slice v = weir_slice_of(value);
    weir_input_record record = {.key = &k, .value = value != NULL ? &v : NULL};
    record.at = WEIR_AT(time_ms);
    return weir_input_try_send(weir_sync_input(sync, "rows", STRINGS), &record, error);
}

static void send(weir_sync *sync, const char *key, const char *value, int64_t time_ms)
{
    weir_error error = {0};
    if (try_send(sync, key, value, time_ms, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

static weir_rows *rest(weir_sync *sync, const char *topic)
{
    return weir_output_rest(weir_sync_output(sync, topic, STRINGS));
}

/* What "out" got since the last call: "a=1 b=2". */
static void assert_forwarded(weir_sync *sync, const char *expected)
{
    char text[256] = "";
    const weir_rows *rows = rest(sync, "out");
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        const weir_slice *key = row->key;
        weir_slice none = weir_slice_of("-");
        const weir_slice *value = row->value != NULL ? row->value : &none;
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%.*s=%.*s", used > 0 ? " " : "", (int)key->len,
                 (const char *)key->data, (int)value->len, (const char *)value->data);
    }
    assert_string_equal(text, expected);
}

/* ---- Full buffers ------------------------------------------------------------------------- */

static void a_buffer_of_few_records_emits_the_oldest_early(void **state)
{
    (void)state;
    build of = {.until =
                    weir_until_time_limit(LONG_MS, weir_emit_early_when_full(weir_max_records(2)))};
    weir_sync *sync = made(&of, NULL);
    send(sync, "a", "1", 10);
    send(sync, "b", "1", 5);
    send(sync, "a", "2", 20);
    assert_forwarded(sync, "");
    send(sync, "c", "1", 7);
    assert_forwarded(sync, "b=1");
    send(sync, "b", "2", 30);
    assert_forwarded(sync, "c=1");
    send(sync, "a", NULL, 31);
    send(sync, "d", "1", 32);
    assert_forwarded(sync, "a=-");
    weir_sync_free(sync);
}

static void a_buffer_of_few_bytes_emits_until_it_is_within_the_limit(void **state)
{
    (void)state;
    /* A row has its key, its values, the topic "rows" and 28 bytes: "k" => "v" has 34. */
    build of = {
        .until = weir_until_time_limit(LONG_MS, weir_emit_early_when_full(weir_max_bytes(2 * 34)))};
    weir_sync *sync = made(&of, NULL);
    send(sync, "a", "1", 1);
    send(sync, "b", "1", 2);
    assert_forwarded(sync, "");
    send(sync, "b", "22", 3);
    assert_forwarded(sync, "a=1");
    send(sync, "c", "a value of more than half of the bytes", 4);
    assert_forwarded(sync, "b=22 c=a value of more than half of the bytes");
    weir_sync_free(sync);
}

static void a_limit_of_zero_holds_nothing(void **state)
{
    (void)state;
    build of = {.until =
                    weir_until_time_limit(LONG_MS, weir_emit_early_when_full(weir_max_records(0)))};
    weir_sync *sync = made(&of, NULL);
    send(sync, "a", "1", 1);
    assert_forwarded(sync, "a=1");
    weir_sync_free(sync);
}

static void a_full_buffer_that_shuts_down_says_how_full_it_is(void **state)
{
    (void)state;
    weir_error error = {0};
    build of = {.until = weir_until_time_limit(
                    LONG_MS, weir_shut_down_when_full(weir_max_records_and_bytes(1, 1000)))};
    weir_sync *sync = made(&of, NULL);
    send(sync, "a", "1", 1);
    assert_int_equal(try_send(sync, "b", "1", 2, &error), WEIR_ELIMIT);
    assert_non_null(strstr(error.message, "node 'slow'"));
    assert_non_null(strstr(error.message, "rows-0@1"));
    assert_non_null(strstr(error.message, "the buffer 'slow-store' is full: 2 records (limit: 1), "
                                          "68 bytes (limit: 1000)"));
    weir_sync_free(sync);
}

static void a_limit_of_bytes_alone_shuts_down_too(void **state)
{
    (void)state;
    weir_error error = {0};
    build of = {.until =
                    weir_until_time_limit(LONG_MS, weir_shut_down_when_full(weir_max_bytes(40)))};
    weir_sync *sync = made(&of, NULL);
    send(sync, "a", "1", 1);
    assert_int_equal(try_send(sync, "a", "1234567890", 2, &error), WEIR_ELIMIT);
    assert_non_null(strstr(error.message, "1 records (limit: unbounded), 44 bytes (limit: 40)"));
    weir_sync_free(sync);
}

static void a_handler_that_continues_counts_what_a_full_buffer_refuses(void **state)
{
    (void)state;
    build of = {.until = weir_until_time_limit(10, weir_shut_down_when_full(weir_max_records(1)))};
    weir_sync *sync = made(&of, LIST("processing.exception.handler", "continue"));
    weir_dropped_records dropped[4];
    send(sync, "a", "1", 1);
    send(sync, "b", "1", 2);
    assert_int_equal(weir_sync_dropped_records(sync, dropped, 4), 1);
    assert_int_equal(dropped[0].reason, WEIR_DROP_PROCESSING_FAILED);
    assert_int_equal(dropped[0].count, 1);
    send(sync, "c", "1", 20);
    assert_forwarded(sync, "a=1 b=1");
    weir_sync_free(sync);
}

static void without_limits_and_time_everything_waits(void **state)
{
    (void)state;
    build of = {.until =
                    weir_until_time_limit(INT64_MAX, weir_shut_down_when_full(weir_unbounded()))};
    weir_sync *sync = made(&of, NULL);
    for (int i = 0; i < 1000; i++) {
        char key[8];
        snprintf(key, sizeof key, "%d", i);
        send(sync, key, "v", i);
    }
    send(sync, "last", "v", INT64_MAX / 2);
    assert_forwarded(sync, "");
    weir_sync_free(sync);
}

/* ---- What nodes below see ----------------------------------------------------------------- */

static void a_change_has_the_place_timestamp_and_headers_of_its_record(void **state)
{
    (void)state;
    build of = {.until = weir_until_time_limit(10, weir_shut_down_when_full(weir_unbounded()))};
    weir_sync *sync = made(&of, NULL);
    weir_slice a = weir_slice_of("a");
    weir_header headers[] = {{"h", {"1", 1}}, {"null", {0}}};
    weir_input_record record = {.key = &a, .value = &a, .headers = headers, .header_count = 2};
    record.at = WEIR_AT(4);
    weir_input rows = weir_sync_input(sync, "rows", STRINGS);
    send(sync, "a", "before", 1);
    weir_input_send(rows, &record);
    send(sync, "b", "1", 11);
    weir_rows *expected = weir_sync_rows(sync, STRINGS);
    weir_rows_add_record(expected, &record);
    weir_assert_same_records(rest(sync, "out"), expected);
    const weir_rows *places = rest(sync, "places");
    weir_assert_size(places, 1);
    assert_true(weir_slice_equal(*(const weir_slice *)weir_rows_at(places, 0)->value,
                                 weir_slice_of("rows-0@1")));
    weir_sync_free(sync);
}

/* ---- The changelog ------------------------------------------------------------------------ */

static void a_buffer_without_logging_has_no_changelog(void **state)
{
    (void)state;
    build of = {.until = weir_until_time_limit(10, weir_shut_down_when_full(weir_unbounded())),
                .opts = {.logging = WEIR_OFF}};
    weir_sync *sync = made(&of, NULL);
    send(sync, "a", "1", 1);
    send(sync, "b", "1", 11);
    assert_forwarded(sync, "a=1");
    assert_int_equal(weir_sync_each_sent(sync, 0, NULL, NULL), 4); /* "rows" twice, two outputs */
    weir_sync_free(sync);
}

static void the_changelog_gets_one_record_for_a_key_and_commit(void **state)
{
    (void)state;
    build of = {.until = weir_until_time_limit(10, weir_shut_down_when_full(weir_unbounded()))};
    weir_error error = {0};
    of.opts.name = "slow";
    weir_sync_opts opts = {.build = suppressed,
                           .build_user = &of,
                           .commit_interval = true,
                           .config = LIST("statestore.cache.max.bytes", "0"),
                           .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(NULL, &opts, &error);
    assert_non_null(sync);
    send(sync, "a", "1", 1);
    send(sync, "a", "2", 2);
    send(sync, "b", "1", 3);
    weir_sync_commit(sync);
    weir_output changelog = weir_sync_output(sync, CHANGELOG, &weir_string, &weir_bytes);
    weir_assert_size(weir_output_rest(changelog), 2);
    weir_sync_commit(sync);
    send(sync, "b", "2", 30); /* emits "a" and itself */
    weir_sync_commit(sync);
    weir_rows *tombstones = weir_sync_rows(sync, &weir_string, &weir_bytes);
    weir_slice a = weir_slice_of("a");
    weir_slice b = weir_slice_of("b");
    weir_rows_add(tombstones, &a, NULL);
    weir_rows_add(tombstones, &b, NULL);
    weir_assert_same_list(weir_output_rest(changelog), tombstones);
    weir_sync_free(sync);
}

/* ---- Mistakes ----------------------------------------------------------------------------- */

static void a_mistake_is_an_error_of_weir_build_that_names_the_node(void **state)
{
    (void)state;
    const weir_buffer unbounded = weir_shut_down_when_full(weir_unbounded());
    build cases[] = {
        {weir_until_time_limit(-1, unbounded), {.name = "slow"}, "suppress 'slow': the time limit"},
        {weir_until_time_limit(1, weir_emit_early_when_full(weir_max_records(-2))),
         {.name = "slow"},
         "suppress 'slow': the limit of records is -2, less than 0"},
        {weir_until_window_closes(weir_max_bytes(-3)),
         {.name = "slow"},
         "suppress 'slow': the limit of bytes is -3, less than 0"},
        {weir_until_window_closes(weir_unbounded()),
         {.name = "slow"},
         "suppress 'slow' waits for windows to close, but 'rows' is not windowed"},
        {weir_until_time_limit(1, unbounded), {.name = "rows"}, "two nodes named"},
        {weir_until_time_limit(1, unbounded), {.name = "no name"}, "node name 'no name'"},
        {weir_until_time_limit(1, unbounded),
         {.name = "slow", .changelog_config = LIST("segment.ms")},
         "store 'slow-store': changelog_config"},
        {weir_until_time_limit(1, unbounded),
         {.name = "slow", .logging = (weir_toggle)7},
         "store 'slow-store': caching and logging"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        weir_error error = {0};
        const char *of = cases[i].opts.name;
        weir_builder *b = weir_builder_new();
        weir_store_opts opts = {.node = "rows"};
        weir_table rows = weir_table_source(b, "rows", "rows", STRINGS, &opts);
        weir_suppress(rows, cases[i].until, &cases[i].opts);
        assert_null(weir_build(b, NULL, &error));
        if (strstr(error.message, cases[i].error) == NULL) {
            fail_msg("case %zu, %s: %s", i, of, error.message);
        }
    }
}

static weir_err take_buffer(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)in;
    (void)state;
    return weir_store(ctx, "slow-store") != NULL ? WEIR_OK : weir_ctx_error(ctx);
}

static weir_topology *taken(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops take = {"take", NULL, take_buffer, NULL};
    weir_builder *b = weir_builder_new();
    weir_suppressed until = weir_until_time_limit(1, weir_shut_down_when_full(weir_unbounded()));
    weir_suppress(weir_table_source(b, "rows", "rows", STRINGS, NULL), until,
                  &(weir_suppress_opts){.name = "slow"});
    weir_source(b, "in", STRINGS, &(weir_source_opts){.name = "in"});
    weir_add_processor(b, "take", LIST("in"), &take, NULL);
    weir_connect(b, "take", "slow-store");
    return weir_build(b, config, error);
}

static void a_processor_cannot_use_the_buffer(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_slice a = weir_slice_of("a");
    weir_sync_opts opts = {.on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(taken, &opts, &error);
    assert_non_null(sync);
    weir_input_record record = {.key = &a, .value = &a};
    assert_int_equal(weir_input_try_send(weir_sync_input(sync, "in", STRINGS), &record, &error),
                     WEIR_EINVAL);
    assert_non_null(strstr(error.message, "the store 'slow-store' is a buffer"));
    weir_sync_free(sync);
}

static void keep_failure(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    snprintf(user, 512, "%s", message);
}

static void a_view_cannot_read_the_buffer(void **state)
{
    (void)state;
    char message[512] = "";
    weir_error error = {0};
    build of = {.until = weir_until_time_limit(10, weir_shut_down_when_full(weir_unbounded())),
                .opts = {.name = "slow"}};
    weir_sync_opts opts = {
        .build = suppressed, .build_user = &of, .on_failure = keep_failure, .user = message};
    weir_sync *sync = weir_sync_new(NULL, &opts, &error);
    assert_non_null(sync);
    weir_store_view view = weir_sync_store(sync, "slow-store", STRINGS);
    weir_store_view_all(view);
    assert_non_null(strstr(message, "store 'slow-store': it is the buffer of an operator"));
    weir_slice a = weir_slice_of("a");
    weir_sync_store_put(view, &a, &a, 1);
    assert_non_null(strstr(message, "only its operator writes a buffer"));
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_of_few_records_emits_the_oldest_early),
        cmocka_unit_test(a_buffer_of_few_bytes_emits_until_it_is_within_the_limit),
        cmocka_unit_test(a_limit_of_zero_holds_nothing),
        cmocka_unit_test(a_full_buffer_that_shuts_down_says_how_full_it_is),
        cmocka_unit_test(a_limit_of_bytes_alone_shuts_down_too),
        cmocka_unit_test(a_handler_that_continues_counts_what_a_full_buffer_refuses),
        cmocka_unit_test(without_limits_and_time_everything_waits),
        cmocka_unit_test(a_change_has_the_place_timestamp_and_headers_of_its_record),
        cmocka_unit_test(a_buffer_without_logging_has_no_changelog),
        cmocka_unit_test(the_changelog_gets_one_record_for_a_key_and_commit),
        cmocka_unit_test(a_mistake_is_an_error_of_weir_build_that_names_the_node),
        cmocka_unit_test(a_processor_cannot_use_the_buffer),
        cmocka_unit_test(a_view_cannot_read_the_buffer),
    };
    return cmocka_run_group_tests_name("suppress", tests, NULL, NULL);
}
