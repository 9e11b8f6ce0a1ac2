/* SPDX-License-Identifier: Apache-2.0
 *
 * topology.optimization on a cluster: tables that are restored from their topics, and shared
 * repartition topics. */
#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

#include "support/log_capture.h"

#define STRINGS &weir_string, &weir_string
#define PARTITIONS 3

static const char *const optimized[] = {"topology.optimization", "all", "commit.interval.ms",
                                        "1000", NULL};

/* ---- Source topics ---- */

/* Ten times the broker's timestamp. */
static int64_t own_time(weir_ctx *ctx, const weir_record *record, int64_t partition_time_ms,
                        void *user)
{
    (void)ctx, (void)partition_time_ms, (void)user;
    return record->timestamp_ms * 10;
}

static weir_topology *keep_rows(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_source_opts source = {.name = "rows-source", .timestamp = own_time};
    weir_store_opts opts = {.node = "rows", .source = &source};
    weir_table rows = weir_table_source(b, "rows", "rows", &weir_string, &weir_i64, &opts);
    weir_to(weir_to_stream(rows, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

typedef struct tables {
    weir_input in;
    weir_rows *expected;
} tables;

static tables make_topics(weir_cluster *cluster)
{
    weir_cluster_topic_create(cluster, "copies", PARTITIONS);
    tables all = {weir_cluster_input(cluster, "rows", PARTITIONS, &weir_string, &weir_i64),
                  weir_rows_new(cluster, &weir_string, &weir_i64)};
    weir_input_set_time(all.in, 1000, 1);
    return all;
}

/* Rows "k0" ... => number, and one that is deleted again. */
static void send_rows(const tables *all, int64_t number)
{
    for (int i = 0; i < FIXTURE_KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        weir_input_pipe(all->in, weir_text(key), &number);
        weir_rows_put(all->expected, weir_text(key), &number);
    }
    weir_input_pipe(all->in, weir_text("gone"), &number);
    weir_input_pipe(all->in, weir_text("gone"), NULL);
}

static weir_rows *store_rows(weir_cluster *cluster)
{
    return weir_store_view_all(weir_cluster_store(cluster, "rows", &weir_string, &weir_i64));
}

static void assert_rows(weir_cluster *cluster, const tables *all)
{
    weir_rows *rows = store_rows(cluster);
    weir_assert_same_rows(rows, all->expected);
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        assert_true(weir_rows_at(rows, i)->timestamp_ms >= 10000);
    }
}

static void restart_after_crash(void **state, const char *const *more, bool wiped)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    tables all = make_topics(cluster);
    log_capture *seen = log_capture_new(state);

    weir_instance *a = log_capture_start(cluster, seen, "a", keep_rows, more);
    send_rows(&all, 1);
    send_rows(&all, 2);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(seen->restored, 0);
    weir_mock *mock = weir_cluster_mock(cluster);
    assert_int_equal(weir_mock_topic_partitions(mock, "app-rows-changelog"), -1);

    weir_host_crash(weir_instance_host(a), wiped ? WEIR_DISK_WIPED : WEIR_DISK_AS_IT_WAS);
    weir_instance_restart(a);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    assert_true(seen->restored > 0);
    assert_rows(cluster, &all);

    send_rows(&all, 3);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_rows(cluster, &all);
    weir_output copies = weir_cluster_output(cluster, "copies", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_output_table(copies), all.expected);
}

static void a_table_is_restored_from_its_topic_after_a_crash(void **state)
{
    restart_after_crash(state, optimized, true);
}

static void so_is_a_table_in_memory(void **state)
{
    static const char *const config[] = {"topology.optimization", "reuse.ktable.source.topics",
                                         "dsl.store", "memory", NULL};
    restart_after_crash(state, config, false);
}

/* What was committed is in the store; nothing has to be read again. */
static void a_table_that_was_closed_is_not_restored(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    tables all = make_topics(cluster);
    log_capture *seen = log_capture_new(state);
    weir_instance *a = log_capture_start(cluster, seen, "a", keep_rows, optimized);
    send_rows(&all, 1);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);

    weir_instance_restart(a);
    send_rows(&all, 2);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    assert_int_equal(seen->restored, 0);
    assert_rows(cluster, &all);
}

static void a_table_moves_to_another_member_through_its_topic(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    tables all = make_topics(cluster);
    weir_instance_opts opts = {.config = optimized};
    weir_instance *a = weir_cluster_start(cluster, "a", keep_rows, &opts);
    send_rows(&all, 1);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_cluster_start(cluster, "b", keep_rows, &opts);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_rows(cluster, &all);

    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_rows(cluster, &all);
}

/* Records that the table dropped when it processed them are no rows after a restore either. */
static void dropped_records_are_not_restored(void **state)
{
    static const char *const config[] = {"topology.optimization", "all",
                                         "deserialization.exception.handler", "continue", NULL};
    weir_cluster *cluster = fixture_cluster(state, NULL);
    tables all = make_topics(cluster);
    weir_input texts = weir_cluster_input(cluster, "rows", PARTITIONS, STRINGS);
    weir_instance_opts opts = {.config = config};
    weir_instance *a = weir_cluster_start(cluster, "a", keep_rows, &opts);
    send_rows(&all, 1);
    weir_input_text(texts, "bad", "not a number");
    weir_input_send(texts, &(weir_input_record){.key = weir_text("early"),
                                                .value = weir_text("12345678"),
                                                .at = WEIR_AT(-5)});
    weir_input_text(texts, NULL, "12345678");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_host_crash(weir_instance_host(a), WEIR_DISK_WIPED);
    weir_instance_restart(a);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));

    assert_rows(cluster, &all);
}

static weir_err take_right(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user)
{
    (void)ctx, (void)key, (void)left, (void)user;
    *(int64_t *)out = *(const int64_t *)right;
    return WEIR_OK;
}

static weir_topology *join_versions(const weir_config *config, weir_error *error)
{
    static const weir_history history = {.retention_ms = 100000};
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.node = "rows", .history = &history};
    weir_table rows = weir_table_source(b, "rows", "rows", &weir_string, &weir_i64, &opts);
    weir_stream asked = weir_source(b, "asked", STRINGS, NULL);
    weir_to(weir_join_table(asked, rows, &weir_i64, take_right, NULL, NULL), "answers", NULL);
    return weir_build(b, config, error);
}

/* All versions come back, not only the last ones. */
static void a_versioned_table_has_its_history_after_a_crash(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_topic_create(cluster, "answers", PARTITIONS);
    weir_input rows = weir_cluster_input(cluster, "rows", PARTITIONS, &weir_string, &weir_i64);
    weir_input asked = weir_cluster_input(cluster, "asked", PARTITIONS, STRINGS);
    weir_instance *a =
        weir_cluster_start(cluster, "a", join_versions, &(weir_instance_opts){.config = optimized});
    for (int64_t number = 1; number <= 3; number++) {
        weir_input_set_time(rows, 1000 * number, 0);
        weir_input_pipe(rows, weir_text("k"), &number);
    }
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_host_crash(weir_instance_host(a), WEIR_DISK_WIPED);
    weir_instance_restart(a);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));

    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_i64);
    for (int64_t number = 1; number <= 3; number++) {
        weir_input_set_time(asked, 1000 * number + 500, 0);
        weir_input_text(asked, "k", "?");
        weir_rows_add(expected, weir_text("k"), &number);
    }
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_output answers = weir_cluster_output(cluster, "answers", &weir_string, &weir_i64);
    weir_assert_same_list(weir_output_all(answers), expected);
}

/* A member that writes a changelog must not lead one that reads the topic. */
static void members_with_another_optimization_are_refused(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    make_topics(cluster);
    log_capture *seen = log_capture_new(state);
    weir_cluster_start(cluster, "a", keep_rows, NULL);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_instance *b = log_capture_start(cluster, seen, "b", keep_rows, optimized);

    assert_stops(
        cluster, seen, b, WEIR_ETOPOLOGY,
        "reads rows; keeps rows there, and reads rows; keeps rows restored from rows here");
}

/* ---- Repartition topics ---- */

static weir_err value_as_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx, (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static weir_err is_even(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx, (void)user;
    *keep = ((const weir_slice *)in->value)->len % 2 == 0;
    return WEIR_OK;
}

static weir_topology *two_counts(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_stream keyed =
        weir_select_key(in, &weir_string, value_as_key, NULL, &(weir_named){"keyed"});
    weir_table all = weir_count(weir_group_by_key(keyed, "all"), "all", NULL);
    weir_stream even = weir_filter(keyed, is_even, NULL, NULL);
    weir_table some = weir_count(weir_group_by_key(even, "even"), "even", NULL);
    weir_to(weir_to_stream(all, NULL), "all-counts", NULL);
    weir_to(weir_to_stream(some, NULL), "even-counts", NULL);
    return weir_build(b, config, error);
}

/* Counts of 20 values, without a crash or with one in the middle. */
static void two_groupings_share_a_topic(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *all = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_rows *even = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_cluster_topic_create(cluster, "all-counts", PARTITIONS);
    weir_cluster_topic_create(cluster, "even-counts", PARTITIONS);
    weir_input in = weir_cluster_input(cluster, "in", PARTITIONS, STRINGS);
    weir_instance_opts opts = {.config = optimized};
    weir_instance *a = weir_cluster_start(cluster, "a", two_counts, &opts);
    weir_cluster_start(cluster, "b", two_counts, &opts);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20; i++) {
            char value[16];
            snprintf(value, sizeof value, "v%d", i);
            weir_input_text(in, "k", value);
            weir_rows_count(all, weir_text(value), 1);
            if (strlen(value) % 2 == 0) {
                weir_rows_count(even, weir_text(value), 1);
            }
        }
        weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
        if (round == 1) {
            weir_host_crash(weir_instance_host(a), WEIR_DISK_WIPED);
        }
    }
    weir_assert_same_rows(
        weir_output_table(weir_cluster_output(cluster, "all-counts", &weir_string, &weir_i64)),
        all);
    weir_assert_same_rows(
        weir_output_table(weir_cluster_output(cluster, "even-counts", &weir_string, &weir_i64)),
        even);
    weir_mock *mock = weir_cluster_mock(cluster);
    assert_int_equal(weir_mock_topic_partitions(mock, "app-all-repartition"), PARTITIONS);
    assert_int_equal(weir_mock_topic_partitions(mock, "app-even-repartition"), -1);
}

/* ---- Self-joins ---- */

static weir_err put_together(weir_ctx *ctx, const void *key, const void *left, const void *right,
                             void *out, void *user)
{
    (void)key, (void)user;
    const weir_slice *l = left;
    const weir_slice *r = right;
    char *text = weir_alloc(ctx, l->len + r->len);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, l->data, l->len);
    memcpy(text + l->len, r->data, r->len);
    *(weir_slice *)out = (weir_slice){text, l->len + r->len};
    return WEIR_OK;
}

static weir_topology *join_itself(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_stream_join_opts opts = {.name = "j", .store = "j"};
    weir_to(weir_join(in, in, weir_join_within(WEIR_MINUTES(60), WEIR_MINUTES(60), 0), &weir_string,
                      put_together, NULL, &opts),
            "out", NULL);
    return weir_build(b, config, error);
}

static void a_self_join_has_its_one_store_after_a_crash(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_topic_create(cluster, "out", PARTITIONS);
    weir_input in = weir_cluster_input(cluster, "in", PARTITIONS, STRINGS);
    weir_output out = weir_cluster_output(cluster, "out", STRINGS);
    weir_instance *a =
        weir_cluster_start(cluster, "a", join_itself, &(weir_instance_opts){.config = optimized});
    weir_input_text(in, "k", "a");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_host_crash(weir_instance_host(a), WEIR_DISK_WIPED);

    weir_instance_restart(a);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    weir_input_text(in, "k", "b");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_rows *expected = weir_rows_new(cluster, STRINGS);
    static const char *const pairs[] = {"aa", "ba", "ab", "bb"};
    for (size_t i = 0; i < 4; i++) {
        weir_rows_add(expected, weir_text("k"), weir_text(pairs[i]));
    }
    weir_assert_same_list(weir_output_all(out), expected);
    weir_mock *mock = weir_cluster_mock(cluster);
    assert_int_equal(weir_mock_topic_partitions(mock, "app-j-this-join-store-changelog"),
                     PARTITIONS);
    assert_int_equal(weir_mock_topic_partitions(mock, "app-j-other-join-store-changelog"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_table_is_restored_from_its_topic_after_a_crash),
        cluster_test(so_is_a_table_in_memory),
        cluster_test(a_table_that_was_closed_is_not_restored),
        cluster_test(a_table_moves_to_another_member_through_its_topic),
        cluster_test(dropped_records_are_not_restored),
        cluster_test(a_versioned_table_has_its_history_after_a_crash),
        cluster_test(members_with_another_optimization_are_refused),
        cluster_test(two_groupings_share_a_topic),
        cluster_test(a_self_join_has_its_one_store_after_a_crash),
    };
    return cmocka_run_group_tests_name("optimization", tests, NULL, NULL);
}
