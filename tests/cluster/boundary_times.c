/* SPDX-License-Identifier: Apache-2.0
 *
 * Times and offsets at the ends of int64, and the time 0, through a whole cluster. */
#include <string.h>

#include "support/boundaries.h"
#include "support/clients.h"
#include "support/cluster.h"
#include "support/operators.h"

static const char *const uncached[] = {"statestore.cache.max.bytes", "0", NULL};

/* ---- Operators ---- */

typedef struct inputs {
    weir_cluster *cluster;
    weir_input in;
    weir_input rows;
    weir_input refs;
} inputs;

static inputs make_topics(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.config = uncached});
    for (size_t i = 0; i < operators_count; i++) {
        weir_cluster_input(cluster, operators_all[i].name, 1, &weir_string, &weir_string);
    }
    return (inputs){
        .cluster = cluster,
        .in = weir_cluster_input(cluster, OPERATORS_IN, 1, &weir_string, &weir_string),
        .rows = weir_cluster_input(cluster, OPERATORS_ROWS, 1, &weir_string, &weir_string),
        .refs = weir_cluster_input(cluster, OPERATORS_REFS, 1, &weir_string, &weir_string),
    };
}

static void send_at(weir_input input, const char *key, int64_t time_ms)
{
    weir_slice text = weir_slice_of(key);
    weir_input_send(input,
                    &(weir_input_record){.key = &text, .value = &text, .at = WEIR_AT(time_ms)});
}

static size_t send_all(weir_input input, bool negative_too)
{
    size_t valid = 0;
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        valid += boundaries[i] >= 0 ? 1 : 0;
        if (boundaries[i] >= 0 || negative_too) {
            send_at(input, "k", boundaries[i]);
        }
    }
    return valid;
}

/* 0 is written as 1: librdkafka takes it for "not given". */
static bool may_be_written(int64_t time_ms)
{
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        if (boundaries[i] == time_ms) {
            return time_ms > 0;
        }
    }
    return false;
}

static void assert_output(weir_cluster *cluster, const operators_case *one, size_t accepted,
                          size_t rows)
{
    weir_output output = weir_cluster_output(cluster, one->name, &weir_string, &weir_string);
    weir_rows *written = weir_output_all(output);
    size_t expected = (size_t)one->per_in * accepted + (size_t)one->per_rows * rows;
    if (weir_rows_size(written) != expected) {
        fail_msg("%s wrote %zu records, expected %zu", one->name, weir_rows_size(written),
                 expected);
    }
    for (size_t i = 0; i < weir_rows_size(written); i++) {
        if (!may_be_written(weir_rows_at(written, i)->timestamp_ms)) {
            fail_msg("%s wrote %lld", one->name, (long long)weir_rows_at(written, i)->timestamp_ms);
        }
    }
}

static void every_operator_takes_every_time(void **state)
{
    inputs to = make_topics(state);
    size_t valid = send_all(to.refs, false);
    size_t rows = send_all(to.rows, false);
    weir_instance *a = weir_cluster_start(to.cluster, "a", operators_topology, NULL);
    weir_run_until(to.cluster, weir_caught_up, WEIR_MINUTES(2)); /* the tables are filled */
    send_all(to.in, true);
    send_all(to.in, true); /* now stream time is at its end */
    weir_run_until(to.cluster, weir_caught_up, WEIR_MINUTES(2));

    for (size_t i = 0; i < operators_count; i++) {
        assert_output(to.cluster, &operators_all[i], 2 * valid, rows);
    }
    weir_host_crash(weir_instance_host(a), WEIR_DISK_WIPED);
    weir_instance_restart(a);
    weir_run_until(to.cluster, weir_caught_up, WEIR_MINUTES(2));
}

/* ---- Time 0 ---- */

static void assert_row_time(weir_cluster *cluster, const char *store, const weir_serde *value,
                            int64_t time_ms)
{
    weir_slice key = weir_slice_of("zero");
    weir_store_view view = weir_cluster_store(cluster, store, &weir_string, value);
    const weir_row *row = weir_store_view_get(view, &key);
    assert_non_null(row);
    if (row->timestamp_ms != time_ms) {
        fail_msg("%s: %lld", store, (long long)row->timestamp_ms);
    }
}

/* "count-by" is behind a repartition topic. */
static void assert_rows_of_time_zero(weir_cluster *cluster)
{
    assert_row_time(cluster, OPERATORS_ROWS, &weir_string, 0);
    assert_row_time(cluster, "process-store", &weir_string, 0);
    assert_row_time(cluster, "count", &weir_i64, 0);
    assert_row_time(cluster, "count-by", &weir_i64, 0);
    assert_row_time(cluster, "reduce", &weir_string, 0);
    assert_row_time(cluster, "aggregate", &weir_string, 0);
}

static void a_row_of_time_zero_keeps_it_through_topics_and_restores(void **state)
{
    inputs to = make_topics(state);
    weir_instance *a = weir_cluster_start(to.cluster, "a", operators_topology, NULL);
    send_at(to.rows, "zero", 0);
    send_at(to.in, "zero", 0);
    weir_run_until(to.cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_rows_of_time_zero(to.cluster);

    weir_host_crash(weir_instance_host(a), WEIR_DISK_WIPED);
    weir_instance_restart(a);
    weir_run_until(to.cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_rows_of_time_zero(to.cluster);
    weir_output out = weir_cluster_output(to.cluster, "filter", &weir_string, &weir_string);
    assert_int_equal(weir_output_next(out)->timestamp_ms, 1);
    assert_int_equal(weir_rows_at(weir_output_all(out), 0)->header_count, 0);
}

/* ---- Punctuations ---- */

typedef struct ticks {
    int fired[2];     /* by weir_time_kind */
    int scheduled[2]; /* the same */
    int records;
} ticks;

static ticks counted; /* of the one task of this test */

static weir_err tick_stream(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    ((ticks *)state)->fired[WEIR_STREAM_TIME]++;
    return WEIR_OK;
}

static weir_err tick_wall(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    ((ticks *)state)->fired[WEIR_WALL_CLOCK_TIME]++;
    return WEIR_OK;
}

static weir_err schedule_all(weir_ctx *ctx, weir_time_kind kind, weir_punctuate_fn fn)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < BOUNDARY_COUNT && err == WEIR_OK; i++) {
        if (boundaries[i] < 1) {
            continue; /* refused: unit/boundary_times */
        }
        err = weir_schedule(ctx, kind, boundaries[i], fn, NULL);
        for (size_t j = 0; j < BOUNDARY_COUNT && err == WEIR_OK; j++) {
            err = weir_schedule_from(ctx, kind, boundaries[j], boundaries[i], fn, NULL);
        }
        counted.scheduled[kind] += 1 + (int)BOUNDARY_COUNT;
    }
    return err;
}

static weir_err open_ticks(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    weir_err err = schedule_all(ctx, WEIR_STREAM_TIME, tick_stream);
    return err == WEIR_OK ? schedule_all(ctx, WEIR_WALL_CLOCK_TIME, tick_wall) : err;
}

static weir_err count_record(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    ((ticks *)state)->records++;
    return WEIR_OK;
}

static const weir_processor_ops ticks_ops = {
    .name = "ticks", .open = open_ticks, .process = count_record};

static weir_topology *ticking(const weir_config *config, weir_error *error)
{
    const char *const topics[] = {"in", NULL};
    weir_builder *builder = weir_builder_new();
    weir_add_source(builder, "source", topics, &weir_string, &weir_string, NULL);
    weir_add_processor(builder, "ticks", (const char *[]){"source", NULL}, &ticks_ops, &counted);
    return weir_build(builder, config, error);
}

static void no_punctuation_holds_up_a_thread(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    counted = (ticks){0};
    weir_cluster_start(cluster, "a", ticking, NULL);
    size_t sent = send_all(in, false) + send_all(in, false);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_cluster_run_for(cluster, WEIR_SECONDS(10));

    assert_int_equal(counted.records, sent);
    assert_in_range(counted.fired[WEIR_STREAM_TIME], 1,
                    counted.scheduled[WEIR_STREAM_TIME] * (int)sent);
    assert_in_range(counted.fired[WEIR_WALL_CLOCK_TIME], 1000,
                    counted.scheduled[WEIR_WALL_CLOCK_TIME] * weir_cluster_now_ms(cluster));
}

/* ---- Offsets committed by other programs ---- */

static weir_topology *filtered(const weir_config *config, weir_error *error)
{
    const operators_case *one = &operators_all[0];
    weir_builder *builder = weir_builder_new();
    operators_inputs to = {
        .builder = builder,
        .name = one->name,
        .in = weir_source(builder, OPERATORS_IN, &weir_string, &weir_string, NULL),
    };
    weir_to(one->add(&to), one->name, NULL);
    return weir_build(builder, config, error);
}

static void commit_as_other(weir_cluster *cluster, int64_t offset, const char *metadata)
{
    rd_kafka_t *rk = client_new(RD_KAFKA_CONSUMER, weir_cluster_mock(cluster), "other",
                                (const char *[]){"group.id", "app", NULL});
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *at = rd_kafka_topic_partition_list_add(list, OPERATORS_IN, 0);
    at->offset = offset;
    at->metadata = strdup(metadata);
    at->metadata_size = strlen(metadata);
    assert_int_equal(rd_kafka_commit(rk, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
}

static bool wrote_three(weir_cluster *cluster, void *unused)
{
    (void)unused;
    weir_output out = weir_cluster_output(cluster, "filter", &weir_string, &weir_string);
    return weir_output_size(out) == 3;
}

static void check_commit(void **state, int64_t offset, const char *metadata)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_input(cluster, "filter", 1, &weir_string, &weir_string);
    weir_input in = weir_cluster_input(cluster, OPERATORS_IN, 1, &weir_string, &weir_string);
    weir_input_lines(in, "a\nb\n");
    weir_cluster_run_for(cluster, WEIR_SECONDS(1));
    commit_as_other(cluster, offset, metadata);
    weir_cluster_start(cluster, "a", filtered, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_input_lines(in, "c\n");
    weir_run_until(cluster, wrote_three, WEIR_MINUTES(2));
}

static void a_committed_offset_beyond_all_is_skipped(void **state)
{
    check_commit(state, INT64_MAX, "");
    check_commit(state, INT64_MAX - 1, "AoAAAAAAAAAA"); /* INT64_MIN */
}

static void a_committed_stream_time_may_be_the_last(void **state)
{
    check_commit(state, 0, "An//////////"); /* INT64_MAX */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(every_operator_takes_every_time),
        cluster_test(a_row_of_time_zero_keeps_it_through_topics_and_restores),
        cluster_test(no_punctuation_holds_up_a_thread),
        cluster_test(a_committed_offset_beyond_all_is_skipped),
        cluster_test(a_committed_stream_time_may_be_the_last),
    };
    return cmocka_run_group_tests_name("boundary_times", tests, NULL, NULL);
}
