/* SPDX-License-Identifier: Apache-2.0
 *
 * librdkafka's own clients: what their users see. */
#include <librdkafka/rdkafka.h>

#include "requests.h"
#include "scenarios.h"

#define WAIT_MS 60000
#define POLL_MS 100
#define POLLS_MAX (WAIT_MS / POLL_MS)
#define VALUE_BYTES 2000
#define TEXT_MAX 10

/* `settings`: name, value, ..., NULL. */
static rd_kafka_t *client(run *r, rd_kafka_type_t type, const char *const *settings)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", r->bootstrap, text, sizeof text);
    rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
    for (; settings != NULL && settings[0] != NULL; settings += 2) {
        if (rd_kafka_conf_set(conf, settings[0], settings[1], text, sizeof text) !=
            RD_KAFKA_CONF_OK) {
            see(r, "%s\n", text);
        }
    }
    if (type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    }
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);
    if (rk == NULL) {
        see(r, "%s\n", text);
    }
    return rk;
}

static void produce_one(run *r, rd_kafka_t *rk, const char *topic, int32_t partition,
                        const char *value)
{
    rd_kafka_resp_err_t err = rd_kafka_producev(
        rk, RD_KAFKA_V_TOPIC(full(r, topic).text), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
        RD_KAFKA_V_TIMESTAMP(r->origin_ms), RD_KAFKA_V_HEADER("h", "x", 1), RD_KAFKA_V_END);
    if (err != 0) {
        see(r, "send %.10s: %s\n", value, rd_kafka_err2name(err));
    }
}

/* As much of a value as is observed. */
static int text_len(const rd_kafka_message_t *message)
{
    return message->len < TEXT_MAX ? (int)message->len : TEXT_MAX;
}

/* Delivery reports of all that was sent, in order. */
static void see_deliveries(run *r, rd_kafka_t *rk, int count)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(rk);
    for (int polls = 0; count > 0 && polls < POLLS_MAX; polls++) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, POLL_MS);
        const rd_kafka_message_t *message;
        while (event != NULL && (message = rd_kafka_event_message_next(event)) != NULL) {
            see(r, "delivered %.*s: %s at %lld\n", text_len(message),
                (const char *)message->payload, rd_kafka_err2name(message->err),
                (long long)message->offset);
            count--;
        }
        rd_kafka_event_destroy(event);
    }
    if (count > 0) {
        see(r, "%d without a delivery report\n", count);
    }
    rd_kafka_queue_destroy(queue);
}

static void see_message(run *r, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t time_ms = rd_kafka_message_timestamp(message, &type);
    rd_kafka_headers_t *headers = NULL;
    size_t count =
        rd_kafka_message_headers(message, &headers) == 0 ? rd_kafka_header_cnt(headers) : 0;
    see(r, "read %d:%lld %.*s of %zu bytes @%s %zu headers\n", message->partition,
        (long long)message->offset, text_len(message), (const char *)message->payload, message->len,
        relative_time(r, time_ms), count);
}

/* Reads a partition from its beginning to its end. */
static void read_all(run *r, const char *topic, const char *isolation)
{
    rd_kafka_t *consumer = client(
        r, RD_KAFKA_CONSUMER,
        (const char *const[]){"group.id", full(r, "reader").text, "isolation.level", isolation,
                              "enable.auto.commit", "false", "enable.partition.eof", "true", NULL});
    if (consumer == NULL) {
        return;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, full(r, topic).text, 0)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, list);
    bool ended = false;
    for (int polls = 0; !ended && polls < POLLS_MAX; polls++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, POLL_MS);
        if (message != NULL && message->err == 0) {
            see_message(r, message);
        } else if (message != NULL) {
            see(r, "%s at %lld\n", rd_kafka_err2name(message->err), (long long)message->offset);
            ended = true;
        }
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
    }
    see(r, "%s", ended ? "" : "the end does not come\n");
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
}

/* ---- Producers ---- */

static void compressed_records_are_read(run *r)
{
    static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    char value[VALUE_BYTES + 1];
    memset(value, 'v', VALUE_BYTES);
    value[VALUE_BYTES] = '\0';
    create_topic(r, "t", 1, NULL);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        rd_kafka_t *rk = client(r, RD_KAFKA_PRODUCER,
                                (const char *const[]){"compression.type", codecs[i], NULL});
        see(r, "%s: ", codecs[i]);
        produce_one(r, rk, "t", 0, value);
        see_deliveries(r, rk, 1);
        rd_kafka_destroy(rk);
    }
    read_all(r, "t", "read_uncommitted");
}

static void an_idempotent_producer_delivers_in_order(run *r)
{
    create_topic(r, "t", 1, NULL);
    rd_kafka_t *rk = client(r, RD_KAFKA_PRODUCER,
                            (const char *const[]){"enable.idempotence", "true", "linger.ms", "0",
                                                  "batch.num.messages", "2", NULL});
    static const char *const values[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        produce_one(r, rk, "t", 0, values[i]);
    }
    see_deliveries(r, rk, sizeof values / sizeof *values);
    rd_kafka_destroy(rk);
    read_all(r, "t", "read_uncommitted");
}

/* ---- Transactions ---- */

static rd_kafka_t *transactional(run *r, const char *id)
{
    return client(
        r, RD_KAFKA_PRODUCER,
        (const char *const[]){"transactional.id", full(r, id).text, "linger.ms", "0", NULL});
}

/* Observes and frees an error. */
static void see_outcome(run *r, const char *what, rd_kafka_error_t *error)
{
    see(r, "%s: %s", what, error != NULL ? rd_kafka_error_name(error) : "ok");
    if (error != NULL) {
        see(r, "%s%s", rd_kafka_error_is_fatal(error) ? " fatal" : "",
            rd_kafka_error_txn_requires_abort(error) ? " abortable" : "");
        rd_kafka_error_destroy(error);
    }
    see(r, "\n");
}

static void transactions_are_committed_and_aborted(run *r)
{
    create_topic(r, "t", 1, NULL);
    rd_kafka_t *rk = transactional(r, "txn");
    see_outcome(r, "init", rd_kafka_init_transactions(rk, WAIT_MS));
    see_outcome(r, "begin", rd_kafka_begin_transaction(rk));
    produce_one(r, rk, "t", 0, "a");
    see_deliveries(r, rk, 1);
    see_outcome(r, "commit", rd_kafka_commit_transaction(rk, WAIT_MS));
    see_outcome(r, "begin", rd_kafka_begin_transaction(rk));
    produce_one(r, rk, "t", 0, "b");
    see_deliveries(r, rk, 1);
    see_outcome(r, "abort", rd_kafka_abort_transaction(rk, WAIT_MS));
    see_outcome(r, "begin", rd_kafka_begin_transaction(rk));
    produce_one(r, rk, "t", 0, "c");
    see_deliveries(r, rk, 1);
    see_outcome(r, "commit", rd_kafka_commit_transaction(rk, WAIT_MS));
    rd_kafka_destroy(rk);
    settle(r, "t", 0);
    read_all(r, "t", "read_committed");
    read_all(r, "t", "read_uncommitted");
}

static void a_second_client_fences_the_first(run *r)
{
    create_topic(r, "t", 1, NULL);
    rd_kafka_t *old = transactional(r, "txn");
    see_outcome(r, "init", rd_kafka_init_transactions(old, WAIT_MS));
    see_outcome(r, "begin", rd_kafka_begin_transaction(old));
    produce_one(r, old, "t", 0, "a");
    see_deliveries(r, old, 1);
    rd_kafka_t *now = transactional(r, "txn");
    see_outcome(r, "init", rd_kafka_init_transactions(now, WAIT_MS));
    see_outcome(r, "begin", rd_kafka_begin_transaction(now));
    produce_one(r, now, "t", 0, "b");
    see_deliveries(r, now, 1);
    see_outcome(r, "commit of the old", rd_kafka_commit_transaction(old, WAIT_MS));
    see_outcome(r, "commit of the new", rd_kafka_commit_transaction(now, WAIT_MS));
    rd_kafka_destroy(old);
    rd_kafka_destroy(now);
    settle(r, "t", 0);
    read_all(r, "t", "read_committed");
}

/* ---- Consumers ---- */

static void offsets_by_time_and_watermarks(run *r)
{
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"a"}, .times_ms = {100}});
    produce(r, "t", 0, &(batch){.values = {"b"}, .times_ms = {200}});
    rd_kafka_t *consumer =
        client(r, RD_KAFKA_CONSUMER, (const char *const[]){"group.id", full(r, "g").text, NULL});
    int64_t low = -1;
    int64_t high = -1;
    rd_kafka_resp_err_t err =
        rd_kafka_query_watermark_offsets(consumer, full(r, "t").text, 0, &low, &high, WAIT_MS);
    see(r, "watermarks: %s %lld %lld\n", rd_kafka_err2name(err), (long long)low, (long long)high);
    for (int64_t time_ms = 50; time_ms <= 250; time_ms += 100) {
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, full(r, "t").text, 0)->offset =
            r->origin_ms + time_ms;
        err = rd_kafka_offsets_for_times(consumer, list, WAIT_MS);
        see(r, "offset at %lld: %s %lld\n", (long long)time_ms, rd_kafka_err2name(err),
            (long long)list->elems[0].offset);
        rd_kafka_topic_partition_list_destroy(list);
    }
    rd_kafka_destroy(consumer);
}

static void a_group_reads_from_where_it_committed(run *r)
{
    create_topic(r, "t", 1, NULL);
    fill(r, "t", 0, (const char *const[]){"a", "b", "c", NULL});
    for (int round = 0; round < 3; round++) {
        rd_kafka_t *consumer =
            client(r, RD_KAFKA_CONSUMER,
                   (const char *const[]){"group.id", full(r, "g").text, "auto.offset.reset",
                                         "earliest", "enable.auto.commit", "false", NULL});
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, full(r, "t").text, RD_KAFKA_PARTITION_UA);
        rd_kafka_subscribe(consumer, list);
        rd_kafka_topic_partition_list_destroy(list);
        rd_kafka_message_t *message = NULL;
        for (int polls = 0; message == NULL && polls < POLLS_MAX; polls++) {
            message = rd_kafka_consumer_poll(consumer, POLL_MS);
        }
        if (message == NULL) {
            see(r, "nothing is read\n");
        } else {
            see_message(r, message);
            see(r, "commit: %s\n",
                rd_kafka_err2name(rd_kafka_commit_message(consumer, message, 0)));
            rd_kafka_message_destroy(message);
        }
        see(r, "close: %s\n", rd_kafka_err2name(rd_kafka_consumer_close(consumer)));
        rd_kafka_destroy(consumer);
    }
}

const scenario client_scenarios[] = {
    SCENARIO(compressed_records_are_read),
    SCENARIO(an_idempotent_producer_delivers_in_order),
    SCENARIO(transactions_are_committed_and_aborted),
    SCENARIO(a_second_client_fences_the_first),
    SCENARIO(offsets_by_time_and_watermarks),
    SCENARIO(a_group_reads_from_where_it_committed),
    {NULL, NULL},
};
