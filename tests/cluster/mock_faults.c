/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults of the mock cluster: brokers down, slow, changed leaders, injected errors. */
#include "support/mock.h"

#define PRODUCE 0
#define FETCH 1
#define LIST_OFFSETS 2
#define METADATA 3

/* Begins a delivery; *result changes when it ends. */
static void produce_later(rd_kafka_t *rk, int32_t partition, rd_kafka_resp_err_t *result)
{
    *result = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    assert_code(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(partition),
                                  RD_KAFKA_V_VALUE("v", 1), RD_KAFKA_V_OPAQUE(result),
                                  RD_KAFKA_V_END),
                0);
}

static void a_broker_that_is_down_is_served_again_when_it_is_up(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_resp_err_t result;
    mock_create(mock, "t", 3);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 1, "k", "a");
    int port = weir_mock_broker_port(mock, 2);
    assert_int_equal(weir_mock_broker_set_up(mock, 2, false), WEIR_OK);
    assert_int_equal(weir_mock_broker_set_up(mock, 2, false), WEIR_OK);
    produce_later(rk, 1, &result);
    rd_kafka_poll(rk, 3000);
    rd_kafka_poll(rk, 3000);
    assert_code(result, RD_KAFKA_RESP_ERR__IN_PROGRESS);
    client_must_produce(rk, "t", 0, "k", "a"); /* the others continue */
    assert_int_equal(weir_mock_broker_set_up(mock, 2, true), WEIR_OK);
    assert_int_equal(weir_mock_broker_port(mock, 2), port);
    assert_code(rd_kafka_flush(rk, CLIENT_TIMEOUT_MS), 0);
    assert_code(result, 0);
    assert_offsets(mock, "t", 1, 0, 2);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_slow_broker_answers_late(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    int64_t before_us = weir_sim_now_us();
    client_must_produce(rk, "t", 0, "k", "a");
    assert_true(weir_sim_now_us() - before_us < 100000);
    assert_int_equal(weir_mock_broker_set_rtt(mock, 1, 700), WEIR_OK);
    before_us = weir_sim_now_us();
    client_must_produce(rk, "t", 0, "k", "a");
    assert_in_range(weir_sim_now_us() - before_us, 700000, 800000);
    rd_kafka_destroy(rk);
}

static void a_moved_leader_is_found(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c",
                   (const char *[]){"group.id", "g", "fetch.wait.max.ms", "20000", NULL});
    client_assign(consumer, "t", 0, 0);
    client_must_produce(rk, "t", 0, "k", "a");
    client_must_consume(consumer, "t", 0, 0, "a");
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 3), WEIR_OK);
    client_must_produce(rk, "t", 0, "k", "b");
    client_must_consume(consumer, "t", 0, 1, "b");
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, -1), WEIR_OK);
    rd_kafka_resp_err_t result;
    produce_later(rk, 0, &result);
    rd_kafka_poll(rk, 3000);
    assert_code(result, RD_KAFKA_RESP_ERR__IN_PROGRESS);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 2), WEIR_OK);
    client_must_consume(consumer, "t", 0, 2, "v");
    rd_kafka_flush(rk, CLIENT_TIMEOUT_MS);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* ---- Injected errors ---- */

static void an_injected_error_is_answered_and_nothing_is_done(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    assert_int_equal(weir_mock_inject(mock, PRODUCE, RD_KAFKA_RESP_ERR_INVALID_RECORD, 2, NULL),
                     WEIR_OK);
    for (int i = 0; i < 2; i++) {
        assert_code(client_produce(rk, "t", 0, weir_slice_of("k"), weir_slice_of("v")),
                    RD_KAFKA_RESP_ERR_INVALID_RECORD);
    }
    assert_offsets(mock, "t", 0, 0, 0);
    client_must_produce(rk, "t", 0, "k", "a");
    assert_offsets(mock, "t", 0, 0, 1);
    rd_kafka_destroy(rk);
}

static void an_injected_error_can_be_for_one_client(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *a = client_producer(mock, "a", NULL);
    rd_kafka_t *b = client_producer(mock, "b", NULL);
    weir_mock_inject(mock, PRODUCE, RD_KAFKA_RESP_ERR_INVALID_RECORD, 1, "b");
    client_must_produce(a, "t", 0, "k", "a");
    assert_code(client_produce(b, "t", 0, weir_slice_of("k"), weir_slice_of("v")),
                RD_KAFKA_RESP_ERR_INVALID_RECORD);
    rd_kafka_destroy(b);
    rd_kafka_destroy(a);
}

static void a_broken_request_is_not_carried_out(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    weir_mock_inject(mock, PRODUCE, -1, 1, NULL);
    client_must_produce(rk, "t", 0, "k", "b"); /* at the second attempt */
    assert_offsets(mock, "t", 0, 0, 2);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* As in Kafka, without idempotence the record is appended twice. */
static void a_request_whose_answer_is_lost_is_carried_out(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    weir_mock_inject(mock, PRODUCE, WEIR_MOCK_LOSE_ANSWER, 1, NULL);
    client_must_produce(rk, "t", 0, "k", "b");
    assert_offsets(mock, "t", 0, 0, 3);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void an_idempotent_producer_appends_a_retried_batch_once(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk =
        client_producer(mock, "p", (const char *[]){"enable.idempotence", "true", NULL});
    client_must_produce(rk, "t", 0, "k", "a");
    weir_mock_inject(mock, PRODUCE, WEIR_MOCK_LOSE_ANSWER, 1, NULL);
    client_must_produce(rk, "t", 0, "k", "b");
    client_must_produce(rk, "t", 0, "k", "c");
    assert_offsets(mock, "t", 0, 0, 3);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* One error in each request on the way of a record, all retriable. */
static void clients_get_over_a_retriable_error_in_any_request(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    const struct {
        int16_t api_key;
        rd_kafka_resp_err_t err;
    } errors[] = {
        {PRODUCE, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS},
        {FETCH, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION},
        {LIST_OFFSETS, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE},
        {METADATA, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE},
        {9, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},  /* OffsetFetch */
        {10, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE},    /* FindCoordinator */
        {11, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS}, /* JoinGroup */
        {12, RD_KAFKA_RESP_ERR_NOT_COORDINATOR},              /* Heartbeat */
        {14, RD_KAFKA_RESP_ERR_NOT_COORDINATOR},              /* SyncGroup */
        {22, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS}, /* InitProducerId */
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        assert_int_equal(weir_mock_inject(mock, errors[i].api_key, (int16_t)errors[i].err, 1, NULL),
                         WEIR_OK);
    }
    rd_kafka_t *rk =
        client_producer(mock, "p", (const char *[]){"enable.idempotence", "true", NULL});
    client_must_produce(rk, "t", 0, "k", "a");
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c",
                   (const char *[]){"group.id", "g", "auto.offset.reset", "earliest", NULL});
    client_subscribe(consumer, "t");
    rd_kafka_message_t *message = NULL;
    for (int i = 0; i < CLIENT_POLLS_MAX && (message == NULL || message->err != 0); i++) {
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
        message = rd_kafka_consumer_poll(consumer, CLIENT_POLL_MS);
    }
    assert_non_null(message);
    assert_int_equal(message->offset, 0);
    rd_kafka_message_destroy(message);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(a_broker_that_is_down_is_served_again_when_it_is_up),
        mock_test(a_slow_broker_answers_late),
        mock_test(a_moved_leader_is_found),
        mock_test(an_injected_error_is_answered_and_nothing_is_done),
        mock_test(an_injected_error_can_be_for_one_client),
        mock_test(a_broken_request_is_not_carried_out),
        mock_test(a_request_whose_answer_is_lost_is_carried_out),
        mock_test(an_idempotent_producer_appends_a_retried_batch_once),
        mock_test(clients_get_over_a_retriable_error_in_any_request),
    };
    return cmocka_run_group_tests_name("mock_faults", tests, NULL, NULL);
}
