/* SPDX-License-Identifier: Apache-2.0
 *
 * librdkafka's transactional producers, for the tests of the mock cluster's transactions. */
#ifndef WEIR_TESTS_CLUSTER_MOCK_TRANSACTIONS_KIT_H
#define WEIR_TESTS_CLUSTER_MOCK_TRANSACTIONS_KIT_H

#include "support/mock.h"

#define TXN_TIMEOUT_MS "10000"
#define TXN_TIMEOUT_US 10000000

/* A producer with this client id and transactional id, initialised. */
CLIENT_FN rd_kafka_t *transactional_new(const weir_mock *mock, const char *client_id,
                                        const char *transactional_id)
{
    rd_kafka_t *rk =
        client_producer(mock, client_id,
                        (const char *[]){"transactional.id", transactional_id,
                                         "transaction.timeout.ms", TXN_TIMEOUT_MS, NULL});
    assert_null(rd_kafka_init_transactions(rk, CLIENT_TIMEOUT_MS));
    return rk;
}

CLIENT_FN rd_kafka_t *transactional(const weir_mock *mock, const char *client_id)
{
    return transactional_new(mock, client_id, "x");
}

CLIENT_FN rd_kafka_t *transactional_as(const weir_mock *mock, const char *transactional_id)
{
    return transactional_new(mock, transactional_id, transactional_id);
}

CLIENT_FN void begin(rd_kafka_t *rk)
{
    assert_null(rd_kafka_begin_transaction(rk));
}

/* Frees the error; NULL is "NO_ERROR". */
CLIENT_FN void assert_error(rd_kafka_error_t *error, const char *name)
{
    assert_string_equal(error != NULL ? rd_kafka_error_name(error) : "NO_ERROR", name);
    rd_kafka_error_destroy(error);
}

CLIENT_FN void commit(rd_kafka_t *rk)
{
    assert_error(rd_kafka_commit_transaction(rk, CLIENT_TIMEOUT_MS), "NO_ERROR");
}

CLIENT_FN void rollback(rd_kafka_t *rk)
{
    assert_error(rd_kafka_abort_transaction(rk, CLIENT_TIMEOUT_MS), "NO_ERROR");
}

/* Sends the offset of partition 0 of "t"; NULL: success. */
CLIENT_FN rd_kafka_error_t *
try_send_offset(rd_kafka_t *rk, const rd_kafka_consumer_group_metadata_t *group, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = offset;
    rd_kafka_error_t *error =
        rd_kafka_send_offsets_to_transaction(rk, list, group, CLIENT_TIMEOUT_MS);
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

/* The same for the group "g", without a member. */
CLIENT_FN void send_offset(rd_kafka_t *rk, int64_t offset)
{
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata_new("g");
    assert_error(try_send_offset(rk, group, offset), "NO_ERROR");
    rd_kafka_consumer_group_metadata_destroy(group);
}

/* The committed offset of partition 0 of "t". */
CLIENT_FN int64_t committed_offset(const weir_mock *mock)
{
    return weir_mock_committed(mock, "g", "t", 0, NULL, 0);
}

#endif
