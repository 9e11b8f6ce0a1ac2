/* SPDX-License-Identifier: Apache-2.0
 *
 * The state directory: its lock, its process id, the folders of tasks, and what it says when it
 * cannot be used. */
#include "state_kit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <pthread.h>
#include <stdatomic.h>

#include "state/directory.h"
#include "state/last_used.h"

#define METADATA "kafka-streams-process-metadata"

static weir__directory *open_app(void **state, const char *application)
{
    weir__directory *directory = NULL;
    weir_error error = {.message = ""};
    if (weir__directory_open(*state, application, &directory, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    return directory;
}

static weir_err fails_to_open(const char *state_dir, const char *application, weir_error *error)
{
    weir__directory *directory = NULL;
    weir_err err = weir__directory_open(state_dir, application, &directory, error);
    assert_int_not_equal(err, WEIR_OK);
    assert_null(directory);
    return err;
}

static char *path_of(void **state, const char *name)
{
    static char path[2 * KIT_PATH_MAX];
    snprintf(path, sizeof path, "%s/app/%s", (char *)*state, name);
    return path;
}

static bool exists(const char *path)
{
    struct stat found;
    return lstat(path, &found) == 0;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static size_t read_text(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, out, size - 1);
    assert_true(got >= 0);
    out[got] = '\0';
    close(fd);
    return (size_t)got;
}

static void it_is_laid_out_as_kafka_does_it(void **state)
{
    char text[128];
    char expected[128];
    weir__directory *directory = open_app(state, "app");
    assert_true(exists(path_of(state, ".lock")));
    assert_int_equal(read_text(path_of(state, METADATA), text, sizeof text), 52);
    snprintf(expected, sizeof expected, "{\"processId\":\"%s\"}",
             weir__directory_process_id(directory));
    assert_string_equal(text, expected);
    char *store = weir__directory_store_path(directory, "0_1", "counts");
    assert_string_equal(store, path_of(state, "0_1/rocksdb/counts"));
    free(store);
    weir__directory_close(directory);
}

static void the_process_id_is_a_uuid_and_stays(void **state)
{
    char first[64];
    weir__directory *directory = open_app(state, "app");
    snprintf(first, sizeof first, "%s", weir__directory_process_id(directory));
    assert_int_equal(strlen(first), 36);
    assert_int_equal(first[14], '4');
    assert_non_null(strchr("89ab", first[19]));
    weir__directory_close(directory);
    directory = open_app(state, "app");
    assert_string_equal(weir__directory_process_id(directory), first);
    assert_null(weir__directory_warning(directory));
    weir__directory *other = open_app(state, "other");
    assert_string_not_equal(weir__directory_process_id(other), first);
    weir__directory_close(other);
    weir__directory_close(directory);
}

static void what_java_wrote_is_read(void **state)
{
    weir__directory_close(open_app(state, "app"));
    write_file(path_of(state, METADATA),
               "{\"processId\":\"6c5ce4b5-0b1a-4f3c-9b1e-0123456789ab\",\"newer\":1}");
    weir__directory *directory = open_app(state, "app");
    assert_string_equal(weir__directory_process_id(directory),
                        "6c5ce4b5-0b1a-4f3c-9b1e-0123456789ab");
    assert_null(weir__directory_warning(directory));
    weir__directory_close(directory);
}

static void a_damaged_process_id_is_replaced_and_logged(void **state)
{
    const char *const damaged[] = {"",
                                   "{",
                                   "[]",
                                   "{\"processId\":7}",
                                   "{\"processId\":\"short\"}",
                                   "{\"processId\":\"6c5ce4b5-0b1a-4f3c-9b1e-0123456789xy\"}"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        char id[64];
        weir__directory_close(open_app(state, "app"));
        write_file(path_of(state, METADATA), damaged[i]);
        weir__directory *directory = open_app(state, "app");
        assert_non_null(strstr(weir__directory_warning(directory), METADATA));
        snprintf(id, sizeof id, "%s", weir__directory_process_id(directory));
        assert_int_equal(strlen(id), 36);
        weir__directory_close(directory);
        directory = open_app(state, "app");
        assert_string_equal(weir__directory_process_id(directory), id);
        assert_null(weir__directory_warning(directory));
        weir__directory_close(directory);
    }
}

static void two_instances_in_one_process_conflict(void **state)
{
    weir_error error;
    weir__directory *directory = open_app(state, "app");
    assert_int_equal(fails_to_open(*state, "app", &error), WEIR_ELOCKED);
    assert_non_null(strstr(error.message, weir__directory_path(directory)));
    weir__directory_close(open_app(state, "other"));
    weir__directory_close(directory);
    weir__directory_close(open_app(state, "app"));
}

static void two_processes_conflict_until_one_ends(void **state)
{
    int ready[2];
    int die[2];
    char byte = 0;
    weir_error error;
    assert_int_equal(pipe(ready) + pipe(die), 0);
    pid_t child = fork();
    if (child == 0) {
        weir__directory *directory = open_app(state, "app");
        bool ready_sent = directory != NULL && write(ready[1], &byte, 1) == 1;
        _exit(ready_sent && read(die[0], &byte, 1) == 1 ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(fails_to_open(*state, "app", &error), WEIR_ELOCKED);
    assert_int_equal(write(die[1], &byte, 1), 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    weir__directory_close(open_app(state, "app"));
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(die[i]);
    }
}

static void a_task_is_open_once(void **state)
{
    weir_error error;
    weir__directory *directory = open_app(state, "app");
    assert_ok(weir__directory_lock_task(directory, "0_1", NULL));
    assert_true(exists(path_of(state, "0_1")));
    assert_int_equal(weir__directory_lock_task(directory, "0_1", &error), WEIR_ELOCKED);
    assert_true(weir_err_is_retriable(error.code));
    assert_ok(weir__directory_lock_task(directory, "0_2", NULL));
    weir__directory_unlock_task(directory, "0_1");
    assert_ok(weir__directory_lock_task(directory, "0_1", NULL));
    weir__directory_unlock_task(directory, "0_1");
    weir__directory_unlock_task(directory, "0_2");
    weir__directory_close(directory);
}

static void a_task_whose_folder_cannot_be_made_is_not_locked(void **state)
{
    weir_error error;
    weir__directory *directory = open_app(state, "app");
    write_file(path_of(state, "0_1"), "in the way");
    assert_int_equal(weir__directory_lock_task(directory, "0_1", &error), WEIR_EIO);
    assert_non_null(strstr(error.message, "0_1"));
    assert_int_equal(unlink(path_of(state, "0_1")), 0);
    assert_ok(weir__directory_lock_task(directory, "0_1", NULL));
    weir__directory_unlock_task(directory, "0_1");
    weir__directory_close(directory);
}

#define WRITERS 4
#define WRITES 200

typedef struct writer {
    weir__directory *directory;
    char task[8];
    char *folder;
    atomic_int *left;  /* writers that run */
    atomic_int *wrong; /* notes that another one overwrote, or that are damaged */
} writer;

/* Locks, notes and unlocks the task as a stream thread does. Reads each note before it unlocks. */
static void *write_notes(void *user)
{
    writer *w = user;
    for (int64_t i = 1; i <= WRITES;) {
        if (weir__directory_lock_task(w->directory, w->task, NULL) == WEIR_OK) {
            int64_t used_ms = 0;
            weir__directory_note_used(w->directory, w->task, i);
            bool right = weir__last_used_read(w->folder, &used_ms) && used_ms == i++;
            atomic_fetch_add(w->wrong, right ? 0 : 1);
            weir__directory_unlock_task(w->directory, w->task);
        }
    }
    atomic_fetch_sub(w->left, 1);
    return NULL;
}

static void count_removed(void *user, const char *task, int64_t age_ms, const weir_error *failure)
{
    (void)task;
    (void)age_ms;
    (void)failure;
    ++*(int *)user;
}

/* Two threads a task, and the cleanup, which writes where the time is not known. */
static void the_time_of_last_use_has_one_writer_at_a_time(void **state)
{
    weir__directory *directory = open_app(state, "app");
    atomic_int left = WRITERS;
    atomic_int wrong = 0;
    pthread_t threads[WRITERS];
    writer writers[WRITERS];
    int removed = 0;
    weir__cleaning cleaning = {.now_ms = INT64_MAX - 1,
                               .max_age_ms = INT64_MAX,
                               .on_removed = count_removed,
                               .user = &removed};
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (writer){.directory = directory, .left = &left, .wrong = &wrong};
        snprintf(writers[i].task, sizeof writers[i].task, "0_%d", i / 2);
        writers[i].folder = strdup(path_of(state, writers[i].task));
        assert_int_equal(pthread_create(&threads[i], NULL, write_notes, &writers[i]), 0);
    }
    while (atomic_load(&left) > 0) {
        weir__directory_clean(directory, &cleaning);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        free(writers[i].folder);
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(removed, 0);
    assert_false(exists(path_of(state, "0_0/.last-used.tmp")));
    weir__directory_close(directory);
}

static void note_task(int32_t subtopology, int32_t partition, void *user)
{
    char *out = user;
    snprintf(out + strlen(out), 256 - strlen(out), "%d_%d ", subtopology, partition);
}

static void tasks_are_listed_by_number(void **state)
{
    const char *const folders[] = {"1_0",  "0_10", "0_2",  "0_01",         "global",        "0_",
                                   "_1",   "0_1x", "-1_0", "10_0",         "99999999999_0", "2",
                                   "+1_1", " 1_1", "0_0",  "1_2147483648", "1_2147483647"};
    char listed[256] = "";
    weir__directory *directory = open_app(state, "app");
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        assert_ok(weir__make_directories(path_of(state, folders[i]), NULL));
    }
    assert_ok(weir__directory_each_task(directory, note_task, listed, NULL));
    assert_string_equal(listed, "0_0 0_2 0_10 1_0 1_2147483647 10_0 ");
    weir__directory_close(directory);
}

static void wiping_a_task_removes_all_of_it_and_nothing_else(void **state)
{
    weir__directory *directory = open_app(state, "app");
    assert_ok(weir__make_directories(path_of(state, "0_1/rocksdb/counts"), NULL));
    assert_ok(weir__make_directories(path_of(state, "0_10"), NULL));
    assert_ok(weir__make_directories(path_of(state, "outside"), NULL));
    write_file(path_of(state, "outside/kept"), "kept");
    write_file(path_of(state, "0_1/rocksdb/counts/000012.sst"), "rows");
    char target[KIT_PATH_MAX + 16];
    snprintf(target, sizeof target, "%s/app/outside", (char *)*state);
    assert_int_equal(symlink(target, path_of(state, "0_1/link")), 0);
    assert_ok(weir__directory_wipe_task(directory, "0_1", NULL));
    assert_false(exists(path_of(state, "0_1")));
    assert_true(exists(path_of(state, "0_10")));
    assert_true(exists(path_of(state, "outside/kept")));
    assert_ok(weir__directory_wipe_task(directory, "0_1", NULL));
    weir__directory_close(directory);
}

static void a_link_in_the_place_of_a_directory_is_removed_not_followed(void **state)
{
    weir__directory *directory = open_app(state, "app");
    assert_ok(weir__make_directories(path_of(state, "outside/deep"), NULL));
    assert_int_equal(symlink("outside", path_of(state, "0_1")), 0);
    assert_ok(weir__directory_wipe_task(directory, "0_1", NULL));
    assert_false(exists(path_of(state, "0_1")));
    assert_true(exists(path_of(state, "outside/deep")));
    weir__directory_close(directory);
}

static void a_path_that_is_no_directory_is_named(void **state)
{
    char path[KIT_PATH_MAX + 16];
    weir_error error;
    snprintf(path, sizeof path, "%s/file", (char *)*state);
    write_file(path, "");
    assert_int_equal(fails_to_open(path, "app", &error), WEIR_EIO);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "Not a directory"));
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    weir_error error;
    assert_int_equal(fails_to_open("/proc/no/state", "app", &error), WEIR_EIO);
    assert_non_null(strstr(error.message, "'/proc/no'"));
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    char name[300];
    weir_error error;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(fails_to_open(*state, name, &error), WEIR_EIO);
    assert_non_null(strstr(error.message, "File name too long"));
}

static void an_application_id_may_not_lead_elsewhere(void **state)
{
    const char *const bad[] = {"", ".", "..", "a/b", "../other"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        weir_error error;
        assert_int_equal(fails_to_open(*state, bad[i], &error), WEIR_ECONFIG);
        assert_non_null(strstr(error.message, "application.id"));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_laid_out_as_kafka_does_it),
        TEST(the_process_id_is_a_uuid_and_stays),
        TEST(what_java_wrote_is_read),
        TEST(a_damaged_process_id_is_replaced_and_logged),
        TEST(two_instances_in_one_process_conflict),
        TEST(two_processes_conflict_until_one_ends),
        TEST(a_task_is_open_once),
        TEST(the_time_of_last_use_has_one_writer_at_a_time),
        TEST(a_task_whose_folder_cannot_be_made_is_not_locked),
        TEST(tasks_are_listed_by_number),
        TEST(wiping_a_task_removes_all_of_it_and_nothing_else),
        TEST(a_link_in_the_place_of_a_directory_is_removed_not_followed),
        TEST(a_path_that_is_no_directory_is_named),
        TEST(a_directory_that_cannot_be_made_is_named),
        TEST(a_path_that_is_too_long_is_refused),
        TEST(an_application_id_may_not_lead_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
