/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets, pipes and event counters in memory, each behind a real descriptor number. */
#ifndef WEIR_DRIVER_SIM_FILES_H
#define WEIR_DRIVER_SIM_FILES_H

#include <sys/uio.h>

#include "sim/engine.h"

#define WEIR__SOCKET_BYTES_MAX ((size_t)4 << 20) /* in flight to one end of a connection */
#define WEIR__PIPE_BYTES_MAX ((size_t)64 << 10)  /* as Linux */
#define WEIR__BACKLOG_MAX 1024                   /* connections not yet accepted */
#define WEIR__FIRST_PORT 20000                   /* of those chosen for bind to port 0 */

typedef struct weir__file weir__file;

/* Bytes sent together arrive together. */
typedef struct weir__mark {
    int64_t due_us;
    size_t bytes;
    bool fin; /* the writer has closed, behind these bytes */
} weir__mark;

/* The bytes sent to `owner`: first those that have arrived, then those in flight. */
typedef struct weir__stream {
    weir__file *owner;
    uint8_t *data; /* ring */
    size_t head;
    size_t len;
    size_t capacity;
    size_t limit;
    size_t arrived;
    bool fin;
    bool starved;      /* a writer waits for room */
    weir__mark *marks; /* ring */
    size_t mark_head;
    size_t mark_count;
    size_t mark_capacity;
    weir__timer timer;
} weir__stream;

typedef enum weir__file_kind {
    WEIR__FILE_SOCKET, /* neither connected nor listening */
    WEIR__FILE_LISTENER,
    WEIR__FILE_CONNECTING,
    WEIR__FILE_CONNECTION, /* also socketpair */
    WEIR__FILE_BROKEN,     /* refused or reset */
    WEIR__FILE_PIPE_READ,
    WEIR__FILE_PIPE_WRITE,
    WEIR__FILE_EVENT,
} weir__file_kind;

struct weir__file {
    weir__file *prev;
    weir__file *next; /* by creation */
    int fd;           /* -1: not yet accepted */
    weir__file_kind kind;
    int family;
    weir_host *host;
    bool nonblocking;
    weir__queue waiters;

    weir__file *peer; /* NULL: it has closed */
    weir__stream in;
    int error; /* reported by the next call only */
    bool read_shut;
    bool write_shut;
    bool reset_at_heal; /* the peer crashed while the link was cut */
    int port;           /* its own */
    int peer_port;
    weir_host *client; /* with service_port: the link; NULL: none (pipes, pairs) */
    int service_port;
    weir__timer connect_timer;
    int64_t receive_timeout_us; /* 0: none */

    weir__file *pending; /* LISTENER: first connection not yet accepted */
    weir__file *pending_last;
    weir__file *pending_next;
    int pending_count;

    uint64_t count; /* EVENT */
    bool semaphore;
};

/* The file of a descriptor; NULL: not a descriptor of the simulation. */
weir__file *weir__file_of(int fd);
/* NULL with errno set on failure. `numbered` false: no descriptor yet. */
weir__file *weir__file_new(weir__file_kind kind, const weir_host *host, bool numbered);
int weir__file_number(weir__file *file); /* gives it a descriptor */
void weir__file_close(weir__file *file);
void weir__file_shut(weir__file *file, bool reading, bool writing);
void weir__file_reset(weir__file *file);
short weir__file_ready(weir__file *file, short events);
/* Waits for a change of the file; false at the deadline. The file may have been closed by then. */
bool weir__file_wait(weir__thread *self, weir__file *file, int64_t deadline_us);
weir__file *weir__files_first(void);
int weir__file_free_port(void);
/* The socket bound to the port; NULL: none. */
weir__file *weir__file_listener(int port);

/* As readv/writev and recv/send with MSG_* flags; -1 with errno. */
ssize_t weir__file_read(weir__thread *self, int fd, const struct iovec *parts, size_t count,
                        int flags);
ssize_t weir__file_write(weir__thread *self, int fd, const struct iovec *parts, size_t count,
                         int flags);

/* The first steps of connect; timers take the others. */
void weir__file_connect(weir__file *file, int port);

/* interpose_files.c */
/* After a read of a descriptor that is not one of ours: where it gives random bytes, puts those in
 * that the seed gives to `caller`. Returns how many there are. */
ssize_t weir__read_from_seed(const void *caller, int fd, const struct iovec *parts, size_t count,
                             ssize_t got);

/* streams.c */
void weir__stream_put(weir__stream *stream, const void *data, size_t bytes, bool fin);
size_t weir__stream_get(weir__stream *stream, void *out, size_t bytes, size_t skip);
void weir__stream_drop(weir__stream *stream, size_t bytes);
void weir__stream_deliver(
    weir__stream *stream); /* the bytes that are due, unless the link is cut */
void weir__stream_fini(weir__stream *stream);

/* links.c */
typedef struct weir__link {
    const weir_host *host;
    int port; /* 0: all */
    bool cut;
    int64_t latency_us;
    uint32_t loss_per_million;
} weir__link;

/* The faults of the connection of `file`: those of its port and of all ports, combined. */
weir__link weir__link_of(const weir__file *file);

#endif
