/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of transactions in each of their versions, over a bare socket: answers and error
 * codes. */
#include "mock_txn_requests_kit.h"

static const int16_t no_error[2];

static void each_version_carries_out_a_transaction(void **state)
{
    asker *it = start(*state);
    for (int16_t version = 0; version <= 4; version++) {
        int16_t v = lower(version, 3);
        int64_t offset = 10 + version;
        assert_int_equal(init(it, version), 0);
        assert_int_equal(it->producer_id, 0);
        assert_int_equal(it->epoch, version);
        add_partitions(it, v, 2, no_error);
        assert_int_equal(add_offsets(it, v), 0);
        send_offsets(it, v, offset, 1, no_error);
        assert_int_equal(weir_mock_committed(it->mock, "g", "t", 0, NULL, 0),
                         version == 0 ? -1 : offset - 1);
        assert_int_equal(end_txn(it, v, true), 0);
        char metadata[8];
        assert_int_equal(weir_mock_committed(it->mock, "g", "t", 0, metadata, sizeof metadata),
                         offset);
        assert_string_equal(metadata, "meta");
    }
    end(it);
}

static void an_abort_drops_the_offsets(void **state)
{
    asker *it = start(*state);
    assert_int_equal(init(it, 4), 0);
    assert_int_equal(add_offsets(it, 3), 0);
    send_offsets(it, 3, 10, 1, no_error);
    assert_int_equal(end_txn(it, 3, false), 0);
    assert_int_equal(weir_mock_committed(it->mock, "g", "t", 0, NULL, 0), -1);
    assert_int_equal(fetch_offset(it, 7, true, false), -1);
    assert_int_equal(end_txn(it, 3, true), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    end(it);
}

static void a_fenced_producer_gets_the_error_of_the_version(void **state)
{
    asker *it = start(*state);
    assert_int_equal(init(it, 4), 0);
    asker old = *it;
    assert_int_equal(init(it, 4), 0);
    it->producer_id = old.producer_id;
    it->epoch = old.epoch;
    const int16_t before[] = {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH};
    const int16_t since[] = {RD_KAFKA_RESP_ERR_PRODUCER_FENCED};
    for (int16_t version = 0; version <= 3; version++) {
        const int16_t *expected = version < 2 ? before : since;
        add_partitions(it, version, 1, expected);
        assert_int_equal(add_offsets(it, version), *expected);
        assert_int_equal(end_txn(it, version, true), *expected);
        send_offsets(it, version, 10, 1, before);
    }
    end(it);
}

/* KIP-360: the producer sends the id and epoch that it has. */
static int16_t init_again(asker *it, int16_t version)
{
    begin(it, INIT_PRODUCER_ID, version);
    put_text(it, "x");
    weir__buf_put_i32(&it->frame, TIMEOUT_MS);
    weir__buf_put_i64(&it->frame, it->producer_id);
    weir__buf_put_i16(&it->frame, it->epoch);
    ask(it);
    assert_int_equal(weir__read_i32(&it->in), 0);
    int16_t error = weir__read_i16(&it->in);
    int64_t producer_id = weir__read_i64(&it->in);
    int16_t epoch = weir__read_i16(&it->in);
    it->producer_id = error == 0 ? producer_id : it->producer_id;
    it->epoch = error == 0 ? epoch : it->epoch;
    return error;
}

static void a_producer_bumps_its_epoch_until_another_one_does(void **state)
{
    asker *it = start(*state);
    assert_int_equal(init(it, 4), 0);
    assert_int_equal(init_again(it, 3), 0);
    assert_int_equal(it->epoch, 1);
    asker mine = *it;
    assert_int_equal(init(it, 4), 0);
    it->epoch = mine.epoch;
    assert_int_equal(init_again(it, 3), RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    assert_int_equal(init_again(it, 4), RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    end(it);
}

static void a_timeout_over_the_limit_is_refused(void **state)
{
    asker *it = start(*state);
    assert_int_equal(init_with(it, 4, "x", WEIR__TXN_TIMEOUT_MS_MAX + 1),
                     RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT);
    assert_int_equal(it->producer_id, -1);
    assert_int_equal(init_with(it, 4, "x", WEIR__TXN_TIMEOUT_MS_MAX), 0);
    assert_int_equal(init_with(it, 4, NULL, INT32_MAX), 0); /* idempotent only */
    assert_int_equal(it->producer_id, 1);
    end(it);
}

static void partitions_are_added_all_or_none(void **state)
{
    asker *it = start(*state);
    const int16_t errors[] = {RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED,
                              RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED,
                              RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
    assert_int_equal(init(it, 4), 0);
    add_partitions(it, 3, 3, errors);
    assert_int_equal(end_txn(it, 3, true), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    add_partitions(it, 0, 2, no_error);
    assert_int_equal(end_txn(it, 3, true), 0);
    end(it);
}

static void offsets_need_the_group_in_the_transaction(void **state)
{
    asker *it = start(*state);
    const int16_t errors[] = {RD_KAFKA_RESP_ERR_INVALID_TXN_STATE,
                              RD_KAFKA_RESP_ERR_INVALID_TXN_STATE,
                              RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
    const int16_t unknown[] = {0, 0, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
    assert_int_equal(init(it, 4), 0);
    add_partitions(it, 3, 1, no_error);
    send_offsets(it, 3, 10, 3, errors);
    assert_int_equal(add_offsets(it, 3), 0);
    send_offsets(it, 3, 10, 3, unknown);
    end(it);
}

static void offsets_of_an_open_transaction_are_unstable(void **state)
{
    asker *it = start(*state);
    for (int round = 0; round < 2; round++) {
        int64_t before = round == 0 ? -1 : 10;
        bool all = round == 1; /* names what is committed */
        assert_int_equal(init(it, 4), 0);
        assert_int_equal(add_offsets(it, 3), 0);
        send_offsets(it, 3, 10 + round, 1, no_error);
        assert_int_equal(fetch_offset(it, 7, true, all), -RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT);
        for (int16_t version = all ? 2 : 1; version <= 7; version++) {
            assert_int_equal(fetch_offset(it, version, false, all), before);
        }
        assert_int_equal(end_txn(it, 3, true), 0);
        assert_int_equal(fetch_offset(it, 7, true, all), 10 + round);
    }
    end(it);
}

static int32_t find(asker *it, int16_t version, const char *key, uint8_t type)
{
    begin(it, FIND_COORDINATOR, version);
    put_text(it, key);
    if (version >= 1) {
        weir__buf_put_u8(&it->frame, type);
    }
    ask(it);
    weir__read_bytes(&it->in, version >= 1 ? 4 : 0); /* throttle */
    assert_int_equal(weir__read_i16(&it->in), 0);
    if (version >= 1) {
        assert_null(take_text(it).data);
    }
    int32_t broker = weir__read_i32(&it->in);
    assert_text(it, "127.0.0.1");
    assert_int_equal(weir__read_i32(&it->in), weir_mock_broker_port(it->mock, broker));
    assert_end(it);
    return broker;
}

static void groups_and_transactional_ids_have_coordinators_of_their_own(void **state)
{
    asker *it = start(*state);
    assert_int_equal(weir_mock_transaction_coordinator_set(it->mock, "g", 3), WEIR_OK);
    assert_int_equal(weir_mock_transaction_coordinator(it->mock, "g"), 3);
    assert_int_equal(weir_mock_coordinator(it->mock, "g"), 1);
    assert_int_equal(find(it, 0, "g", GROUP), 1);
    for (int16_t version = 1; version <= 3; version++) {
        assert_int_equal(find(it, version, "g", GROUP), 1);
        assert_int_equal(find(it, version, "g", TRANSACTION), 3);
    }
    end(it);
}

static void another_broker_is_not_the_coordinator(void **state)
{
    asker *it = start(*state);
    const int16_t moved[] = {RD_KAFKA_RESP_ERR_NOT_COORDINATOR};
    assert_int_equal(init(it, 4), 0);
    asker producer = *it;
    assert_int_equal(weir_mock_transaction_coordinator_set(it->mock, "x", 2), WEIR_OK);
    add_partitions(it, 3, 1, moved);
    assert_int_equal(add_offsets(it, 3), *moved);
    assert_int_equal(end_txn(it, 3, true), *moved);
    assert_int_equal(init(it, 4), *moved);
    assert_int_equal(init_with(it, 4, NULL, TIMEOUT_MS), 0); /* any broker has ids */
    it->producer_id = producer.producer_id;
    it->epoch = producer.epoch;
    assert_int_equal(weir_mock_transaction_coordinator_set(it->mock, "x", 1), WEIR_OK);
    assert_int_equal(add_offsets(it, 3), 0);
    assert_int_equal(weir_mock_coordinator_set(it->mock, "g", 2), WEIR_OK);
    send_offsets(it, 3, 10, 1, moved);
    end(it);
}

static void fault(asker *it, const char *api, const char *topic, int16_t error)
{
    mock_fault(it->mock, &(weir_mock_fault){.api = api, .topic = topic, .error_code = error});
}

static void faults_are_answered_and_change_nothing(void **state)
{
    asker *it = start(*state);
    const int16_t error[] = {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS};
    assert_int_equal(init(it, 4), 0);
    fault(it, "AddPartitionsToTxn", NULL, *error);
    fault(it, "AddOffsetsToTxn", NULL, *error);
    fault(it, "EndTxn", NULL, *error);
    fault(it, "TxnOffsetCommit", NULL, *error);
    add_partitions(it, 3, 1, error);
    assert_int_equal(add_offsets(it, 3), *error);
    assert_int_equal(end_txn(it, 3, true), *error);
    send_offsets(it, 3, 10, 1, error);
    assert_int_equal(end_txn(it, 3, true), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    fault(it, "InitProducerId", NULL, *error);
    assert_int_equal(init(it, 4), *error);
    assert_int_equal(init(it, 4), 0);
    assert_int_equal(it->epoch, 1);
    end(it);
}

static void a_fault_of_a_partition_is_answered_for_it_alone(void **state)
{
    asker *it = start(*state);
    const int16_t error = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    const int16_t added[] = {RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED, error};
    const int16_t sent[] = {0, error};
    const weir_mock_partition second = WEIR_MOCK_PARTITION(1);
    const char *const apis[] = {"AddPartitionsToTxn", "TxnOffsetCommit"};
    for (size_t i = 0; i < sizeof apis / sizeof *apis; i++) {
        mock_fault(it->mock,
                   &(weir_mock_fault){
                       .api = apis[i], .topic = "t", .partition = second, .error_code = error});
    }
    assert_int_equal(init(it, 4), 0);
    add_partitions(it, 3, 2, added);
    assert_int_equal(add_offsets(it, 3), 0);
    send_offsets(it, 3, 10, 2, sent);
    fault(it, "OffsetFetch", "t", error);
    assert_int_equal(fetch_offset(it, 7, false, false), -error);
    assert_int_equal(end_txn(it, 3, true), 0);
    assert_int_equal(weir_mock_committed(it->mock, "g", "t", 0, NULL, 0), 10);
    assert_int_equal(weir_mock_committed(it->mock, "g", "t", 1, NULL, 0), -1);
    end(it);
}

/* ---- Admin ---- */

static void transactions_are_described(void **state)
{
    asker *it = start(*state);
    assert_int_equal(init(it, 4), 0);
    add_partitions(it, 3, 2, no_error);
    assert_int_equal(add_offsets(it, 3), 0);
    assert_int_equal(weir_mock_transaction_coordinator_set(it->mock, "nobody", 1), WEIR_OK);
    begin(it, DESCRIBE_TRANSACTIONS, 0);
    put_count(it, 2);
    put_text(it, "x");
    put_text(it, "nobody");
    ask(it);
    assert_int_equal(weir__read_i32(&it->in), 0); /* throttle */
    assert_int_equal(take_count(it), 2);
    assert_int_equal(weir__read_i16(&it->in), 0);
    assert_text(it, "x");
    assert_text(it, "Ongoing");
    assert_int_equal(weir__read_i32(&it->in), TIMEOUT_MS);
    assert_true(weir__read_i64(&it->in) > 0); /* since when */
    assert_int_equal(weir__read_i64(&it->in), it->producer_id);
    assert_int_equal(weir__read_i16(&it->in), it->epoch);
    assert_int_equal(take_count(it), 2);
    assert_text(it, "t");
    assert_int_equal(take_count(it), 2);
    assert_int_equal(weir__read_i32(&it->in), 0);
    assert_int_equal(weir__read_i32(&it->in), 1);
    take_tags(it);
    assert_text(it, "__consumer_offsets");
    assert_int_equal(take_count(it), 1);
    assert_int_equal(weir__read_i32(&it->in), 'g' % 50); /* Java's hash of "g" */
    take_tags(it);
    take_tags(it);
    assert_int_equal(weir__read_i16(&it->in), 105); /* TRANSACTIONAL_ID_NOT_FOUND */
    assert_text(it, "nobody");
    assert_text(it, "");
    weir__read_bytes(&it->in, 4 + 8 + 8 + 2);
    assert_int_equal(take_count(it), 0);
    take_tags(it);
    assert_end(it);
    end(it);
}

/* How many are listed with one state and producer id as filters; NULL, -1: none. */
static int32_t list(asker *it, int16_t version, const char *filter, int64_t producer_id,
                    int64_t duration_ms)
{
    begin(it, LIST_TRANSACTIONS, version);
    put_count(it, filter != NULL ? 1 : 0);
    if (filter != NULL) {
        put_text(it, filter);
    }
    put_count(it, producer_id >= 0 ? 1 : 0);
    if (producer_id >= 0) {
        weir__buf_put_i64(&it->frame, producer_id);
    }
    if (version >= 1) {
        weir__buf_put_i64(&it->frame, duration_ms);
    }
    ask(it);
    assert_int_equal(weir__read_i32(&it->in), 0);
    assert_int_equal(weir__read_i16(&it->in), 0);
    int32_t unknown = take_count(it);
    for (int32_t i = 0; i < unknown; i++) {
        assert_text(it, filter);
    }
    int32_t count = take_count(it);
    for (int32_t i = 0; i < count; i++) {
        assert_text(it, "x");
        assert_int_equal(weir__read_i64(&it->in), it->producer_id);
        assert_text(it, "Ongoing");
        take_tags(it);
    }
    assert_end(it);
    return unknown > 0 ? -1 : count;
}

static void transactions_are_listed_by_state_producer_and_age(void **state)
{
    asker *it = start(*state);
    assert_int_equal(init(it, 4), 0);
    add_partitions(it, 3, 1, no_error);
    weir_sim_sleep_us(2000000);
    assert_int_equal(list(it, 0, NULL, -1, 0), 1);
    assert_int_equal(list(it, 1, "Ongoing", it->producer_id, -1), 1);
    assert_int_equal(list(it, 1, "CompleteCommit", -1, -1), 0);
    assert_int_equal(list(it, 1, "Dead", -1, -1), 0);
    assert_int_equal(list(it, 1, "Broken", -1, -1), -1);
    assert_int_equal(list(it, 1, NULL, it->producer_id + 1, -1), 0);
    assert_int_equal(list(it, 1, NULL, -1, 1000), 1);
    assert_int_equal(list(it, 1, NULL, -1, 10000), 0);
    assert_int_equal(weir_mock_transaction_coordinator_set(it->mock, "x", 2), WEIR_OK);
    assert_int_equal(list(it, 0, NULL, -1, 0), 0);
    end(it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(each_version_carries_out_a_transaction),
        mock_test(an_abort_drops_the_offsets),
        mock_test(a_fenced_producer_gets_the_error_of_the_version),
        mock_test(a_producer_bumps_its_epoch_until_another_one_does),
        mock_test(a_timeout_over_the_limit_is_refused),
        mock_test(partitions_are_added_all_or_none),
        mock_test(offsets_need_the_group_in_the_transaction),
        mock_test(offsets_of_an_open_transaction_are_unstable),
        mock_test(groups_and_transactional_ids_have_coordinators_of_their_own),
        mock_test(another_broker_is_not_the_coordinator),
        mock_test(faults_are_answered_and_change_nothing),
        mock_test(a_fault_of_a_partition_is_answered_for_it_alone),
        mock_test(transactions_are_described),
        mock_test(transactions_are_listed_by_state_producer_and_age),
    };
    return cmocka_run_group_tests_name("mock_txn_requests", tests, NULL, NULL);
}
