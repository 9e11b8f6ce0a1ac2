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
    weir__arena memory;
};

extern const weir__client weir__loopback_port;

/* Appends a copy, of a producer's record. A topic that does not exist is made. */
weir_err weir__loopback_send(weir__loopback *loopback, const weir__outgoing *from, int64_t *offset,
                             weir_error *error);

#endif
