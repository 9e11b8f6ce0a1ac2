/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening files: /dev/random and /dev/urandom come from the seed, other files are the real ones. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/files.h"
#include "sim/real.h"

const char *const weir__interposed_files[] = {
    "open",       "open64",       "openat", "openat64", "__open_2", "__open64_2",
    "__openat_2", "__openat64_2", "fopen",  "fopen64",  "fdopen",   NULL,
};

static bool is_random(const char *path)
{
    return weir__managed() && path &&
           (strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0);
}

static int open_random(void)
{
    const weir__file *file = weir__file_new(WEIR__FILE_RANDOM, weir__self->acting, true);
    return file ? file->fd : -1;
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
    return is_random(path) ? open_random() : REAL(open)(path, flags, mode);
}

INTERPOSE int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return is_random(path) ? open_random() : REAL(open64)(path, flags, mode);
}

INTERPOSE int openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return is_random(path) ? open_random() : REAL(openat)(folder, path, flags, mode);
}

INTERPOSE int openat64(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return is_random(path) ? open_random() : REAL(openat64)(folder, path, flags, mode);
}

/* What _FORTIFY_SOURCE makes of the calls without a mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);

INTERPOSE int __open_2(const char *path, int flags)
{
    return is_random(path) ? open_random() : REAL(__open_2)(path, flags);
}

INTERPOSE int __open64_2(const char *path, int flags)
{
    return is_random(path) ? open_random() : REAL(__open64_2)(path, flags);
}

INTERPOSE int __openat_2(int folder, const char *path, int flags)
{
    return is_random(path) ? open_random() : REAL(__openat_2)(folder, path, flags);
}

INTERPOSE int __openat64_2(int folder, const char *path, int flags)
{
    return is_random(path) ? open_random() : REAL(__openat64_2)(folder, path, flags);
}

/* ---- Streams ---- */

static ssize_t read_stream(void *cookie, char *out, size_t len)
{
    return read((int)(intptr_t)cookie, out, len);
}

static int close_stream(void *cookie)
{
    return close((int)(intptr_t)cookie);
}

/* libc reads a stream's descriptor without the interposed read. fileno gives the descriptor: a C++
 * stream reads that. */
static FILE *stream_of(int fd, const char *mode)
{
    const cookie_io_functions_t functions = {.read = read_stream, .close = close_stream};
    FILE *stream = fopencookie((void *)(intptr_t)fd, mode, functions);
    if (stream) {
        stream->_fileno = fd;
    }
    return stream;
}

static FILE *open_random_stream(const char *mode)
{
    int fd = open_random();
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
    return is_random(path) ? open_random_stream(mode) : REAL(fopen)(path, mode);
}

INTERPOSE FILE *fopen64(const char *path, const char *mode)
{
    return is_random(path) ? open_random_stream(mode) : REAL(fopen64)(path, mode);
}

INTERPOSE FILE *fdopen(int fd, const char *mode)
{
    const weir__file *file = weir__managed() ? weir__file_of(fd) : NULL;
    return file && file->kind == WEIR__FILE_RANDOM ? stream_of(fd, mode) : REAL(fdopen)(fd, mode);
}
