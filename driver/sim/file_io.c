/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness, reading and writing of sockets, pipes and event counters. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/files.h"

/* ---- Readiness ---- */

/* The bytes that can be written to `file` now. */
static size_t room(weir__file *file)
{
    weir__stream *stream = &file->peer->in;
    size_t left = stream->limit - stream->len;
    stream->starved |= left == 0;
    return left;
}

static short connection_ready(weir__file *file)
{
    int ready = 0;
    if (file->in.arrived || file->in.fin || file->read_shut) {
        ready |= POLLIN | POLLRDNORM;
    }
    if (file->in.fin) {
        ready |= POLLRDHUP;
    }
    if (file->in.fin && file->write_shut) {
        ready |= POLLHUP;
    }
    if (!file->peer || room(file)) {
        ready |= POLLOUT | POLLWRNORM;
    }
    return (short)ready;
}

short weir__file_ready(weir__file *file, short events)
{
    int ready = 0;
    switch (file->kind) {
    case WEIR__FILE_SOCKET:
        ready = POLLOUT | POLLHUP;
        break;
    case WEIR__FILE_LISTENER:
        ready = file->pending ? POLLIN | POLLRDNORM : 0;
        break;
    case WEIR__FILE_CONNECTING:
        break;
    case WEIR__FILE_CONNECTION:
        ready = connection_ready(file);
        break;
    case WEIR__FILE_BROKEN:
        ready = POLLIN | POLLOUT | POLLERR | POLLHUP;
        break;
    case WEIR__FILE_PIPE_READ:
        ready = (file->in.arrived ? POLLIN | POLLRDNORM : 0) | (file->in.fin ? POLLHUP : 0);
        break;
    case WEIR__FILE_PIPE_WRITE:
        ready = !file->peer ? POLLERR | POLLOUT : room(file) ? POLLOUT | POLLWRNORM : 0;
        break;
    case WEIR__FILE_EVENT:
        ready = (file->count ? POLLIN : 0) | (file->count < UINT64_MAX - 1 ? POLLOUT : 0);
        break;
    }
    return (short)(ready & (events | POLLERR | POLLHUP));
}

bool weir__file_wait(weir__thread *self, weir__file *file, int64_t deadline_us)
{
    weir__waiter waiter = {.queue = &file->waiters};
    self->object_fd = file->fd;
    return weir__wait_queues(self, WEIR__WAIT_FD, &waiter, 1, deadline_us);
}

/* ---- Reading ---- */

/* Returns the number of bytes read, 0 at the end, -1 with errno (EAGAIN: nothing to read yet). */
static ssize_t read_now(weir__file *file, const struct iovec *parts, size_t count, int flags)
{
    weir__stream *in = &file->in;
    size_t total = 0;
    if (file->kind == WEIR__FILE_SOCKET || file->kind == WEIR__FILE_LISTENER ||
        file->kind == WEIR__FILE_PIPE_WRITE) {
        errno = file->kind == WEIR__FILE_PIPE_WRITE ? EBADF : ENOTCONN;
        return -1;
    }
    weir__tsan_acquire(file);
    for (size_t i = 0; i < count; i++) {
        total += weir__stream_get(in, parts[i].iov_base, parts[i].iov_len, total);
    }
    if (total) {
        if (!(flags & MSG_PEEK)) {
            weir__stream_drop(in, total);
            if (in->starved && file->peer) {
                in->starved = false;
                weir__wake_queue(&file->peer->waiters);
            }
        }
        return (ssize_t)total;
    }
    if (file->error) {
        errno = file->error;
        file->error = 0;
        return -1;
    }
    if (in->fin || file->read_shut || file->kind == WEIR__FILE_BROKEN) {
        return 0;
    }
    errno = EAGAIN;
    return -1;
}

static ssize_t read_event(weir__file *file, const struct iovec *parts, size_t count)
{
    if (count != 1 || parts[0].iov_len < sizeof(uint64_t)) {
        errno = EINVAL;
        return -1;
    }
    if (!file->count) {
        errno = EAGAIN;
        return -1;
    }
    uint64_t value = file->semaphore ? 1 : file->count;
    file->count -= value;
    weir__tsan_acquire(file);
    memcpy(parts[0].iov_base, &value, sizeof value);
    weir__wake_queue(&file->waiters);
    return sizeof value;
}

static size_t bytes_of(const struct iovec *parts, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += parts[i].iov_len;
    }
    return total;
}

static bool waits(const weir__file *file, int flags)
{
    return !file->nonblocking && !(flags & MSG_DONTWAIT);
}

ssize_t weir__file_read(weir__thread *self, int fd, const struct iovec *parts, size_t count,
                        int flags)
{
    int64_t deadline_us = WEIR__NEVER;
    weir__file *file = weir__file_of(fd);
    if (file && file->receive_timeout_us) {
        deadline_us = weir__after_us(file->receive_timeout_us);
    }
    if (file && file->kind != WEIR__FILE_EVENT && !bytes_of(parts, count)) {
        return 0;
    }
    while (file) {
        ssize_t got = file->kind == WEIR__FILE_EVENT ? read_event(file, parts, count)
                                                     : read_now(file, parts, count, flags);
        if (got >= 0 || errno != EAGAIN) {
            return got;
        }
        if (!waits(file, flags)) {
            weir__spin(self, WEIR__SPIN_COST_US);
            errno = EAGAIN;
            return -1;
        }
        if (!weir__file_wait(self, file, deadline_us)) {
            errno = EAGAIN;
            return -1;
        }
        file = weir__file_of(fd); /* it may have been closed meanwhile */
    }
    errno = EBADF;
    return -1;
}

/* ---- Writing ---- */

static bool lost(weir__file *file)
{
    uint32_t chance = weir__link_of(file).loss_per_million;
    return chance && weir_sim_random(WEIR_SIM_FAULTS) % 1000000 < chance;
}

static int write_error(weir__file *file)
{
    int error = file->error;
    switch (file->kind) {
    case WEIR__FILE_CONNECTION:
        if (file->write_shut || (!file->peer && !file->reset_at_heal)) {
            return EPIPE;
        }
        if (lost(file)) {
            weir__file_reset(file);
            file->error = 0;
            return ECONNRESET;
        }
        return 0;
    case WEIR__FILE_PIPE_WRITE:
        return file->peer ? 0 : EPIPE;
    case WEIR__FILE_BROKEN:
        file->error = 0;
        return error ? error : EPIPE;
    case WEIR__FILE_CONNECTING:
        return EAGAIN;
    case WEIR__FILE_PIPE_READ:
        return EBADF;
    default:
        return ENOTCONN;
    }
}

/* For ThreadSanitizer: what the writer did is ordered before what the reader does after. Hosts are
 * machines, so a connection between two of them orders no accesses to memory. Otherwise all
 * instances would be ordered by the brokers that they share, and their races hidden. */
static void order_reader(const weir__file *file)
{
    if (file->host == file->peer->host) {
        weir__tsan_release(file->peer);
    }
}

/* Writes the parts without their first `skip` bytes; returns the number of bytes written. */
static size_t write_now(weir__file *file, const struct iovec *parts, size_t count, size_t skip)
{
    size_t total = 0;
    if (!file->peer) { /* it was closed while the link was cut: the writer cannot know yet */
        return bytes_of(parts, count) - skip;
    }
    for (size_t i = 0; i < count; i++) {
        size_t bytes = parts[i].iov_len;
        if (skip >= bytes) {
            skip -= bytes;
            continue;
        }
        size_t left = room(file);
        bytes -= skip;
        size_t part = bytes < left ? bytes : left;
        if (part) {
            order_reader(file);
            weir__stream_put(&file->peer->in, (const uint8_t *)parts[i].iov_base + skip, part,
                             false);
        }
        skip = 0;
        total += part;
        if (part < bytes) {
            file->peer->in.starved = true;
            break;
        }
    }
    return total;
}

static ssize_t write_event(weir__file *file, const struct iovec *parts, size_t count)
{
    uint64_t value;
    if (count != 1 || parts[0].iov_len < sizeof value) {
        errno = EINVAL;
        return -1;
    }
    memcpy(&value, parts[0].iov_base, sizeof value);
    if (value > UINT64_MAX - 1 - file->count) {
        errno = value == UINT64_MAX ? EINVAL : EAGAIN;
        return -1;
    }
    file->count += value;
    weir__tsan_release(file);
    weir__wake_queue(&file->waiters);
    return sizeof value;
}

ssize_t weir__file_write(weir__thread *self, int fd, const struct iovec *parts, size_t count,
                         int flags)
{
    size_t done = 0;
    size_t total = bytes_of(parts, count);
    for (weir__file *file; (file = weir__file_of(fd));) {
        if (file->kind == WEIR__FILE_EVENT) {
            ssize_t put = write_event(file, parts, count);
            if (put >= 0 || errno != EAGAIN) {
                return put;
            }
        } else {
            int error = write_error(file);
            if (error && error != EAGAIN) {
                errno = error;
                return done ? (ssize_t)done : -1;
            }
            done += error ? 0 : write_now(file, parts, count, done);
            if (done == total || (done && !waits(file, flags))) {
                return (ssize_t)done;
            }
        }
        if (!waits(file, flags)) {
            weir__spin(self, WEIR__SPIN_COST_US);
            errno = EAGAIN;
            return -1;
        }
        weir__file_wait(self, file, WEIR__NEVER);
    }
    errno = EBADF;
    return -1;
}
