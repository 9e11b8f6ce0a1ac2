/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues of partitions, emptied before the consumer is closed. */
#include <stdio.h>

#include "client/consumer.h"

#define NAME_MAX_BYTES 288 /* a topic's name has up to 249 bytes */
#define BATCH 64

void weir__keep_queues(weir__kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        char name[NAME_MAX_BYTES];
        const rd_kafka_topic_partition_t *at = &list->elems[i];
        snprintf(name, sizeof name, "%s[%d]", at->topic, (int)at->partition);
        if (weir__map_find(&consumer->queues, weir_slice_of(name)) != NULL) {
            continue;
        }
        rd_kafka_queue_t *queue =
            rd_kafka_queue_get_partition(consumer->rk, at->topic, at->partition);
        if (queue != NULL && weir__map_put_text(&consumer->queues, name, queue) != WEIR_OK) {
            rd_kafka_queue_destroy(queue);
        }
    }
}

void weir__drain_queues(weir__kafka_consumer *consumer)
{
    rd_kafka_message_t *batch[BATCH];
    for (weir__map_entry *entry = consumer->queues.first; entry != NULL; entry = entry->next) {
        ssize_t got;
        do {
            got = rd_kafka_consume_batch_queue(entry->value, 0, batch, BATCH);
            for (ssize_t i = 0; i < got; i++) {
                rd_kafka_message_destroy(batch[i]);
            }
        } while (got > 0);
        rd_kafka_queue_destroy(entry->value);
    }
    weir__map_fini(&consumer->queues, NULL);
}
