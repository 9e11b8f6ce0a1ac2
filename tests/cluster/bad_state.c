/* SPDX-License-Identifier: Apache-2.0
 *
 * State directories that cannot be used, and state that is damaged, too old or of another
 * application: reported, and restored from the changelog where that is possible. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/cluster.h"
#include "fixtures/word_count.h"
#include "support/log_capture.h"
#include "support/mock.h"

#define PATH_SIZE 1024
#define LINES 40
#define CHANGELOG "app-counts-changelog"
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The word count of one partition: task 1_0 has the store. */
typedef struct scene {
    weir_cluster *cluster;
    log_capture *capture;
    weir_input lines;
    weir_instance *a;
    int64_t sent;
} scene;

/* When the damage is found, buffers are full and partitions are paused. */
static const char *const quick[] = {"commit.interval.ms", "100", "buffered.records.per.partition",
                                    "1", NULL};

static void scene_topics(scene *s, void **state)
{
    s->cluster = fixture_cluster(state, NULL);
    s->capture = log_capture_new(state);
    weir_cluster_input(s->cluster, "word-counts", 1, &weir_string, &weir_i64);
    s->lines = weir_cluster_input(s->cluster, "lines", 1, &weir_string, &weir_string);
}

static void send_lines(scene *s)
{
    for (int i = 0; i < LINES; i++) {
        char line[32];
        snprintf(line, sizeof line, "every word%d", i % 20);
        weir_input_text(s->lines, NULL, line);
        s->sent++;
    }
}

static int64_t count_of(const scene *s, const char *word)
{
    weir_slice key = weir_slice_of(word);
    const weir_row *row = weir_store_view_get(
        weir_cluster_store(s->cluster, "counts", &weir_string, &weir_i64), &key);
    return row != NULL ? *(const int64_t *)row->value : 0;
}

static void assert_counts(const scene *s)
{
    assert_int_equal(count_of(s, "every"), s->sent);
    assert_int_equal(count_of(s, "word7"), s->sent / 20);
}

/* Counts exist, and the instance is closed. */
static void scene_closed(scene *s, void **state)
{
    scene_topics(s, state);
    weir_error error = {0};
    assert_int_equal(weir_mock_topic_create(weir_cluster_mock(s->cluster), CHANGELOG, 1, 1,
                                            LIST("cleanup.policy", "compact,delete"), &error),
                     WEIR_OK);
    s->a = log_capture_start(s->cluster, s->capture, "a", fixture_word_count, quick);
    send_lines(s);
    weir_run_until(s->cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_counts(s);
    assert_int_equal(weir_instance_close(s->a, WEIR_SECONDS(30)), WEIR_OK);
}

static void assert_exact_after_restart(scene *s)
{
    weir_instance_restart(s->a);
    send_lines(s);
    weir_run_until(s->cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_counts(s);
}

static void path_in(const scene *s, const char *name, char out[PATH_SIZE])
{
    snprintf(out, PATH_SIZE, "%s/%s", weir_instance_directory(s->a), name);
}

/* Overwrites the last `bytes` of each file of the store whose name has `part` in it. */
static int damage(const scene *s, const char *part, off_t bytes)
{
    char folder[PATH_SIZE];
    int damaged = 0;
    path_in(s, "app/1_0/rocksdb/counts", folder);
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strstr(entry->d_name, part) == NULL) {
            continue;
        }
        char path[2 * PATH_SIZE];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &status), 0);
        off_t from = status.st_size > bytes ? status.st_size - bytes : 0;
        for (off_t at = from; at < status.st_size; at++) {
            assert_int_equal(pwrite(fd, "!", 1, at), 1);
        }
        close(fd);
        damaged++;
    }
    closedir(listing);
    return damaged;
}

/* ---- Directories -------------------------------------------------------------------------- */

static void assert_no_start(scene *s, const char *const *config, weir_err err, const char *words)
{
    weir_error error = {0};
    weir_instance *none = weir_cluster_try_start(s->cluster, "a", fixture_word_count,
                                                 &(weir_instance_opts){.config = config}, &error);
    assert_null(none);
    assert_in(error.message, words);
    assert_string_equal(weir_err_name(error.code), weir_err_name(err));
}

/* /proc/self/fd cannot hold directories, whoever asks. */
static void a_state_directory_that_cannot_be_made_is_named(void **state)
{
    scene s = {0};
    scene_topics(&s, state);
    assert_no_start(&s, LIST("state.dir", "/proc/self/fd/weir"), WEIR_EIO, "/proc/self/fd/weir");
}

static void a_file_in_the_place_of_the_state_directory_is_named(void **state)
{
    scene s = {0};
    scene_topics(&s, state);
    assert_no_start(&s, LIST("state.dir", "/proc/self/cmdline"), WEIR_EIO, "/proc/self/cmdline");
}

static void a_state_directory_in_use_is_named(void **state)
{
    scene s = {0};
    char path[PATH_SIZE];
    scene_closed(&s, state);
    path_in(&s, "app/.lock", path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    weir_error error = {0};
    assert_null(weir_cluster_try_start(
        s.cluster, "b", fixture_word_count,
        &(weir_instance_opts){.config = LIST("state.dir", weir_instance_directory(s.a))}, &error));
    close(fd);
    assert_string_equal(weir_err_name(error.code), "WEIR_ELOCKED");
    assert_in(error.message, "another instance uses the state directory");
    assert_in(error.message, weir_instance_directory(s.a));
    assert_exact_after_restart(&s);
}

static void a_file_in_the_place_of_a_tasks_directory_stops_the_instance(void **state)
{
    scene s = {0};
    char from[PATH_SIZE];
    char to[PATH_SIZE];
    scene_closed(&s, state);
    path_in(&s, "app/1_0", from);
    path_in(&s, "moved", to);
    assert_int_equal(rename(from, to), 0);
    int fd = open(from, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    weir_instance_restart(s.a);
    assert_stops(s.cluster, s.capture, s.a, WEIR_EIO, from);
    assert_int_equal(unlink(from), 0);
    assert_exact_after_restart(&s);
}

/* ---- Damage ------------------------------------------------------------------------------- */

static void assert_mended(scene *s, const char *words)
{
    assert_exact_after_restart(s);
    assert_in(weir__buf_text(&s->capture->log), words);
    assert_in(weir__buf_text(&s->capture->log), "app/1_0/rocksdb/counts");
    assert_int_equal(s->capture->failures, 0);
    assert_true(s->capture->restored > 20); /* all of its rows */
}

static void a_damaged_manifest_is_restored_from_the_changelog(void **state)
{
    scene s = {0};
    scene_closed(&s, state);
    assert_true(damage(&s, "MANIFEST", PATH_SIZE) > 0);
    assert_mended(&s, "is damaged");
}

static void a_damaged_current_file_is_restored_from_the_changelog(void **state)
{
    scene s = {0};
    scene_closed(&s, state);
    assert_int_equal(damage(&s, "CURRENT", PATH_SIZE), 1);
    assert_mended(&s, "is damaged");
}

static void a_table_file_damaged_at_its_end_is_restored_from_the_changelog(void **state)
{
    scene s = {0};
    scene_closed(&s, state);
    assert_true(damage(&s, ".sst", 64) > 0);
    assert_mended(&s, "is damaged");
}

/* Whether the file of rows is this one; if so it is damaged in its first block. */
static bool damage_rows(const char *path)
{
    char content[PATH_SIZE];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t got = pread(fd, content, sizeof content, 0);
    bool found = got > 0 && memmem(content, (size_t)got, "every", 5) != NULL;
    if (found) {
        assert_int_equal(pwrite(fd, "!!!!", 4, 8), 4);
    }
    close(fd);
    return found;
}

/* The store can be opened; the damage is found when a row is read. */
static void damaged_rows_are_restored_from_the_changelog_when_they_are_read(void **state)
{
    scene s = {0};
    char folder[PATH_SIZE];
    int damaged = 0;
    scene_closed(&s, state);
    path_in(&s, "app/1_0/rocksdb/counts", folder);
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        char path[2 * PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        damaged += strstr(entry->d_name, ".sst") != NULL && damage_rows(path);
    }
    closedir(listing);
    assert_int_equal(damaged, 1);
    assert_mended(&s, "is damaged");
}

/* ---- Foreign and old state ---------------------------------------------------------------- */

static void state_of_another_application_is_not_used(void **state)
{
    scene s = {0};
    char from[PATH_SIZE];
    char to[PATH_SIZE];
    scene_topics(&s, state);
    s.a = log_capture_start(s.cluster, s.capture, "a", fixture_word_count,
                            LIST("application.id", "other", "commit.interval.ms", "100"));
    send_lines(&s);
    weir_cluster_run_for(s.cluster, WEIR_SECONDS(20));
    assert_int_equal(weir_instance_close(s.a, WEIR_SECONDS(30)), WEIR_OK);
    path_in(&s, "other", from);
    path_in(&s, "app", to);
    assert_int_equal(rename(from, to), 0);
    weir_instance_opts opts = log_capture_opts(s.capture, quick);
    weir_instance_restart_with(s.a, &opts);
    weir_run_until(s.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_counts(&s);
    assert_in(weir__buf_text(&s.capture->log), "app/1_0/rocksdb/counts");
    assert_in(weir__buf_text(&s.capture->log), "other-counts-changelog-0");
}

/* Old records were deleted while the instance was away; each row was written again since. */
static void a_changelog_cut_above_the_stored_offset_is_restored_from_its_start(void **state)
{
    scene s = {0};
    char used[PATH_SIZE];
    char kept[PATH_SIZE];
    weir_error error = {0};
    int64_t start = 0;
    int64_t end = 0;
    scene_closed(&s, state);
    path_in(&s, "app", used);
    path_in(&s, "kept", kept);
    assert_int_equal(weir__folder_copy(used, kept, &error), WEIR_OK);
    assert_exact_after_restart(&s);
    weir_mock *mock = weir_cluster_mock(s.cluster);
    assert_int_equal(weir_mock_partition_offsets(mock, CHANGELOG, 0, &start, &end), WEIR_OK);
    send_lines(&s);
    weir_run_until(s.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_instance_close(s.a, WEIR_SECONDS(30)), WEIR_OK);
    rd_kafka_t *admin = client_new(RD_KAFKA_CONSUMER, mock, "admin", NULL);
    assert_int_equal(admin_delete_records(admin, CHANGELOG, 0, end), end);
    rd_kafka_destroy(admin);
    weir__folder_remove(used);
    assert_int_equal(rename(kept, used), 0);
    s.capture->restored = 0;

    assert_exact_after_restart(&s);

    assert_in(weir__buf_text(&s.capture->log), "store counts is wiped and restored anew");
    assert_in(weir__buf_text(&s.capture->log), CHANGELOG "-0");
    assert_int_equal(s.capture->restored, 21);
    assert_int_equal(s.capture->failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_state_directory_that_cannot_be_made_is_named),
        cluster_test(a_file_in_the_place_of_the_state_directory_is_named),
        cluster_test(a_state_directory_in_use_is_named),
        cluster_test(a_file_in_the_place_of_a_tasks_directory_stops_the_instance),
        cluster_test(a_damaged_manifest_is_restored_from_the_changelog),
        cluster_test(a_damaged_current_file_is_restored_from_the_changelog),
        cluster_test(a_table_file_damaged_at_its_end_is_restored_from_the_changelog),
        cluster_test(damaged_rows_are_restored_from_the_changelog_when_they_are_read),
        cluster_test(state_of_another_application_is_not_used),
        cluster_test(a_changelog_cut_above_the_stored_offset_is_restored_from_its_start),
    };
    return cmocka_run_group_tests_name("bad state", tests, NULL, NULL);
}
