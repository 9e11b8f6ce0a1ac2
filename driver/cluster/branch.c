/* SPDX-License-Identifier: Apache-2.0
 *
 * Branches of a cluster: the simulation is forked, and the state directories are copied, since a
 * fork shares files. In a cluster with branches all paths begin with a descriptor,
 * /proc/self/fd/<n>. A branch opens its copy as that descriptor, which redirects all paths at once.
 * It also opens each file again that was open for writing. Files open for reading never change. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cluster/cluster.h"
#include "core/error.h"

#define KEPT_FLAGS (O_ACCMODE | O_APPEND | O_DIRECT | O_DSYNC | O_SYNC)

weir_err weir__branches_prepare(weir_cluster *cluster, weir_error *error)
{
    weir_err err = weir__folder_fresh(cluster->base, sizeof cluster->base, error);
    if (err != WEIR_OK) {
        return err;
    }
    cluster->own_base = true;
    snprintf(cluster->disk, sizeof cluster->disk, "%.*s/run", (int)(WEIR__PATH_MAX / 2),
             cluster->base);
    err = weir__folder_make(cluster->disk, error);
    cluster->disk_fd = err == WEIR_OK ? open(cluster->disk, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (cluster->disk_fd < 0) {
        return weir__error_set(error, WEIR_EIO, "cannot open %s: %s", cluster->disk,
                               strerror(errno));
    }
    snprintf(cluster->root, sizeof cluster->root, "/proc/self/fd/%d", cluster->disk_fd);
    return WEIR_OK;
}

void weir__branches_end(weir_cluster *cluster)
{
    if (cluster->own_base) {
        close(cluster->disk_fd);
        weir__folder_remove(cluster->base);
    }
}

/* Opens `path` with `flags` as the descriptor `fd`, which it replaces. */
static weir_err put_in_place(int fd, const char *path, int flags)
{
    int opened = open(path, flags | O_CLOEXEC);
    if (opened < 0) {
        return WEIR_EIO;
    }
    bool done = dup3(opened, fd, O_CLOEXEC) == fd;
    close(opened);
    return done ? WEIR_OK : WEIR_EIO;
}

/* A lock belongs to the open file, so the copy of a lock file is locked again. */
static weir_err reopen(int fd, const char *path, int flags)
{
    off_t at = lseek(fd, 0, SEEK_CUR);
    weir_err err = put_in_place(fd, path, flags & KEPT_FLAGS);
    if (err == WEIR_OK && at > 0 && lseek(fd, at, SEEK_SET) != at) {
        err = WEIR_EIO;
    }
    if (err == WEIR_OK && strcmp(strrchr(path, '/'), "/.lock") == 0 &&
        flock(fd, LOCK_EX | LOCK_NB) != 0) {
        err = WEIR_EIO;
    }
    return err;
}

/* Moves a descriptor of a file below `from` that is open for writing. A file that was removed
 * cannot be opened again, and is not shared with any path. */
static weir_err move_descriptor(int fd, const char *from, const char *to)
{
    char link[64];
    char target[WEIR__PATH_MAX];
    char moved[2 * WEIR__PATH_MAX];
    struct stat info;
    size_t prefix = strlen(from);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, &info) != 0 ||
        !S_ISREG(info.st_mode)) {
        return WEIR_OK; /* most descriptors: readlink() costs more than these checks */
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, target, sizeof target - 1);
    if (len <= 0) {
        return WEIR_OK;
    }
    target[len] = '\0';
    if (strncmp(target, from, prefix) != 0 || target[prefix] != '/') {
        return WEIR_OK;
    }
    snprintf(moved, sizeof moved, "%s%s", to, target + prefix);
    return access(moved, F_OK) == 0 ? reopen(fd, moved, flags) : WEIR_OK;
}

/* A number above all open descriptors; 0: unknown. */
static int descriptors_end(void)
{
    char line[128];
    int end = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && end == 0 && fgets(line, sizeof line, status) != NULL) {
        end = strncmp(line, "FDSize:", 7) == 0 ? (int)strtol(line + 7, NULL, 10) : 0;
    }
    if (status != NULL) {
        fclose(status);
    }
    return end;
}

/* Called in the branch: redirects all paths and descriptors to its copy of the directories. */
static weir_err move_disk(weir_cluster *cluster, const char *to)
{
    int end = descriptors_end();
    weir_err err = end > 0 ? WEIR_OK : WEIR_EIO;
    for (int fd = 0; fd < end && err == WEIR_OK; fd++) {
        err = move_descriptor(fd, cluster->disk, to);
    }
    if (err == WEIR_OK) {
        err = put_in_place(cluster->disk_fd, to, O_PATH | O_DIRECTORY);
    }
    snprintf(cluster->disk, sizeof cluster->disk, "%s", to);
    return err;
}

int weir_cluster_branch(weir_cluster *cluster, uint64_t reseed, weir_error *error)
{
    char copy[WEIR__PATH_MAX];
    if (cluster == NULL) {
        weir__error_null(error, __func__, "cluster");
        return -1;
    }
    if (!cluster->own_base) {
        weir__error_set(error, WEIR_ESTATE, "the cluster was made without opts.branches");
        return -1;
    }
    snprintf(copy, sizeof copy, "%.*s/%d-%d", (int)(WEIR__PATH_MAX / 2), cluster->base,
             (int)syscall(SYS_getpid), ++cluster->branches);
    int child = -1;
    weir_err err = weir__folder_branch(cluster->disk, copy, error);
    if (err == WEIR_OK) {
        child = weir_sim_branch(reseed);
    }
    if (child < 0) {
        if (err == WEIR_OK) {
            weir__error_set(error, errno == ENOTSUP ? WEIR_EUNSUPPORTED : WEIR_ELIMIT,
                            errno == ENOTSUP
                                ? "branches need WEIR_THREADS_BORROWED, and cannot be had under "
                                  "ThreadSanitizer and valgrind"
                                : "cannot fork");
        }
        weir__folder_remove(copy);
    } else if (child == 0 && move_disk(cluster, copy) != WEIR_OK) {
        weir__cluster_fail(cluster, "branch: cannot open the files in %s: %s", copy,
                           strerror(errno));
        weir_cluster_branch_end(cluster, 1);
    }
    return child;
}

void weir_cluster_branch_end(weir_cluster *cluster, int status)
{
    cluster = cluster != NULL ? cluster : weir__cluster_current();
    if (cluster == NULL || !weir_sim_in_branch()) {
        weir__cluster_fail(cluster, "%s: this is not a branch", __func__);
        exit(EXIT_FAILURE); /* it must not return: the parent may have ended already */
    }
    weir__folder_remove(cluster->disk);
    weir_sim_branch_exit(status);
}
