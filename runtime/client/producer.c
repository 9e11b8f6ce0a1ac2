/* SPDX-License-Identifier: Apache-2.0
 *
 * The idempotent producer, one per stream thread. Delivery reports are served only inside its
 * calls, so callbacks run on the thread that owns it. */
#include "client/producer.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/saturate.h"

#define METADATA_TIMEOUT_MS 60000
#define NUMBER_BYTES_MAX 32
#define WAIT_SLICE_MS 100
#define CLOSE_FLUSH_MS 0
#define FIELDS_MAX 8 /* of a record, headers count as one */

typedef struct sink {
    rd_kafka_topic_t *handle;
    int32_t partitions; /* 0: not known yet */
    int64_t fetched_us; /* when `partitions` was fetched */
} sink;

typedef weir__kafka_producer kafka_producer;

static kafka_producer *producer_of(weir__producer *port)
{
    return weir__kafka_producer_of(port);
}

/* Converts a fatal error's cause: a producer that is not fenced by another one has failed for
 * itself. At least once it was always the code of the cause. */
static weir_err fatal_code(const kafka_producer *producer, rd_kafka_resp_err_t cause)
{
    weir_err err = weir__kafka_code(cause);
    return producer->transactional && err != WEIR_EFENCED ? WEIR_EFATAL : err;
}

/* Converts the error of a delivery report; a fatal error is replaced by its cause. */
static weir_err report_error(kafka_producer *producer, const rd_kafka_message_t *message,
                             weir_error *error)
{
    rd_kafka_resp_err_t cause = message->err;
    char text[WEIR_ERROR_MESSAGE_MAX / 2];
    const char *topic = rd_kafka_topic_name(message->rkt);
    if (cause == RD_KAFKA_RESP_ERR__FATAL || cause == RD_KAFKA_RESP_ERR__PURGE_QUEUE) {
        rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(producer->rk, text, sizeof text);
        if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return weir__error_set(error, fatal_code(producer, fatal), "sending to %s: %s", topic,
                                   text);
        }
    }
    if (producer->transactional &&
        (cause == RD_KAFKA_RESP_ERR__PURGE_QUEUE || cause == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)) {
        return weir__error_set(error, WEIR_EABORTABLE,
                               "sending to %s: dropped with its transaction", topic);
    }
    if (cause == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return weir__error_set(error, WEIR_ELIMIT,
                               "sending to %s: a record of %zu bytes, or the batch that it was in, "
                               "is larger than the topic's max.message.bytes",
                               topic, message->key_len + message->len);
    }
    return weir__kafka_fail(error, cause, "sending to %s", topic);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    kafka_producer *producer = opaque;
    const weir__delivery *delivery = message->_private;
    weir_error error; /* not cleared: that would be a kilobyte per record */
    error.code = WEIR_OK;
    (void)rk;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        report_error(producer, message, &error);
        if (delivery == NULL && producer->failed.code == WEIR_OK) {
            producer->failed = error;
        }
    }
    if (delivery != NULL && delivery->failed != NULL && error.code != WEIR_OK &&
        !producer->closing) {
        weir__undelivered record = {.key = {message->key, message->key_len},
                                    .value = {message->payload, message->len},
                                    .code = error.code,
                                    .message = error.message};
        delivery->failed(&record, delivery->user);
    }
    if (delivery != NULL && !producer->closing) {
        delivery->fn(error.code, error.code != WEIR_OK ? error.message : NULL,
                     error.code != WEIR_OK ? -1 : message->offset, delivery->user);
    }
}

/* Finds a topic's handle, or makes one and keeps it. */
static weir_err find_sink(kafka_producer *producer, const char *topic, sink **out,
                          weir_error *error)
{
    sink *found = weir__map_get_text(&producer->sinks, topic);
    if (found != NULL) {
        *out = found;
        return WEIR_OK;
    }
    found = calloc(1, sizeof *found);
    if (found == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "sending to %s: out of memory", topic);
    }
    found->handle = rd_kafka_topic_new(producer->rk, topic, NULL);
    if (found->handle == NULL) {
        free(found);
        return weir__kafka_fail(error, rd_kafka_last_error(), "sending to %s", topic);
    }
    weir_err err = weir__map_put_text(&producer->sinks, topic, found);
    if (err != WEIR_OK) {
        rd_kafka_topic_destroy(found->handle);
        free(found);
        return weir__error_set(error, err, "sending to %s: %s", topic, weir_err_str(err));
    }
    *out = found;
    return WEIR_OK;
}

static bool add_header(rd_kafka_headers_t *list, const char *name, weir_slice value)
{
    return rd_kafka_header_add(list, name, -1, value.data, (ssize_t)value.len) ==
           RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* *out is NULL if there are no headers. A successful produce consumes the list. */
static weir_err headers_of(const weir__outgoing *record, rd_kafka_headers_t **out)
{
    size_t count = weir_headers_count(record->headers);
    bool time_zero = record->internal && record->timestamp_ms == 0;
    *out = NULL;
    if (count == 0 && !time_zero) {
        return WEIR_OK;
    }
    rd_kafka_headers_t *list = rd_kafka_headers_new(count + 1);
    bool added = true;
    for (size_t i = 0; i < count && added; i++) {
        weir_header header = weir_headers_at(record->headers, i);
        added = add_header(list, header.name, header.value);
    }
    if (added && time_zero) {
        added = add_header(list, WEIR__TIME_ZERO_HEADER, weir_slice_of("0"));
    }
    if (!added) {
        rd_kafka_headers_destroy(list);
        return WEIR_ENOMEM;
    }
    *out = list;
    return WEIR_OK;
}

static rd_kafka_resp_err_t produce(kafka_producer *producer, const rd_kafka_vu_t *fields,
                                   size_t count, weir_error *error)
{
    rd_kafka_error_t *cause = rd_kafka_produceva(producer->rk, fields, count);
    rd_kafka_resp_err_t err =
        cause != NULL ? rd_kafka_error_code(cause) : RD_KAFKA_RESP_ERR_NO_ERROR;
    weir__kafka_fail_with(error, cause, "sending");
    if (producer->transactional && err == RD_KAFKA_RESP_ERR__STATE) {
        error->code = WEIR_EABORTABLE; /* a request of the transaction has failed meanwhile */
    } else if (producer->transactional && err == RD_KAFKA_RESP_ERR__FATAL) {
        char text[1];
        error->code = fatal_code(producer, rd_kafka_fatal_error(producer->rk, text, sizeof text));
    }
    return err;
}

/* While the queue is full, serves delivery reports and tries again. */
static weir_err produce_waiting(kafka_producer *producer, const rd_kafka_vu_t *fields, size_t count,
                                const weir__outgoing *record, weir_error *error)
{
    const char *topic = record->topic;
    weir_error why;
    int64_t deadline_us = 0;
    for (;;) {
        rd_kafka_resp_err_t err = produce(producer, fields, count, &why);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return WEIR_OK;
        }
        if (err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
            return weir__error_set(error, WEIR_ELIMIT,
                                   "sending to %s: a record of %zu bytes is larger than "
                                   "producer.message.max.bytes",
                                   topic, record->key.len + record->value.len);
        }
        if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            return weir__error_set(error, why.code, "%s: %s", topic, why.message);
        }
        int64_t now_us = weir__monotonic_us();
        deadline_us = deadline_us != 0
                          ? deadline_us
                          : weir__add_sat(now_us, weir__mul_sat(producer->max_block_ms, 1000));
        if (now_us >= deadline_us) {
            return weir__error_set(error, WEIR_ETIMEOUT,
                                   "sending to %s: the queue stayed full for %lld ms "
                                   "(producer.max.block.ms)",
                                   topic, (long long)producer->max_block_ms);
        }
        rd_kafka_poll(producer->rk, WAIT_SLICE_MS);
    }
}

/* librdkafka takes 0 for "not given". */
static int64_t time_to_send(const weir__outgoing *record)
{
    switch (record->timestamp_ms) {
    case WEIR__TIME_NOT_GIVEN:
        return 0;
    case 0:
        return WEIR__TIME_ZERO_SENT;
    default:
        return record->timestamp_ms;
    }
}

static weir_err send_record(weir__producer *port, const weir__outgoing *record,
                            const weir__delivery *delivery, weir_error *error)
{
    kafka_producer *producer = producer_of(port);
    sink *to = NULL;
    rd_kafka_headers_t *headers = NULL;
    weir_err err = find_sink(producer, record->topic, &to, error);
    if (err != WEIR_OK) {
        return err;
    }
    err = headers_of(record, &headers);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "sending to %s: out of memory", record->topic);
    }
    rd_kafka_vu_t fields[FIELDS_MAX] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = to->handle},
        {.vtype = RD_KAFKA_VTYPE_PARTITION,
         .u.i32 = record->partition >= 0 ? record->partition : RD_KAFKA_PARTITION_UA},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(uintptr_t)record->value.data, record->value.len}},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)(uintptr_t)record->key.data, record->key.len}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = time_to_send(record)},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)delivery},
    };
    size_t count = FIELDS_MAX - 1;
    if (headers != NULL) {
        fields[count].vtype = RD_KAFKA_VTYPE_HEADERS;
        fields[count++].u.headers = headers;
    }
    err = produce_waiting(producer, fields, count, record, error);
    if (err != WEIR_OK && headers != NULL) {
        rd_kafka_headers_destroy(headers);
    }
    return err;
}

static void poll_reports(weir__producer *port)
{
    kafka_producer *producer = producer_of(port);
    rd_kafka_poll(producer->rk, 0);
}

static weir_err flush(weir__producer *port, int64_t timeout_ms, weir_error *error)
{
    kafka_producer *producer = producer_of(port);
    rd_kafka_resp_err_t flushed = rd_kafka_flush(producer->rk, weir__kafka_timeout(timeout_ms));
    weir_err err = producer->failed.code;
    if (err != WEIR_OK) {
        if (error != NULL) {
            *error = producer->failed;
        }
        producer->failed = (weir_error){0};
        return err;
    }
    if (flushed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return weir__kafka_fail(error, flushed, "%d records not delivered within %lld ms",
                                rd_kafka_outq_len(producer->rk), (long long)timeout_ms);
    }
    return WEIR_OK;
}

static weir_err partitions_of(weir__producer *port, const char *topic, int32_t *out,
                              weir_error *error)
{
    kafka_producer *producer = producer_of(port);
    sink *to = NULL;
    const struct rd_kafka_metadata *metadata = NULL;
    weir_err err = find_sink(producer, topic, &to, error);
    if (err != WEIR_OK) {
        return err;
    }
    int64_t now_us = weir__monotonic_us();
    if (to->partitions > 0 && now_us - to->fetched_us < producer->age_max_us) {
        *out = to->partitions;
        return WEIR_OK;
    }
    rd_kafka_resp_err_t cause =
        rd_kafka_metadata(producer->rk, 0, to->handle, &metadata, METADATA_TIMEOUT_MS);
    if (cause == RD_KAFKA_RESP_ERR_NO_ERROR) {
        weir_assert(metadata->topic_cnt == 1);
        cause = metadata->topics[0].err;
        if (cause == RD_KAFKA_RESP_ERR_NO_ERROR) {
            to->partitions = metadata->topics[0].partition_cnt;
            to->fetched_us = now_us;
            *out = to->partitions;
        }
        rd_kafka_metadata_destroy(metadata);
    }
    return cause == RD_KAFKA_RESP_ERR_NO_ERROR
               ? WEIR_OK
               : weir__kafka_fail(error, cause, "asking for the partitions of %s", topic);
}

static void free_sink(void *value)
{
    sink *to = value;
    rd_kafka_topic_destroy(to->handle);
    free(to);
}

static void close_producer(weir__producer *port)
{
    kafka_producer *producer = producer_of(port);
    producer->closing = true;
    rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer->rk,
                   CLOSE_FLUSH_MS); /* serves the reports of dropped records to free their memory */
    weir__map_fini(&producer->sinks, free_sink);
    rd_kafka_destroy(producer->rk);
    free(producer);
}

static const weir__producer_ops producer_ops = {.close = close_producer,
                                                .send = send_record,
                                                .poll = poll_reports,
                                                .flush = flush,
                                                .partitions = partitions_of};

/* Java's metadata.max.age.ms. -1, librdkafka's value for no refresh: any age. */
static int64_t age_max_us(const rd_kafka_conf_t *conf)
{
    char value[NUMBER_BYTES_MAX];
    size_t size = sizeof value;
    rd_kafka_conf_res_t result =
        rd_kafka_conf_get(conf, "topic.metadata.refresh.interval.ms", value, &size);
    weir_assert(result == RD_KAFKA_CONF_OK);
    int64_t age_ms = strtoll(value, NULL, 10);
    return age_ms >= 0 ? age_ms * 1000 : INT64_MAX;
}

weir_err weir__kafka_producer_new(const weir__client_opts *opts, weir__producer **out,
                                  weir_error *error)
{
    rd_kafka_conf_t *conf;
    kafka_producer *producer = calloc(1, sizeof *producer);
    if (producer == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "producer: out of memory");
    }
    producer->port.ops = &producer_ops;
    producer->port.transactions =
        opts->transactional_id != NULL ? &weir__kafka_transaction_ops : NULL;
    producer->transactional = opts->transactional_id != NULL;
    producer->log = opts->log;
    producer->max_block_ms = weir__config_i64(opts->config, "producer.max.block.ms");
    weir_err err = weir__kafka_conf(opts->config, WEIR__KAFKA_PRODUCER, opts->client_id,
                                    &producer->log, &conf, error);
    if (err == WEIR_OK && producer->transactional) {
        err = weir__kafka_conf_transactional_id(conf, opts->transactional_id, error);
    }
    if (err == WEIR_OK) {
        producer->age_max_us = age_max_us(conf);
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
        err = weir__kafka_new(RD_KAFKA_PRODUCER, conf, &producer->rk, error);
    }
    if (err != WEIR_OK) {
        free(producer);
        return err;
    }
    *out = &producer->port;
    return WEIR_OK;
}
