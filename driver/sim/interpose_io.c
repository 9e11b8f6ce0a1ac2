/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls on any descriptor, pipes and event counters, poll. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sim/files.h"
#include "sim/real.h"

#define WAITERS_INLINE 16 /* descriptors polled without allocation */

const char *const weir__interposed_io[] = {
    "read",    "write", "readv",   "writev",     "close", "pipe",
    "pipe2",   "poll",  "ppoll",   "__poll_chk", "fcntl", "__ppoll_chk",
    "fcntl64", "ioctl", "eventfd", "__read_chk", NULL,
};

static weir__file *ours(int fd)
{
    return weir__managed() ? weir__file_of(fd) : NULL;
}

INTERPOSE ssize_t read(int fd, void *data, size_t len)
{
    if (!ours(fd)) {
        return REAL(read)(fd, data, len);
    }
    const struct iovec part = {data, len};
    return weir__file_read(weir__self, fd, &part, 1, 0);
}

INTERPOSE ssize_t write(int fd, const void *data, size_t len)
{
    if (!ours(fd)) {
        return REAL(write)(fd, data, len);
    }
    const struct iovec part = {(void *)(uintptr_t)data, len};
    return weir__file_write(weir__self, fd, &part, 1, 0);
}

INTERPOSE ssize_t readv(int fd, const struct iovec *parts, int count)
{
    return ours(fd) ? weir__file_read(weir__self, fd, parts, (size_t)count, 0)
                    : REAL(readv)(fd, parts, count);
}

INTERPOSE ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return ours(fd) ? weir__file_write(weir__self, fd, parts, (size_t)count, 0)
                    : REAL(writev)(fd, parts, count);
}

ssize_t __read_chk(int fd, void *data, size_t len, size_t size);

INTERPOSE ssize_t __read_chk(int fd, void *data, size_t len, size_t size)
{
    weir_assert(len <= size);
    return read(fd, data, len);
}

INTERPOSE int close(int fd)
{
    weir__file *file = ours(fd);
    if (!file) {
        return REAL(close)(fd);
    }
    weir__file_close(file);
    return 0;
}

/* ---- Making ---- */

INTERPOSE int pipe2(int ends[2], int flags)
{
    const weir__thread *self = weir__managed();
    if (!self) {
        return REAL(pipe2)(ends, flags);
    }
    weir__file *reader = weir__file_new(WEIR__FILE_PIPE_READ, self->acting, true);
    weir__file *writer = reader ? weir__file_new(WEIR__FILE_PIPE_WRITE, self->acting, true) : NULL;
    if (!writer) {
        int error = errno;
        if (reader) {
            weir__file_close(reader);
        }
        errno = error;
        return -1;
    }
    reader->nonblocking = writer->nonblocking = (flags & O_NONBLOCK) != 0;
    reader->in.limit = WEIR__PIPE_BYTES_MAX;
    reader->peer = writer;
    writer->peer = reader;
    ends[0] = reader->fd;
    ends[1] = writer->fd;
    return 0;
}

INTERPOSE int pipe(int ends[2])
{
    return weir__managed() ? pipe2(ends, 0) : REAL(pipe)(ends);
}

INTERPOSE int eventfd(unsigned count, int flags)
{
    const weir__thread *self = weir__managed();
    if (!self) {
        return REAL(eventfd)(count, flags);
    }
    weir__file *file = weir__file_new(WEIR__FILE_EVENT, self->acting, true);
    if (!file) {
        return -1;
    }
    file->count = count;
    file->semaphore = (flags & EFD_SEMAPHORE) != 0;
    file->nonblocking = (flags & EFD_NONBLOCK) != 0;
    return file->fd;
}

/* ---- Flags ---- */

static int control(weir__file *file, int command, void *arg)
{
    switch (command) {
    case F_GETFL:
        return O_RDWR | (file->nonblocking ? O_NONBLOCK : 0);
    case F_SETFL:
        file->nonblocking = ((intptr_t)arg & O_NONBLOCK) != 0;
        return 0;
    default:
        return REAL(fcntl)(file->fd, command, arg);
    }
}

INTERPOSE int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *arg = va_arg(args, void *);
    va_end(args);
    weir__file *file = ours(fd);
    return file ? control(file, command, arg) : REAL(fcntl)(fd, command, arg);
}

INTERPOSE int fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *arg = va_arg(args, void *);
    va_end(args);
    weir__file *file = ours(fd);
    return file ? control(file, command, arg) : REAL(fcntl64)(fd, command, arg);
}

INTERPOSE int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *arg = va_arg(args, void *);
    va_end(args);
    weir__file *file = ours(fd);
    if (!file) {
        return REAL(ioctl)(fd, request, arg);
    }
    if (request == FIONBIO) {
        file->nonblocking = *(const int *)arg != 0;
        return 0;
    }
    if (request == FIONREAD) {
        *(int *)arg = (int)file->in.arrived;
        return 0;
    }
    errno = EINVAL;
    return -1;
}

/* ---- Poll ---- */

/* Descriptors that are not ours are asked without waiting. */
static int look(struct pollfd *list, nfds_t count)
{
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        weir__file *file = weir__file_of(list[i].fd);
        list[i].revents = 0;
        if (file) {
            list[i].revents = weir__file_ready(file, list[i].events);
        } else if (list[i].fd >= 0) {
            REAL(poll)(&list[i], 1, 0);
        }
        ready += list[i].revents != 0;
    }
    return ready;
}

static bool wait_for_any(weir__thread *self, const struct pollfd *list, nfds_t count,
                         int64_t deadline_us)
{
    weir__waiter inline_waiters[WAITERS_INLINE];
    weir__waiter *waiters = inline_waiters;
    size_t used = 0;
    if (count > WAITERS_INLINE) {
        waiters = malloc(count * sizeof *waiters);
        weir_assert(waiters);
    }
    for (nfds_t i = 0; i < count; i++) {
        weir__file *file = weir__file_of(list[i].fd);
        if (file) {
            waiters[used++] = (weir__waiter){.queue = &file->waiters};
        }
    }
    self->polled = list;
    self->polled_count = count;
    bool woken = weir__wait_queues(self, WEIR__WAIT_POLL, waiters, used, deadline_us);
    self->polled = NULL;
    self->polled_count = 0;
    if (waiters != inline_waiters) {
        free(waiters);
    }
    return woken;
}

static int wait_until_ready(weir__thread *self, struct pollfd *list, nfds_t count,
                            int64_t deadline_us)
{
    for (;;) {
        int ready = look(list, count);
        if (ready) {
            return ready;
        }
        if (!wait_for_any(self, list, count, deadline_us)) {
            return look(list, count);
        }
    }
}

static int look_once(weir__thread *self, struct pollfd *list, nfds_t count)
{
    int ready = look(list, count);
    if (!ready) {
        weir__spin(self, WEIR__SPIN_COST_US); /* an empty poll is how a loop spins */
        ready = look(list, count);
    }
    return ready;
}

INTERPOSE int poll(struct pollfd *list, nfds_t count, int timeout_ms)
{
    weir__thread *self = weir__managed();
    if (!self) {
        return REAL(poll)(list, count, timeout_ms);
    }
    if (timeout_ms == 0) {
        return look_once(self, list, count);
    }
    int64_t deadline_us = timeout_ms < 0 ? WEIR__NEVER : weir__after_us((int64_t)timeout_ms * 1000);
    return wait_until_ready(self, list, count, deadline_us);
}

INTERPOSE int ppoll(struct pollfd *list, nfds_t count, const struct timespec *timeout,
                    const sigset_t *mask)
{
    weir__thread *self = weir__managed();
    if (!self) {
        return REAL(ppoll)(list, count, timeout, mask);
    }
    if (!timeout) {
        return wait_until_ready(self, list, count, WEIR__NEVER);
    }
    int64_t us = (int64_t)timeout->tv_sec * 1000000 + (timeout->tv_nsec + 999) / 1000;
    return us ? wait_until_ready(self, list, count, weir__after_us(us))
              : look_once(self, list, count);
}

int __poll_chk(struct pollfd *list, nfds_t count, int timeout_ms, size_t size);
int __ppoll_chk(struct pollfd *list, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);

INTERPOSE int __poll_chk(struct pollfd *list, nfds_t count, int timeout_ms, size_t size)
{
    weir_assert(count <= size / sizeof *list);
    return poll(list, count, timeout_ms);
}

INTERPOSE int __ppoll_chk(struct pollfd *list, nfds_t count, const struct timespec *timeout,
                          const sigset_t *mask, size_t size)
{
    weir_assert(count <= size / sizeof *list);
    return ppoll(list, count, timeout, mask);
}
