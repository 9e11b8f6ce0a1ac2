/* SPDX-License-Identifier: Apache-2.0
 *
 * Records as they came: librdkafka's message is kept, its bytes are not copied. */
#include "client/kafka.h"

#include <stdlib.h>

static size_t count_headers(rd_kafka_message_t *message, rd_kafka_headers_t **headers)
{
    *headers = NULL;
    if (rd_kafka_message_headers(message, headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    return rd_kafka_header_cnt(*headers);
}

weir__message *weir__message_wrap(rd_kafka_message_t *kafka)
{
    rd_kafka_headers_t *headers;
    size_t count = count_headers(kafka, &headers);
    weir__message *message = malloc(sizeof *message + count * sizeof message->headers[0]);
    if (message == NULL) {
        rd_kafka_message_destroy(kafka);
        return NULL;
    }
    message->kafka = kafka;
    message->next = NULL;
    message->header_count = count;
    for (size_t i = 0; i < count; i++) {
        weir_header *header = &message->headers[i];
        rd_kafka_header_get_all(headers, i, &header->name, &header->value.data, &header->value.len);
    }
    return message;
}

/* Kafka's null has no address; an empty key or value must have one. */
static weir_slice slice_of(const void *data, size_t len)
{
    return (weir_slice){data, data != NULL ? len : 0};
}

weir__message_view weir__message_look(weir__message *message)
{
    const rd_kafka_message_t *kafka = message->kafka;
    rd_kafka_timestamp_type_t kind;
    int64_t timestamp_ms = rd_kafka_message_timestamp(kafka, &kind);
    return (weir__message_view){
        .topic = rd_kafka_topic_name(kafka->rkt),
        .partition = kafka->partition,
        .offset = kafka->offset,
        .timestamp_ms = kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? timestamp_ms : -1,
        .key = slice_of(kafka->key, kafka->key_len),
        .value = slice_of(kafka->payload, kafka->len),
        .headers = message->headers,
        .header_count = message->header_count,
    };
}

void weir__message_free(weir__message *message)
{
    if (message != NULL) {
        rd_kafka_message_destroy(message->kafka);
        free(message);
    }
}
