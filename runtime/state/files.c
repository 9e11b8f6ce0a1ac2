/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories by POSIX calls. Removal uses file descriptors, so that a path changed meanwhile
 * cannot redirect it. */
#include "state/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"

#define DIRECTORY_MODE 0750
#define REMOVE_DEPTH_MAX 32
#define FILE_MODE 0640

/* The reason comes first: paths may be too long for the message. */
static weir_err fail(weir_error *error, const char *what, const char *path)
{
    return weir__error_set(error, WEIR_EIO, "%s: %s: '%s'", what, strerror(errno), path);
}

static weir_err make_directory(const char *path, weir_error *error)
{
    struct stat found;
    if (mkdir(path, DIRECTORY_MODE) == 0) {
        return WEIR_OK;
    }
    if (errno != EEXIST) {
        return fail(error, "cannot make the directory", path);
    }
    if (stat(path, &found) != 0) {
        return fail(error, "cannot read the directory", path);
    }
    if (!S_ISDIR(found.st_mode)) {
        errno = ENOTDIR;
        return fail(error, "cannot make the directory", path);
    }
    return WEIR_OK;
}

weir_err weir__make_directories(const char *path, weir_error *error)
{
    char *part = strdup(path);
    if (part == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory to make directory '%s'", path);
    }
    weir_err err = WEIR_OK;
    for (char *at = part + 1; *part != '\0' && *at != '\0' && err == WEIR_OK; at++) {
        if (*at == '/' && at[-1] != '/') {
            *at = '\0';
            err = make_directory(part, error);
            *at = '/';
        }
    }
    if (err == WEIR_OK) {
        err = make_directory(part, error);
    }
    free(part);
    return err;
}

static weir_err remove_at(int parent, const char *name, int depth, weir_error *error);

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes the content of the directory; `fd` is consumed. */
static weir_err empty(int fd, const char *name, int depth, weir_error *error)
{
    DIR *listing = fdopendir(fd);
    if (listing == NULL) {
        weir_err err = fail(error, "cannot list the directory", name);
        close(fd);
        return err;
    }
    weir_err err = WEIR_OK;
    struct dirent *entry;
    while (err == WEIR_OK && (errno = 0, entry = readdir(listing)) != NULL) {
        if (!is_dots(entry->d_name)) {
            err = remove_at(fd, entry->d_name, depth + 1, error);
        }
    }
    if (err == WEIR_OK && errno != 0) {
        err = fail(error, "cannot list the directory", name);
    }
    closedir(listing);
    return err;
}

static weir_err remove_at(int parent, const char *name, int depth, weir_error *error)
{
    if (depth > REMOVE_DEPTH_MAX) {
        return weir__error_set(error, WEIR_ELIMIT, "directories nested too deep at '%s'", name);
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        weir_err err = empty(fd, name, depth, error);
        if (err != WEIR_OK) {
            return err;
        }
        return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT
                   ? WEIR_OK
                   : fail(error, "cannot remove the directory", name);
    }
    if (errno == ENOENT) {
        return WEIR_OK;
    }
    if (errno != ENOTDIR && errno != ELOOP) {
        return fail(error, "cannot open the directory", name);
    }
    return unlinkat(parent, name, 0) == 0 || errno == ENOENT
               ? WEIR_OK
               : fail(error, "cannot remove the file", name);
}

weir_err weir__remove_directory(const char *path, weir_error *error)
{
    weir_err err = remove_at(AT_FDCWD, path, 0, error);
    if (err != WEIR_OK) {
        weir__error_prefix(error, err, "cannot remove '%s'", path);
    }
    return err;
}

static weir_err write_all(int fd, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t wrote = write(fd, text, left);
        if (wrote < 0) {
            return WEIR_EIO;
        }
        text += wrote;
        left -= (size_t)wrote;
    }
    return WEIR_OK;
}

static bool replace(const char *path, const char *temporary, const char *text, bool durable)
{
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return false;
    }
    bool done = write_all(fd, text) == WEIR_OK && (!durable || fsync(fd) == 0) &&
                rename(temporary, path) == 0;
    int failure = errno;
    close(fd);
    errno = failure;
    return done;
}

weir_err weir__replace_file(const char *path, const char *text, bool durable)
{
    weir_buf temporary = {0};
    weir__buf_printf(&temporary, "%s.tmp", path);
    weir_err err = temporary.err;
    if (err == WEIR_OK && !replace(path, weir__buf_text(&temporary), text, durable)) {
        err = WEIR_EIO;
    }
    int failure = errno;
    weir__buf_fini(&temporary);
    errno = failure;
    return err;
}

bool weir__has_file(const char *directory, const char *name)
{
    weir_buf path = {0};
    weir__buf_printf(&path, "%s/%s", directory, name);
    bool found = path.err == WEIR_OK && access(weir__buf_text(&path), F_OK) == 0;
    weir__buf_fini(&path);
    return found;
}

bool weir__is_empty_directory(const char *directory)
{
    DIR *listing = opendir(directory);
    if (listing == NULL) {
        return true;
    }
    bool empty = true;
    for (const struct dirent *entry; empty && (entry = readdir(listing)) != NULL;) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    closedir(listing);
    return empty;
}
