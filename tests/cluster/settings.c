/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings that make a difference only in a running application. */
#include <weir/dsl.h>

#include "support/log_capture.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static weir_topology *count_moved(const weir_config *config, weir_error *error)
{
    static const char *const own[] = {"segment.bytes", "7000", NULL};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_stream moved = weir_repartition(in, "moved", NULL);
    weir_count(weir_group_by_key(moved, NULL), "plain", NULL);
    weir_count(weir_group_by_key(moved, NULL), "special",
               &(weir_store_opts){.changelog_config = own});
    return weir_build(b, config, error);
}

static void topic_settings_are_those_of_internal_topics(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const weir_mock *mock = weir_cluster_mock(cluster);
    weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", count_moved,
                       &(weir_instance_opts){.config = LIST("topic.segment.bytes", "6000",
                                                            "topic.retention.ms", "5000")});
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_string_equal(weir_mock_topic_config(mock, "app-plain-changelog", "segment.bytes"),
                        "6000");
    assert_string_equal(weir_mock_topic_config(mock, "app-plain-changelog", "cleanup.policy"),
                        "compact");
    assert_string_equal(weir_mock_topic_config(mock, "app-special-changelog", "segment.bytes"),
                        "7000");
    assert_string_equal(weir_mock_topic_config(mock, "app-moved-repartition", "segment.bytes"),
                        "6000");
    assert_string_equal(weir_mock_topic_config(mock, "app-moved-repartition", "retention.ms"),
                        "5000");
}

/* Every topic setting of Kafka 4, but cleanup.policy: more than 31. */
static const char *const every_setting[] = {
    "topic.compression.gzip.level",
    "-1",
    "topic.compression.lz4.level",
    "9",
    "topic.compression.type",
    "producer",
    "topic.compression.zstd.level",
    "3",
    "topic.delete.retention.ms",
    "86400000",
    "topic.file.delete.delay.ms",
    "60000",
    "topic.flush.messages",
    "9223372036854775807",
    "topic.flush.ms",
    "9223372036854775807",
    "topic.follower.replication.throttled.replicas",
    "",
    "topic.index.interval.bytes",
    "4096",
    "topic.leader.replication.throttled.replicas",
    "",
    "topic.local.retention.bytes",
    "-2",
    "topic.local.retention.ms",
    "-2",
    "topic.max.compaction.lag.ms",
    "9223372036854775807",
    "topic.max.message.bytes",
    "1048588",
    "topic.message.timestamp.after.max.ms",
    "3600000",
    "topic.message.timestamp.before.max.ms",
    "9223372036854775807",
    "topic.message.timestamp.type",
    "CreateTime",
    "topic.min.cleanable.dirty.ratio",
    "0.5",
    "topic.min.compaction.lag.ms",
    "0",
    "topic.min.insync.replicas",
    "1",
    "topic.preallocate",
    "false",
    "topic.remote.log.copy.disable",
    "false",
    "topic.remote.log.delete.on.disable",
    "false",
    "topic.remote.storage.enable",
    "false",
    "topic.retention.bytes",
    "-1",
    "topic.retention.ms",
    "604800000",
    "topic.segment.bytes",
    "6000",
    "topic.segment.index.bytes",
    "10485760",
    "topic.segment.jitter.ms",
    "0",
    "topic.segment.ms",
    "604800000",
    "topic.unclean.leader.election.enable",
    "true",
    NULL,
};

static void no_topic_setting_is_left_out_however_many_there_are(void **state)
{
    const char *const *config = every_setting;
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const weir_mock *mock = weir_cluster_mock(cluster);
    weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", count_moved, &(weir_instance_opts){.config = config});
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    for (size_t i = 0; config[i] != NULL; i += 2) {
        assert_string_equal(
            weir_mock_topic_config(mock, "app-plain-changelog", config[i] + strlen("topic.")),
            config[i + 1]);
    }
    assert_string_equal(weir_mock_topic_config(mock, "app-plain-changelog", "cleanup.policy"),
                        "compact");
    assert_string_equal(weir_mock_topic_config(mock, "app-special-changelog", "cleanup.policy"),
                        "compact");
    assert_string_equal(weir_mock_topic_config(mock, "app-special-changelog", "segment.bytes"),
                        "7000");
}

static void an_old_name_is_logged(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    log_capture_start(cluster, capture, "a", count_moved, LIST("cache.max.bytes.buffering", "0"));
    assert_in(weir__buf_text(&capture->log),
              "4 settings: cache.max.bytes.buffering is an old name: "
              "write statestore.cache.max.bytes\n");
}

/* ---- auto.offset.reset -------------------------------------------------------------------- */

static const char *source_reset; /* of the source of copy_all */

static weir_topology *copy_all(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", &weir_string, &weir_string,
                        &(weir_source_opts){.auto_offset_reset = source_reset}),
            "out", NULL);
    return weir_build(b, config, error);
}

typedef struct copying {
    weir_cluster *cluster;
    log_capture *capture;
    weir_input in;
    weir_instance *a;
    weir_output out;
} copying;

/* Three records exist before the first start. */
static copying prepare_copying(void **state, const char *source)
{
    source_reset = source;
    copying c = {.cluster = fixture_cluster(state, NULL), .capture = log_capture_new(state)};
    weir_cluster_input(c.cluster, "out", 1, &weir_string, &weir_string);
    c.in = weir_cluster_input(c.cluster, "in", 1, &weir_string, &weir_string);
    c.out = weir_cluster_output(c.cluster, "out", &weir_string, &weir_string);
    weir_input_text(c.in, "k", "old");
    weir_input_text(c.in, "k", "old");
    weir_input_text(c.in, "k", "old");
    weir_cluster_run_for(c.cluster, WEIR_SECONDS(1));
    return c;
}

static copying start_copying(void **state, const char *source, const char *const *config)
{
    copying c = prepare_copying(state, source);
    c.a = log_capture_start(c.cluster, c.capture, "a", copy_all, config);
    return c;
}

static void send_one_and_expect(const copying *c, size_t copies)
{
    weir_run_until(c->cluster, weir_all_running, WEIR_MINUTES(1));
    weir_cluster_run_for(c->cluster, WEIR_SECONDS(5)); /* it has fetched */
    weir_input_text(c->in, "k", "new");
    weir_run_until(c->cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(weir_output_size(c->out), copies);
}

static void the_first_start_reads_from_the_beginning_by_default(void **state)
{
    copying c = start_copying(state, NULL, NULL);
    send_one_and_expect(&c, 4);
}

static void latest_begins_at_the_end_at_the_first_start(void **state)
{
    copying c = start_copying(state, NULL, LIST("consumer.auto.offset.reset", "latest"));
    send_one_and_expect(&c, 1);
}

static void a_source_wins_over_the_setting(void **state)
{
    copying c = start_copying(state, "latest", LIST("auto.offset.reset", "earliest"));
    send_one_and_expect(&c, 1);
}

static void the_prefix_of_main_consumers_wins(void **state)
{
    copying c =
        start_copying(state, NULL,
                      LIST("main.consumer.auto.offset.reset", "latest",
                           "consumer.auto.offset.reset", "none", "auto.offset.reset", "earliest"));
    send_one_and_expect(&c, 1);
}

/* Its start offset is committed: records sent while no instance ran are not skipped. */
/* Three records are a minute old at the first start, and two are a second old. */
static void start_by_duration(void **state, const char *source, const char *setting, size_t copies)
{
    copying c = prepare_copying(state, source);
    weir_cluster_run_for(c.cluster, WEIR_MINUTES(1));
    weir_input_text(c.in, "k", "young");
    weir_input_text(c.in, "k", "young");
    weir_cluster_run_for(c.cluster, WEIR_SECONDS(1));
    c.a =
        log_capture_start(c.cluster, c.capture, "a", copy_all, LIST("auto.offset.reset", setting));
    send_one_and_expect(&c, copies);
}

static void by_duration_begins_at_the_first_record_that_is_not_older(void **state)
{
    start_by_duration(state, NULL, "by_duration:PT30S", 2 + 1);
}

static void by_duration_begins_at_the_end_if_all_records_are_older(void **state)
{
    start_by_duration(state, NULL, "by_duration:PT0S", 1);
}

static void by_duration_begins_at_the_beginning_if_no_record_is_older(void **state)
{
    start_by_duration(state, NULL, "by_duration:P1D", 3 + 2 + 1);
}

static void the_duration_of_a_source_wins_over_the_setting(void **state)
{
    start_by_duration(state, "by_duration:PT30S", "latest", 2 + 1);
}

/* Its start offset is committed: records that are too old at the second start are not skipped. */
static void by_duration_is_for_the_first_start_only(void **state)
{
    copying c = start_copying(state, "by_duration:PT0S", NULL);
    weir_run_until(c.cluster, weir_all_running, WEIR_MINUTES(1));
    assert_int_equal(weir_instance_close(c.a, WEIR_MINUTES(1)), WEIR_OK);
    weir_input_text(c.in, "k", "between");
    weir_cluster_run_for(c.cluster, WEIR_MINUTES(1));
    weir_instance_restart(c.a);
    send_one_and_expect(&c, 2);
}

static void latest_is_for_the_first_start_only(void **state)
{
    copying c = start_copying(state, "latest", NULL);
    weir_run_until(c.cluster, weir_all_running, WEIR_MINUTES(1));
    assert_int_equal(weir_instance_close(c.a, WEIR_MINUTES(1)), WEIR_OK);
    weir_input_text(c.in, "k", "between");
    weir_cluster_run_for(c.cluster, WEIR_SECONDS(1));
    weir_instance_restart(c.a);
    send_one_and_expect(&c, 2);
}

/* A crash before the first record must not choose the start again. */
static void the_start_of_latest_is_committed_at_once(void **state)
{
    copying c = start_copying(state, "latest", LIST("commit.interval.ms", "60000"));
    weir_run_until(c.cluster, weir_all_running, WEIR_MINUTES(1));
    weir_cluster_run_for(c.cluster, WEIR_SECONDS(2));
    weir_host_crash(weir_instance_host(c.a), WEIR_DISK_AS_IT_WAS);
    weir_input_text(c.in, "k", "between");
    weir_cluster_run_for(c.cluster, WEIR_SECONDS(1));
    weir_instance_restart(c.a);
    send_one_and_expect(&c, 2);
}

static void none_stops_a_start_without_committed_offsets(void **state)
{
    copying c = start_copying(state, "none", NULL);
    assert_stops(c.cluster, c.capture, c.a, WEIR_ERANGE, "no committed offset for in-0");
    assert_in(c.capture->failure.message, "auto.offset.reset is none");
}

/* The group's offset is below the log start offset. */
static void expect_after_a_trim(void **state, const char *reset, size_t copies)
{
    copying c = start_copying(state, NULL, LIST("auto.offset.reset", "earliest"));
    weir_run_until(c.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_instance_close(c.a, WEIR_MINUTES(1)), WEIR_OK);
    for (int i = 0; i < 5; i++) {
        weir_input_text(c.in, "k", "kept");
    }
    weir_cluster_topic_trim(c.cluster, "in", 0, 2);
    source_reset = reset;
    weir_instance_restart(c.a);
    if (copies == 0) {
        assert_stops(c.cluster, c.capture, c.a, WEIR_ERANGE, "offset 3 of in-0 does not exist");
    } else {
        send_one_and_expect(&c, copies);
        assert_in(weir__buf_text(&c.capture->log), "offset 3 of in-0 does not exist");
    }
}

static void an_offset_out_of_range_is_reset_to_the_start(void **state)
{
    expect_after_a_trim(state, "earliest", 3 + 2 + 1);
}

static void an_offset_out_of_range_is_reset_to_the_end_with_latest(void **state)
{
    expect_after_a_trim(state, "latest", 3 + 1);
}

static void an_offset_out_of_range_is_reset_by_duration(void **state)
{
    expect_after_a_trim(state, "by_duration:P1D", 3 + 2 + 1);
}

static void an_offset_out_of_range_is_reset_to_the_end_if_all_records_are_older(void **state)
{
    expect_after_a_trim(state, "by_duration:PT0S", 3 + 1);
}

static void an_offset_out_of_range_stops_with_none(void **state)
{
    expect_after_a_trim(state, "none", 0);
}

static void a_reset_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    weir_error error = {0};
    source_reset = "newest";
    assert_null(copy_all(NULL, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_in(error.message, "auto_offset_reset 'newest' is not one of earliest, latest, none");
}

/* ---- Default serdes ----------------------------------------------------------------------- */

static weir_topology *copy_by_default(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", NULL, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void default_serdes_read_and_write(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    int64_t key = 7;
    weir_slice value = weir_slice_of("seven");
    weir_cluster_input(cluster, "out", 1, &weir_i64, &weir_string);
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_i64, &weir_string);
    weir_cluster_start(cluster, "a", copy_by_default,
                       &(weir_instance_opts){.config = LIST("default.key.serde", "i64",
                                                            "default.value.serde", "string")});
    weir_input_pipe(in, &key, &value);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    const weir_row *row =
        weir_output_next(weir_cluster_output(cluster, "out", &weir_i64, &weir_string));
    assert_non_null(row);
    assert_int_equal(*(const int64_t *)row->key, 7);
    assert_true(weir_slice_equal(*(const weir_slice *)row->value, value));
}

static void expect_undecodable(void **state, const char *key_serde, const char *value_serde,
                               const char *text)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_cluster_input(cluster, "out", 1, &weir_string, &weir_string);
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    weir_input_text(in, "seven", "seven");
    weir_instance *a =
        log_capture_start(cluster, capture, "a", copy_by_default,
                          LIST("default.key.serde", key_serde, "default.value.serde", value_serde));
    assert_stops(cluster, capture, a, WEIR_EDECODE, text);
}

static void a_key_that_is_not_of_the_default_serde_is_named(void **state)
{
    expect_undecodable(state, "i64", "string", "in-0@0: the key cannot be decoded");
}

static void a_value_that_is_not_of_the_default_serde_is_reported(void **state)
{
    expect_undecodable(state, "string", "i64", "in-0@0: the value cannot be decoded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(topic_settings_are_those_of_internal_topics),
        cluster_test(no_topic_setting_is_left_out_however_many_there_are),
        cluster_test(an_old_name_is_logged),
        cluster_test(the_first_start_reads_from_the_beginning_by_default),
        cluster_test(latest_begins_at_the_end_at_the_first_start),
        cluster_test(a_source_wins_over_the_setting),
        cluster_test(the_prefix_of_main_consumers_wins),
        cluster_test(by_duration_begins_at_the_first_record_that_is_not_older),
        cluster_test(by_duration_begins_at_the_end_if_all_records_are_older),
        cluster_test(by_duration_begins_at_the_beginning_if_no_record_is_older),
        cluster_test(the_duration_of_a_source_wins_over_the_setting),
        cluster_test(by_duration_is_for_the_first_start_only),
        cluster_test(latest_is_for_the_first_start_only),
        cluster_test(the_start_of_latest_is_committed_at_once),
        cluster_test(none_stops_a_start_without_committed_offsets),
        cluster_test(an_offset_out_of_range_is_reset_to_the_start),
        cluster_test(an_offset_out_of_range_is_reset_to_the_end_with_latest),
        cluster_test(an_offset_out_of_range_is_reset_by_duration),
        cluster_test(an_offset_out_of_range_is_reset_to_the_end_if_all_records_are_older),
        cluster_test(an_offset_out_of_range_stops_with_none),
        cluster_test(a_reset_that_does_not_exist_is_refused),
        cluster_test(default_serdes_read_and_write),
        cluster_test(a_key_that_is_not_of_the_default_serde_is_named),
        cluster_test(a_value_that_is_not_of_the_default_serde_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
