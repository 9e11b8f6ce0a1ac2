/* SPDX-License-Identifier: Apache-2.0
 *
 * topology.optimization: a stream that is joined with itself, on one store and on two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string
#define RECORDS 400

static weir_err pair(weir_ctx *ctx, const void *key, const void *left, const void *right, void *out,
                     void *user)
{
    (void)key, (void)user;
    const weir_slice *l = left;
    const weir_slice none = weir_slice_of("-");
    const weir_slice *r = right != NULL ? right : &none;
    char *text = weir_alloc(ctx, l->len + r->len + 1);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, l->data, l->len);
    text[l->len] = '+';
    memcpy(text + l->len + 1, r->data, r->len);
    *(weir_slice *)out = (weir_slice){text, l->len + r->len + 1};
    return WEIR_OK;
}

static weir_err same_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx, (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->key;
    return WEIR_OK;
}

static const weir_stream_join_opts named = {
    .name = "j", .store = "j", .backend = WEIR_BACKEND_MEMORY};

static weir_topology *join_within(const weir_config *config, weir_error *error,
                                  weir_join_windows windows)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, &(weir_source_opts){.name = "in"});
    weir_to(weir_join(in, in, windows, &weir_string, pair, NULL, &named), "out",
            &(weir_sink_opts){.name = "out"});
    return weir_build(b, config, error);
}

static weir_topology *around(const weir_config *config, weir_error *error)
{
    return join_within(config, error, weir_join_within(10, 5, 5));
}

/* A record is no partner of itself. */
static weir_topology *later_only(const weir_config *config, weir_error *error)
{
    return join_within(config, error, weir_join_within(-2, 9, 5));
}

static weir_topology *rekeyed(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, &(weir_source_opts){.name = "in"});
    weir_stream keyed = weir_select_key(in, &weir_string, same_key, NULL, &(weir_named){"keyed"});
    weir_to(weir_join(keyed, keyed, weir_join_within(10, 5, 5), &weir_string, pair, NULL, &named),
            "out", &(weir_sink_opts){.name = "out"});
    return weir_build(b, config, error);
}

static weir_topology *left_join(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, &(weir_source_opts){.name = "in"});
    weir_to(weir_left_join(in, in, weir_join_within(10, 5, 5), &weir_string, pair, NULL, &named),
            "out", &(weir_sink_opts){.name = "out"});
    return weir_build(b, config, error);
}

static weir_sync *open_sync(weir_topology_fn topology, const char *optimization)
{
    const char *config[] = {"topology.optimization", optimization, NULL};
    weir_sync_opts opts = {.config = config, .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(topology, &opts, NULL);
    assert_non_null(sync);
    return sync;
}

/* Times go forwards and backwards; no record is late. */
static void send_records(weir_sync *sync)
{
    uint32_t random = 12345;
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    for (int i = 0; i < RECORDS; i++) {
        char key[2] = "a";
        char value[16];
        random = random * 1664525 + 1013904223;
        key[0] = (char)('a' + (random >> 16) % 3);
        snprintf(value, sizeof value, "%d", i);
        int64_t time_ms = i + (int64_t)((random >> 20) % 8);
        weir_input_set_time(in, time_ms, 0);
        weir_input_text(in, key, value);
    }
}

static void assert_same_results(weir_topology_fn topology)
{
    weir_sync *two = open_sync(topology, "none");
    weir_sync *one = open_sync(topology, "all");
    send_records(two);
    send_records(one);
    weir_rows *expected = weir_sync_rows(one, STRINGS);
    const weir_rows *all = weir_output_all(weir_sync_output(two, "out", STRINGS));
    assert_true(weir_rows_size(all) > RECORDS / 4);
    for (size_t i = 0; i < weir_rows_size(all); i++) {
        const weir_row *row = weir_rows_at(all, i);
        weir_input_record record = {
            .key = row->key, .value = row->value, .at = WEIR_AT(row->timestamp_ms)};
        weir_rows_add_record(expected, &record);
    }
    weir_assert_same_records(weir_output_all(weir_sync_output(one, "out", STRINGS)), expected);
    weir_sync_free(one);
    weir_sync_free(two);
}

static void results_and_their_order_are_those_of_two_stores(void **state)
{
    (void)state;
    assert_same_results(around);
}

static void a_record_outside_of_its_own_window_does_not_meet_itself(void **state)
{
    (void)state;
    assert_same_results(later_only);
}

/* Its sides have topics of their own, until these are merged. */
static void so_are_those_of_a_stream_with_other_keys(void **state)
{
    (void)state;
    assert_same_results(rekeyed);
}

/* As in Kafka: a record whose time is at most stream time - retention + 1 does not meet itself. */
static void a_late_record_does_not_meet_itself(void **state)
{
    (void)state;
    weir_sync *sync = open_sync(around, "all");
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    static const struct {
        const char *value;
        int64_t time_ms;
    } records[] = {{"a", 40}, {"b", 21}, {"c", 22}};
    for (size_t i = 0; i < 3; i++) {
        weir_input_set_time(in, records[i].time_ms, 0);
        weir_input_text(in, "k", records[i].value);
    }
    weir_rows *expected = weir_sync_rows(sync, STRINGS);
    static const char *const pairs[] = {"a+a", "c+b", "b+c", "c+c"};
    for (size_t i = 0; i < 4; i++) {
        weir_rows_add(expected, weir_text("k"), weir_text(pairs[i]));
    }
    weir_assert_same_list(weir_output_all(weir_sync_output(sync, "out", STRINGS)), expected);
    weir_sync_free(sync);
}

static char *describe(weir_topology_fn topology, const char *optimization)
{
    weir_error error = {0};
    weir_config *config = weir_config_new();
    assert_int_equal(weir_config_set(config, "topology.optimization", optimization, &error),
                     WEIR_OK);
    weir_topology *built = topology(config, &error);
    assert_string_equal(error.message, "");
    char *text = weir_topology_describe(built);
    weir_topology_free(built);
    weir_config_free(config);
    return text;
}

static void one_node_and_one_store_are_left(void **state)
{
    (void)state;
    char *text = describe(around, "single.store.self.join");
    assert_non_null(strstr(text, "Processor: j-this-windowed (stores: [j-this-join-store])\n"
                                 "      --> j-merge\n"));
    assert_non_null(strstr(text, "Processor: j-merge (stores: [j-this-join-store])\n"));
    assert_null(strstr(text, "other"));
    assert_null(strstr(text, "j-this-join ("));
    free(text);
    text = describe(around, "merge.repartition.topics");
    assert_non_null(strstr(text, "j-other-join-store"));
    free(text);
}

static void the_sides_of_other_keys_are_one_only_behind_one_topic(void **state)
{
    (void)state;
    char *text = describe(rekeyed, "single.store.self.join");
    assert_non_null(strstr(text, "j-other-join-store"));
    free(text);
    text = describe(rekeyed, "all");
    assert_null(strstr(text, "j-other-join-store"));
    assert_null(strstr(text, "j-right-repartition"));
    free(text);
}

/* As in Kafka it is run as an inner one: each record has itself as a partner. */
static void a_left_join_of_a_stream_with_itself_has_one_store_too(void **state)
{
    (void)state;
    char *text = describe(left_join, "all");
    assert_null(strstr(text, "shared-join-store"));
    assert_null(strstr(text, "other"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_and_their_order_are_those_of_two_stores),
        cmocka_unit_test(a_record_outside_of_its_own_window_does_not_meet_itself),
        cmocka_unit_test(so_are_those_of_a_stream_with_other_keys),
        cmocka_unit_test(a_late_record_does_not_meet_itself),
        cmocka_unit_test(one_node_and_one_store_are_left),
        cmocka_unit_test(the_sides_of_other_keys_are_one_only_behind_one_topic),
        cmocka_unit_test(a_left_join_of_a_stream_with_itself_has_one_store_too),
    };
    return cmocka_run_group_tests_name("self_joins", tests, NULL, NULL);
}
