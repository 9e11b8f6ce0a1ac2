/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that hold random bytes: /dev/random, /dev/urandom and /proc/sys/kernel/random/uuid. Their
 * descriptors are real ones; only what is read comes from the seed. What a descriptor stands for
 * is asked of the kernel at each read, so copies, and descriptors that a library keeps for the life
 * of the process, need no book-keeping. */
#undef _FORTIFY_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sim/files.h"
#include "sim/real.h"

#define UUID_FILE "/proc/sys/kernel/random/uuid"
#define UUID_SIZE 16
#define UUID_TEXT (sizeof "00000000-0000-4000-8000-000000000000\n")

const char *const weir__interposed_files[] = {
    "pread",         "pread64", "preadv",  "preadv64", "__pread_chk",
    "__pread64_chk", "fopen",   "fopen64", "fdopen",   NULL,
};

typedef enum contents {
    OTHER,
    RANDOM_BYTES,
    RANDOM_UUID, /* as a line of text */
} contents;

static bool is_uuid_file(int fd)
{
    char link[sizeof "/proc/self/fd/" + 3 * sizeof fd];
    char path[sizeof UUID_FILE];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path);
    return len == sizeof UUID_FILE - 1 && memcmp(path, UUID_FILE, sizeof UUID_FILE - 1) == 0;
}

static contents contents_of(int fd)
{
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        return OTHER;
    }
    if (S_ISCHR(status.st_mode)) {
        return status.st_rdev == makedev(1, 8) || status.st_rdev == makedev(1, 9) ? RANDOM_BYTES
                                                                                  : OTHER;
    }
    bool generated = S_ISREG(status.st_mode) && status.st_size == 0;
    return generated && is_uuid_file(fd) ? RANDOM_UUID : OTHER;
}

/* ---- Descriptors ---- */

/* RFC 9562, version 4. */
static void draw_uuid(const void *caller, char out[UUID_TEXT])
{
    uint8_t bytes[UUID_SIZE];
    size_t len = 0;
    weir__random_fill(caller, bytes, sizeof bytes);
    bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0f));
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));
    for (size_t i = 0; i < UUID_SIZE; i++) {
        const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        len += (size_t)snprintf(out + len, UUID_TEXT - len, "%s%02x", dash, bytes[i]);
    }
    snprintf(out + len, UUID_TEXT - len, "\n");
}

static ssize_t give_bytes(const void *caller, const struct iovec *parts, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        weir__random_fill(caller, parts[i].iov_base, parts[i].iov_len);
        total += parts[i].iov_len;
    }
    return (ssize_t)total;
}

/* As many bytes as were read. */
static void give_uuid(const void *caller, const struct iovec *parts, size_t count, size_t got)
{
    char text[UUID_TEXT];
    size_t done = 0;
    draw_uuid(caller, text);
    for (size_t i = 0; i < count && done < got && done < UUID_TEXT - 1; i++) {
        size_t left = (got < UUID_TEXT - 1 ? got : UUID_TEXT - 1) - done;
        size_t bytes = parts[i].iov_len < left ? parts[i].iov_len : left;
        memcpy(parts[i].iov_base, text + done, bytes);
        done += bytes;
    }
}

ssize_t weir__read_from_seed(const void *caller, int fd, const struct iovec *parts, size_t count,
                             ssize_t got)
{
    if (got <= 0 || !weir__managed()) {
        return got;
    }
    switch (contents_of(fd)) {
    case RANDOM_BYTES: /* a signal may have made the read a short one */
        return give_bytes(caller, parts, count);
    case RANDOM_UUID:
        give_uuid(caller, parts, count, (size_t)got);
        return got;
    default:
        return got;
    }
}

static ssize_t pread_for(const void *caller, int fd, void *data, size_t len, off_t offset)
{
    const struct iovec part = {data, len};
    return weir__read_from_seed(caller, fd, &part, 1, REAL(pread)(fd, data, len, offset));
}

INTERPOSE ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
    return pread_for(CALLER(), fd, data, len, offset);
}

INTERPOSE ssize_t pread64(int fd, void *data, size_t len, off64_t offset)
{
    return pread_for(CALLER(), fd, data, len, offset);
}

ssize_t __pread_chk(int fd, void *data, size_t len, off_t offset, size_t size);
ssize_t __pread64_chk(int fd, void *data, size_t len, off64_t offset, size_t size);

INTERPOSE ssize_t __pread_chk(int fd, void *data, size_t len, off_t offset, size_t size)
{
    weir_assert(len <= size);
    return pread_for(CALLER(), fd, data, len, offset);
}

INTERPOSE ssize_t __pread64_chk(int fd, void *data, size_t len, off64_t offset, size_t size)
{
    weir_assert(len <= size);
    return pread_for(CALLER(), fd, data, len, offset);
}

INTERPOSE ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset)
{
    return weir__read_from_seed(CALLER(), fd, parts, (size_t)count,
                                REAL(preadv)(fd, parts, count, offset));
}

INTERPOSE ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t offset)
{
    return weir__read_from_seed(CALLER(), fd, parts, (size_t)count,
                                REAL(preadv)(fd, parts, count, offset));
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

static FILE *opened(FILE *stream, const char *mode)
{
    if (!stream || !weir__managed() || contents_of(fileno(stream)) == OTHER) {
        return stream;
    }
    int fd = REAL(fcntl)(fileno(stream), F_DUPFD_CLOEXEC, 0);
    fclose(stream);
    stream = fd < 0 ? NULL : stream_of(fd, mode);
    if (fd >= 0 && !stream) {
        close(fd);
    }
    return stream;
}

INTERPOSE FILE *fopen(const char *path, const char *mode)
{
    return opened(REAL(fopen)(path, mode), mode);
}

INTERPOSE FILE *fopen64(const char *path, const char *mode)
{
    return opened(REAL(fopen64)(path, mode), mode);
}

INTERPOSE FILE *fdopen(int fd, const char *mode)
{
    return weir__managed() && contents_of(fd) != OTHER ? stream_of(fd, mode)
                                                       : REAL(fdopen)(fd, mode);
}
