/* SPDX-License-Identifier: Apache-2.0
 *
 * The synchronous driver as someone uses it who knows TopologyTestDriver: a stateless topology with
 * headers and timestamps, a join of several partitions, and the texts of common mistakes. */
#include <stdio.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string

static weir_err shout(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    const weir_slice *value = in->value;
    char *text = weir_alloc(ctx, value->len + 1);
    (void)user;
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, value->data, value->len);
    text[value->len] = '!';
    *(weir_slice *)out = (weir_slice){text, value->len + 1};
    return WEIR_OK;
}

static weir_topology *shouting(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "quiet", STRINGS, NULL);
    weir_to(weir_map_values(in, &weir_string, shout, NULL, NULL), "loud", NULL);
    return weir_build(b, config, error);
}

static weir_err greet(weir_ctx *ctx, const void *key, const void *left, const void *right,
                      void *out, void *user)
{
    const weir_slice *greeting = left;
    const weir_slice *name = right;
    char *text = weir_alloc(ctx, greeting->len + 1 + name->len);
    (void)key;
    (void)user;
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, greeting->data, greeting->len);
    text[greeting->len] = ' ';
    memcpy(text + greeting->len + 1, name->data, name->len);
    *(weir_slice *)out = (weir_slice){text, greeting->len + 1 + name->len};
    return WEIR_OK;
}

static weir_topology *greeting(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table names = weir_table_source(b, "names", "names", STRINGS, NULL);
    weir_stream greetings = weir_source(b, "greetings", STRINGS, NULL);
    weir_to(weir_join_table(greetings, names, &weir_string, greet, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *none(const weir_config *config, weir_error *error)
{
    (void)config;
    (void)error;
    return NULL;
}

static weir_sync *made(weir_topology_fn topology, int32_t partitions)
{
    weir_sync *sync = weir_sync_new(
        topology, &(weir_sync_opts){.partitions = partitions, .on_failure = weir_cmocka_failure},
        NULL);
    assert_non_null(sync);
    return sync;
}

static void a_stateless_topology_keeps_headers_and_timestamps(void **state)
{
    (void)state;
    weir_sync *sync = made(shouting, 1);
    weir_input in = weir_sync_input(sync, "quiet", STRINGS);
    weir_output out = weir_sync_output(sync, "loud", STRINGS);
    weir_slice key = weir_slice_of("k");
    weir_slice value = weir_slice_of("hello");
    weir_header header = {"from", weir_slice_of("me")};
    weir_input_send(in, &(weir_input_record){&key, &value, WEIR_AT(7), &header, 1});

    const weir_row *row = weir_output_next(out);
    assert_non_null(row);
    assert_true(weir_slice_equal(*(const weir_slice *)row->value, weir_slice_of("hello!")));
    assert_int_equal(row->timestamp_ms, 7);
    assert_int_equal(row->header_count, 1);
    assert_string_equal(row->headers[0].name, "from");
    assert_null(weir_output_next(out));
    weir_sync_free(sync);
}

static void a_stream_is_joined_with_a_table_of_several_partitions(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};
    weir_sync *sync = made(greeting, 3);
    weir_output out = weir_sync_output(sync, "out", STRINGS);
    assert_int_equal(weir_output_size(out), 0); /* the topic exists before its first record */
    weir_input names = weir_sync_input(sync, "names", STRINGS);
    weir_input greetings = weir_sync_input(sync, "greetings", STRINGS);
    weir_rows *expected = weir_sync_rows(sync, STRINGS);
    weir_slice text = weir_slice_of("hello Ann");
    uint32_t partitions = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        weir_slice key = weir_slice_of(keys[i]);
        weir_input_text(greetings, keys[i], "too early");
        weir_input_text(names, keys[i], "Ann");
        weir_input_text(greetings, keys[i], "hello");
        weir_rows_add(expected, &key, &text);
    }
    weir_rows *all = weir_output_all(out);
    weir_assert_same_rows(all, expected);
    weir_assert_size(all, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < weir_rows_size(all); i++) {
        partitions |= 1U << weir_rows_at(all, i)->partition;
    }
    assert_true(partitions == 7);
    weir_sync_free(sync);
}

/* ---- Mistakes ---- */

static void assert_refused(weir_topology_fn topology, const weir_sync_opts *opts, weir_err code,
                           const char *message)
{
    weir_error error = {WEIR_EIO, "of an earlier call"};
    assert_null(weir_sync_new(topology, opts, &error));
    assert_string_equal(weir_err_name(error.code), weir_err_name(code));
    assert_string_equal(error.message, message);
}

static void a_driver_that_cannot_be_made_says_why(void **state)
{
    (void)state;
    const weir_sync_topic uneven[] = {{"names", 2}, {"greetings", 3}};
    assert_refused(greeting, &(weir_sync_opts){.topics = uneven, .topic_count = 2}, WEIR_ETOPOLOGY,
                   "join of stream 'greetings' and table 'names': its topics must have the "
                   "same number of partitions, but 'greetings' has 3 and 'names' has 2");
    const weir_sync_topic typo[] = {{"nmaes", 2}};
    assert_refused(greeting, &(weir_sync_opts){.topics = typo, .topic_count = 1}, WEIR_ENOTFOUND,
                   "weir_sync_opts.topics: no node reads or writes topic 'nmaes' (did you mean "
                   "'names'?)");
    assert_refused(greeting, &(weir_sync_opts){.partitions = 1001}, WEIR_EINVAL,
                   "topic names: 1001 partitions, not 1 to 1000");
    assert_refused(none, NULL, WEIR_EINVAL, "the topology function returned NULL and set no error");
}

/* The last failure. */
static char message[1024];

static void take_failure(const char *file, int line, const char *text, void *user)
{
    (void)file;
    (void)line;
    (void)user;
    snprintf(message, sizeof message, "%s", text);
}

static void the_reason_is_not_lost_where_the_error_is_not_read(void **state)
{
    (void)state;
    weir_sync *sync = weir_sync_new(
        greeting, &(weir_sync_opts){.partitions = -1, .on_failure = take_failure}, NULL);
    weir_sync_input(sync, "names", STRINGS);
    assert_non_null(strstr(message, "weir_sync_input: sync is NULL; the driver could not be made: "
                                    "weir_sync_opts.partitions is negative"));
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.livelock_ms = -1, .on_failure = take_failure}, NULL);
    weir_cluster_run_for(cluster, 1);
    assert_non_null(strstr(message, "weir_cluster_run_for: cluster is NULL; the driver could not "
                                    "be made: weir_cluster_opts.livelock_ms is negative"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stateless_topology_keeps_headers_and_timestamps),
        cmocka_unit_test(a_stream_is_joined_with_a_table_of_several_partitions),
        cmocka_unit_test(a_driver_that_cannot_be_made_says_why),
        cmocka_unit_test(the_reason_is_not_lost_where_the_error_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
