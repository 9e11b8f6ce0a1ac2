/* SPDX-License-Identifier: Apache-2.0
 *
 * State directories: made, copied as they are at a crash, removed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/cluster.h"
#include "core/error.h"

#define DEPTH_MAX 16
#define COPY_CHUNK ((size_t)1 << 16)

static weir_err failed(weir_error *error, const char *what, const char *path)
{
    return weir__error_set(error, WEIR_EIO, "cannot %s %s: %s", what, path, strerror(errno));
}

weir_err weir__folder_make(const char *path, weir_error *error)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? WEIR_OK : failed(error, "make", path);
}

weir_err weir__folder_fresh(char *path, size_t size, weir_error *error)
{
    const char *places[] = {"/dev/shm", getenv("TMPDIR"), "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i] == NULL || access(places[i], W_OK | X_OK) != 0) {
            continue;
        }
        if ((size_t)snprintf(path, size, "%s/weir-XXXXXX", places[i]) < size &&
            mkdtemp(path) != NULL) {
            return WEIR_OK;
        }
    }
    return failed(error, "make a directory in", places[2]);
}

static weir_err copy_bytes(int from, int to)
{
    char *chunk = weir__must(malloc(COPY_CHUNK));
    ssize_t got;
    ssize_t put = 0;
    while (put >= 0 && (got = read(from, chunk, COPY_CHUNK)) > 0) {
        for (ssize_t done = 0; put >= 0 && done < got; done += put) {
            put = write(to, chunk + done, (size_t)(got - done));
        }
    }
    free(chunk);
    return put < 0 || got < 0 ? WEIR_EIO : WEIR_OK;
}

static weir_err copy_file(const char *from, const char *to, weir_error *error)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return failed(error, "read", from);
    }
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    weir_err err = out < 0 ? WEIR_EIO : copy_bytes(in, out);
    if (err != WEIR_OK) {
        failed(error, "copy to", to);
    }
    if (out >= 0) {
        close(out);
    }
    close(in);
    return err;
}

/* Calls fn for every entry of a directory. */
static weir_err each_entry(const char *path, weir_err (*fn)(const char *name, void *arg), void *arg,
                           weir_error *error)
{
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return failed(error, "open", path);
    }
    weir_err err = WEIR_OK;
    struct dirent *entry;
    while (err == WEIR_OK && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            err = fn(entry->d_name, arg);
        }
    }
    closedir(directory);
    return err;
}

struct copy {
    const char *from;
    const char *to;
    int depth;
    weir_error *error;
};

static weir_err copy_tree(const struct copy *copy);

static weir_err copy_entry(const char *name, void *arg)
{
    const struct copy *copy = arg;
    char from[WEIR__PATH_MAX];
    char to[WEIR__PATH_MAX];
    struct stat info;
    if ((size_t)snprintf(from, sizeof from, "%s/%s", copy->from, name) >= sizeof from ||
        (size_t)snprintf(to, sizeof to, "%s/%s", copy->to, name) >= sizeof to ||
        copy->depth >= DEPTH_MAX) {
        return weir__error_set(copy->error, WEIR_ELIMIT, "%s/%s: too deep", copy->from, name);
    }
    if (lstat(from, &info) != 0) {
        return failed(copy->error, "look at", from);
    }
    return S_ISDIR(info.st_mode) ? copy_tree(&(struct copy){from, to, copy->depth + 1, copy->error})
                                 : copy_file(from, to, copy->error);
}

static weir_err copy_tree(const struct copy *copy)
{
    weir_err err = weir__folder_make(copy->to, copy->error);
    return err != WEIR_OK ? err : each_entry(copy->from, copy_entry, (void *)copy, copy->error);
}

weir_err weir__folder_copy(const char *from, const char *to, weir_error *error)
{
    return copy_tree(&(struct copy){from, to, 0, error});
}

static weir_err remove_entry(const char *name, void *arg)
{
    char path[WEIR__PATH_MAX];
    struct stat info;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", (const char *)arg, name) < sizeof path &&
        lstat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) {
            weir__folder_remove(path);
        } else {
            unlink(path);
        }
    }
    return WEIR_OK;
}

void weir__folder_remove(const char *path)
{
    each_entry(path, remove_entry, (void *)path, NULL);
    rmdir(path);
}
