/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls on any descriptor, pipes and event counters. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sim/files.h"
#include "sim/libraries.h"
#include "sim/real.h"

const char *const weir__interposed_io[] = {
    "read",  "write", "readv",   "writev", "__read_chk", "close", "pipe",
    "pipe2", "fcntl", "fcntl64", "ioctl",  "eventfd",    NULL,
};

static weir__file *ours(int fd)
{
    return weir__managed() ? weir__file_of(fd) : NULL;
}

static ssize_t read_for(const void *caller, int fd, void *data, size_t len)
{
    const struct iovec part = {data, len};
    return ours(fd) ? weir__file_read(weir__self, fd, &part, 1, 0)
                    : weir__read_from_seed(caller, fd, &part, 1, REAL(read)(fd, data, len));
}

INTERPOSE ssize_t read(int fd, void *data, size_t len)
{
    return read_for(CALLER(), fd, data, len);
}

INTERPOSE ssize_t write(int fd, const void *data, size_t len)
{
    if (!ours(fd)) {
        weir__thread *self = weir__managed();
        if (self && weir__caller_of(CALLER()) == WEIR__CALLER_ROCKSDB) {
            weir__switch_point(self);
        }
        return REAL(write)(fd, data, len);
    }
    const struct iovec part = {(void *)(uintptr_t)data, len};
    return weir__file_write(weir__self, fd, &part, 1, 0);
}

INTERPOSE ssize_t readv(int fd, const struct iovec *parts, int count)
{
    return ours(fd) ? weir__file_read(weir__self, fd, parts, (size_t)count, 0)
                    : weir__read_from_seed(CALLER(), fd, parts, (size_t)count,
                                           REAL(readv)(fd, parts, count));
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
    return read_for(CALLER(), fd, data, len);
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

/* LeakSanitizer's tracer uses a pipe to find out whether memory can be read, while it holds the
 * lock of the allocator. A pipe of the simulation would wait for that lock for ever. */
INTERPOSE int pipe2(int ends[2], int flags)
{
    const weir__thread *self = weir__managed();
    if (!self || !weir__in_own_process()) {
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
    return weir__managed() && weir__in_own_process() ? pipe2(ends, 0) : REAL(pipe)(ends);
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
