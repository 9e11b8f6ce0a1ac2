/* SPDX-License-Identifier: Apache-2.0
 *
 * What transactions leave in the log, as consumers with read_committed and with read_uncommitted
 * see it: markers, aborted records, the last stable offset. */
#include "mock_transactions_kit.h"

static rd_kafka_t *reader(const weir_mock *mock, const char *isolation)
{
    rd_kafka_t *rk = client_new(RD_KAFKA_CONSUMER, mock, isolation,
                                (const char *[]){"group.id", "readers", "isolation.level",
                                                 isolation, "enable.auto.commit", "false", NULL});
    client_assign(rk, "t", 0, RD_KAFKA_OFFSET_BEGINNING);
    return rk;
}

static rd_kafka_t *committed_reader(const weir_mock *mock)
{
    return reader(mock, "read_committed");
}

static rd_kafka_t *any_reader(const weir_mock *mock)
{
    return reader(mock, "read_uncommitted");
}

static void put(rd_kafka_t *rk, const char *value)
{
    client_must_produce(rk, "t", 0, "k", value);
}

static void take(rd_kafka_t *consumer, int64_t offset, const char *value)
{
    client_must_consume(consumer, "t", 0, offset, value);
}

/* Nothing arrives in three seconds. */
static void assert_nothing(rd_kafka_t *consumer)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 3000);
    assert_null(message);
}

static void records_of_an_aborted_transaction_are_for_read_uncommitted_only(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    rd_kafka_t *committed = committed_reader(mock);
    rd_kafka_t *any = any_reader(mock);
    begin(rk);
    put(rk, "aborted 1");
    put(rk, "aborted 2");
    rollback(rk); /* its marker is at 2 */
    begin(rk);
    put(rk, "committed");
    commit(rk);
    take(committed, 3, "committed");
    take(any, 0, "aborted 1");
    take(any, 1, "aborted 2");
    take(any, 3, "committed");
    assert_offsets(mock, "t", 0, 0, 5);
    rd_kafka_destroy(any);
    rd_kafka_destroy(committed);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_marker_takes_an_offset_in_each_partition_of_the_transaction(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 3);
    rd_kafka_t *rk = transactional(mock, "p");
    begin(rk);
    client_must_produce(rk, "t", 0, "k", "a");
    client_must_produce(rk, "t", 1, "k", "b");
    commit(rk);
    assert_offsets(mock, "t", 0, 0, 2);
    assert_offsets(mock, "t", 1, 0, 2);
    assert_offsets(mock, "t", 2, 0, 0);
    begin(rk);
    client_must_produce(rk, "t", 0, "k", "c");
    rollback(rk);
    assert_offsets(mock, "t", 0, 0, 4);
    assert_offsets(mock, "t", 1, 0, 2);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void an_open_transaction_holds_back_what_follows_it(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    rd_kafka_t *plain = client_producer(mock, "plain", NULL);
    rd_kafka_t *committed = committed_reader(mock);
    rd_kafka_t *any = any_reader(mock);
    put(plain, "before");
    begin(rk);
    put(rk, "open");
    put(plain, "after");
    take(committed, 0, "before");
    assert_nothing(committed);
    take(any, 0, "before");
    take(any, 1, "open");
    take(any, 2, "after");
    commit(rk);
    take(committed, 1, "open");
    take(committed, 2, "after");
    rd_kafka_destroy(any);
    rd_kafka_destroy(committed);
    rd_kafka_destroy(plain);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void of_two_open_transactions_the_older_one_holds_back(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *a = transactional_as(mock, "a");
    rd_kafka_t *b = transactional_as(mock, "b");
    rd_kafka_t *committed = committed_reader(mock);
    begin(a);
    put(a, "of a");
    begin(b);
    put(b, "of b");
    commit(b);
    assert_nothing(committed);
    rollback(a);
    take(committed, 1, "of b");
    rd_kafka_destroy(committed);
    rd_kafka_destroy(b);
    rd_kafka_destroy(a);
    assert_no_failure(mock);
}

static void a_zombie_cannot_write(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *zombie = transactional(mock, "p1");
    begin(zombie);
    put(zombie, "before");
    rd_kafka_t *new = transactional(mock, "p2"); /* aborts: a marker at 1 */
    assert_offsets(mock, "t", 0, 0, 2);
    assert_int_not_equal(client_produce(zombie, "t", 0, weir_slice_of("k"), weir_slice_of("after")),
                         0);
    assert_string_equal(rd_kafka_err2name(rd_kafka_fatal_error(zombie, NULL, 0)), "_FENCED");
    begin(new);
    put(new, "new");
    commit(new);
    rd_kafka_t *committed = committed_reader(mock);
    take(committed, 2, "new");
    assert_offsets(mock, "t", 0, 0, 4);
    rd_kafka_destroy(committed);
    rd_kafka_destroy(new);
    rd_kafka_destroy(zombie);
    assert_no_failure(mock);
}

static void the_timeout_of_a_transaction_lets_readers_go_on(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    rd_kafka_t *plain = client_producer(mock, "plain", NULL);
    rd_kafka_t *committed = committed_reader(mock);
    begin(rk);
    put(rk, "abandoned");
    put(plain, "after");
    assert_nothing(committed);
    weir_sim_sleep_us(TXN_TIMEOUT_US);
    take(committed, 1, "after");
    assert_int_not_equal(client_produce(rk, "t", 0, weir_slice_of("k"), weir_slice_of("late")), 0);
    assert_offsets(mock, "t", 0, 0, 3);
    rd_kafka_destroy(committed);
    rd_kafka_destroy(plain);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_transaction_survives_the_move_of_its_leader(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    rd_kafka_t *committed = committed_reader(mock);
    begin(rk);
    put(rk, "on 1");
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 2), WEIR_OK);
    put(rk, "on 2");
    assert_nothing(committed);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 3), WEIR_OK);
    commit(rk);
    take(committed, 0, "on 1");
    take(committed, 1, "on 2");
    assert_offsets(mock, "t", 0, 0, 3);
    rd_kafka_destroy(committed);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void records_are_not_committed_before_the_marker_is_written(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    rd_kafka_t *rk = transactional(mock, "p");
    rd_kafka_t *committed = committed_reader(mock);
    begin(rk);
    put(rk, "a");
    assert_int_equal(weir_mock_transaction_coordinator_set(mock, "x", 2), WEIR_OK);
    assert_int_equal(weir_mock_broker_set_up(mock, 1, false), WEIR_OK); /* the leader */
    commit(rk);
    assert_offsets(mock, "t", 0, 0, 1);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 3), WEIR_OK);
    take(committed, 0, "a");
    assert_offsets(mock, "t", 0, 0, 2);
    rd_kafka_destroy(committed);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* librdkafka asks again while an offset is unstable (KIP-447). */
static void committed_offsets_are_known_when_the_transaction_has_ended(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c", (const char *[]){"group.id", "g", NULL});
    begin(rk);
    send_offset(rk, 5);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0);
    assert_code(rd_kafka_committed(consumer, list, 2000), RD_KAFKA_RESP_ERR__TIMED_OUT);
    commit(rk);
    assert_code(rd_kafka_committed(consumer, list, CLIENT_TIMEOUT_MS), 0);
    assert_code(list->elems[0].err, 0);
    assert_int_equal(list->elems[0].offset, 5);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* Reads the next record of "t" as a member of "g", writes it to "out". */
static rd_kafka_t *copy_next(weir_mock *mock, rd_kafka_t *rk, int64_t offset, const char *value)
{
    rd_kafka_t *consumer = client_new(
        RD_KAFKA_CONSUMER, mock, "c",
        (const char *[]){"group.id", "g", "isolation.level", "read_committed", "enable.auto.commit",
                         "false", "auto.offset.reset", "earliest", NULL});
    client_subscribe(consumer, "t");
    take(consumer, offset, value);
    begin(rk);
    client_must_produce(rk, "out", 0, "k", value);
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(consumer);
    assert_error(try_send_offset(rk, group, offset + 1), "NO_ERROR");
    rd_kafka_consumer_group_metadata_destroy(group);
    return consumer;
}

static void outputs_and_offsets_are_committed_together(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    mock_create(mock, "out", 1);
    rd_kafka_t *plain = client_producer(mock, "plain", NULL);
    put(plain, "a");
    put(plain, "b");
    rd_kafka_t *rk = transactional(mock, "p1");
    rd_kafka_t *consumer = copy_next(mock, rk, 0, "a");
    commit(rk);
    rd_kafka_destroy(consumer);
    consumer = copy_next(mock, rk, 1, "b");
    rd_kafka_destroy(consumer); /* both end in the middle of the transaction */
    rd_kafka_destroy(rk);
    rk = transactional(mock, "p2");
    consumer = copy_next(mock, rk, 1, "b");
    commit(rk);
    rd_kafka_destroy(consumer);
    consumer = client_new(RD_KAFKA_CONSUMER, mock, "r", (const char *[]){"group.id", "r", NULL});
    client_assign(consumer, "out", 0, RD_KAFKA_OFFSET_BEGINNING);
    client_must_consume(consumer, "out", 0, 0, "a");
    client_must_consume(consumer, "out", 0, 4, "b"); /* 1: marker, 2, 3: aborted */
    assert_offsets(mock, "out", 0, 0, 6);
    assert_int_equal(committed_offset(mock), 2);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
    rd_kafka_destroy(plain);
    assert_no_failure(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(records_of_an_aborted_transaction_are_for_read_uncommitted_only),
        mock_test(a_marker_takes_an_offset_in_each_partition_of_the_transaction),
        mock_test(an_open_transaction_holds_back_what_follows_it),
        mock_test(of_two_open_transactions_the_older_one_holds_back),
        mock_test(a_zombie_cannot_write),
        mock_test(the_timeout_of_a_transaction_lets_readers_go_on),
        mock_test(a_transaction_survives_the_move_of_its_leader),
        mock_test(records_are_not_committed_before_the_marker_is_written),
        mock_test(committed_offsets_are_known_when_the_transaction_has_ended),
        mock_test(outputs_and_offsets_are_committed_together),
    };
    return cmocka_run_group_tests_name("mock_transactional_reads", tests, NULL, NULL);
}
