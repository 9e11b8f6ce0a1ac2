/* SPDX-License-Identifier: Apache-2.0
 *
 * librdkafka clients for tests of the mock cluster: made, used, asserted on in one line each. */
#ifndef WEIR_TESTS_SUPPORT_CLIENTS_H
#define WEIR_TESTS_SUPPORT_CLIENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include <weir/mockbroker.h>

/* Bound of every wait; never reached in a test that passes. */
#define CLIENT_TIMEOUT_MS 30000
#define CLIENT_POLL_MS 100
#define CLIENT_POLLS_MAX (CLIENT_TIMEOUT_MS / CLIENT_POLL_MS)

#define CLIENT_FN __attribute__((unused)) static

CLIENT_FN void client_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK) {
        fail_msg("%s", text);
    }
}

/* `settings`: name, value, ..., NULL; NULL: none. */
CLIENT_FN rd_kafka_t *client_new_at(rd_kafka_type_t type, const char *bootstrap, const char *id,
                                    const char *const *settings)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    client_set(conf, "bootstrap.servers", bootstrap);
    client_set(conf, "client.id", id);
    client_set(conf, "log_level", "2");
    for (; settings != NULL && settings[0] != NULL; settings += 2) {
        client_set(conf, settings[0], settings[1]);
    }
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);
    if (rk == NULL) {
        fail_msg("%s", text);
    }
    return rk;
}

CLIENT_FN rd_kafka_t *client_new(rd_kafka_type_t type, const weir_mock *mock, const char *id,
                                 const char *const *settings)
{
    return client_new_at(type, weir_mock_bootstrap(mock), id, settings);
}

/* The number of partitions that a consumer has. */
CLIENT_FN int client_assigned(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    assert_int_equal(rd_kafka_assignment(rk, &list), 0);
    int count = list->cnt;
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

CLIENT_FN void client_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    *(rd_kafka_resp_err_t *)message->_private = message->err;
}

CLIENT_FN rd_kafka_t *client_producer_at(const char *bootstrap, const char *id,
                                         const char *const *settings)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    client_set(conf, "bootstrap.servers", bootstrap);
    client_set(conf, "client.id", id);
    client_set(conf, "log_level", "2");
    client_set(conf, "linger.ms", "0");
    for (; settings != NULL && settings[0] != NULL; settings += 2) {
        client_set(conf, settings[0], settings[1]);
    }
    rd_kafka_conf_set_dr_msg_cb(conf, client_delivered);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (rk == NULL) {
        fail_msg("%s", text);
    }
    return rk;
}

CLIENT_FN rd_kafka_t *client_producer(const weir_mock *mock, const char *id,
                                      const char *const *settings)
{
    return client_producer_at(weir_mock_bootstrap(mock), id, settings);
}

/* Produces and waits for the answer; its error. Null slices allowed. */
CLIENT_FN rd_kafka_resp_err_t client_produce(rd_kafka_t *producer, const char *topic,
                                             int32_t partition, weir_slice key, weir_slice value)
{
    rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    rd_kafka_resp_err_t err = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data, key.len),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)value.data, value.len), RD_KAFKA_V_OPAQUE(&result),
        RD_KAFKA_V_END);
    for (int i = 0; err == 0 && result == RD_KAFKA_RESP_ERR__IN_PROGRESS && i < CLIENT_POLLS_MAX;
         i++) {
        rd_kafka_poll(producer, CLIENT_POLL_MS);
    }
    return err != 0 ? err : result;
}

CLIENT_FN void client_must_produce(rd_kafka_t *producer, const char *topic, int32_t partition,
                                   const char *key, const char *value)
{
    assert_string_equal(rd_kafka_err2name(client_produce(producer, topic, partition,
                                                         weir_slice_of(key), weir_slice_of(value))),
                        "NO_ERROR");
}

/* The next message, or NULL when none arrived in time. */
CLIENT_FN rd_kafka_message_t *client_next(rd_kafka_t *consumer)
{
    rd_kafka_message_t *message = NULL;
    for (int i = 0; message == NULL && i < CLIENT_POLLS_MAX; i++) {
        message = rd_kafka_consumer_poll(consumer, CLIENT_POLL_MS);
    }
    return message;
}

CLIENT_FN void client_must_consume(rd_kafka_t *consumer, const char *topic, int32_t partition,
                                   int64_t offset, const char *value)
{
    rd_kafka_message_t *message = client_next(consumer);
    assert_non_null(message);
    assert_string_equal(rd_kafka_err2name(message->err), "NO_ERROR");
    assert_string_equal(rd_kafka_topic_name(message->rkt), topic);
    assert_int_equal(message->partition, partition);
    assert_int_equal(message->offset, offset);
    assert_int_equal(message->len, strlen(value));
    assert_memory_equal(message->payload, value, message->len);
    rd_kafka_message_destroy(message);
}

CLIENT_FN void client_assign(rd_kafka_t *consumer, const char *topic, int32_t partition,
                             int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    assert_int_equal(rd_kafka_assign(consumer, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

CLIENT_FN void client_subscribe(rd_kafka_t *consumer, const char *topic)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    assert_int_equal(rd_kafka_subscribe(consumer, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

#endif
