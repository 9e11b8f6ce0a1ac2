/* SPDX-License-Identifier: Apache-2.0
 *
 * The actions of rules that make requests fail, as clients meet them. */
#include "support/raw_commit.h"

#define REQUEST_TIMEOUT_MS 5000

/* A producer that gives a request REQUEST_TIMEOUT_MS and then sends it again. */
static rd_kafka_t *impatient_producer(const weir_mock *mock, const char *idempotence)
{
    return client_producer(mock, "p",
                           (const char *[]){"request.timeout.ms", "5000", "socket.timeout.ms",
                                            "5000", "enable.idempotence", idempotence, NULL});
}

static void a_delayed_request_is_carried_out_later(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    mock_fault(mock,
               &(weir_mock_fault){.api = "Produce", .action = WEIR_MOCK_DELAY, .delay_ms = 700});
    int64_t before_us = weir_sim_now_us();
    client_must_produce(rk, "t", 0, "k", "b");
    assert_in_range(weir_sim_now_us() - before_us, 700000, 800000);
    assert_offsets(mock, "t", 0, 0, 2);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* The client has given the request up and is gone; the batch comes nevertheless. */
static void a_delayed_request_is_carried_out_after_its_client_is_gone(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    const weir_mock_fault fault = {
        .client_id = "raw", .api = "OffsetCommit", .action = WEIR_MOCK_DELAY, .delay_ms = 3000};
    mock_fault(mock, &fault);
    int fd = raw_connect_to(mock, weir_mock_coordinator(mock, "g"));
    send_commit(fd, 1, 3);
    close(fd);
    weir_sim_sleep_us(2000000);
    assert_int_equal(weir_mock_committed(mock, "g", "t", 0, NULL, 0), -1);
    weir_sim_sleep_us(2000000);
    assert_int_equal(weir_mock_committed(mock, "g", "t", 0, NULL, 0), 3);
    assert_no_failure(mock);
}

static void a_lost_request_is_not_carried_out_and_times_out(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = impatient_producer(mock, "false");
    client_must_produce(rk, "t", 0, "k", "a");
    mock_fault(mock, &(weir_mock_fault){.api = "Produce", .action = WEIR_MOCK_DROP_REQUEST});
    int64_t before_us = weir_sim_now_us();
    client_must_produce(rk, "t", 0, "k", "b");
    assert_true(weir_sim_now_us() - before_us > REQUEST_TIMEOUT_MS * 1000);
    assert_offsets(mock, "t", 0, 0, 2);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* As in Kafka, without idempotence the record is appended twice. */
static void a_request_whose_answer_is_lost_is_carried_out(void **state)
{
    static const struct {
        weir_mock_action action;
        const char *idempotence;
        int64_t end; /* of records a and b */
        bool times_out;
    } rows[] = {
        {WEIR_MOCK_DROP_ANSWER, "false", 3, true},
        {WEIR_MOCK_DROP_ANSWER, "true", 2, true},
        {WEIR_MOCK_DISCONNECT_AFTER, "false", 3, false},
        {WEIR_MOCK_DISCONNECT_AFTER, "true", 2, false},
        {WEIR_MOCK_DISCONNECT, "false", 2, false},
        {WEIR_MOCK_DISCONNECT, "true", 2, false},
    };
    weir_mock *mock = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char topic[8];
        snprintf(topic, sizeof topic, "t%zu", i);
        mock_create(mock, topic, 1);
        rd_kafka_t *rk = impatient_producer(mock, rows[i].idempotence);
        client_must_produce(rk, topic, 0, "k", "a");
        mock_fault(mock, &(weir_mock_fault){.api = "Produce", .action = rows[i].action});
        int64_t before_us = weir_sim_now_us();
        client_must_produce(rk, topic, 0, "k", "b");
        bool timed_out = weir_sim_now_us() - before_us > REQUEST_TIMEOUT_MS * 1000;
        assert_int_equal(timed_out, rows[i].times_out);
        assert_offsets(mock, topic, 0, 0, rows[i].end);
        rd_kafka_destroy(rk);
    }
    assert_no_failure(mock);
}

/* Later requests of a silent connection wait for ever, as behind a broker that is stalled. */
static void a_silent_connection_answers_nothing_more(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    mock_fault(mock, &(weir_mock_fault){
                         .client_id = "raw", .api = "ListGroups", .action = WEIR_MOCK_DROP_ANSWER});
    int fd = raw_connect_to(mock, 1);
    for (int i = 0; i < 3; i++) {
        raw_begin(&frame, 16, 0);
        raw_send_frame(fd, &frame);
    }
    weir_sim_sleep_us(60000000);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    close(fd);
    int other = raw_connect_to(mock, 1);
    raw_begin(&frame, 16, 0);
    raw_send_frame(other, &frame);
    weir_buf answer = {0};
    assert_false(raw_receive_frame(other, &answer).failed);
    close(other);
    weir__buf_fini(&answer);
    weir__buf_fini(&frame);
    assert_no_failure(mock);
}

/* One error in each request on the way of a record, all retriable. */
static void clients_get_over_a_retriable_error_in_any_request(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    const struct {
        const char *api;
        rd_kafka_resp_err_t err;
    } errors[] = {
        {"Produce", RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS},
        {"Fetch", RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION},
        {"ListOffsets", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE},
        {"Metadata", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE},
        {"OffsetFetch", RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
        {"FindCoordinator", RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE},
        {"JoinGroup", RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
        {"SyncGroup", RD_KAFKA_RESP_ERR_NOT_COORDINATOR},
        {"InitProducerId", RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        mock_fault(mock,
                   &(weir_mock_fault){.api = errors[i].api, .error_code = (int16_t)errors[i].err});
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
        mock_test(a_delayed_request_is_carried_out_later),
        mock_test(a_delayed_request_is_carried_out_after_its_client_is_gone),
        mock_test(a_lost_request_is_not_carried_out_and_times_out),
        mock_test(a_request_whose_answer_is_lost_is_carried_out),
        mock_test(a_silent_connection_answers_nothing_more),
        mock_test(clients_get_over_a_retriable_error_in_any_request),
    };
    return cmocka_run_group_tests_name("mock_rule_actions", tests, NULL, NULL);
}
