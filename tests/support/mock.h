/* SPDX-License-Identifier: Apache-2.0
 *
 * A mock cluster of three brokers in virtual time, as the fixture of tests. */
#ifndef WEIR_TESTS_SUPPORT_MOCK_H
#define WEIR_TESTS_SUPPORT_MOCK_H

#include "sim/sim.h"
#include "support/clients.h"

CLIENT_FN void mock_ignore_failure(const char *message, void *user)
{
    (void)message; /* weir_mock_failure() returns it, too */
    (void)user;
}

CLIENT_FN weir_mock *mock_start(const weir_mock_opts *opts)
{
    weir_error error;
    const weir_sim_opts sim = {.seed = 1};
    weir_mock_opts with = opts != NULL ? *opts : (weir_mock_opts){0};
    with.on_failure = mock_ignore_failure;
    weir_mock *mock = NULL;
    if (weir_sim_start(&sim, &error) != WEIR_OK || (mock = weir_mock_new(&with, &error)) == NULL) {
        fail_msg("%s", error.message);
    }
    return mock;
}

CLIENT_FN int mock_set_up(void **state)
{
    *state = mock_start(NULL);
    return 0;
}

CLIENT_FN int mock_tear_down(void **state)
{
    weir_error error = {0};
    weir_err err = weir_mock_faults_check(*state, &error);
    weir_mock_free(*state);
    weir_sim_stop();
    if (err != WEIR_OK) {
        print_error("%s\n", error.message);
    }
    return err == WEIR_OK ? 0 : -1;
}

#define mock_test(name) cmocka_unit_test_setup_teardown(name, mock_set_up, mock_tear_down)

CLIENT_FN void mock_create(weir_mock *mock, const char *topic, int32_t partitions)
{
    weir_error error;
    if (weir_mock_topic_create(mock, topic, partitions, 1, NULL, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

/* Adds a rule; its number. */
CLIENT_FN int mock_fault(weir_mock *mock, const weir_mock_fault *fault)
{
    weir_error error = {0};
    int id = 0;
    if (weir_mock_fault_add(mock, fault, &id, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    return id;
}

CLIENT_FN void assert_no_failure(const weir_mock *mock)
{
    const char *failure = weir_mock_failure(mock);
    if (failure != NULL) {
        fail_msg("%s", failure);
    }
}

CLIENT_FN void assert_code(rd_kafka_resp_err_t actual, rd_kafka_resp_err_t expected)
{
    assert_string_equal(rd_kafka_err2name(actual), rd_kafka_err2name(expected));
}

CLIENT_FN void assert_offsets(const weir_mock *mock, const char *topic, int32_t partition,
                              int64_t start, int64_t end)
{
    int64_t actual_start = -1;
    int64_t actual_end = -1;
    assert_int_equal(
        weir_mock_partition_offsets(mock, topic, partition, &actual_start, &actual_end), WEIR_OK);
    assert_int_equal(actual_start, start);
    assert_int_equal(actual_end, end);
}

/* ---- Admin requests: result events; destroy them. ---- */

CLIENT_FN rd_kafka_event_t *admin_result(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CLIENT_TIMEOUT_MS);
    assert_non_null(event);
    return event;
}

CLIENT_FN rd_kafka_AdminOptions_t *admin_options(rd_kafka_t *rk, rd_kafka_admin_op_t op)
{
    char text[256];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, op);
    assert_int_equal(
        rd_kafka_AdminOptions_set_request_timeout(options, CLIENT_TIMEOUT_MS, text, sizeof text),
        0);
    return options;
}

/* `before` -1: all. Its low watermark, or minus the error code. */
CLIENT_FN int64_t admin_delete_records(rd_kafka_t *rk, const char *topic, int32_t partition,
                                       int64_t before)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = before;
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(rk, &request, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    assert_code(rd_kafka_event_error(event), 0);
    const rd_kafka_topic_partition_t *part =
        &rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event))
             ->elems[0];
    int64_t result = part->err != 0 ? -(int64_t)part->err : part->offset;
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
    return result;
}

#endif
