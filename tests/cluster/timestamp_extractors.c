/* SPDX-License-Identifier: Apache-2.0
 *
 * Records with negative timestamps: what timestamp functions and default.timestamp.extractor make
 * of them, for streams, tables and global tables. */
#include <weir/dsl.h>

#include "support/log_capture.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define EXTRACTOR "default.timestamp.extractor"

static int64_t always_42(weir_ctx *ctx, const weir_record *record, int64_t partition_time_ms,
                         void *user)
{
    (void)ctx;
    (void)record;
    (void)partition_time_ms;
    (void)user;
    return 42;
}

static weir_topology *stream_copies(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", &weir_string, &weir_string, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *table_copies(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table rows = weir_table_source(b, "in", "rows", &weir_string, &weir_string, NULL);
    weir_to(weir_to_stream(rows, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *table_copies_at_42(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_source_opts source = {.name = "first", .timestamp = always_42};
    weir_table rows = weir_table_source(b, "in", "rows", &weir_string, &weir_string,
                                        &(weir_store_opts){.source = &source});
    weir_to(weir_to_stream(rows, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void send(weir_input in, const char *key, int64_t timestamp_ms)
{
    weir_slice bytes = weir_slice_of(key);
    weir_input_send(
        in, &(weir_input_record){.key = &bytes, .value = &bytes, .at = WEIR_AT(timestamp_ms)});
}

typedef struct run {
    weir_cluster *cluster;
    log_capture *capture;
    weir_instance *a;
    weir_output out;
} run;

/* Three records, of which the second has no valid time. */
static run start(void **state, weir_topology_fn topology, const char *extractor)
{
    run r = {.cluster = fixture_cluster(state, NULL), .capture = log_capture_new(state)};
    weir_cluster_input(r.cluster, "out", 1, &weir_string, &weir_string);
    weir_input in = weir_cluster_input(r.cluster, "in", 1, &weir_string, &weir_string);
    send(in, "a", 1000);
    send(in, "b", -5);
    send(in, "c", 500);
    r.a = log_capture_start(r.cluster, r.capture, "a", topology,
                            extractor != NULL ? LIST(EXTRACTOR, extractor) : NULL);
    r.out = weir_cluster_output(r.cluster, "out", &weir_string, &weir_string);
    return r;
}

static int64_t time_of(weir_output out, const char *key)
{
    const weir_row *row = weir_rows_find_text(weir_output_all(out), key);
    assert_non_null(row);
    return row->timestamp_ms;
}

static void a_table_fails_by_default_and_names_both_ways_out(void **state)
{
    run r = start(state, table_copies, NULL);
    assert_stops(r.cluster, r.capture, r.a, WEIR_EINVAL, "in-0@1: the record's timestamp is -5");
    assert_in(r.capture->failure.message, "give the source a timestamp function");
    assert_in(r.capture->failure.message, "set default.timestamp.extractor to log_and_skip");
}

static void log_and_skip_drops_the_record_of_a_stream(void **state)
{
    run r = start(state, stream_copies, "log_and_skip");
    weir_run_until(r.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_output_size(r.out), 2);
    assert_in(weir__buf_text(&r.capture->log), "in-0@1: negative timestamp");
}

static void log_and_skip_drops_the_record_of_a_table(void **state)
{
    run r = start(state, table_copies, "log_and_skip");
    weir_run_until(r.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_output_size(r.out), 2);
}

static void partition_time_replaces_the_time_of_a_stream(void **state)
{
    run r = start(state, stream_copies, "use_partition_time");
    weir_run_until(r.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_output_size(r.out), 3);
    assert_int_equal(time_of(r.out, "b"), 1000);
}

static void partition_time_replaces_the_time_of_a_table(void **state)
{
    run r = start(state, table_copies, "UsePartitionTimeOnInvalidTimestamp");
    weir_run_until(r.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(time_of(r.out, "b"), 1000);
}

static void the_wall_clock_replaces_every_time(void **state)
{
    run r = start(state, stream_copies, "wall_clock");
    weir_run_until(r.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_true(time_of(r.out, "a") > 1000000);
    assert_true(time_of(r.out, "b") > 1000000);
}

static weir_err move_to_42(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_record moved = *in;
    moved.timestamp_ms = 42;
    return weir_forward(ctx, &moved);
}

static weir_topology *through_a_repartition_at_42(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops move = {.name = "move", .process = move_to_42};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_stream moved = weir_process(in, &weir_string, &weir_string, &move, NULL, NULL);
    weir_to(weir_repartition(moved, "again", NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void the_wall_clock_leaves_the_times_of_repartition_topics(void **state)
{
    run r = start(state, through_a_repartition_at_42, "wall_clock");
    weir_run_until(r.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(time_of(r.out, "a"), 42);
    assert_int_equal(time_of(r.out, "b"), 42);
}

static void a_function_of_a_table_wins_over_the_setting(void **state)
{
    run r = start(state, table_copies_at_42, "log_and_skip");
    weir_run_until(r.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_output_size(r.out), 3);
    assert_int_equal(time_of(r.out, "b"), 42);
    assert_int_equal(time_of(r.out, "c"), 42);
}

/* ---- Global tables ------------------------------------------------------------------------ */

static weir_err keep_right(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)left;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)right;
    return WEIR_OK;
}

static weir_topology *with_global(const weir_config *config, const weir_source_opts *source,
                                  weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_global_table all = weir_global_table_source(b, "in", "all", &weir_string, &weir_string,
                                                     &(weir_store_opts){.source = source});
    weir_stream keys = weir_source(b, "keys", &weir_string, &weir_string, NULL);
    weir_to(weir_join_global(keys, all, &weir_string, keep_right, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *global_lookup(const weir_config *config, weir_error *error)
{
    return with_global(config, NULL, error);
}

static weir_topology *global_lookup_at_42(const weir_config *config, weir_error *error)
{
    return with_global(config, &(weir_source_opts){.timestamp = always_42}, error);
}

/* Which of the rows a, b and c the global table has. */
static void assert_global_rows(void **state, weir_topology_fn topology, const char *extractor,
                               const char *rows)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "out", 1, &weir_string, &weir_string);
    weir_input keys = weir_cluster_input(cluster, "keys", 1, &weir_string, &weir_string);
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    send(in, "a", 1000);
    send(in, "b", -5);
    send(in, "c", 500);
    weir_cluster_start(cluster, "a", topology,
                       &(weir_instance_opts){.config = LIST(EXTRACTOR, extractor)});
    for (const char *key = "abc"; *key != '\0'; key++) {
        weir_input_text(keys, (char[]){*key, '\0'}, "x");
    }
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_rows *found =
        weir_output_all(weir_cluster_output(cluster, "out", &weir_string, &weir_string));
    assert_int_equal(weir_rows_size(found), strlen(rows));
    for (; *rows != '\0'; rows++) {
        assert_non_null(weir_rows_find_text(found, (char[]){*rows, '\0'}));
    }
}

static void log_and_skip_drops_the_record_of_a_global_table(void **state)
{
    assert_global_rows(state, global_lookup, "log_and_skip", "ac");
}

static void partition_time_keeps_the_record_of_a_global_table(void **state)
{
    assert_global_rows(state, global_lookup, "use_partition_time", "abc");
}

static void a_function_of_a_global_table_wins_over_the_setting(void **state)
{
    assert_global_rows(state, global_lookup_at_42, "log_and_skip", "abc");
}

static void a_global_table_fails_by_default_and_names_both_ways_out(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_error error = {0};
    weir_cluster_input(cluster, "keys", 1, &weir_string, &weir_string);
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    send(in, "b", -5);
    weir_cluster_run_for(cluster, WEIR_SECONDS(1));
    assert_null(weir_cluster_try_start(cluster, "a", global_lookup, NULL, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_in(error.message, "in-0@0: the record's timestamp is -5; give the source a timestamp "
                             "function, or set default.timestamp.extractor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_table_fails_by_default_and_names_both_ways_out),
        cluster_test(log_and_skip_drops_the_record_of_a_stream),
        cluster_test(log_and_skip_drops_the_record_of_a_table),
        cluster_test(partition_time_replaces_the_time_of_a_stream),
        cluster_test(partition_time_replaces_the_time_of_a_table),
        cluster_test(the_wall_clock_replaces_every_time),
        cluster_test(the_wall_clock_leaves_the_times_of_repartition_topics),
        cluster_test(a_function_of_a_table_wins_over_the_setting),
        cluster_test(log_and_skip_drops_the_record_of_a_global_table),
        cluster_test(partition_time_keeps_the_record_of_a_global_table),
        cluster_test(a_function_of_a_global_table_wins_over_the_setting),
        cluster_test(a_global_table_fails_by_default_and_names_both_ways_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
