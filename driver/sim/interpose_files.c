/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening files: /dev/random and /dev/urandom are read from the seed, other files are the real
 * ones. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sim/files.h"
#include "sim/real.h"

const char *const weir__interposed_files[] = {
    "open", "open64", "openat", "openat64", "__open_2", "__open64_2", "__openat_2", "__openat64_2",
    "dup",  "dup2",   "dup3",   "fopen",    "fopen64",  "fdopen",     NULL,
};

/* ---- Which descriptors are of a random device ---- */

/* A library may keep such a descriptor over simulations and crashes: the table is of the process.
 * Threads outside the simulation use it too. */
static uint8_t devices[WEIR__DEVICE_FD_MAX];

static bool marked(int fd)
{
    return fd >= 0 && fd < WEIR__DEVICE_FD_MAX && __atomic_load_n(&devices[fd], __ATOMIC_RELAXED);
}

static void mark(int fd, bool random)
{
    if (fd >= 0 && fd < WEIR__DEVICE_FD_MAX) {
        __atomic_store_n(&devices[fd], random, __ATOMIC_RELAXED);
    }
}

/* The number may be another file's by now: close_range closes it unseen. */
static bool is_still_random(int fd)
{
    struct stat status;
    int error = errno;
    bool random = fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
                  (status.st_rdev == makedev(1, 8) || status.st_rdev == makedev(1, 9));
    errno = error;
    if (!random) {
        mark(fd, false);
    }
    return random;
}

bool weir__device_is_random(int fd)
{
    return marked(fd) && is_still_random(fd);
}

ssize_t weir__device_read(int fd, const struct iovec *parts, size_t count)
{
    size_t total = 0;
    if ((REAL(fcntl)(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
        errno = EBADF;
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        weir__random_fill(WEIR_SIM_ENTROPY, parts[i].iov_base, parts[i].iov_len);
        total += parts[i].iov_len;
    }
    return (ssize_t)total;
}

void weir__device_copied(int fd, int copy)
{
    if (copy >= 0 && copy != fd && (marked(fd) || marked(copy))) {
        mark(copy, marked(fd));
    }
}

static bool is_random(const char *path)
{
    return strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0;
}

/* The descriptor is a real one: what is not read from the seed is as it is outside. */
static int opened(const char *path, int fd)
{
    if (fd >= 0 && is_random(path)) {
        mark(fd, true);
    }
    return fd;
}

/* ---- Descriptors ---- */

static mode_t mode_of(int flags, va_list args)
{
    return flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(args, unsigned) : 0;
}

INTERPOSE int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return opened(path, REAL(open)(path, flags, mode));
}

INTERPOSE int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return opened(path, REAL(open64)(path, flags, mode));
}

INTERPOSE int openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return opened(path, REAL(openat)(folder, path, flags, mode));
}

INTERPOSE int openat64(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return opened(path, REAL(openat64)(folder, path, flags, mode));
}

/* What _FORTIFY_SOURCE makes of the calls without a mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);

INTERPOSE int __open_2(const char *path, int flags)
{
    return opened(path, REAL(__open_2)(path, flags));
}

INTERPOSE int __open64_2(const char *path, int flags)
{
    return opened(path, REAL(__open64_2)(path, flags));
}

INTERPOSE int __openat_2(int folder, const char *path, int flags)
{
    return opened(path, REAL(__openat_2)(folder, path, flags));
}

INTERPOSE int __openat64_2(int folder, const char *path, int flags)
{
    return opened(path, REAL(__openat64_2)(folder, path, flags));
}

INTERPOSE int dup(int fd)
{
    int copy = REAL(dup)(fd);
    weir__device_copied(fd, copy);
    return copy;
}

INTERPOSE int dup2(int fd, int number)
{
    int copy = REAL(dup2)(fd, number);
    weir__device_copied(fd, copy);
    return copy;
}

INTERPOSE int dup3(int fd, int number, int flags)
{
    int copy = REAL(dup3)(fd, number, flags);
    weir__device_copied(fd, copy);
    return copy;
}

/* ---- Streams ---- */

static ssize_t read_stream(void *cookie, char *out, size_t len)
{
    return read((int)(intptr_t)cookie, out, len);
}

static ssize_t write_stream(void *cookie, const char *data, size_t len)
{
    return write((int)(intptr_t)cookie, data, len);
}

static int close_stream(void *cookie)
{
    return close((int)(intptr_t)cookie);
}

/* libc reads a stream's descriptor without the interposed read. fileno gives the descriptor: a C++
 * stream reads that. */
static FILE *stream_of(int fd, const char *mode)
{
    const cookie_io_functions_t functions = {
        .read = read_stream, .write = write_stream, .close = close_stream};
    FILE *stream = fopencookie((void *)(intptr_t)fd, mode, functions);
    if (stream) {
        stream->_fileno = fd;
    }
    return stream;
}

static int flags_of(const char *mode)
{
    int flags = mode[0] == 'r' ? O_RDONLY : O_WRONLY;
    if (strchr(mode, '+')) {
        flags = O_RDWR;
    }
    return flags | (strchr(mode, 'e') ? O_CLOEXEC : 0);
}

static FILE *open_random_stream(const char *path, const char *mode)
{
    int fd = open(path, flags_of(mode));
    FILE *stream = fd < 0 ? NULL : stream_of(fd, mode);
    if (fd >= 0 && !stream) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return stream;
}

INTERPOSE FILE *fopen(const char *path, const char *mode)
{
    return is_random(path) ? open_random_stream(path, mode) : REAL(fopen)(path, mode);
}

INTERPOSE FILE *fopen64(const char *path, const char *mode)
{
    return is_random(path) ? open_random_stream(path, mode) : REAL(fopen64)(path, mode);
}

INTERPOSE FILE *fdopen(int fd, const char *mode)
{
    return weir__device_is_random(fd) ? stream_of(fd, mode) : REAL(fdopen)(fd, mode);
}
