/* SPDX-License-Identifier: Apache-2.0
 *
 * Invalid input and settings: the error names what is wrong and where, and nothing aborts, hangs or
 * is lost. */
#include "fixtures/word_count.h"
#include "support/log_capture.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static weir_topology *numbers(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "numbers", &weir_i64, &weir_i64, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static weir_topology *texts(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "texts", &weir_string, &weir_string, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static weir_err take_left(weir_ctx *ctx, const void *key, const void *left, const void *right,
                          void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)right;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)left;
    return WEIR_OK;
}

/* A join without a repartition topic. */
static weir_topology *orders(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream left = weir_source(b, "orders", &weir_string, &weir_string, NULL);
    weir_table right =
        weir_table_source(b, "customers", "customers", &weir_string, &weir_string, NULL);
    weir_to(weir_join_table(left, right, &weir_string, take_left, NULL, &(weir_named){"named"}),
            "copies", NULL);
    return weir_build(b, config, error);
}

/* ---- Settings ----------------------------------------------------------------------------- */

static void assert_no_start(weir_cluster *cluster, weir_topology_fn topology,
                            const char *const *config, weir_err err, const char *words)
{
    weir_error error = {0};
    weir_instance *a = weir_cluster_try_start(cluster, "a", topology,
                                              &(weir_instance_opts){.config = config}, &error);
    assert_null(a);
    assert_in(error.message, words);
    assert_in(error.message, "instance 'a'");
    assert_string_equal(weir_err_name(error.code), weir_err_name(err));
}

static void an_unknown_setting_is_answered_with_the_nearest(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), texts, LIST("commit.intervall.ms", "5"),
                    WEIR_ECONFIG,
                    "commit.intervall.ms: no such setting; did you mean "
                    "commit.interval.ms?");
}

static void a_malformed_setting_is_refused_with_the_allowed_values(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), texts, LIST("num.stream.threads", "two"),
                    WEIR_ECONFIG, "num.stream.threads: 'two' is not");
}

static void a_malformed_setting_of_a_client_is_named(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), texts, LIST("producer.linger.ms", "soon"),
                    WEIR_ECONFIG, "producer.linger.ms: 'soon' is not a number from 0 to ");
}

static void a_malformed_setting_of_librdkafka_is_named(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), texts,
                    LIST("producer.queue.buffering.max.ms", "soon"), WEIR_ECONFIG,
                    "producer.queue.buffering.max.ms=soon");
}

static void an_unknown_setting_of_librdkafka_is_named(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), texts, LIST("consumer.fetch.min.byts", "1"),
                    WEIR_ECONFIG, "consumer.fetch.min.byts");
}

static void without_an_application_id_there_is_no_application(void **state)
{
    (void)state;
    weir_config *config = weir_config_new();
    weir_error error = {0};
    assert_int_equal(weir_config_set(config, "bootstrap.servers", "localhost:1", &error), WEIR_OK);
    weir_topology *topology = texts(config, &error);
    assert_non_null(topology);
    assert_null(weir_app_new(topology, config, NULL, &error));
    assert_int_equal(error.code, WEIR_ECONFIG);
    assert_string_equal(error.message, "application.id: must be set");
    weir_topology_free(topology);
    weir_config_free(config);
}

static weir_topology *none(const weir_config *config, weir_error *error)
{
    (void)config;
    (void)error;
    return NULL;
}

static void a_topology_function_that_fails_without_an_error_is_named(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), none, NULL, WEIR_EINVAL,
                    "the topology function returned NULL and set no error");
}

static void without_a_topology_there_is_no_application(void **state)
{
    (void)state;
    weir_config *config = weir_config_new();
    weir_error error = {0};
    assert_null(weir_app_new(none(config, &error), config, NULL, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_string_equal(error.message,
                        "weir_app_new: topology is NULL: what should have built it failed");
    weir_config_free(config);
}

/* ---- Topics ------------------------------------------------------------------------------- */

static void a_missing_source_topic_stops_the_instance(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_instance *a = log_capture_start(cluster, capture, "a", texts, NULL);
    assert_stops(cluster, capture, a, WEIR_EMISSING_TOPIC,
                 "One or more source topics were missing during rebalance: texts");
}

/* Java joins the records of partitions with the same number, without a warning. */
static void joined_topics_of_different_sizes_are_refused(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_cluster_input(cluster, "orders", 4, &weir_string, &weir_string);
    weir_cluster_input(cluster, "customers", 3, &weir_string, &weir_string);
    weir_instance *a = log_capture_start(cluster, capture, "a", orders, NULL);
    assert_stops(
        cluster, capture, a, WEIR_ETOPOLOGY,
        "join 'named' of stream 'orders' and table 'customers': its topics must have the same "
        "number of "
        "partitions, but 'orders' has 4 and 'customers' has 3");
}

/* ---- Topologies --------------------------------------------------------------------------- */

static weir_topology *twins(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_source(b, "one", &weir_string, &weir_string, &(weir_source_opts){.name = "twin"});
    weir_source(b, "two", &weir_string, &weir_string, &(weir_source_opts){.name = "twin"});
    return weir_build(b, config, error);
}

static weir_topology *table_and_stream(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_source(b, "both", &weir_string, &weir_string, &(weir_source_opts){.name = "stream"});
    weir_table_source(b, "both", "store", &weir_string, &weir_string,
                      &(weir_store_opts){.node = "table"});
    return weir_build(b, config, error);
}

static weir_topology *other_serde(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream left = weir_source(b, "orders", &weir_i64, &weir_string, NULL);
    weir_table right =
        weir_table_source(b, "customers", "customers", &weir_string, &weir_string, NULL);
    weir_join_table(left, right, &weir_string, take_left, NULL, &(weir_named){"named"});
    return weir_build(b, config, error);
}

static void two_nodes_of_one_name_are_refused(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), twins, NULL, WEIR_EEXISTS, "'twin'");
}

static void a_table_and_a_stream_of_one_topic_are_refused(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), table_and_stream, NULL, WEIR_ETOPOLOGY,
                    "topic 'both' is read by two sources, 'stream' and 'table-source'");
}

static void edges_of_different_serdes_are_refused(void **state)
{
    assert_no_start(fixture_cluster(state, NULL), other_serde, NULL, WEIR_ETYPE,
                    "join 'named' of stream 'orders' and table 'customers': left key is i64, table "
                    "key is string");
}

/* ---- Records ------------------------------------------------------------------------------ */

/* Texts where numbers are expected; a number is 8 bytes. */
static weir_input number_topics(weir_cluster *cluster)
{
    weir_cluster_input(cluster, "copies", 1, &weir_i64, &weir_i64);
    return weir_cluster_input(cluster, "numbers", 1, &weir_string, &weir_string);
}

static const char *const go_on[] = {"deserialization.exception.handler", "continue",
                                    "commit.interval.ms", "100", NULL};

static void assert_undecodable_stops(void **state, const char *key, const char *value,
                                     const char *side)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input in = number_topics(cluster);
    weir_input_text(in, "8 bytes!", "8 bytes!");
    weir_input_text(in, key, value);
    weir_instance *a =
        log_capture_start(cluster, capture, "a", numbers, LIST("commit.interval.ms", "100"));
    assert_stops(cluster, capture, a, WEIR_EDECODE, "numbers-0@1");
    assert_in(capture->failure.message, side);
    assert_in(capture->failure.message, "i64");
    assert_in(capture->failure.message, "task 0_0");
    assert_true(weir_mock_committed(weir_cluster_mock(cluster), "app", "numbers", 0, NULL, 0) <= 1);
}

static void an_undecodable_value_stops_the_instance(void **state)
{
    assert_undecodable_stops(state, "8 bytes!", "short", "value");
}

static void an_undecodable_key_stops_the_instance(void **state)
{
    assert_undecodable_stops(state, "short", "8 bytes!", "key");
}

static void undecodable_records_are_dropped_and_logged_if_configured(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input in = number_topics(cluster);
    weir_input_text(in, "8 bytes!", "short");
    weir_input_text(in, "short", "8 bytes!");
    weir_input_text(in, "8 bytes!", "8 bytes!");
    weir_instance *a = log_capture_start(cluster, capture, "a", numbers, go_on);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_instance_state(a), WEIR_STATE_RUNNING);
    assert_in(weir__buf_text(&capture->log), "numbers-0@0: the value cannot be decoded");
    weir_dropped_records dropped;
    assert_int_equal(weir_instance_dropped_records(a, &dropped, 1), 1);
    assert_string_equal(dropped.node, "KSTREAM-SOURCE-0000000000");
    assert_int_equal(dropped.reason, WEIR_DROP_UNDECODABLE);
    assert_int_equal(dropped.count, 2);
    weir_output out = weir_cluster_output(cluster, "copies", &weir_i64, &weir_i64);
    assert_int_equal(weir_output_size(out), 1);
    assert_int_equal(capture->failures, 0);
}

static void a_negative_timestamp_stops_the_instance(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_input in = weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
    weir_slice text = weir_slice_of("before the epoch");
    weir_input_send(in, &(weir_input_record){.value = &text, .at = WEIR_AT(-5)});
    weir_instance *a = log_capture_start(cluster, capture, "a", texts, NULL);
    assert_stops(cluster, capture, a, WEIR_EINVAL, "texts-0@0");
    assert_in(capture->failure.message, "timestamp");
}

/* ---- Records that are too large ----------------------------------------------------------- */

#define LARGE 200000

static weir_input large_topics(weir_cluster *cluster, char text[LARGE + 1])
{
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_input in = weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
    memset(text, 'x', LARGE);
    text[LARGE] = '\0';
    weir_input_text(in, "k", "small");
    weir_input_text(in, "k", text);
    weir_input_text(in, "k", "small");
    return in;
}

static char large[LARGE + 1];

static void a_record_too_large_is_reported_with_topic_and_size(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    large_topics(cluster, large);
    weir_instance *a = log_capture_start(cluster, capture, "a", texts,
                                         LIST("producer.message.max.bytes", "100000"));
    assert_stops(cluster, capture, a, WEIR_ELIMIT, "copies");
    assert_in(capture->failure.message, "200001 bytes");
    assert_in(capture->failure.message, "message.max.bytes");
    assert_true(weir_mock_committed(weir_cluster_mock(cluster), "app", "texts", 0, NULL, 0) <= 1);
}

static void a_record_too_large_for_its_topic_is_reported_with_its_size(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_error error = {0};
    assert_int_equal(weir_mock_topic_create(weir_cluster_mock(cluster), "copies", 1, 1,
                                            LIST("max.message.bytes", "100000"), &error),
                     WEIR_OK);
    large_topics(cluster, large);
    weir_instance *a = log_capture_start(cluster, capture, "a", texts, NULL);
    assert_stops(cluster, capture, a, WEIR_EBROKER, "copies");
    assert_in(capture->failure.message, "the topic's max.message.bytes");
}

static void a_record_too_large_is_dropped_if_configured(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    large_topics(cluster, large);
    weir_instance *a = log_capture_start(cluster, capture, "a", texts,
                                         LIST("producer.message.max.bytes", "100000",
                                              "production.exception.handler", "continue",
                                              "commit.interval.ms", "100"));
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_in(weir__buf_text(&capture->log), "task 0_0, texts-0@1: it cannot be written");
    assert_in(weir__buf_text(&capture->log), "200001 bytes");
    weir_dropped_records dropped;
    assert_int_equal(weir_instance_dropped_records(a, &dropped, 1), 1);
    assert_string_equal(dropped.node, "KSTREAM-SINK-0000000001");
    assert_int_equal(dropped.reason, WEIR_DROP_UNWRITABLE);
    assert_int_equal(dropped.count, 1);
    weir_output out = weir_cluster_output(cluster, "copies", &weir_string, &weir_string);
    assert_int_equal(weir_output_size(out), 2);
}

/* The broker refuses whole batches, so each record is sent in a batch of its own. */
static void a_record_that_the_broker_refuses_is_dropped_if_configured(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_error error = {0};
    assert_int_equal(weir_mock_topic_create(weir_cluster_mock(cluster), "copies", 1, 1,
                                            LIST("max.message.bytes", "100000"), &error),
                     WEIR_OK);
    large_topics(cluster, large);
    weir_instance *a =
        log_capture_start(cluster, capture, "a", texts,
                          LIST("production.exception.handler", "continue",
                               "producer.batch.num.messages", "1", "commit.interval.ms", "100"));
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_in(weir__buf_text(&capture->log), "dropped a record: node 'KSTREAM-SINK-0000000001', "
                                             "task 0_0, copies: it cannot be written");
    weir_dropped_records dropped;
    assert_int_equal(weir_instance_dropped_records(a, &dropped, 1), 1);
    assert_int_equal(dropped.reason, WEIR_DROP_UNWRITABLE);
    assert_int_equal(dropped.count, 1);
    weir_output out = weir_cluster_output(cluster, "copies", &weir_string, &weir_string);
    assert_int_equal(weir_output_size(out), 2);
}

/* The rows of the store must not be committed: they could never be restored. */
static void a_changelog_that_refuses_a_record_stops_the_commit(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_mock *mock = weir_cluster_mock(cluster);
    weir_error error = {0};
    assert_int_equal(weir_mock_topic_create(mock, "app-counts-changelog", 1, 1,
                                            LIST("max.message.bytes", "10"), &error),
                     WEIR_OK);
    weir_cluster_input(cluster, "word-counts", 1, &weir_string, &weir_i64);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_input_text(lines, NULL, "counted for nothing");
    weir_instance *a = log_capture_start(cluster, capture, "a", fixture_word_count, NULL);
    assert_stops(cluster, capture, a, WEIR_EBROKER, "changelog");
    const char *words = "app-by-word-repartition";
    assert_int_equal(weir_mock_committed(mock, "app", words, 0, NULL, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(an_unknown_setting_is_answered_with_the_nearest),
        cluster_test(a_malformed_setting_is_refused_with_the_allowed_values),
        cluster_test(a_malformed_setting_of_a_client_is_named),
        cluster_test(a_malformed_setting_of_librdkafka_is_named),
        cluster_test(an_unknown_setting_of_librdkafka_is_named),
        cmocka_unit_test(without_an_application_id_there_is_no_application),
        cluster_test(a_topology_function_that_fails_without_an_error_is_named),
        cmocka_unit_test(without_a_topology_there_is_no_application),
        cluster_test(a_missing_source_topic_stops_the_instance),
        cluster_test(joined_topics_of_different_sizes_are_refused),
        cluster_test(two_nodes_of_one_name_are_refused),
        cluster_test(a_table_and_a_stream_of_one_topic_are_refused),
        cluster_test(edges_of_different_serdes_are_refused),
        cluster_test(an_undecodable_value_stops_the_instance),
        cluster_test(an_undecodable_key_stops_the_instance),
        cluster_test(undecodable_records_are_dropped_and_logged_if_configured),
        cluster_test(a_negative_timestamp_stops_the_instance),
        cluster_test(a_record_too_large_is_reported_with_topic_and_size),
        cluster_test(a_record_too_large_for_its_topic_is_reported_with_its_size),
        cluster_test(a_record_too_large_is_dropped_if_configured),
        cluster_test(a_record_that_the_broker_refuses_is_dropped_if_configured),
        cluster_test(a_changelog_that_refuses_a_record_stops_the_commit),
    };
    return cmocka_run_group_tests_name("bad input", tests, NULL, NULL);
}
