/* SPDX-License-Identifier: Apache-2.0
 *
 * What the topics (loopback.c) and the clients (loopback_clients.c) share. */
#ifndef WEIR_DRIVER_SYNC_LOOPBACK_PARTS_H
#define WEIR_DRIVER_SYNC_LOOPBACK_PARTS_H

#include "sync/loopback.h"

enum { WEIR__LOOPBACK_RECENT_BITS = 8 };

struct weir__loopback {
    weir__client client; /* first: weir__client_opts.client points to it */
    int32_t partitions;
    weir__map topics;
    weir__loopback_topic
        *recent[1 << WEIR__LOOPBACK_RECENT_BITS]; /* found last, by address of the name */
    weir__loopback_record **records;
    size_t count;
    size_t capacity;
    size_t bytes;
    size_t unread_end;
    size_t drops;        /* how often records were dropped */
    size_t dropped_from; /* the first sequence at the last time */
    weir__arena memory;
};

extern const weir__client weir__loopback_port;

static inline weir__loopback *weir__loopback_of(const weir__client_opts *opts)
{
    return (weir__loopback *)(uintptr_t)opts->client;
}

weir_err weir__loopback_producer_new(const weir__client_opts *opts, weir__producer **out,
                                     weir_error *error);
weir_err weir__loopback_commit(weir__loopback *loopback, const weir__offset *offsets, size_t count,
                               weir_error *error);
/* Drops the records that producers have sent since there were `from` records. Offsets of piped
 * records behind them become smaller. */
void weir__loopback_drop(weir__loopback *loopback, size_t from);

/* Appends a copy, of a producer's record. A topic that does not exist is made. */
weir_err weir__loopback_send(weir__loopback *loopback, const weir__outgoing *from, int64_t *offset,
                             weir_error *error);

#endif
