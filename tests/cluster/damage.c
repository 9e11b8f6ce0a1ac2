/* SPDX-License-Identifier: Apache-2.0
 *
 * Data lost while an instance was stopped: parts of its disk, of a changelog, of its input. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/scenario.h"

#define ROUND 60
#define APPLICATION "app"

static int64_t end_of(scenario *all, const char *topic, int32_t partition)
{
    int64_t start = 0;
    int64_t end = 0;
    assert_int_equal(weir_mock_partition_offsets(weir_cluster_mock(scenario_cluster(all)), topic,
                                                 partition, &start, &end),
                     WEIR_OK);
    return end;
}

/* With a changelog from which records may be deleted, too. */
static scenario *new_one(void **state)
{
    static const char *const config[] = {"cleanup.policy", "compact,delete", NULL};
    scenario *all = scenario_new(state, NULL);
    assert_int_equal(weir_mock_topic_create(weir_cluster_mock(scenario_cluster(all)),
                                            "app-counts-changelog", SCENARIO_PARTITIONS, -1, config,
                                            NULL),
                     WEIR_OK);
    return all;
}

/* One instance, with all that it did committed, closed. */
static scenario *closed_instance(void **state, weir_instance **a)
{
    scenario *all = new_one(state);
    *a = scenario_start(all, "a", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    assert_int_equal(weir_instance_close(*a, WEIR_MINUTES(1)), WEIR_OK);
    return all;
}

/* ---- Changelogs --------------------------------------------------------------------------- */

/* The store is at the end: it has the records that were deleted from the changelog. */
static void a_changelog_trimmed_up_to_its_end_is_not_missed(void **state)
{
    weir_instance *a = NULL;
    scenario *all = closed_instance(state, &a);
    for (int32_t i = 0; i < SCENARIO_PARTITIONS; i++) {
        weir_cluster_topic_trim(scenario_cluster(all), "app-counts-changelog", i, 0);
    }
    weir_instance_restart(a);
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
    assert_int_equal(scenario_restored(all), 0);
}

/* b continues the task of a. Then the offset of a's store is below the changelog's start: a must
 * neither take the rest of the changelog for all of it, nor continue with the old store. */
static void a_store_behind_the_start_of_its_changelog_is_restored_from_the_start(void **state)
{
    weir_instance *a = NULL;
    scenario *all = closed_instance(state, &a);
    weir_instance *b = scenario_start(all, "b", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    assert_int_equal(weir_instance_close(b, WEIR_MINUTES(1)), WEIR_OK);
    weir_cluster *cluster = scenario_cluster(all);
    for (int32_t i = 0; i < SCENARIO_PARTITIONS; i++) {
        weir_cluster_topic_trim(cluster, "app-counts-changelog", i, 1);
    }
    weir_instance_restart(a);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(2));
    assert_int_not_equal(scenario_warnings(all, "is wiped and restored anew"), 0);
    weir_store_view store = weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
    weir_assert_size(weir_store_view_all(store), SCENARIO_PARTITIONS);
}

static void a_changelog_trimmed_in_the_middle_of_a_restore_is_read_from_its_new_start(void **state)
{
    scenario *all = new_one(state);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_start(all, "a", 1, NULL);
    scenario_feed(all, 2 * ROUND);
    scenario_settle(all);
    weir_instance *b = scenario_start(all, "b", 1, NULL);
    scenario_inject_fault_at(all, b, "restore", NULL, 1, SCENARIO_PAUSE);
    weir_run_until_with(cluster, scenario_fault_hit, all, WEIR_MINUTES(1));
    for (int32_t i = 0; i < SCENARIO_PARTITIONS; i++) {
        weir_cluster_topic_trim(scenario_cluster(all), "app-counts-changelog", i, 0);
    }
    weir_host_resume(weir_instance_host(b));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(2));
    scenario_settle(all);
}

/* ---- Input -------------------------------------------------------------------------------- */

/* auto.offset.reset is earliest: the instance continues at the new start of the input. */
static void input_that_was_deleted_is_skipped(void **state)
{
    weir_instance *a = NULL;
    scenario *all = closed_instance(state, &a);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_feed(all, ROUND);
    weir_cluster_topic_trim(cluster, "lines", 0, 5);
    weir_instance_restart(a);
    scenario_settle(all);
    assert_int_equal(
        weir_mock_committed(weir_cluster_mock(cluster), APPLICATION, "lines", 0, NULL, 0),
        end_of(all, "lines", 0));
}

/* ---- Disks -------------------------------------------------------------------------------- */

static bool is_table(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, ".sst") == 0;
}

static bool is_manifest(const char *name)
{
    return strncmp(name, "MANIFEST", 8) == 0;
}

static bool is_current(const char *name)
{
    return strcmp(name, "CURRENT") == 0;
}

typedef struct wreck {
    bool (*wanted)(const char *name);
    bool cut; /* to half its size; else removed */
    int found;
} wreck;

static void wreck_files(const char *directory, wreck *how);

static void wreck_file(const char *path, const char *name, wreck *how)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    if (S_ISDIR(info.st_mode)) {
        wreck_files(path, how);
    } else if (how->wanted(name)) {
        how->found++;
        assert_int_equal(how->cut ? truncate(path, info.st_size / 2) : unlink(path), 0);
    }
}

static void wreck_files(const char *directory, wreck *how)
{
    DIR *open = opendir(directory);
    assert_non_null(open);
    const struct dirent *entry;
    while ((entry = readdir(open)) != NULL) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            wreck_file(path, entry->d_name, how);
        }
    }
    closedir(open);
}

/* Whatever the damage to the files: the changelog has all rows. */
static void survive(void **state, bool (*wanted)(const char *name), bool cut)
{
    weir_instance *a = NULL;
    scenario *all = closed_instance(state, &a);
    wreck how = {.wanted = wanted, .cut = cut};
    wreck_files(weir_instance_directory(a), &how);
    assert_true(how.found > 0);
    weir_instance_restart(a);
    scenario_feed(all, ROUND);
    scenario_check_exact(all);
    assert_true(scenario_restored(all) > 0);
}

static void missing_table_files_are_restored(void **state)
{
    survive(state, is_table, false);
}

static void cut_table_files_are_restored(void **state)
{
    survive(state, is_table, true);
}

static void a_missing_manifest_is_restored(void **state)
{
    survive(state, is_manifest, false);
}

static void a_cut_manifest_is_restored(void **state)
{
    survive(state, is_manifest, true);
}

static void a_missing_current_file_is_restored(void **state)
{
    survive(state, is_current, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_changelog_trimmed_up_to_its_end_is_not_missed),
        cluster_test(a_store_behind_the_start_of_its_changelog_is_restored_from_the_start),
        cluster_test(a_changelog_trimmed_in_the_middle_of_a_restore_is_read_from_its_new_start),
        cluster_test(input_that_was_deleted_is_skipped),
        cluster_test(missing_table_files_are_restored),
        cluster_test(cut_table_files_are_restored),
        cluster_test(a_missing_manifest_is_restored),
        cluster_test(a_cut_manifest_is_restored),
        cluster_test(a_missing_current_file_is_restored),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
