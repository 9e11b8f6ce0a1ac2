/* SPDX-License-Identifier: Apache-2.0
 *
 * The producer's state, shared by producer.c and transactions.c. */
#ifndef WEIR_CLIENT_PRODUCER_H
#define WEIR_CLIENT_PRODUCER_H

#include "client/kafka.h"
#include "core/map.h"

typedef struct weir__kafka_producer {
    weir__log log; /* first: weir__kafka_conf */
    weir__producer port;
    rd_kafka_t *rk;
    weir__map sinks;      /* topic -> sink */
    int64_t max_block_ms; /* longest wait for room in the queue */
    int64_t age_max_us;   /* of a number of partitions: metadata.max.age.ms */
    weir_error failed;    /* first failed delivery since the last flush; code WEIR_OK: none */
    bool transactional;
    bool closing; /* no more delivery callbacks */
} weir__kafka_producer;

static inline weir__kafka_producer *weir__kafka_producer_of(weir__producer *port)
{
    return (weir__kafka_producer *)((char *)port - offsetof(weir__kafka_producer, port));
}

extern const weir__transaction_ops weir__kafka_transaction_ops;

#endif
