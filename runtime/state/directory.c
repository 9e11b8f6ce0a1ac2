/* SPDX-License-Identifier: Apache-2.0
 *
 * The state directory. Its lock is made by flock: unlike fcntl's lock it also excludes another
 * instance in the same process, and it is released when the process ends. */
#include "state/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/map.h"
#include "core/saturate.h"
#include "state/last_used.h"
#include "state/process_id.h"

#define LOCK_FILE ".lock"
#define FILE_MODE 0640

struct weir__directory {
    char *path;
    int lock_fd;
    char process_id[WEIR__PROCESS_ID_SIZE];
    char *warning;
    pthread_mutex_t mutex; /* of `tasks` */
    weir__map tasks;       /* locked ones, by name */
};

static char *join(const char *first, const char *second, const char *third)
{
    weir_buf path = {0};
    weir__buf_printf(&path, "%s/%s%s%s", first, second, third != NULL ? "/" : "",
                     third != NULL ? third : "");
    char *joined = path.err == WEIR_OK ? strdup(weir__buf_text(&path)) : NULL;
    weir__buf_fini(&path);
    return joined;
}

static weir_err out_of_memory(weir_error *error)
{
    return weir__error_set(error, WEIR_ENOMEM, "state directory: out of memory");
}

/* ---- Open, close -------------------------------------------------------------------------- */

/* application.id becomes the name of a folder, which must be inside state.dir. */
static weir_err check_name(const char *application, weir_error *error)
{
    if (*application == '\0' || strchr(application, '/') != NULL || strcmp(application, ".") == 0 ||
        strcmp(application, "..") == 0) {
        return weir__error_set(error, WEIR_ECONFIG,
                               "application.id '%s' cannot be the name of a directory",
                               application);
    }
    return WEIR_OK;
}

static weir_err lock_directory(weir__directory *directory, weir_error *error)
{
    char *path = join(directory->path, LOCK_FILE, NULL);
    if (path == NULL) {
        return out_of_memory(error);
    }
    weir_err err = WEIR_OK;
    directory->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (directory->lock_fd < 0) {
        err = weir__error_set(error, WEIR_EIO, "cannot write in the state directory: %s: '%s'",
                              strerror(errno), path);
    } else if (flock(directory->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        err = errno == EWOULDBLOCK
                  ? weir__error_set(error, WEIR_ELOCKED,
                                    "another instance uses the state directory '%s': give each "
                                    "instance its own state.dir",
                                    directory->path)
                  : weir__error_set(error, WEIR_EIO, "cannot lock '%s': %s", path, strerror(errno));
    }
    free(path);
    return err;
}

weir_err weir__directory_open(const char *state_dir, const char *application, weir__directory **out,
                              weir_error *error)
{
    weir_err err = check_name(application, error);
    if (err != WEIR_OK) {
        return err;
    }
    weir__directory *directory = calloc(1, sizeof *directory);
    if (directory == NULL) {
        return out_of_memory(error);
    }
    directory->lock_fd = -1;
    pthread_mutex_init(&directory->mutex, NULL);
    directory->path = join(state_dir, application, NULL);
    err = directory->path != NULL ? weir__make_directories(directory->path, error)
                                  : out_of_memory(error);
    if (err == WEIR_OK) {
        err = lock_directory(directory, error);
    }
    if (err == WEIR_OK) {
        err = weir__process_id_load(directory->path, directory->process_id, &directory->warning,
                                    error);
    }
    if (err != WEIR_OK) {
        weir__directory_close(directory);
        return err;
    }
    *out = directory;
    return WEIR_OK;
}

void weir__directory_close(weir__directory *directory)
{
    if (directory == NULL) {
        return;
    }
    weir_assert(directory->tasks.count == 0);
    weir__map_fini(&directory->tasks, NULL);
    pthread_mutex_destroy(&directory->mutex);
    if (directory->lock_fd >= 0) {
        close(directory->lock_fd);
    }
    free(directory->warning);
    free(directory->path);
    free(directory);
}

const char *weir__directory_path(const weir__directory *directory)
{
    return directory->path;
}

const char *weir__directory_process_id(const weir__directory *directory)
{
    return directory->process_id;
}

const char *weir__directory_warning(const weir__directory *directory)
{
    return directory->warning;
}

/* ---- Tasks -------------------------------------------------------------------------------- */

static weir_err claim(weir__directory *directory, const char *task, weir_error *error)
{
    weir_err err = WEIR_OK;
    pthread_mutex_lock(&directory->mutex);
    if (weir__map_get_text(&directory->tasks, task) != NULL) {
        err = weir__error_set(error, WEIR_ELOCKED, "task %s is still open on another thread", task);
    } else if (weir__map_put_text(&directory->tasks, task, directory) != WEIR_OK) {
        err = out_of_memory(error);
    }
    pthread_mutex_unlock(&directory->mutex);
    return err;
}

static void release(weir__directory *directory, const char *task)
{
    pthread_mutex_lock(&directory->mutex);
    void *removed = weir__map_remove(&directory->tasks, weir_slice_of(task));
    pthread_mutex_unlock(&directory->mutex);
    weir_assert(removed != NULL);
}

void weir__directory_note_used(const weir__directory *directory, const char *task, int64_t now_ms)
{
    char *path = join(directory->path, task, NULL);
    if (path != NULL) {
        weir__last_used_write(path, now_ms);
    }
    free(path);
}

weir_err weir__directory_lock_task(weir__directory *directory, const char *task, weir_error *error)
{
    weir_err err = claim(directory, task, error);
    if (err != WEIR_OK) {
        return err;
    }
    char *path = join(directory->path, task, NULL);
    err = path != NULL ? weir__make_directories(path, error) : out_of_memory(error);
    free(path);
    if (err == WEIR_OK) {
        weir__directory_note_used(directory, task, weir__wall_ms());
    } else {
        release(directory, task);
    }
    return err;
}

void weir__directory_unlock_task(weir__directory *directory, const char *task)
{
    weir__directory_note_used(directory, task, weir__wall_ms());
    release(directory, task);
}

weir_err weir__directory_wipe_task(weir__directory *directory, const char *task, weir_error *error)
{
    char *path = join(directory->path, task, NULL);
    weir_err err = path != NULL ? weir__remove_directory(path, error) : out_of_memory(error);
    free(path);
    return err;
}

/* Parses a number in a folder's name: digits without leading zeros. */
static bool parse_number(const char **at, int32_t *out)
{
    int64_t number = 0;
    const char *start = *at;
    while (**at >= '0' && **at <= '9' && number <= INT32_MAX) {
        number = number * 10 + (*(*at)++ - '0');
    }
    *out = (int32_t)number;
    return *at != start && number <= INT32_MAX && (*start != '0' || *at == start + 1);
}

/* "<sub-topology>_<partition>" */
static bool parse_task(const char *name, int32_t *subtopology, int32_t *partition)
{
    return parse_number(&name, subtopology) && *name++ == '_' && parse_number(&name, partition) &&
           *name == '\0';
}

typedef struct found_task {
    int32_t subtopology;
    int32_t partition;
} found_task;

static int compare_tasks(const void *a, const void *b)
{
    const found_task *one = a;
    const found_task *two = b;
    int order = (one->subtopology > two->subtopology) - (one->subtopology < two->subtopology);
    return order != 0 ? order
                      : (one->partition > two->partition) - (one->partition < two->partition);
}

static weir_err collect_tasks(DIR *listing, weir_buf *found)
{
    struct dirent *entry;
    while ((errno = 0, entry = readdir(listing)) != NULL) {
        found_task task;
        if (parse_task(entry->d_name, &task.subtopology, &task.partition)) {
            weir_put(found, &task, sizeof task);
        }
    }
    return errno == 0 ? found->err : WEIR_EIO;
}

weir_err weir__directory_each_task(const weir__directory *directory,
                                   void (*fn)(int32_t subtopology, int32_t partition, void *user),
                                   void *user, weir_error *error)
{
    DIR *listing = opendir(directory->path);
    weir_buf found = {0};
    weir_err err = listing != NULL ? collect_tasks(listing, &found) : WEIR_EIO;
    if (err != WEIR_OK) {
        weir__error_set(error, err, "cannot list the state directory: %s: '%s'",
                        err == WEIR_EIO ? strerror(errno) : weir_err_str(err), directory->path);
    } else if (found.len > 0) {
        found_task *tasks = (found_task *)(void *)found.data;
        size_t count = found.len / sizeof *tasks;
        qsort(tasks, count, sizeof *tasks, compare_tasks);
        for (size_t i = 0; i < count; i++) {
            fn(tasks[i].subtopology, tasks[i].partition, user);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    weir__buf_fini(&found);
    return err;
}

/* ---- Cleaning ---- */

/* The caller has locked the task. */
static void remove_task(weir__directory *directory, const char *task, int64_t age_ms,
                        const weir__cleaning *cleaning)
{
    weir_error failure = {0};
    weir_err err = weir__directory_wipe_task(directory, task, &failure);
    cleaning->on_removed(cleaning->user, task, age_ms, err != WEIR_OK ? &failure : NULL);
}

typedef struct clean_run {
    weir__directory *directory;
    const weir__cleaning *cleaning;
} clean_run;

static void clean_task(int32_t subtopology, int32_t partition, void *user)
{
    const clean_run *run = user;
    const weir__cleaning *cleaning = run->cleaning;
    char task[2 * sizeof "2147483647"];
    snprintf(task, sizeof task, "%" PRId32 "_%" PRId32, subtopology, partition);
    if ((cleaning->keep != NULL && cleaning->keep(subtopology, partition, cleaning->user)) ||
        claim(run->directory, task, NULL) != WEIR_OK) {
        return;
    }
    char *path = join(run->directory->path, task, NULL);
    int64_t used_ms = 0;
    bool known = path != NULL && weir__last_used_read(path, &used_ms);
    if (path != NULL && (!known || used_ms > cleaning->now_ms)) {
        weir__last_used_write(path, cleaning->now_ms);
    } else if (known && weir__sub_sat(cleaning->now_ms, used_ms) >= cleaning->max_age_ms) {
        remove_task(run->directory, task, weir__sub_sat(cleaning->now_ms, used_ms), cleaning);
    }
    free(path);
    release(run->directory, task);
}

void weir__directory_clean(weir__directory *directory, const weir__cleaning *cleaning)
{
    clean_run run = {directory, cleaning};
    weir_error failure = {0};
    if (weir__directory_each_task(directory, clean_task, &run, &failure) != WEIR_OK) {
        cleaning->on_removed(cleaning->user, "?", 0, &failure);
    }
}

char *weir__directory_store_path(const weir__directory *directory, const char *task,
                                 const char *store)
{
    char *folder = join(directory->path, task, "rocksdb");
    char *path = folder != NULL ? join(folder, store, NULL) : NULL;
    free(folder);
    return path;
}
