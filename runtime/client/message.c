/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetched records: librdkafka's message is kept, its bytes are not copied. */
#include "client/kafka.h"

#include <stdlib.h>
#include <string.h>

typedef struct kafka_message {
    weir__message message; /* first */
    rd_kafka_message_t *kafka;
    weir_header headers[];
} kafka_message;

static size_t count_headers(rd_kafka_message_t *message, rd_kafka_headers_t **headers)
{
    *headers = NULL;
    if (rd_kafka_message_headers(message, headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    return rd_kafka_header_cnt(*headers);
}

/* Kafka's null has no address; an empty key or value must have one. */
static weir_slice slice_of(const void *data, size_t len)
{
    return (weir_slice){data, data != NULL ? len : 0};
}

static void free_message(weir__message *port)
{
    kafka_message *message = (kafka_message *)port;
    rd_kafka_message_destroy(message->kafka);
    free(message);
}

/* Restores timestamp 0, which the producer had to replace, if the last header marks it. */
static void restore_time_zero(weir__message_view *view)
{
    if (view->timestamp_ms == WEIR__TIME_ZERO_SENT && view->header_count > 0 &&
        strcmp(view->headers[view->header_count - 1].name, WEIR__TIME_ZERO_HEADER) == 0) {
        view->timestamp_ms = 0;
        view->header_count--;
    }
}

weir__message *weir__message_wrap(rd_kafka_message_t *kafka)
{
    rd_kafka_headers_t *headers;
    rd_kafka_timestamp_type_t kind;
    size_t count = count_headers(kafka, &headers);
    kafka_message *message = malloc(sizeof *message + count * sizeof message->headers[0]);
    if (message == NULL) {
        rd_kafka_message_destroy(kafka);
        return NULL;
    }
    int64_t timestamp_ms = rd_kafka_message_timestamp(kafka, &kind);
    message->kafka = kafka;
    for (size_t i = 0; i < count; i++) {
        weir_header *header = &message->headers[i];
        rd_kafka_header_get_all(headers, i, &header->name, &header->value.data, &header->value.len);
    }
    message->message = (weir__message){
        .view = {.topic = rd_kafka_topic_name(kafka->rkt),
                 .partition = kafka->partition,
                 .offset = kafka->offset,
                 .timestamp_ms = kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? timestamp_ms : -1,
                 .key = slice_of(kafka->key, kafka->key_len),
                 .value = slice_of(kafka->payload, kafka->len),
                 .headers = message->headers,
                 .header_count = count},
        .free = free_message};
    restore_time_zero(&message->message.view);
    return &message->message;
}
