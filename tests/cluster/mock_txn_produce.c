/* SPDX-License-Identifier: Apache-2.0
 *
 * Which transactional batches a leader takes (KIP-890), and how DescribeProducers shows their
 * producers. */
#include "mock_txn_requests_kit.h"
#include "unit/log_kit.h"

#define PRODUCE 0
#define DESCRIBE_PRODUCERS 61

static const int16_t no_error[2];

/* The error of a batch of one record for partition 0 of "t". */
static int16_t produce(asker *it, const char *transactional_id, int64_t producer_id, int16_t epoch,
                       int32_t sequence)
{
    weir_buf batch = {0};
    kit_write(
        &batch,
        &(how){
            .producer = producer_id, .epoch = epoch, .sequence = sequence, .transactional = true},
        "k=v");
    begin(it, PRODUCE, 7);
    put_text(it, transactional_id);
    weir__buf_put_i16(&it->frame, -1);
    weir__buf_put_i32(&it->frame, 1000);
    put_count(it, 1);
    put_text(it, "t");
    put_count(it, 1);
    weir__buf_put_i32(&it->frame, 0);
    weir__put_blob(&it->frame, weir__buf_slice(&batch));
    weir__buf_fini(&batch);
    ask(it);
    assert_int_equal(take_count(it), 1);
    assert_text(it, "t");
    assert_int_equal(take_count(it), 1);
    assert_int_equal(weir__read_i32(&it->in), 0);
    int16_t error = weir__read_i16(&it->in);
    assert_false(it->in.failed);
    return error;
}

/* Of the producer "x". */
static int16_t produce_next(asker *it, int32_t sequence)
{
    return produce(it, "x", it->producer_id, it->epoch, sequence);
}

/* A producer "x" with an id that is not 0. */
static asker *start_producer(weir_mock *mock)
{
    asker *it = start(mock);
    assert_int_equal(init_with(it, 4, NULL, TIMEOUT_MS), 0);
    assert_int_equal(init(it, 4), 0);
    assert_int_equal(it->producer_id, 1);
    return it;
}

static void a_batch_needs_its_partition_in_the_transaction(void **state)
{
    asker *it = start_producer(*state);
    assert_int_equal(produce_next(it, 0), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_int_equal(add_offsets(it, 3), 0);
    assert_int_equal(produce_next(it, 0), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    add_partitions(it, 3, 1, no_error);
    assert_int_equal(produce_next(it, 0), 0);
    assert_int_equal(end_txn(it, 3, true), 0);
    assert_int_equal(produce_next(it, 1), RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_offsets(it->mock, "t", 0, 0, 2);
    end(it);
}

static void a_batch_needs_the_present_producer_of_the_transactional_id(void **state)
{
    asker *it = start_producer(*state);
    add_partitions(it, 3, 1, no_error);
    assert_int_equal(produce(it, NULL, it->producer_id, it->epoch, 0),
                     RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    assert_int_equal(produce(it, "y", it->producer_id, it->epoch, 0),
                     RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING);
    assert_int_equal(produce(it, "x", it->producer_id + 1, it->epoch, 0),
                     RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING);
    assert_int_equal(produce(it, "x", it->producer_id, 5, 0),
                     RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    assert_int_equal(produce_next(it, 0), 0);
    asker old = *it;
    assert_int_equal(init(it, 4), RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    assert_int_equal(produce(it, "x", old.producer_id, old.epoch, 1),
                     RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    assert_offsets(it->mock, "t", 0, 0, 2); /* a record and the marker */
    end(it);
}

/* Partition 1 has no leader, so its marker is missing; broker 1 leads partition 0. */
static void a_batch_waits_for_the_markers_of_the_transaction_before(void **state)
{
    asker *it = start_producer(*state);
    add_partitions(it, 3, 2, no_error);
    assert_int_equal(produce_next(it, 0), 0);
    assert_int_equal(weir_mock_partition_set_leader(it->mock, "t", 1, -1), WEIR_OK);
    assert_int_equal(end_txn(it, 3, true), 0);
    assert_int_equal(produce_next(it, 1), RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    assert_int_equal(weir_mock_partition_set_leader(it->mock, "t", 1, 1), WEIR_OK);
    add_partitions(it, 3, 1, no_error);
    assert_int_equal(produce_next(it, 1), 0);
    end(it);
}

/* The last sequence of partition 0's only producer; the first offset of its open transaction. */
static int64_t describe(asker *it, int32_t *last_sequence)
{
    begin(it, DESCRIBE_PRODUCERS, 0);
    put_count(it, 1);
    put_text(it, "t");
    put_count(it, 2);
    weir__buf_put_i32(&it->frame, 0);
    weir__buf_put_i32(&it->frame, 7);
    put_tags(it);
    ask(it);
    assert_int_equal(weir__read_i32(&it->in), 0); /* throttle */
    assert_int_equal(take_count(it), 1);
    assert_text(it, "t");
    assert_int_equal(take_count(it), 2);
    assert_int_equal(weir__read_i32(&it->in), 0);
    assert_int_equal(weir__read_i16(&it->in), 0);
    assert_null(take_text(it).data);
    assert_int_equal(take_count(it), 1);
    assert_int_equal(weir__read_i64(&it->in), it->producer_id);
    assert_int_equal(weir__read_i32(&it->in), it->epoch);
    *last_sequence = weir__read_i32(&it->in);
    assert_true(weir__read_i64(&it->in) > 0); /* last timestamp */
    weir__read_i32(&it->in);                  /* coordinator epoch */
    int64_t first = weir__read_i64(&it->in);
    take_tags(it);
    take_tags(it);
    assert_int_equal(weir__read_i32(&it->in), 7);
    assert_int_equal(weir__read_i16(&it->in), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_null(take_text(it).data);
    assert_int_equal(take_count(it), 0);
    take_tags(it);
    take_tags(it);
    assert_end(it);
    return first;
}

static void producers_of_a_partition_are_described(void **state)
{
    asker *it = start_producer(*state);
    int32_t last_sequence = -1;
    add_partitions(it, 3, 1, no_error);
    assert_int_equal(produce_next(it, 0), 0);
    assert_int_equal(end_txn(it, 3, true), 0);
    assert_int_equal(describe(it, &last_sequence), -1);
    add_partitions(it, 3, 1, no_error);
    assert_int_equal(produce_next(it, 1), 0);
    assert_int_equal(describe(it, &last_sequence), 2); /* behind the marker */
    assert_int_equal(last_sequence, 1);
    end(it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(a_batch_needs_its_partition_in_the_transaction),
        mock_test(a_batch_needs_the_present_producer_of_the_transactional_id),
        mock_test(a_batch_waits_for_the_markers_of_the_transaction_before),
        mock_test(producers_of_a_partition_are_described),
    };
    return cmocka_run_group_tests_name("mock_txn_produce", tests, NULL, NULL);
}
