/* SPDX-License-Identifier: Apache-2.0
 *
 * How much the logs of the mock cluster hold, and what its brokers delete and compact by
 * themselves. */
#include "support/mock.h"

#define RECORD_BYTES 500000

static rd_kafka_t *consumer_new(const weir_mock *mock)
{
    return client_new(RD_KAFKA_CONSUMER, mock, "c",
                      (const char *[]){"group.id", "g", "auto.offset.reset", "error", NULL});
}

/* ---- The limit ---- */

static rd_kafka_resp_err_t produce_bytes(rd_kafka_t *rk, const char *topic, size_t len)
{
    char *bytes = calloc(1, len);
    assert_non_null(bytes);
    rd_kafka_resp_err_t err =
        client_produce(rk, topic, 0, weir_slice_of("k"), (weir_slice){bytes, len});
    free(bytes);
    return err;
}

static int set_up_small(void **state)
{
    *state = mock_start(&(weir_mock_opts){.log_bytes_max = 5 << 20});
    return 0;
}

static void full_logs_are_an_error_that_names_topic_bytes_and_setting(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    mock_create(mock, "u", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    for (int i = 0; i < 10; i++) {
        assert_code(produce_bytes(rk, i % 2 == 0 ? "t" : "u", RECORD_BYTES), 0);
    }
    assert_no_failure(mock);
    assert_code(produce_bytes(rk, "t", RECORD_BYTES), RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    assert_string_equal(weir_mock_failure(mock),
                        "t-0: a batch of 500073 bytes is refused: the logs of the cluster hold "
                        "5000730 bytes, and log_bytes_max is 5242880 (DeleteRecords and retention "
                        "make room)");
    assert_offsets(mock, "t", 0, 0, 5);
    rd_kafka_t *consumer = consumer_new(mock);
    client_assign(consumer, "t", 0, 0);
    rd_kafka_message_t *message = client_next(consumer);
    assert_int_equal(message->offset, 0);
    rd_kafka_message_destroy(message);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
}

/* Of librdkafka's mock cluster: 5 MiB and 100,000 batches. */
static void a_partition_has_no_limit_of_its_own(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    for (int i = 0; i < 30; i++) {
        assert_code(produce_bytes(rk, "t", RECORD_BYTES), 0);
    }
    assert_offsets(mock, "t", 0, 0, 30);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void deleting_a_topic_makes_room(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    for (int i = 0; i < 3; i++) {
        char topic[8];
        snprintf(topic, sizeof topic, "t%d", i);
        mock_create(mock, topic, 1);
        for (int j = 0; j < 10; j++) {
            assert_code(produce_bytes(rk, topic, RECORD_BYTES), 0);
        }
        assert_int_equal(weir_mock_topic_delete(mock, topic), WEIR_OK);
    }
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void deleting_records_makes_room(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    for (int i = 0; i < 30; i++) {
        assert_code(produce_bytes(rk, "t", RECORD_BYTES), 0);
        assert_int_equal(admin_delete_records(rk, "t", 0, i), i);
    }
    assert_offsets(mock, "t", 0, 29, 30);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_batch_over_the_topics_limit_is_refused(void **state)
{
    const char *const config[] = {"max.message.bytes", "1000", NULL};
    assert_int_equal(weir_mock_topic_create(*state, "t", 1, 1, config, NULL), WEIR_OK);
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    assert_code(produce_bytes(rk, "t", 800), 0);
    assert_code(produce_bytes(rk, "t", 1200), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_offsets(*state, "t", 0, 0, 1);
    rd_kafka_destroy(rk);
}

/* ---- Retention and compaction by the brokers themselves ---- */

static void create_with(weir_mock *mock, const char *const *config)
{
    weir_error error;
    if (weir_mock_topic_create(mock, "t", 1, 1, config, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

static void records_older_than_retention_ms_are_deleted_at_the_next_check(void **state)
{
    weir_mock *mock = *state;
    create_with(mock, (const char *[]){"retention.ms", "60000", NULL});
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    weir_sim_sleep_us((int64_t)290 * 1000000);
    assert_offsets(mock, "t", 0, 0, 1);
    weir_sim_sleep_us((int64_t)20 * 1000000); /* a check is every 5 minutes */
    assert_offsets(mock, "t", 0, 1, 1);
    client_must_produce(rk, "t", 0, "k", "b");
    assert_offsets(mock, "t", 0, 1, 2);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static int set_up_without_retention(void **state)
{
    *state = mock_start(&(weir_mock_opts){.retention_check_ms = -1});
    return 0;
}

static void without_checks_retention_deletes_nothing(void **state)
{
    create_with(*state, (const char *[]){"retention.ms", "60000", NULL});
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    weir_sim_sleep_us((int64_t)1200 * 1000000);
    assert_offsets(*state, "t", 0, 0, 1);
    rd_kafka_destroy(rk);
}

static weir_err count_record(const weir_mock_record *record, void *user)
{
    (void)record;
    (*(int *)user)++;
    return WEIR_OK;
}

static void closed_segments_of_a_compacted_topic_are_compacted(void **state)
{
    int count = 0;
    create_with(*state,
                (const char *[]){"cleanup.policy", "compact", "segment.bytes", "200", NULL});
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    for (int i = 0; i < 10; i++) {
        client_must_produce(rk, "t", 0, "k", "v");
    }
    weir_sim_sleep_us((int64_t)60 * 1000000);
    assert_int_equal(weir_mock_topic_read(*state, "t", count_record, &count, NULL), WEIR_OK);
    assert_true(count < 10);
    assert_offsets(*state, "t", 0, 0, 10);
    rd_kafka_destroy(rk);
    assert_no_failure(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(full_logs_are_an_error_that_names_topic_bytes_and_setting,
                                        set_up_small, mock_tear_down),
        mock_test(a_partition_has_no_limit_of_its_own),
        cmocka_unit_test_setup_teardown(deleting_records_makes_room, set_up_small, mock_tear_down),
        cmocka_unit_test_setup_teardown(deleting_a_topic_makes_room, set_up_small, mock_tear_down),
        mock_test(a_batch_over_the_topics_limit_is_refused),
        mock_test(records_older_than_retention_ms_are_deleted_at_the_next_check),
        cmocka_unit_test_setup_teardown(without_checks_retention_deletes_nothing,
                                        set_up_without_retention, mock_tear_down),
        mock_test(closed_segments_of_a_compacted_topic_are_compacted),
    };
    return cmocka_run_group_tests_name("mock_limits", tests, NULL, NULL);
}
