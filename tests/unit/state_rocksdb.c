/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows that a store in RocksDB keeps on disk after close, a kill, and damage of the disk. */
#include "state_kit.h"

#include "state/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define BIG_VALUE 1000
#define MANY 4000 /* 4 MB: several memtables of 1 MiB */

static weir_err try_open(const char *directory, bool timestamped, weir_error *error)
{
    weir__kv *kv = NULL;
    weir__rocksdb_opts opts = {.offset_key = KIT_OFFSET_KEY,
                               .family = kit_plan(NULL, timestamped).kind->family};
    weir_err err = weir__rocksdb_open(directory, &opts, &kv, error);
    assert_int_equal(err == WEIR_OK, kv != NULL);
    if (kv != NULL) {
        weir__kv_close(kv);
    }
    return err;
}

static void put_many(weir__kv *kv)
{
    char key[16];
    char value[BIG_VALUE];
    memset(value, 'v', sizeof value);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "%06d", i);
        assert_ok(weir__kv_put(kv, s(key), (weir_slice){value, sizeof value}, NULL));
        assert_ok(weir__kv_commit(kv, i, WEIR__TIME_UNKNOWN, NULL));
    }
}

static int count_rows(weir__kv *kv)
{
    weir_slice key;
    weir_slice value;
    int count = 0;
    weir__kv_iter *iter = kit_range(kv, NULL, NULL, false);
    while (iter->ops->next(iter, &key, &value)) {
        count++;
    }
    assert_ok(iter->ops->close(iter));
    return count;
}

/* Starts this program again to do `role` with a store and to end without closing it. After a plain
 * fork RocksDB's pools would have no threads. */
static pid_t start_role(const char *role, const char *directory, int in, int out)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        execl("/proc/self/exe", "state_rocksdb", role, directory, (char *)NULL);
        _exit(127);
    }
    return child;
}

static void wait_for_end(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void play(const char *role, const char *directory)
{
    wait_for_end(start_role(role, directory, STDIN_FILENO, STDOUT_FILENO));
}

static void rows_and_offset_survive_closing(void **state)
{
    for (int timestamped = 0; timestamped < 2; timestamped++) {
        char directory[KIT_PATH_MAX + 16];
        snprintf(directory, sizeof directory, "%s/rocksdb/%d", (char *)*state, timestamped);
        weir__kv *kv = kit_rocksdb(directory, timestamped == 1);
        kit_put(kv, "a", "1");
        kit_put(kv, "b", "");
        kit_put(kv, "c", "3");
        kit_put(kv, "c", NULL);
        assert_ok(weir__kv_commit(kv, 12, WEIR__TIME_UNKNOWN, NULL));
        weir__kv_close(kv);

        kv = kit_rocksdb(directory, timestamped == 1);
        assert_int_equal(weir__kv_offset(kv), 12);
        assert_false(weir__kv_was_left_open(kv));
        assert_rows(kit_range(kv, NULL, NULL, false), "a=1 b=");
        weir__kv_close(kv);
    }
}

static void a_lazy_store_exists_from_its_first_write(void **state)
{
    weir__kv *kv = kit_lazy(*state, false);
    weir_slice value = {"", 0};
    assert_ok(weir__kv_get(kv, s("a"), &value, NULL));
    assert_null(value.data);
    assert_rows(kit_range(kv, NULL, NULL, false), "");
    assert_ok(weir__kv_flush(kv, NULL));
    assert_int_equal(weir__kv_offset(kv), WEIR__NO_OFFSET);
    weir__kv_close(kv);
    assert_false(weir__has_file(*state, "CURRENT"));

    kv = kit_lazy(*state, false);
    kit_put(kv, "a", "1");
    assert_true(weir__has_file(*state, "CURRENT"));
    assert_ok(weir__kv_commit(kv, 3, WEIR__TIME_UNKNOWN, NULL));
    weir__kv_close(kv);

    kv = kit_lazy(*state, false);
    assert_int_equal(weir__kv_offset(kv), 3);
    assert_rows(kit_range(kv, NULL, NULL, false), "a=1");
    weir__kv_close(kv);
}

static void a_kill_loses_unflushed_rows_with_their_offset(void **state)
{
    weir__kv *kv = kit_rocksdb(*state, true);
    kit_put(kv, "kept", "row");
    assert_ok(weir__kv_commit(kv, 5, WEIR__TIME_UNKNOWN, NULL));
    weir__kv_close(kv);
    play("put_few", *state);

    kv = kit_rocksdb(*state, true);
    assert_int_equal(weir__kv_offset(kv), 5);
    assert_false(weir__kv_was_left_open(kv));
    assert_rows(kit_range(kv, NULL, NULL, false), "kept=row");
    weir__kv_close(kv);
}

static void after_a_kill_rows_are_never_older_than_the_offset(void **state)
{
    play("put_many", *state);
    weir__kv *kv = kit_rocksdb(*state, true);
    int rows = count_rows(kv);
    int64_t offset = weir__kv_offset(kv);
    assert_true(rows > 0 && rows < MANY);
    /* A flush may fall between the put of a row and that of its offset. */
    assert_true(offset + 1 == rows || offset + 2 == rows);
    assert_true(weir__kv_was_left_open(kv));
    weir__kv_close(kv);
}

static void layers_above_a_store_say_whether_it_was_left_open(void **state)
{
    play("put_many", *state);
    weir__kv *kv = kit_lazy(*state, true);
    assert_ok(weir__buffered_wrap(kv, NULL, &kv, NULL));
    assert_true(weir__kv_was_left_open(kv));
    weir__kv_close(kv);

    char empty[KIT_PATH_MAX];
    kit_directory(empty);
    kv = kit_lazy(empty, true);
    assert_false(weir__kv_was_left_open(kv));
    weir__kv_close(kv);
    kit_remove(empty);

    kv = kit_memory();
    assert_false(weir__kv_was_left_open(kv));
    weir__kv_close(kv);
}

/* Its rows may still be newer than the offset. */
static void a_store_that_was_left_open_counts_as_open_until_a_commit(void **state)
{
    play("put_many", *state);
    assert_ok(try_open(*state, true, NULL));
    weir__kv *kv = kit_rocksdb(*state, true);
    assert_true(weir__kv_was_left_open(kv));
    assert_ok(weir__kv_commit(kv, 7, WEIR__TIME_UNKNOWN, NULL));
    weir__kv_close(kv);

    kv = kit_rocksdb(*state, true);
    assert_false(weir__kv_was_left_open(kv));
    weir__kv_close(kv);
}

static void a_store_that_was_closed_with_rows_after_its_commit_counts_as_open(void **state)
{
    weir__kv *kv = kit_rocksdb(*state, true);
    assert_ok(weir__kv_commit(kv, 7, WEIR__TIME_UNKNOWN, NULL));
    kit_put(kv, "a", "1");
    weir__kv_close(kv);

    kv = kit_rocksdb(*state, true);
    assert_true(weir__kv_was_left_open(kv));
    weir__kv_close(kv);
}

static void a_store_that_is_open_is_locked(void **state)
{
    weir_error error;
    weir__kv *kv = kit_rocksdb(*state, true);
    assert_int_equal(try_open(*state, true, &error), WEIR_ELOCKED);
    assert_non_null(strstr(error.message, *state));
    kit_put(kv, "still", "usable");
    weir__kv_close(kv);
    assert_ok(try_open(*state, true, NULL));
}

static void a_store_that_another_process_has_open_is_locked(void **state)
{
    int ready[2];
    int done[2];
    char byte = 0;
    assert_int_equal(pipe(ready) + pipe(done), 0);
    pid_t child = start_role("hold", *state, done[0], ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(try_open(*state, true, NULL), WEIR_ELOCKED);
    assert_int_equal(write(done[1], &byte, 1), 1);
    wait_for_end(child);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(done[i]);
    }
}

/* Calls `damage` on each file of the database whose name has `part` in it. */
static void damage_files(const char *directory, const char *part, void (*damage)(const char *path))
{
    char path[2 * KIT_PATH_MAX + 256];
    int damaged = 0;
    DIR *listing = opendir(directory);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strstr(entry->d_name, part) != NULL) {
            snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
            damage(path);
            damaged++;
        }
    }
    closedir(listing);
    assert_true(damaged > 0);
}

static void empty_file(const char *path)
{
    assert_int_equal(truncate(path, 0), 0);
}

static void remove_file(const char *path)
{
    assert_int_equal(unlink(path), 0);
}

static void overwrite_middle(const char *path)
{
    struct stat found;
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0 && fstat(fd, &found) == 0);
    for (off_t at = 0; at + 8 < found.st_size; at += 16) {
        assert_int_equal(pwrite(fd, "damaged!", 8, at), 8);
    }
    close(fd);
}

static void a_damaged_database_is_distinguished_from_other_failures(void **state)
{
    const struct {
        const char *part;
        void (*damage)(const char *path);
    } cases[] = {
        {"CURRENT", empty_file},        {"CURRENT", overwrite_middle}, {"MANIFEST", remove_file},
        {"MANIFEST", overwrite_middle}, {".sst", remove_file},         {".sst", empty_file},
        {".sst", overwrite_middle},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char directory[KIT_PATH_MAX + 16];
        snprintf(directory, sizeof directory, "%s/%zu", (char *)*state, i);
        weir__kv *kv = kit_rocksdb(directory, true);
        put_many(kv);
        weir__kv_close(kv);
        damage_files(directory, cases[i].part, cases[i].damage);
        weir_error error;
        weir_err err = try_open(directory, true, &error);
        if (err != WEIR_ECORRUPT) {
            fail_msg("case %zu: %s %s", i, weir_err_name(err), err != WEIR_OK ? error.message : "");
        }
        assert_non_null(strstr(error.message, directory));
        kit_remove(directory);
        assert_ok(try_open(directory, true, NULL));
    }
}

static void a_store_of_another_kind_is_not_taken_for_an_empty_one(void **state)
{
    for (int timestamped = 0; timestamped < 2; timestamped++) {
        char directory[KIT_PATH_MAX + 16];
        snprintf(directory, sizeof directory, "%s/%d", (char *)*state, timestamped);
        weir__kv *kv = kit_rocksdb(directory, timestamped == 1);
        kit_put(kv, "key", "value");
        weir__kv_close(kv);
        weir_error error;
        assert_int_equal(try_open(directory, timestamped == 0, &error), WEIR_ECORRUPT);
        assert_non_null(strstr(error.message, "of another kind"));
        assert_ok(try_open(directory, timestamped == 1, NULL));
    }
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    char path[KIT_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/file", (char *)*state);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    weir_error error;
    strncat(path, "/below/it", 10);
    assert_int_equal(try_open(path, true, &error), WEIR_EIO);
    assert_non_null(strstr(error.message, "/file"));
    assert_non_null(strstr(error.message, "Not a directory"));
}

static void the_version_is_returned(void **state)
{
    (void)state;
    int major = 0;
    assert_int_equal(sscanf(weir__rocksdb_version(), "%d.", &major), 1);
    assert_true(major >= 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

static int play_role(const char *role, const char *directory)
{
    char byte = 0;
    weir__kv *kv = kit_rocksdb(directory, true);
    if (strcmp(role, "put_many") == 0) {
        put_many(kv);
        return 0;
    }
    if (strcmp(role, "put_few") == 0) {
        kit_put(kv, "lost", "row");
        assert_ok(weir__kv_commit(kv, 99, WEIR__TIME_UNKNOWN, NULL));
        return 0;
    }
    return write(STDOUT_FILENO, &byte, 1) == 1 && read(STDIN_FILENO, &byte, 1) == 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        _exit(play_role(argv[1], argv[2]));
    }
    const struct CMUnitTest tests[] = {
        TEST(rows_and_offset_survive_closing),
        TEST(a_lazy_store_exists_from_its_first_write),
        TEST(a_kill_loses_unflushed_rows_with_their_offset),
        TEST(after_a_kill_rows_are_never_older_than_the_offset),
        TEST(layers_above_a_store_say_whether_it_was_left_open),
        TEST(a_store_that_was_left_open_counts_as_open_until_a_commit),
        TEST(a_store_that_was_closed_with_rows_after_its_commit_counts_as_open),
        TEST(a_store_that_is_open_is_locked),
        TEST(a_store_that_another_process_has_open_is_locked),
        TEST(a_damaged_database_is_distinguished_from_other_failures),
        TEST(a_store_of_another_kind_is_not_taken_for_an_empty_one),
        TEST(a_directory_that_cannot_be_made_is_named),
        TEST(the_version_is_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
