/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults of the mock cluster: brokers down, slow, changed leaders. */
#include "support/raw.h"

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

/* The other brokers do not list it, as in Kafka, and its partitions have no leader. */
static void a_broker_that_is_down_is_in_no_metadata(void **state)
{
    weir_mock *mock = *state;
    const rd_kafka_metadata_t *metadata;
    mock_create(mock, "t", 3);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    assert_int_equal(weir_mock_broker_set_up(mock, 2, false), WEIR_OK);
    assert_code(rd_kafka_metadata(rk, 1, NULL, &metadata, CLIENT_TIMEOUT_MS), 0);
    assert_int_equal(metadata->broker_cnt, 2);
    assert_int_equal(metadata->topic_cnt, 1);
    for (int32_t i = 0; i < 3; i++) { /* broker 2 leads partition 1 */
        const rd_kafka_metadata_partition_t *partition = &metadata->topics[0].partitions[i];
        assert_code(partition->err, i == 1 ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : 0);
        assert_int_equal(partition->leader, i == 1 ? -1 : i + 1);
    }
    rd_kafka_metadata_destroy(metadata);
    assert_int_equal(weir_mock_broker_set_up(mock, 2, true), WEIR_OK);
    client_must_produce(rk, "t", 1, "k", "a");
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_coordinator_that_is_down_is_not_available(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    int32_t coordinator = weir_mock_coordinator(mock, "g");
    assert_int_equal(weir_mock_broker_set_up(mock, coordinator, false), WEIR_OK);
    int fd = raw_connect_to(mock, coordinator % 3 + 1);
    raw_begin(&frame, 10, 1);
    weir__put_cstring(&frame, "g");
    weir__buf_put_u8(&frame, 0);
    raw_send_frame(fd, &frame);
    weir__reader in = raw_receive_frame(fd, &answer);
    weir__read_i32(&in);
    assert_code(weir__read_i16(&in), RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    weir__read_string(&in);
    assert_int_equal(weir__read_i32(&in), -1);
    close(fd);
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
    assert_no_failure(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(a_broker_that_is_down_is_served_again_when_it_is_up),
        mock_test(a_slow_broker_answers_late),
        mock_test(a_moved_leader_is_found),
        mock_test(a_broker_that_is_down_is_in_no_metadata),
        mock_test(a_coordinator_that_is_down_is_not_available),
    };
    return cmocka_run_group_tests_name("mock_faults", tests, NULL, NULL);
}
