/* SPDX-License-Identifier: Apache-2.0
 *
 * The mock cluster as librdkafka's clients see it: topics, records, their limits. */
#include "support/clients.h"

#include "core/buf.h"

static int set_up(void **state)
{
    weir_error error;
    *state = weir_mock_new(NULL, &error);
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    weir_mock_free(*state);
    return 0;
}

static void create(weir_mock *mock, const char *topic, int32_t partitions)
{
    weir_error error;
    if (weir_mock_topic_create(mock, topic, partitions, 1, NULL, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

static void records_are_fetched_with_offsets_and_watermarks(void **state)
{
    weir_mock *mock = *state;
    create(mock, "lines", 2);
    rd_kafka_t *producer = client_producer(mock, "p", NULL);
    client_must_produce(producer, "lines", 1, "k", "a");
    client_must_produce(producer, "lines", 1, "k", "b");
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, mock, "c", (const char *[]){"group.id", "g", NULL});
    client_assign(consumer, "lines", 1, RD_KAFKA_OFFSET_BEGINNING);
    client_must_consume(consumer, "lines", 1, 0, "a");
    client_must_consume(consumer, "lines", 1, 1, "b");
    int64_t low = -1;
    int64_t high = -1;
    assert_int_equal(
        rd_kafka_query_watermark_offsets(consumer, "lines", 1, &low, &high, CLIENT_TIMEOUT_MS), 0);
    assert_int_equal(low, 0);
    assert_int_equal(high, 2);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
    assert_null(weir_mock_failure(mock));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_are_fetched_with_offsets_and_watermarks, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("mock_front", tests, NULL, NULL);
}
