/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that give an error to one topic or partition of a request, in each API that names some: the
 * client sees it there, and nowhere else. */
#include "support/mock.h"

#define REFUSED RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED

static void refuse(weir_mock *mock, const char *api)
{
    mock_fault(mock, &(weir_mock_fault){.api = api,
                                        .topic = "t",
                                        .partition = WEIR_MOCK_PARTITION(1),
                                        .error_code = REFUSED});
}

static void refuse_topic(weir_mock *mock, const char *api)
{
    mock_fault(mock, &(weir_mock_fault){.api = api, .topic = "t", .error_code = REFUSED});
}

static void a_partition_of_produce(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 4); /* broker 1 leads partitions 0 and 3, broker 2 leads 1 */
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 1, 1), WEIR_OK);
    rd_kafka_t *rk = client_producer(mock, "p", (const char *[]){"linger.ms", "100", NULL});
    rd_kafka_resp_err_t results[2] = {RD_KAFKA_RESP_ERR__IN_PROGRESS,
                                      RD_KAFKA_RESP_ERR__IN_PROGRESS};
    refuse(mock, "Produce");
    for (int32_t i = 0; i < 2; i++) {
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(i),
                          RD_KAFKA_V_VALUE("v", 1), RD_KAFKA_V_OPAQUE(&results[i]), RD_KAFKA_V_END);
    }
    assert_code(rd_kafka_flush(rk, CLIENT_TIMEOUT_MS), 0);
    assert_code(results[0], 0);
    assert_code(results[1], REFUSED);
    assert_offsets(mock, "t", 0, 0, 1);
    assert_offsets(mock, "t", 1, 0, 0);
    rd_kafka_destroy(rk);
}

static void a_partition_of_fetch(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 1, "k", "a");
    refuse(mock, "Fetch");
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c", (const char *[]){"group.id", "g", NULL});
    client_assign(consumer, "t", 1, 0);
    rd_kafka_message_t *message = client_next(consumer);
    assert_non_null(message);
    assert_code(message->err, REFUSED);
    rd_kafka_message_destroy(message);
    client_must_consume(consumer, "t", 1, 0, "a");
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
}

static void a_partition_of_list_offsets(void **state)
{
    weir_mock *mock = *state;
    int64_t low;
    int64_t high;
    mock_create(mock, "t", 2);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    refuse(mock, "ListOffsets"); /* the client asks twice: for the start and for the end */
    refuse(mock, "ListOffsets");
    assert_code(rd_kafka_query_watermark_offsets(rk, "t", 0, &low, &high, CLIENT_TIMEOUT_MS), 0);
    assert_code(rd_kafka_query_watermark_offsets(rk, "t", 1, &low, &high, CLIENT_TIMEOUT_MS),
                REFUSED);
    rd_kafka_destroy(rk);
}

static void a_partition_of_delete_records(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 1, "k", "a");
    refuse(mock, "DeleteRecords");
    assert_int_equal(admin_delete_records(rk, "t", 0, -1), 0);
    assert_int_equal(admin_delete_records(rk, "t", 1, -1), -REFUSED);
    assert_offsets(mock, "t", 1, 0, 1);
    rd_kafka_destroy(rk);
}

static void a_partition_of_offset_fetch(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    refuse(mock, "OffsetFetch");
    rd_kafka_t *rk =
        client_new(RD_KAFKA_CONSUMER, mock, "c", (const char *[]){"group.id", "g", NULL});
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    rd_kafka_topic_partition_list_add(list, "t", 1);
    assert_code(rd_kafka_committed(rk, list, CLIENT_TIMEOUT_MS), 0);
    assert_code(list->elems[0].err, 0);
    assert_code(list->elems[1].err, REFUSED);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
}

/* ---- Transactions ---- */

static rd_kafka_t *transactional(const weir_mock *mock)
{
    rd_kafka_t *rk = client_producer(mock, "p", (const char *[]){"transactional.id", "txn", NULL});
    assert_null(rd_kafka_init_transactions(rk, CLIENT_TIMEOUT_MS));
    assert_null(rd_kafka_begin_transaction(rk));
    return rk;
}

static void assert_refused(rd_kafka_error_t *error)
{
    assert_non_null(error);
    assert_code(rd_kafka_error_code(error), REFUSED);
    rd_kafka_error_destroy(error);
}

static void a_partition_of_add_partitions_to_txn(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    rd_kafka_t *rk = transactional(mock);
    refuse(mock, "AddPartitionsToTxn");
    rd_kafka_resp_err_t result = 0;
    rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(1), RD_KAFKA_V_VALUE("v", 1),
                      RD_KAFKA_V_OPAQUE(&result), RD_KAFKA_V_END);
    assert_refused(rd_kafka_commit_transaction(rk, CLIENT_TIMEOUT_MS));
    assert_offsets(mock, "t", 1, 0, 0);
    rd_kafka_destroy(rk);
}

static void a_partition_of_txn_offset_commit(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    rd_kafka_t *rk = transactional(mock);
    refuse(mock, "TxnOffsetCommit");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 1)->offset = 1;
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata_new("g");
    assert_refused(rd_kafka_send_offsets_to_transaction(rk, list, group, CLIENT_TIMEOUT_MS));
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
}

/* ---- Topics ---- */

/* Creates a topic by request; its error. */
static rd_kafka_resp_err_t create(rd_kafka_t *rk, const char *topic)
{
    char text[256];
    size_t count;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_NewTopic_t *request = rd_kafka_NewTopic_new(topic, 2, 1, text, sizeof text);
    rd_kafka_CreateTopics(rk, &request, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    rd_kafka_resp_err_t err = rd_kafka_topic_result_error(
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(request);
    rd_kafka_queue_destroy(queue);
    return err;
}

static rd_kafka_resp_err_t grow(rd_kafka_t *rk, const char *topic)
{
    char text[256];
    size_t count;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_NewPartitions_t *request = rd_kafka_NewPartitions_new(topic, 3, text, sizeof text);
    rd_kafka_CreatePartitions(rk, &request, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    rd_kafka_resp_err_t err = rd_kafka_topic_result_error(rd_kafka_CreatePartitions_result_topics(
        rd_kafka_event_CreatePartitions_result(event), &count)[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_NewPartitions_destroy(request);
    rd_kafka_queue_destroy(queue);
    return err;
}

static rd_kafka_resp_err_t delete_topic(rd_kafka_t *rk, const char *topic)
{
    size_t count;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_DeleteTopics(rk, &request, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    rd_kafka_resp_err_t err = rd_kafka_topic_result_error(
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)[0]);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteTopic_destroy(request);
    rd_kafka_queue_destroy(queue);
    return err;
}

static void topics_of_admin_requests(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *rk = client_new(RD_KAFKA_PRODUCER, mock, "admin", NULL);
    refuse_topic(mock, "CreateTopics");
    assert_code(create(rk, "u"), 0);
    assert_code(create(rk, "t"), REFUSED);
    assert_int_equal(weir_mock_topic_partitions(mock, "t"), -1);
    assert_code(create(rk, "t"), 0);
    refuse_topic(mock, "CreatePartitions");
    assert_code(grow(rk, "u"), 0);
    assert_code(grow(rk, "t"), REFUSED);
    assert_int_equal(weir_mock_topic_partitions(mock, "t"), 2);
    refuse_topic(mock, "DeleteTopics");
    assert_code(delete_topic(rk, "u"), 0);
    assert_code(delete_topic(rk, "t"), REFUSED);
    assert_int_equal(weir_mock_topic_partitions(mock, "t"), 2);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(a_partition_of_produce),
        mock_test(a_partition_of_fetch),
        mock_test(a_partition_of_list_offsets),
        mock_test(a_partition_of_delete_records),
        mock_test(a_partition_of_offset_fetch),
        mock_test(a_partition_of_add_partitions_to_txn),
        mock_test(a_partition_of_txn_offset_commit),
        mock_test(topics_of_admin_requests),
    };
    return cmocka_run_group_tests_name("mock_rule_parts", tests, NULL, NULL);
}
