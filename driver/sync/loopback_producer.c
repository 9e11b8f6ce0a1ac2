/* SPDX-License-Identifier: Apache-2.0
 *
 * The producer. The records of a transaction can be read before it is committed: the driver commits
 * after each record that it processes, before it reads on. An abort drops them. */
#include <stdlib.h>

#include "core/error.h"
#include "sync/loopback_parts.h"

typedef struct producer {
    weir__producer base;
    weir__loopback *loopback;
    size_t begun; /* records of all topics when the transaction began */
} producer;

static void producer_close(weir__producer *port)
{
    free(port);
}

static weir_err producer_send(weir__producer *port, const weir__outgoing *record,
                              const weir__delivery *delivery, weir_error *error)
{
    int64_t offset = 0;
    weir_err err = weir__loopback_send(((producer *)port)->loopback, record, &offset, error);
    if (err == WEIR_OK && delivery != NULL) {
        delivery->fn(WEIR_OK, NULL, offset, delivery->user);
    }
    return err;
}

static void producer_poll(weir__producer *port)
{
    (void)port;
}

static weir_err producer_flush(weir__producer *port, int64_t timeout_ms, weir_error *error)
{
    (void)port;
    (void)timeout_ms;
    (void)error;
    return WEIR_OK;
}

static weir_err producer_partitions(weir__producer *port, const char *topic, int32_t *out,
                                    weir_error *error)
{
    weir__loopback *loopback = ((producer *)port)->loopback;
    weir__loopback_topic *found = weir__loopback_find(loopback, topic);
    if (found == NULL) {
        found = weir__loopback_make(loopback, topic, loopback->partitions);
    }
    if (found == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "topic %s", topic);
    }
    *out = found->count;
    return WEIR_OK;
}

static const weir__producer_ops producer_ops = {
    .close = producer_close,
    .send = producer_send,
    .poll = producer_poll,
    .flush = producer_flush,
    .partitions = producer_partitions,
};

/* ---- Transactions ---- */

static weir_err init(weir__producer *port, int64_t timeout_ms, weir_error *error)
{
    (void)port;
    (void)timeout_ms;
    (void)error;
    return WEIR_OK;
}

static weir_err begin(weir__producer *port, weir_error *error)
{
    producer *p = (producer *)port;
    (void)error;
    p->begun = weir__loopback_size(p->loopback);
    return WEIR_OK;
}

static weir_err send_offsets(weir__producer *port, weir__consumer *consumer,
                             const weir__offset *offsets, size_t count, int64_t timeout_ms,
                             weir_error *error)
{
    (void)consumer; /* there is one group */
    (void)timeout_ms;
    return weir__loopback_commit(((producer *)port)->loopback, offsets, count, error);
}

static weir_err commit(weir__producer *port, weir_error *error)
{
    (void)port;
    (void)error;
    return WEIR_OK;
}

static weir_err abort_transaction(weir__producer *port, int64_t timeout_ms, weir_error *error)
{
    producer *p = (producer *)port;
    (void)timeout_ms;
    (void)error;
    weir__loopback_drop(p->loopback, p->begun);
    return WEIR_OK;
}

static const weir__transaction_ops transaction_ops = {.init = init,
                                                      .begin = begin,
                                                      .send_offsets = send_offsets,
                                                      .commit = commit,
                                                      .abort_transaction = abort_transaction};

weir_err weir__loopback_producer_new(const weir__client_opts *opts, weir__producer **out,
                                     weir_error *error)
{
    producer *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "producer");
    }
    *p = (producer){.base = {.ops = &producer_ops}, .loopback = weir__loopback_of(opts)};
    p->base.transactions = opts->transactional_id != NULL ? &transaction_ops : NULL;
    *out = &p->base;
    return WEIR_OK;
}
