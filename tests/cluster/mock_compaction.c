/* SPDX-License-Identifier: Apache-2.0
 *
 * Compaction of the mock cluster: the records kept, and consumers that read past removed ones. */
#include "support/mock.h"

#define RETENTION_MS 60000

static void create(weir_mock *mock, const char *policy)
{
    weir_error error;
    const char *const config[] = {"cleanup.policy", policy, "delete.retention.ms", "60000", NULL};
    if (weir_mock_topic_create(mock, "t", 1, 1, config, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

static void compact(weir_mock *mock)
{
    weir_error error;
    if (weir_mock_partition_compact(mock, "t", 0, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

static rd_kafka_t *consumer_at(weir_mock *mock, int64_t offset)
{
    rd_kafka_t *rk =
        client_new(RD_KAFKA_CONSUMER, mock, "c",
                   (const char *[]){"group.id", "g", "auto.offset.reset", "error", "check.crcs",
                                    "true", "enable.partition.eof", "true", NULL});
    client_assign(rk, "t", 0, offset);
    return rk;
}

static void assert_next(rd_kafka_t *rk, int64_t offset, const char *key, const char *value)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, CLIENT_TIMEOUT_MS);
    assert_non_null(message);
    assert_code(message->err, 0);
    assert_int_equal(message->offset, offset);
    assert_true(weir_slice_equal((weir_slice){message->key, message->key_len}, weir_slice_of(key)));
    assert_int_equal(message->payload == NULL, value == NULL);
    if (value != NULL) {
        assert_true(
            weir_slice_equal((weir_slice){message->payload, message->len}, weir_slice_of(value)));
    }
    rd_kafka_message_destroy(message);
}

static void assert_end(rd_kafka_t *rk, int64_t offset)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, CLIENT_TIMEOUT_MS);
    assert_non_null(message);
    assert_code(message->err, RD_KAFKA_RESP_ERR__PARTITION_EOF);
    assert_int_equal(message->offset, offset);
    rd_kafka_message_destroy(message);
}

static void tombstone(rd_kafka_t *rk, const char *key)
{
    assert_code(client_produce(rk, "t", 0, weir_slice_of(key), (weir_slice){0}), 0);
}

static void the_last_record_of_each_key_stays(void **state)
{
    create(*state, "compact");
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    const char *const keys[] = {"a", "b", "a", "c", "b"};
    for (int i = 0; i < 5; i++) {
        client_must_produce(rk, "t", 0, keys[i], (const char[]){(char)('0' + i), '\0'});
    }
    compact(*state);
    client_must_produce(rk, "t", 0, "a", "5");
    assert_offsets(*state, "t", 0, 0, 6);
    rd_kafka_t *consumer = consumer_at(*state, 0);
    assert_next(consumer, 2, "a", "2");
    assert_next(consumer, 3, "c", "3");
    assert_next(consumer, 4, "b", "4");
    assert_next(consumer, 5, "a", "5");
    assert_end(consumer, 6);
    compact(*state); /* the compacted records, and newer ones */
    client_assign(consumer, "t", 0, 0);
    assert_next(consumer, 3, "c", "3");
    assert_next(consumer, 4, "b", "4");
    assert_next(consumer, 5, "a", "5");
    assert_end(consumer, 6);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
    assert_no_failure(*state);
}

static void tombstones_are_removed_after_delete_retention_ms(void **state)
{
    create(*state, "compact");
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    client_must_produce(rk, "t", 0, "a", "0");
    client_must_produce(rk, "t", 0, "b", "1");
    tombstone(rk, "a");
    compact(*state);
    rd_kafka_t *consumer = consumer_at(*state, 0);
    assert_next(consumer, 1, "b", "1");
    assert_next(consumer, 2, "a", NULL);
    assert_end(consumer, 3);
    weir_sim_sleep_us((int64_t)RETENTION_MS * 1000);
    tombstone(rk, "b");
    compact(*state);
    client_assign(consumer, "t", 0, 0);
    assert_next(consumer, 3, "b", NULL);
    assert_end(consumer, 4);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
}

static void consumers_reach_the_end_when_all_records_are_compacted_away(void **state)
{
    create(*state, "compact");
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    for (int i = 0; i < 200; i++) {
        client_must_produce(rk, "t", 0, "a", "v");
    }
    tombstone(rk, "a");
    weir_sim_sleep_us((int64_t)RETENTION_MS * 1000);
    compact(*state);
    assert_offsets(*state, "t", 0, 0, 201);
    rd_kafka_t *consumer = consumer_at(*state, 3);
    assert_end(consumer, 201);
    client_must_produce(rk, "t", 0, "a", "again");
    assert_next(consumer, 201, "a", "again");
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
    assert_no_failure(*state);
}

typedef struct seen {
    int64_t offsets[256];
    size_t count;
    size_t headers;
    int64_t timestamp_ms;
} seen;

static weir_err see(const weir_mock_record *record, void *user)
{
    seen *all = user;
    all->offsets[all->count++] = record->offset;
    all->headers += record->header_count;
    all->timestamp_ms = record->timestamp_ms;
    return WEIR_OK;
}

static void a_read_for_assertions_gets_the_compacted_records(void **state)
{
    weir_error error;
    seen all = {0};
    create(*state, "compact,delete");
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    for (int i = 0; i < 130; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i % 128);
        client_must_produce(rk, "t", 0, key, "v");
    }
    assert_code(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0),
                                  RD_KAFKA_V_KEY("k2", 2), RD_KAFKA_V_VALUE("v", 1),
                                  RD_KAFKA_V_TIMESTAMP(4711), RD_KAFKA_V_HEADER("h", "x", 1),
                                  RD_KAFKA_V_OPAQUE(&(rd_kafka_resp_err_t){0}), RD_KAFKA_V_END),
                0);
    assert_code(rd_kafka_flush(rk, CLIENT_TIMEOUT_MS), 0);
    compact(*state);
    assert_int_equal(weir_mock_topic_read(*state, "t", see, &all, &error), WEIR_OK);
    assert_int_equal(all.count, 128);
    assert_int_equal(all.offsets[0], 3);
    assert_int_equal(all.offsets[127], 130);
    assert_int_equal(all.headers, 1);
    assert_int_equal(all.timestamp_ms, 4711);
    all.count = 0;
    assert_int_equal(weir_mock_partition_trim(*state, "t", 0, 100), WEIR_OK);
    assert_int_equal(weir_mock_partition_read(*state, "t", 0, 0, see, &all, &error), WEIR_OK);
    assert_int_equal(all.count, 31);
    assert_int_equal(all.offsets[0], 100);
    rd_kafka_destroy(rk);
}

static void only_compacted_topics_are_compacted(void **state)
{
    weir_error error;
    create(*state, "delete");
    assert_int_equal(weir_mock_partition_compact(*state, "t", 0, &error), WEIR_EINVAL);
    assert_non_null(strstr(error.message, "topic 't' is not compacted"));
    assert_int_equal(weir_mock_partition_compact(*state, "t", 1, &error), WEIR_ENOTFOUND);
    assert_int_equal(weir_mock_partition_compact(*state, "x", 0, &error), WEIR_ENOTFOUND);
    assert_int_equal(weir_mock_partition_compact(*state, NULL, 0, &error), WEIR_EINVAL);
    assert_int_equal(weir_mock_partition_compact(NULL, "t", 0, &error), WEIR_EINVAL);
}

static void records_of_one_batch_are_compacted_too(void **state)
{
    create(*state, "compact");
    rd_kafka_t *rk = client_producer(*state, "p", (const char *[]){"linger.ms", "100", NULL});
    assert_code(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_KEY("a", 1),
                                  RD_KAFKA_V_VALUE("1", 1),
                                  RD_KAFKA_V_OPAQUE(&(rd_kafka_resp_err_t){0}), RD_KAFKA_V_END),
                0);
    client_must_produce(rk, "t", 0, "a", "2"); /* both in one batch */
    compact(*state);
    rd_kafka_t *consumer = consumer_at(*state, 0);
    assert_next(consumer, 1, "a", "2");
    assert_end(consumer, 2);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(the_last_record_of_each_key_stays),
        mock_test(tombstones_are_removed_after_delete_retention_ms),
        mock_test(consumers_reach_the_end_when_all_records_are_compacted_away),
        mock_test(a_read_for_assertions_gets_the_compacted_records),
        mock_test(only_compacted_topics_are_compacted),
        mock_test(records_of_one_batch_are_compacted_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
