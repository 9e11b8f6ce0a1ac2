/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetching: records and failures in the order in which librdkafka returns them. */
#include "client/consumer.h"

#include <string.h>

#include "core/saturate.h"

#define BATCH 256

/* Limits a poll that gets only records of paused partitions, which are kept. */
#define BATCHES_MAX 64

/* Logs a failure that the caller cannot handle. */
static void log_only(weir__kafka_consumer *consumer, const weir_error *failure)
{
    weir__log_write(&consumer->log, WEIR__LOG_INFO, "%.*s: %s", weir__kafka_id_len(consumer->rk),
                    rd_kafka_name(consumer->rk), failure->message);
}

/* librdkafka reports a failure of a whole topic with the number of one of its partitions. */
static bool is_about_topic(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
}

static void handle_failure(weir__kafka_consumer *consumer, const rd_kafka_message_t *event)
{
    const char *topic = event->rkt != NULL ? rd_kafka_topic_name(event->rkt) : NULL;
    weir_err code = weir__kafka_code(event->err);
    bool stale = false;
    weir_error failure;
    if (event->err == RD_KAFKA_RESP_ERR__FATAL) {
        char text[WEIR_ERROR_MESSAGE_MAX / 2];
        rd_kafka_resp_err_t cause = rd_kafka_fatal_error(consumer->rk, text, sizeof text);
        weir__error_set(&failure, weir__kafka_code(cause), "%s", text);
    } else if (topic == NULL) {
        weir__error_set(&failure, code, "%s", rd_kafka_message_errstr(event));
    } else if (is_about_topic(event->err)) {
        weir__error_set(&failure, code, "%s: %s", topic, rd_kafka_message_errstr(event));
    } else {
        weir__error_set(&failure, code, "%s[%d]: %s", topic, (int)event->partition,
                        rd_kafka_message_errstr(event));
        stale = weir__assigned_find(&consumer->assigned, topic, event->partition) == NULL;
    }
    if (stale || weir_err_is_retriable(failure.code)) {
        log_only(consumer, &failure);
    } else {
        weir__kafka_consumer_note(consumer, &failure);
    }
}

void weir__kafka_consumer_on_error(rd_kafka_t *rk, int cause, const char *reason, void *opaque)
{
    weir__kafka_consumer *consumer = opaque;
    weir_error failure;
    weir_err code = weir__kafka_code((rd_kafka_resp_err_t)cause);
    if (code == WEIR_EMISSING_TOPIC) {
        weir__error_set(&failure, code, "%s", reason);
        weir__kafka_consumer_note(consumer, &failure);
    } else {
        weir__kafka_on_error(rk, cause, reason, &consumer->log);
    }
}

/* Takes ownership of the message. Appends it to out[*count], or keeps it if its partition is
 * paused. */
static void handle_message(weir__kafka_consumer *consumer, rd_kafka_message_t *kafka,
                           weir__message **out, size_t *count)
{
    bool end = kafka->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    weir__assigned *at = NULL;
    if (kafka->err != RD_KAFKA_RESP_ERR_NO_ERROR && !end) {
        handle_failure(consumer, kafka);
        rd_kafka_message_destroy(kafka);
        return;
    }
    at =
        weir__assigned_find(&consumer->assigned, rd_kafka_topic_name(kafka->rkt), kafka->partition);
    if (at == NULL || end) {
        if (at != NULL) {
            at->seen = true;
            at->fetched = at->reached = kafka->offset;
        }
        rd_kafka_message_destroy(kafka);
        return;
    }
    int64_t next = weir__add_sat(kafka->offset, 1);
    weir__message *message = weir__message_wrap(kafka);
    if (message == NULL) {
        weir__error_set(&consumer->failed, WEIR_ENOMEM, "%s[%d]@%lld: out of memory", at->topic,
                        (int)at->partition, (long long)next - 1);
        consumer->lost_record = true;
        return;
    }
    at->seen = true;
    at->fetched = next;
    if (!at->paused && at->first == NULL) {
        out[(*count)++] = message;
        return;
    }
    weir__assigned_keep(&consumer->assigned, at, message);
    weir_error failure;
    if (weir__assigned_is_full(at) &&
        weir__kafka_consumer_stop(consumer, at, true, &failure) != WEIR_OK) {
        log_only(consumer, &failure);
    }
}

/* Also serves events: a rebalance calls on_rebalance, which takes the lock again. */
static void fetch(weir__kafka_consumer *consumer, int timeout_ms, weir__message **out, size_t max,
                  size_t *count)
{
    rd_kafka_message_t *batch[BATCH];
    if (timeout_ms > 0) {
        weir__kafka_consumer_unlock(consumer);
        rd_kafka_message_t *first = rd_kafka_consumer_poll(consumer->rk, timeout_ms);
        weir__kafka_consumer_lock(consumer);
        if (first == NULL) {
            return;
        }
        handle_message(consumer, first, out, count);
    }
    for (int round = 0; *count < max && round < BATCHES_MAX && !consumer->rebalanced; round++) {
        size_t want = max - *count < BATCH ? max - *count : BATCH;
        consumer->in_batch = true;
        weir__kafka_consumer_unlock(consumer);
        ssize_t got = rd_kafka_consume_batch_queue(consumer->queue, 0, batch, want);
        weir__kafka_consumer_lock(consumer);
        consumer->in_batch = false;
        for (ssize_t i = 0; i < got; i++) {
            handle_message(consumer, batch[i], out, count);
        }
        if (got < (ssize_t)want) {
            break;
        }
    }
}

weir_err weir__kafka_consumer_poll(weir__consumer *port, int64_t timeout_ms, weir__message **out,
                                   size_t max, size_t *count, weir_error *error)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    weir_assert(!consumer->in_event);
    weir_assert(max > 0);
    consumer->rebalanced = false;
    *count = weir__assigned_take(&consumer->assigned, out, max);
    bool wait = *count == 0 && consumer->failed.code == WEIR_OK;
    if (*count < max) {
        fetch(consumer, wait ? weir__kafka_timeout(timeout_ms) : 0, out, max, count);
    }
    if (consumer->rebalanced || consumer->lost_record) {
        /* After a rebalance nothing is assigned: records fetched before it are dropped. Those
         * behind a lost record must not be processed: a commit would pass it. */
        for (size_t i = 0; i < *count; i++) {
            weir__message_free(out[i]);
        }
        *count = 0;
    }
    if (*count > 0 || consumer->failed.code == WEIR_OK) {
        return WEIR_OK;
    }
    weir_err err = consumer->failed.code;
    if (error != NULL) {
        *error = consumer->failed;
    }
    if (!consumer->lost_record) {
        consumer->failed = (weir_error){0};
    }
    return err;
}

int64_t weir__kafka_consumer_position(weir__consumer *port, weir__topic_partition at)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    weir__assigned *found = weir__assigned_find(&consumer->assigned, at.topic, at.partition);
    return found != NULL ? weir__assigned_position(found) : -1;
}

int64_t weir__kafka_consumer_end_offset(weir__consumer *port, weir__topic_partition at)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    int64_t low;
    int64_t high;
    weir__assigned *found = weir__assigned_find(&consumer->assigned, at.topic, at.partition);
    /* librdkafka keeps the watermarks of an earlier assignment. */
    if (found == NULL || !found->seen ||
        rd_kafka_get_watermark_offsets(consumer->rk, at.topic, at.partition, &low, &high) !=
            RD_KAFKA_RESP_ERR_NO_ERROR) {
        return -1;
    }
    if (consumer->committed_only && found->reached >= 0 && found->reached == found->fetched) {
        return found->reached; /* what is behind it is not committed */
    }
    return high >= 0 ? high : -1;
}
