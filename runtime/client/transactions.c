/* SPDX-License-Identifier: Apache-2.0
 *
 * The transactions of a producer. */
#include <stdlib.h>
#include <string.h>

#include "client/consumer.h"
#include "client/producer.h"

/* librdkafka's "the rest of transaction.timeout.ms", which it recommends. */
#define REST_OF_TIMEOUT (-1)

static weir_err init(weir__producer *port, int64_t timeout_ms, weir_error *error)
{
    rd_kafka_t *rk = weir__kafka_producer_of(port)->rk;
    return weir__kafka_fail_with(error,
                                 rd_kafka_init_transactions(rk, weir__kafka_timeout(timeout_ms)),
                                 "getting a producer id for transactions");
}

static weir_err begin(weir__producer *port, weir_error *error)
{
    return weir__kafka_fail_with(error,
                                 rd_kafka_begin_transaction(weir__kafka_producer_of(port)->rk),
                                 "beginning a transaction");
}

/* The membership that the consumer joined with, not a newer one: librdkafka may have left it or
 * joined again in the background. */
static rd_kafka_consumer_group_metadata_t *membership_of(weir__kafka_consumer *consumer,
                                                         const char *group)
{
    return rd_kafka_consumer_group_metadata_new_with_genid(group, consumer->generation,
                                                           consumer->member_id, NULL);
}

static weir_err send_offsets(weir__producer *port, weir__consumer *consumer_port,
                             const weir__offset *offsets, size_t count, int64_t timeout_ms,
                             weir_error *error)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(consumer_port);
    rd_kafka_topic_partition_list_t *list = NULL;
    if (weir__kafka_consumer_has_left(consumer)) {
        return weir__error_set(error, WEIR_EFENCED,
                               "adding offsets to the transaction: no longer a member of the "
                               "group");
    }
    weir_err err = weir__kafka_offset_list(offsets, count, &list, error);
    if (err != WEIR_OK) {
        return err;
    }
    rd_kafka_consumer_group_metadata_t *membership = membership_of(consumer, consumer->group);
    err = weir__kafka_fail_with(
        error,
        rd_kafka_send_offsets_to_transaction(weir__kafka_producer_of(port)->rk, list, membership,
                                             weir__kafka_timeout(timeout_ms)),
        "adding offsets to the transaction");
    rd_kafka_consumer_group_metadata_destroy(membership);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static weir_err commit(weir__producer *port, weir_error *error)
{
    rd_kafka_t *rk = weir__kafka_producer_of(port)->rk;
    return weir__kafka_fail_with(error, rd_kafka_commit_transaction(rk, REST_OF_TIMEOUT),
                                 "committing the transaction");
}

static weir_err abort_transaction(weir__producer *port, int64_t timeout_ms, weir_error *error)
{
    rd_kafka_t *rk = weir__kafka_producer_of(port)->rk;
    int timeout = timeout_ms < 0 ? REST_OF_TIMEOUT : weir__kafka_timeout(timeout_ms);
    return weir__kafka_fail_with(error, rd_kafka_abort_transaction(rk, timeout),
                                 "aborting the transaction");
}

const weir__transaction_ops weir__kafka_transaction_ops = {.init = init,
                                                           .begin = begin,
                                                           .send_offsets = send_offsets,
                                                           .commit = commit,
                                                           .abort_transaction = abort_transaction};
