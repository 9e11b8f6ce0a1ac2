/* SPDX-License-Identifier: Apache-2.0
 *
 * Records in the mock cluster: produced, fetched, looked up by time, read for assertions. */
#include "support/mock.h"

static rd_kafka_t *consumer_new(const weir_mock *mock)
{
    return client_new(RD_KAFKA_CONSUMER, mock, "c",
                      (const char *[]){"group.id", "g", "auto.offset.reset", "error", NULL});
}

/* ---- Produce ---- */

static void records_for_what_does_not_exist_fail(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(
        mock, "p", (const char *[]){"topic.metadata.propagation.max.ms", "1000", NULL});
    assert_code(client_produce(rk, "nowhere", 0, weir_slice_of("k"), weir_slice_of("v")),
                RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(weir_mock_topic_partitions(mock, "nowhere"), -1);
    assert_code(client_produce(rk, "t", 7, weir_slice_of("k"), weir_slice_of("v")),
                RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    rd_kafka_destroy(rk);
}

static void a_delivered_record_keeps_its_timestamp(void **state)
{
    mock_create(*state, "t", 1);
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    assert_code(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_TIMESTAMP(4711),
                                  RD_KAFKA_V_VALUE("v", 1),
                                  RD_KAFKA_V_OPAQUE(&(rd_kafka_resp_err_t){0}), RD_KAFKA_V_END),
                0);
    assert_code(rd_kafka_flush(rk, CLIENT_TIMEOUT_MS), 0);
    rd_kafka_t *consumer = consumer_new(*state);
    client_assign(consumer, "t", 0, 0);
    rd_kafka_message_t *message = client_next(consumer);
    rd_kafka_timestamp_type_t type;
    assert_int_equal(rd_kafka_message_timestamp(message, &type), 4711);
    assert_int_equal(type, RD_KAFKA_TIMESTAMP_CREATE_TIME);
    rd_kafka_message_destroy(message);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
}

static void send_times(rd_kafka_t *rk, const int64_t *times, size_t count)
{
    rd_kafka_resp_err_t result;
    for (size_t i = 0; i < count; i++) {
        assert_code(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0),
                                      RD_KAFKA_V_TIMESTAMP(times[i]), RD_KAFKA_V_VALUE("v", 1),
                                      RD_KAFKA_V_OPAQUE(&result), RD_KAFKA_V_END),
                    0);
    }
    assert_code(rd_kafka_flush(rk, CLIENT_TIMEOUT_MS), 0);
}

static void check_times(const weir_mock *mock, const int64_t *times, size_t count)
{
    rd_kafka_t *rk = client_new(RD_KAFKA_CONSUMER, mock, "c",
                                (const char *[]){"group.id", "g", "auto.offset.reset", "error",
                                                 "check.crcs", "true", NULL});
    client_assign(rk, "t", 0, 0);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = client_next(rk);
        assert_non_null(message);
        assert_code(message->err, 0);
        assert_int_equal(rd_kafka_message_timestamp(message, NULL), times[i]);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_destroy(rk);
}

/* A batch with the smallest and the greatest time, plain and compressed; checksums are right. */
static void timestamps_of_a_client_are_shifted(void **state)
{
    static const int64_t sent[] = {7, -1, INT64_MIN, INT64_MAX, 1};
    static const int64_t seen[] = {6, -2, INT64_MAX, INT64_MAX - 1, 0};
    static const char *const codecs[] = {"none", "lz4"};
    weir_mock *mock = *state;
    assert_int_equal(weir_mock_shift_timestamps(mock, NULL, 1), WEIR_EINVAL);
    assert_int_equal(weir_mock_shift_timestamps(mock, "p", 1000), WEIR_OK);
    assert_int_equal(weir_mock_shift_timestamps(mock, "p", -1), WEIR_OK); /* the last one counts */
    for (size_t i = 0; i < 2; i++) {
        mock_create(mock, "t", 1);
        rd_kafka_t *rk = client_producer(
            mock, "p", (const char *[]){"linger.ms", "50", "compression.codec", codecs[i], NULL});
        send_times(rk, sent, 5);
        check_times(mock, seen, 5);
        rd_kafka_destroy(rk);
        assert_int_equal(weir_mock_topic_delete(mock, "t"), WEIR_OK);
    }
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "other", NULL);
    send_times(rk, sent, 1);
    check_times(mock, sent, 1);
    rd_kafka_destroy(rk);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    *(int64_t *)opaque = rd_kafka_message_timestamp(message, NULL);
}

static void a_delivery_report_has_the_records_own_timestamp(void **state)
{
    char text[256];
    int64_t timestamp = -1;
    mock_create(*state, "t", 1);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    client_set(conf, "bootstrap.servers", weir_mock_bootstrap(*state));
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, &timestamp);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    assert_non_null(rk);
    assert_code(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_TIMESTAMP(4711),
                                  RD_KAFKA_V_VALUE("v", 1), RD_KAFKA_V_END),
                0);
    assert_code(rd_kafka_flush(rk, CLIENT_TIMEOUT_MS), 0);
    assert_int_equal(timestamp, 4711);
    rd_kafka_destroy(rk);
}

static void records_without_an_answer_are_counted_too(void **state)
{
    mock_create(*state, "t", 1);
    rd_kafka_t *rk = client_producer(*state, "p", (const char *[]){"acks", "0", NULL});
    client_must_produce(rk, "t", 0, "k", "a");
    client_must_produce(rk, "t", 0, "k", "b");
    rd_kafka_t *consumer = consumer_new(*state);
    client_assign(consumer, "t", 0, 0);
    client_must_consume(consumer, "t", 0, 0, "a");
    client_must_consume(consumer, "t", 0, 1, "b");
    assert_offsets(*state, "t", 0, 0, 2);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
    assert_no_failure(*state);
}

/* The outcomes of the records, a letter each. */
static weir_err add_outcome(const weir_mock_record *record, void *user)
{
    char *text = user;
    text[strlen(text)] = "ncao"[record->outcome];
    return WEIR_OK;
}

static void idempotent_and_transactional_producers_are_served(void **state)
{
    mock_create(*state, "t", 1);
    rd_kafka_t *idempotent =
        client_producer(*state, "p", (const char *[]){"enable.idempotence", "true", NULL});
    client_must_produce(idempotent, "t", 0, "k", "a");
    rd_kafka_destroy(idempotent);
    rd_kafka_t *rk = client_producer(*state, "p", (const char *[]){"transactional.id", "x", NULL});
    assert_null(rd_kafka_init_transactions(rk, CLIENT_TIMEOUT_MS));
    assert_null(rd_kafka_begin_transaction(rk));
    client_must_produce(rk, "t", 0, "k", "b");
    assert_null(rd_kafka_commit_transaction(rk, CLIENT_TIMEOUT_MS));
    assert_offsets(*state, "t", 0, 0, 3); /* the marker has an offset */
    assert_null(rd_kafka_begin_transaction(rk));
    client_must_produce(rk, "t", 0, "k", "c");
    assert_null(rd_kafka_abort_transaction(rk, CLIENT_TIMEOUT_MS));
    assert_null(rd_kafka_begin_transaction(rk));
    client_must_produce(rk, "t", 0, "k", "d");
    char outcomes[8] = "";
    assert_int_equal(weir_mock_topic_read(*state, "t", add_outcome, outcomes, NULL), WEIR_OK);
    assert_string_equal(outcomes, "ncao");
    rd_kafka_destroy(rk);
    assert_no_failure(*state);
}

/* ---- Fetch ---- */

static void new_data_wakes_a_fetch_that_waits(void **state)
{
    mock_create(*state, "t", 1);
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER, *state, "c",
                   (const char *[]){"group.id", "g", "fetch.wait.max.ms", "20000", NULL});
    client_assign(consumer, "t", 0, 0);
    assert_null(rd_kafka_consumer_poll(consumer, 5000)); /* its fetch waits by now */
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    int64_t produced_us = weir_sim_now_us();
    client_must_consume(consumer, "t", 0, 0, "a");
    assert_true(weir_sim_now_us() - produced_us < 1000);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
}

static void a_fetch_without_data_waits_and_costs_nothing(void **state)
{
    mock_create(*state, "t", 1);
    rd_kafka_t *consumer = consumer_new(*state);
    client_assign(consumer, "t", 0, 0);
    assert_null(rd_kafka_consumer_poll(consumer, 600000));
    assert_no_failure(*state);
    rd_kafka_destroy(consumer);
}

static rd_kafka_resp_err_t look_up(rd_kafka_t *consumer, int64_t time_ms, int64_t *offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = time_ms;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(consumer, list, CLIENT_TIMEOUT_MS);
    *offset = list->elems[0].offset;
    err = err != 0 ? err : list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static void a_lookup_by_time_finds_the_first_record_that_is_not_older(void **state)
{
    static const int64_t sent[] = {1000, 3000, 2000, 4000};
    static const struct {
        int64_t time_ms;
        int64_t offset;
    } rows[] = {
        {1, 0}, {1000, 0}, {1001, 1}, {3000, 1}, {3001, 3}, {4000, 3}, {4001, RD_KAFKA_OFFSET_END}};
    mock_create(*state, "t", 1);
    rd_kafka_t *rk = client_producer(*state, "p", (const char *[]){"linger.ms", "50", NULL});
    rd_kafka_t *consumer = consumer_new(*state);
    send_times(rk, sent, 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t offset = -5;
        assert_code(look_up(consumer, rows[i].time_ms, &offset), 0);
        assert_int_equal(offset, rows[i].offset);
    }
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
}

static void a_lookup_finds_the_record_in_a_compressed_batch(void **state)
{
    enum { RECORDS = 200 }; /* enough to become smaller */
    int64_t sent[RECORDS];
    int64_t offset;
    for (int i = 0; i < RECORDS; i++) {
        sent[i] = 1000 + i;
    }
    mock_create(*state, "t", 1);
    rd_kafka_t *rk = client_producer(
        *state, "p", (const char *[]){"linger.ms", "50", "compression.codec", "lz4", NULL});
    rd_kafka_t *consumer = consumer_new(*state);
    send_times(rk, sent, RECORDS);
    assert_code(look_up(consumer, 1001, &offset), 0);
    assert_int_equal(offset, 1);
    assert_code(look_up(consumer, 1000 + RECORDS, &offset), 0);
    assert_int_equal(offset, RD_KAFKA_OFFSET_END);
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(rk);
}

/* ---- Reading for assertions ---- */

typedef struct log_text {
    char text[4096];
    size_t len;
    int stop_after; /* 0: never */
} log_text;

static void add_slice(log_text *log, weir_slice bytes)
{
    log->len += (size_t)snprintf(log->text + log->len, sizeof log->text - log->len, "%.*s",
                                 bytes.data != NULL ? (int)bytes.len : 4,
                                 bytes.data != NULL ? (const char *)bytes.data : "null");
}

static weir_err add_record(const weir_mock_record *record, void *user)
{
    log_text *log = user;
    log->len += (size_t)snprintf(log->text + log->len, sizeof log->text - log->len,
                                 "%s-%d@%lld t%lld ", record->topic, (int)record->partition,
                                 (long long)record->offset, (long long)record->timestamp_ms);
    add_slice(log, record->key);
    add_slice(log, weir_slice_of("="));
    add_slice(log, record->value);
    for (size_t i = 0; i < record->header_count; i++) {
        log->len += (size_t)snprintf(log->text + log->len, sizeof log->text - log->len,
                                     " %s:", record->headers[i].name);
        add_slice(log, record->headers[i].value);
    }
    add_slice(log, weir_slice_of("\n"));
    return log->stop_after > 0 && --log->stop_after == 0 ? WEIR_EUSER : WEIR_OK;
}

static void put(rd_kafka_t *rk, int32_t partition, int64_t timestamp, weir_slice key,
                weir_slice value)
{
    static rd_kafka_resp_err_t ignored;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
    rd_kafka_header_add(headers, "h", -1, "1", 1);
    rd_kafka_header_add(headers, "none", -1, NULL, 0);
    assert_code(
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY(key.data, key.len),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)value.data, value.len),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(&ignored), RD_KAFKA_V_END),
        0);
}

static void fill(weir_mock *mock, const char *compression)
{
    mock_create(mock, "t", 3);
    rd_kafka_t *rk = client_producer(
        mock, "p", (const char *[]){"compression.type", compression, "linger.ms", "50", NULL});
    put(rk, 2, 30, weir_slice_of("c"), weir_slice_of("3"));
    put(rk, 0, 10, weir_slice_of("a"), weir_slice_of("1"));
    put(rk, 0, 11, weir_slice_of("a"), (weir_slice){0});
    assert_code(rd_kafka_flush(rk, CLIENT_TIMEOUT_MS), 0);
    put(rk, 0, 12, (weir_slice){0}, weir_slice_of(""));
    assert_code(rd_kafka_flush(rk, CLIENT_TIMEOUT_MS), 0);
    rd_kafka_destroy(rk);
}

static void assert_whole_topic(weir_mock *mock)
{
    log_text log = {0};
    weir_error error;
    if (weir_mock_topic_read(mock, "t", add_record, &log, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(log.text, "t-0@0 t10 a=1 h:1 none:null\n"
                                  "t-0@1 t11 a=null h:1 none:null\n"
                                  "t-0@2 t12 null= h:1 none:null\n"
                                  "t-2@0 t30 c=3 h:1 none:null\n");
}

static void a_topic_is_read_whole_and_in_order(void **state)
{
    fill(*state, "none");
    int64_t before_us = weir_sim_now_us();
    assert_whole_topic(*state);
    assert_true(weir_sim_now_us() - before_us < 1000);
}

static void compressed_records_are_read_as_well(void **state)
{
    fill(*state, "lz4");
    assert_whole_topic(*state);
}

static void reading_needs_no_broker_of_the_front(void **state)
{
    fill(*state, "none");
    for (int32_t broker = 1; broker <= 3; broker++) {
        assert_int_equal(weir_mock_broker_set_up(*state, broker, false), WEIR_OK);
    }
    assert_int_equal(weir_mock_partition_set_leader(*state, "t", 0, -1), WEIR_OK);
    assert_whole_topic(*state);
}

static void reading_begins_at_the_given_offset_or_the_log_start(void **state)
{
    log_text log = {0};
    fill(*state, "none");
    rd_kafka_t *rk = client_producer(*state, "p", NULL);
    assert_int_equal(admin_delete_records(rk, "t", 0, 1), 1);
    rd_kafka_destroy(rk);
    assert_int_equal(weir_mock_partition_read(*state, "t", 0, 0, add_record, &log, NULL), WEIR_OK);
    assert_string_equal(log.text, "t-0@1 t11 a=null h:1 none:null\n"
                                  "t-0@2 t12 null= h:1 none:null\n");
    log = (log_text){0};
    assert_int_equal(weir_mock_partition_read(*state, "t", 0, 2, add_record, &log, NULL), WEIR_OK);
    assert_string_equal(log.text, "t-0@2 t12 null= h:1 none:null\n");
    log = (log_text){.stop_after = 1};
    assert_int_equal(weir_mock_topic_read(*state, "t", add_record, &log, NULL), WEIR_EUSER);
    assert_string_equal(log.text, "t-0@1 t11 a=null h:1 none:null\n");
    assert_int_equal(weir_mock_topic_read(*state, "u", add_record, &log, NULL), WEIR_ENOTFOUND);
    assert_int_equal(weir_mock_partition_read(*state, "t", 3, 0, add_record, &log, NULL),
                     WEIR_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(records_for_what_does_not_exist_fail),
        mock_test(a_delivered_record_keeps_its_timestamp),
        mock_test(timestamps_of_a_client_are_shifted),
        mock_test(a_delivery_report_has_the_records_own_timestamp),
        mock_test(records_without_an_answer_are_counted_too),
        mock_test(idempotent_and_transactional_producers_are_served),
        mock_test(new_data_wakes_a_fetch_that_waits),
        mock_test(a_fetch_without_data_waits_and_costs_nothing),
        mock_test(a_lookup_by_time_finds_the_first_record_that_is_not_older),
        mock_test(a_lookup_finds_the_record_in_a_compressed_batch),
        mock_test(a_topic_is_read_whole_and_in_order),
        mock_test(compressed_records_are_read_as_well),
        mock_test(reading_needs_no_broker_of_the_front),
        mock_test(reading_begins_at_the_given_offset_or_the_log_start),
    };
    return cmocka_run_group_tests_name("mock_log", tests, NULL, NULL);
}
