/* SPDX-License-Identifier: Apache-2.0
 *
 * State directories: making them, copying them as they are at a crash, removing them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/common.h"
#include "common/files.h"
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

struct copy {
    int from; /* directories */
    int to;
    int depth;
    bool branch;
    char *chunk; /* COPY_CHUNK bytes */
    weir_error *error;
};

/* Copies a file. A read that fills the chunk may not be the last one. */
static weir_err copy_bytes(int from, int to, char *chunk)
{
    ssize_t got;
    ssize_t put = 0;
    do {
        got = read(from, chunk, COPY_CHUNK);
        for (ssize_t done = 0; put >= 0 && done < got; done += put) {
            put = write(to, chunk + done, (size_t)(got - done));
        }
    } while (put >= 0 && got == (ssize_t)COPY_CHUNK);
    return put < 0 || got < 0 ? WEIR_EIO : WEIR_OK;
}

/* True for files that a branch and its run may share. RocksDB writes these under another name,
 * renames them when they are complete and never changes them then. It writes table files under
 * their own name, so these may be incomplete. */
static bool is_final(const char *name)
{
    return strcmp(name, "CURRENT") == 0 || strcmp(name, "IDENTITY") == 0 ||
           (strncmp(name, "OPTIONS-", 8) == 0 && strchr(name, '.') == NULL);
}

static weir_err copy_file(const char *name, const struct copy *copy)
{
    if (copy->branch && is_final(name)) {
        return linkat(copy->from, name, copy->to, name, 0) == 0 ? WEIR_OK
                                                                : failed(copy->error, "link", name);
    }
    int in = openat(copy->from, name, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return failed(copy->error, "read", name);
    }
    int out = openat(copy->to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    weir_err err = out < 0 ? WEIR_EIO : copy_bytes(in, out, copy->chunk);
    if (err != WEIR_OK) {
        failed(copy->error, "copy", name);
    }
    if (out >= 0) {
        close(out);
    }
    close(in);
    return err;
}

typedef weir_err (*entry_fn)(int directory, const char *name, bool is_directory, void *arg);

static bool is_directory(int directory, const struct dirent *entry)
{
    struct stat info;
    if (entry->d_type != DT_UNKNOWN) { /* the file system reports types */
        return entry->d_type == DT_DIR;
    }
    return fstatat(directory, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(info.st_mode);
}

/* Calls fn for every entry of a directory. */
static weir_err each_entry(int parent, const char *path, entry_fn fn, void *arg, weir_error *error)
{
    int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        weir_err err = failed(error, "open", path);
        if (fd >= 0) {
            close(fd);
        }
        return err;
    }
    weir_err err = WEIR_OK;
    struct dirent *entry;
    while (err == WEIR_OK && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            err = fn(fd, entry->d_name, is_directory(fd, entry), arg);
        }
    }
    closedir(directory);
    return err;
}

static weir_err copy_tree(int parent, const char *from, const char *to, const struct copy *copy);

static weir_err copy_entry(int directory, const char *name, bool is_directory, void *arg)
{
    struct copy copy = *(const struct copy *)arg;
    copy.from = directory;
    copy.depth++;
    if (copy.depth >= DEPTH_MAX) {
        return weir__error_set(copy.error, WEIR_ELIMIT, "%s: too deep", name);
    }
    return is_directory ? copy_tree(directory, name, name, &copy) : copy_file(name, &copy);
}

/* Copies the file of that name in `parent` into copy->to. */
static weir_err copy_tree(int parent, const char *from, const char *to, const struct copy *copy)
{
    struct copy below = *copy;
    if (mkdirat(copy->to, to, 0777) != 0 && errno != EEXIST) {
        return failed(copy->error, "make", to);
    }
    below.to = openat(copy->to, to, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (below.to < 0) {
        return failed(copy->error, "open", to);
    }
    weir_err err = each_entry(parent, from, copy_entry, &below, copy->error);
    close(below.to);
    return err;
}

static weir_err copy_folder(const char *from, const char *to, bool branch, weir_error *error)
{
    char *chunk = weir__must(malloc(COPY_CHUNK));
    weir_err err =
        copy_tree(AT_FDCWD, from, to,
                  &(struct copy){.to = AT_FDCWD, .branch = branch, .chunk = chunk, .error = error});
    free(chunk);
    return err;
}

weir_err weir__folder_copy(const char *from, const char *to, weir_error *error)
{
    return copy_folder(from, to, false, error);
}

weir_err weir__folder_branch(const char *from, const char *to, weir_error *error)
{
    return copy_folder(from, to, true, error);
}

static weir_err remove_entry(int directory, const char *name, bool is_directory, void *arg)
{
    (void)arg;
    if (is_directory) {
        each_entry(directory, name, remove_entry, NULL, NULL);
    }
    unlinkat(directory, name, is_directory ? AT_REMOVEDIR : 0);
    return WEIR_OK;
}

void weir__folder_remove(const char *path)
{
    each_entry(AT_FDCWD, path, remove_entry, NULL, NULL);
    rmdir(path);
}
