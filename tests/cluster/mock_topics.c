/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics of the mock cluster, through librdkafka's admin client: created by request only,
 * described, trimmed (DeleteRecords), given more partitions, deleted. */
#include "core/buf.h"
#include "support/mock.h"

static rd_kafka_t *admin_new(const weir_mock *mock)
{
    return client_new(RD_KAFKA_PRODUCER, mock, "admin", NULL);
}

typedef struct creation {
    const char *topic;
    int partitions;
    int replication_factor;
    const char *setting[2];
    bool validate_only;
} creation;

/* The error of the topic; `message` NULL or of 256 bytes. */
static rd_kafka_resp_err_t create_by_request(rd_kafka_t *rk, const creation *spec, char *message)
{
    char text[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options = admin_options(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_validate_only(options, spec->validate_only, text, sizeof text);
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(spec->topic, spec->partitions,
                                                       spec->replication_factor, text, sizeof text);
    assert_non_null(topic);
    if (spec->setting[0] != NULL) {
        rd_kafka_NewTopic_set_config(topic, spec->setting[0], spec->setting[1]);
    }
    rd_kafka_CreateTopics(rk, &topic, 1, options, queue);
    rd_kafka_event_t *event = admin_result(queue);
    assert_code(rd_kafka_event_error(event), 0);
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    assert_int_equal(count, 1);
    rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[0]);
    if (message != NULL) {
        snprintf(message, 256, "%s", rd_kafka_topic_result_error_string(results[0]));
    }
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return err;
}

/* ---- Metadata ---- */

static rd_kafka_resp_err_t look(rd_kafka_t *rk, const char *name, int *partitions)
{
    const rd_kafka_metadata_t *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
    assert_code(rd_kafka_metadata(rk, 0, topic, &metadata, CLIENT_TIMEOUT_MS), 0);
    assert_int_equal(metadata->topic_cnt, 1);
    rd_kafka_resp_err_t err = metadata->topics[0].err;
    *partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return err;
}

static void a_metadata_request_creates_no_topic(void **state)
{
    int partitions;
    rd_kafka_t *rk = admin_new(*state);
    assert_code(look(rk, "nowhere", &partitions), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(weir_mock_topic_partitions(*state, "nowhere"), -1);
    rd_kafka_destroy(rk);
}

static void a_metadata_request_creates_the_topic_if_configured(void **state)
{
    (void)state;
    int partitions;
    weir_mock *mock = mock_start(
        &(weir_mock_opts){.brokers = 1, .auto_create_topics = true, .default_partitions = 6});
    rd_kafka_t *rk = admin_new(mock);
    assert_code(look(rk, "wanted", &partitions), 0);
    assert_int_equal(partitions, 6);
    rd_kafka_destroy(rk);
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c", (const char *[]){"group.id", "g", NULL});
    assert_code(look(consumer, "unwanted", &partitions), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_destroy(consumer);
    weir_mock_free(mock);
    weir_sim_stop();
}

static void metadata_has_brokers_leaders_and_replicas_of_the_front(void **state)
{
    weir_mock *mock = *state;
    weir_error error;
    assert_int_equal(weir_mock_topic_create(mock, "t", 4, 2, NULL, &error), WEIR_OK);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 3, 2), WEIR_OK);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 1, -1), WEIR_OK);
    rd_kafka_t *rk = admin_new(mock);
    const rd_kafka_metadata_t *metadata = NULL;
    assert_code(rd_kafka_metadata(rk, 1, NULL, &metadata, CLIENT_TIMEOUT_MS), 0);
    assert_int_equal(metadata->broker_cnt, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(metadata->brokers[i].id, i + 1);
        assert_int_equal(metadata->brokers[i].port, weir_mock_broker_port(mock, i + 1));
    }
    assert_int_equal(metadata->topic_cnt, 1);
    const rd_kafka_metadata_partition_t *partitions = metadata->topics[0].partitions;
    assert_int_equal(partitions[0].leader, 1);
    assert_int_equal(partitions[1].leader, -1);
    assert_code(partitions[1].err, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    assert_int_equal(partitions[2].leader, 3);
    assert_int_equal(partitions[3].leader, 2);
    assert_int_equal(partitions[2].replica_cnt, 2);
    assert_int_equal(partitions[2].replicas[0], 3);
    assert_int_equal(partitions[2].replicas[1], 1);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy(rk);
}

/* ---- CreateTopics ---- */

static void topics_are_created_by_request(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *rk = admin_new(mock);
    const creation spec = {"t", 5, 3, {"cleanup.policy", "compact"}, false};
    assert_code(create_by_request(rk, &spec, NULL), 0);
    assert_int_equal(weir_mock_topic_partitions(mock, "t"), 5);
    assert_string_equal(weir_mock_topic_config(mock, "t", "cleanup.policy"), "compact");
    assert_null(weir_mock_topic_config(mock, "t", "retention.ms"));
    assert_code(create_by_request(rk, &spec, NULL), RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_request_without_numbers_takes_the_defaults(void **state)
{
    rd_kafka_t *rk = admin_new(*state);
    assert_code(
        create_by_request(rk, &(creation){.topic = "t", .partitions = -1, .replication_factor = -1},
                          NULL),
        0);
    assert_int_equal(weir_mock_topic_partitions(*state, "t"), 1);
    rd_kafka_destroy(rk);
}

static void a_validated_request_creates_nothing(void **state)
{
    rd_kafka_t *rk = admin_new(*state);
    creation spec = {"t", 1, 1, {NULL, NULL}, true};
    assert_code(create_by_request(rk, &spec, NULL), 0);
    assert_int_equal(weir_mock_topic_partitions(*state, "t"), -1);
    spec.replication_factor = 4;
    assert_code(create_by_request(rk, &spec, NULL), RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR);
    rd_kafka_destroy(rk);
}

static void topics_that_kafka_refuses_are_refused(void **state)
{
    char message[256];
    rd_kafka_t *rk = admin_new(*state);
    const struct {
        creation spec;
        rd_kafka_resp_err_t err;
    } cases[] = {
        {{"a b", 1, 1, {NULL, NULL}, false}, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION},
        {{"..", 1, 1, {NULL, NULL}, false}, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION},
        {{"t", 2000, 1, {NULL, NULL}, false}, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS},
        {{"t", 1, 4, {NULL, NULL}, false}, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR},
        {{"t", 1, 1, {"no.such.setting", "1"}, false}, RD_KAFKA_RESP_ERR_INVALID_CONFIG},
        {{"t", 1, 1, {"retention.ms", "soon"}, false}, RD_KAFKA_RESP_ERR_INVALID_CONFIG},
        {{"t", 1, 1, {"cleanup.policy", "keep"}, false}, RD_KAFKA_RESP_ERR_INVALID_CONFIG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_code(create_by_request(rk, &cases[i].spec, message), cases[i].err);
        assert_string_not_equal(message, "");
    }
    assert_int_equal(weir_mock_topic_partitions(*state, "t"), -1);
    rd_kafka_destroy(rk);
}

static void the_wrapper_checks_as_the_request_does(void **state)
{
    weir_mock *mock = *state;
    weir_error error;
    assert_int_equal(weir_mock_topic_create(mock, "t", 0, 1, NULL, &error), WEIR_EINVAL);
    assert_int_equal(weir_mock_topic_create(mock, NULL, 1, 1, NULL, &error), WEIR_EINVAL);
    assert_int_equal(weir_mock_topic_create(mock, "t", 1, 9, NULL, &error), WEIR_EINVAL);
    assert_int_equal(weir_mock_topic_create(mock, "t", 1, 1,
                                            (const char *[]){"retention.ms", "x", NULL}, &error),
                     WEIR_EINVAL);
    assert_string_equal(error.message, "topic 't': Invalid value x for configuration retention.ms");
    mock_create(mock, "t", 1);
    assert_int_equal(weir_mock_topic_create(mock, "t", 1, 1, NULL, &error), WEIR_EEXISTS);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 1, 1), WEIR_ENOTFOUND);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 4), WEIR_EINVAL);
    assert_int_equal(weir_mock_broker_port(mock, 0), -1);
    assert_int_equal(weir_mock_broker_set_up(mock, 4, false), WEIR_ENOTFOUND);
    assert_int_equal(weir_mock_broker_set_rtt(mock, 1, -1), WEIR_EINVAL);
    assert_int_equal(weir_mock_coordinator_set(mock, "g", 4), WEIR_EINVAL);
    assert_null(weir_mock_new(&(weir_mock_opts){.brokers = 1000}, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
}

/* ---- DescribeConfigs ---- */

static void settings_are_described_with_their_source(void **state)
{
    weir_mock *mock = *state;
    const char *const config[] = {"cleanup.policy", "compact", NULL};
    assert_int_equal(weir_mock_topic_create(mock, "t", 1, 1, config, NULL), WEIR_OK);
    rd_kafka_t *rk = admin_new(mock);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_ConfigResource_t *resources[] = {
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, "t"),
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, "nowhere")};
    rd_kafka_DescribeConfigs(rk, resources, 2, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    size_t count;
    const rd_kafka_ConfigResource_t **results = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    assert_int_equal(count, 2);
    assert_code(rd_kafka_ConfigResource_error(results[0]), 0);
    assert_code(rd_kafka_ConfigResource_error(results[1]), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    int seen = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(results[0], &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_ConfigEntry_name(entries[i]);
        if (strcmp(name, "cleanup.policy") == 0) {
            seen++;
            assert_string_equal(rd_kafka_ConfigEntry_value(entries[i]), "compact");
            assert_int_equal(rd_kafka_ConfigEntry_source(entries[i]),
                             RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG);
        } else if (strcmp(name, "retention.ms") == 0) {
            seen++;
            assert_string_equal(rd_kafka_ConfigEntry_value(entries[i]), "604800000");
            assert_int_equal(rd_kafka_ConfigEntry_source(entries[i]),
                             RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG);
        }
    }
    assert_int_equal(seen, 2);
    rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy_array(resources, 2);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* ---- DeleteRecords ---- */

static void deleted_records_are_out_of_range(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    for (int i = 0; i < 4; i++) {
        client_must_produce(rk, "t", 1, "k", (const char *[]){"a", "b", "c", "d"}[i]);
    }
    assert_int_equal(admin_delete_records(rk, "t", 1, 2), 2);
    assert_offsets(mock, "t", 1, 2, 4);
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c",
                   (const char *[]){"group.id", "g", "auto.offset.reset", "error", NULL});
    int64_t low;
    int64_t high;
    assert_code(rd_kafka_query_watermark_offsets(consumer, "t", 1, &low, &high, CLIENT_TIMEOUT_MS),
                0);
    assert_int_equal(low, 2);
    assert_int_equal(high, 4);
    client_assign(consumer, "t", 1, RD_KAFKA_OFFSET_BEGINNING);
    client_must_consume(consumer, "t", 1, 2, "c");
    client_assign(consumer, "t", 1, 1);
    rd_kafka_message_t *message = client_next(consumer);
    assert_code(message->err, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    rd_kafka_message_destroy(message);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void records_are_deleted_forward_and_to_the_end_at_most(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    const char *const compacted[] = {"cleanup.policy", "compact", NULL};
    assert_int_equal(weir_mock_topic_create(mock, "compacted", 1, 1, compacted, NULL), WEIR_OK);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    client_must_produce(rk, "t", 0, "k", "b");
    assert_int_equal(admin_delete_records(rk, "t", 0, 3), -RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    assert_int_equal(admin_delete_records(rk, "t", 0, RD_KAFKA_OFFSET_END), 2);
    assert_int_equal(admin_delete_records(rk, "t", 0, 1), 2);
    assert_offsets(mock, "t", 0, 2, 2);
    assert_int_equal(admin_delete_records(rk, "compacted", 0, 0),
                     -RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    rd_kafka_destroy(rk);
}

/* ---- Growth and end ---- */

static rd_kafka_resp_err_t grow_by_request(rd_kafka_t *rk, const char *topic, size_t partitions)
{
    char text[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_NewPartitions_t *request =
        rd_kafka_NewPartitions_new(topic, partitions, text, sizeof text);
    assert_non_null(request);
    rd_kafka_CreatePartitions(rk, &request, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    assert_code(rd_kafka_event_error(event), 0);
    size_t count;
    const rd_kafka_topic_result_t **results = rd_kafka_CreatePartitions_result_topics(
        rd_kafka_event_CreatePartitions_result(event), &count);
    assert_int_equal(count, 1);
    rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_NewPartitions_destroy(request);
    rd_kafka_queue_destroy(queue);
    return err;
}

static rd_kafka_resp_err_t delete_by_request(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_DeleteTopics(rk, &request, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    assert_code(rd_kafka_event_error(event), 0);
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    assert_int_equal(count, 1);
    rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteTopic_destroy(request);
    rd_kafka_queue_destroy(queue);
    return err;
}

static void produce(const weir_mock *mock, const char *topic, int32_t partition, const char *value)
{
    rd_kafka_t *producer = client_producer(mock, "p", NULL);
    client_must_produce(producer, topic, partition, "k", value);
    rd_kafka_destroy(producer);
}

static void consume(const weir_mock *mock, const char *topic, int32_t partition, const char *value)
{
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c", (const char *[]){"group.id", "g", NULL});
    client_assign(consumer, topic, partition, 0);
    client_must_consume(consumer, topic, partition, 0, value);
    rd_kafka_destroy(consumer);
}

static weir_err keep_value(const weir_mock_record *record, void *user)
{
    weir__buf_printf(user, "%d@%lld=%.*s ", (int)record->partition, (long long)record->offset,
                     (int)record->value.len, (const char *)record->value.data);
    return WEIR_OK;
}

static void assert_holds(weir_mock *mock, const char *topic, const char *expected)
{
    weir_buf values = {0};
    weir_error error;
    assert_int_equal(weir_mock_topic_read(mock, topic, keep_value, &values, &error), WEIR_OK);
    assert_string_equal(weir__buf_text(&values), expected);
    weir__buf_fini(&values);
}

static void partitions_that_are_added_begin_empty_and_the_others_keep_theirs(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    produce(mock, "t", 1, "old");
    rd_kafka_t *admin = admin_new(mock);
    assert_code(grow_by_request(admin, "t", 4), 0);
    assert_code(grow_by_request(admin, "t", 5), 0);
    rd_kafka_destroy(admin);
    assert_int_equal(weir_mock_topic_partitions(mock, "t"), 5);
    assert_int_equal(weir_mock_partition_leader(mock, "t", 3), 1);
    assert_offsets(mock, "t", 3, 0, 0);
    produce(mock, "t", 3, "new");
    produce(mock, "t", 4, "newest");
    consume(mock, "t", 1, "old");
    consume(mock, "t", 3, "new");
    consume(mock, "t", 4, "newest");
    assert_holds(mock, "t", "1@0=old 3@0=new 4@0=newest ");
    assert_no_failure(mock);
}

static void a_topic_grows_only_to_more_partitions_than_it_has(void **state)
{
    weir_mock *mock = *state;
    weir_error error;
    mock_create(mock, "t", 2);
    rd_kafka_t *admin = admin_new(mock);
    assert_code(grow_by_request(admin, "t", 2), RD_KAFKA_RESP_ERR_INVALID_PARTITIONS);
    assert_code(grow_by_request(admin, "t", 1), RD_KAFKA_RESP_ERR_INVALID_PARTITIONS);
    assert_code(grow_by_request(admin, "t", 1025), RD_KAFKA_RESP_ERR_INVALID_PARTITIONS);
    assert_code(grow_by_request(admin, "u", 2), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_destroy(admin);
    assert_int_equal(weir_mock_topic_grow(mock, "t", 2, &error), WEIR_EINVAL);
    assert_non_null(strstr(error.message, "currently has 2 partition(s)"));
    assert_int_equal(weir_mock_topic_grow(mock, "u", 2, &error), WEIR_ENOTFOUND);
    assert_int_equal(weir_mock_topic_partitions(mock, "t"), 2);
}

static void a_deleted_topic_does_not_exist_and_starts_empty_again(void **state)
{
    weir_mock *mock = *state;
    int partitions;
    mock_create(mock, "t", 2);
    produce(mock, "t", 1, "old");
    rd_kafka_t *admin = admin_new(mock);
    assert_code(delete_by_request(admin, "t"), 0);
    assert_code(delete_by_request(admin, "t"), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_code(look(admin, "t", &partitions), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_destroy(admin);
    mock_create(mock, "t", 3);
    assert_offsets(mock, "t", 1, 0, 0);
    produce(mock, "t", 1, "new");
    consume(mock, "t", 1, "new");
    assert_holds(mock, "t", "1@0=new ");
    assert_int_equal(weir_mock_topic_delete(mock, "t"), WEIR_OK);
    assert_int_equal(weir_mock_topic_delete(mock, "t"), WEIR_ENOTFOUND);
    assert_no_failure(mock);
}

static void committed_offsets_are_deleted_with_the_topic(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    mock_create(mock, "u", 1);
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c", (const char *[]){"group.id", "g", NULL});
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = 5;
    rd_kafka_topic_partition_list_add(list, "u", 0)->offset = 6;
    assert_code(rd_kafka_commit(consumer, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
    assert_int_equal(weir_mock_topic_delete(mock, "t"), WEIR_OK);
    assert_int_equal(weir_mock_committed(mock, "g", "t", 0, NULL, 0), -1);
    assert_int_equal(weir_mock_committed(mock, "g", "u", 0, NULL, 0), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(a_metadata_request_creates_no_topic),
        cmocka_unit_test(a_metadata_request_creates_the_topic_if_configured),
        mock_test(metadata_has_brokers_leaders_and_replicas_of_the_front),
        mock_test(topics_are_created_by_request),
        mock_test(a_request_without_numbers_takes_the_defaults),
        mock_test(a_validated_request_creates_nothing),
        mock_test(topics_that_kafka_refuses_are_refused),
        mock_test(the_wrapper_checks_as_the_request_does),
        mock_test(settings_are_described_with_their_source),
        mock_test(deleted_records_are_out_of_range),
        mock_test(records_are_deleted_forward_and_to_the_end_at_most),
        mock_test(partitions_that_are_added_begin_empty_and_the_others_keep_theirs),
        mock_test(a_topic_grows_only_to_more_partitions_than_it_has),
        mock_test(a_deleted_topic_does_not_exist_and_starts_empty_again),
        mock_test(committed_offsets_are_deleted_with_the_topic),
    };
    return cmocka_run_group_tests_name("mock_topics", tests, NULL, NULL);
}
