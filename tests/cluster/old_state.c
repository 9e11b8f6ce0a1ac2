/* SPDX-License-Identifier: Apache-2.0
 *
 * State of tasks that an instance no longer owns: rows that the new owner deletes do not reappear
 * when the task returns, and the disk space is freed. */
#include <sys/stat.h>

#include <weir/dsl.h>

#include "support/log_capture.h"

#define HOURS(n) ((int64_t)(n)*3600000)
#define CHANGELOG "app-s-changelog"

/* A row a record; a null value deletes. */
static weir_err keep(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_kv_put(weir_store(ctx, "s"), in->key, in->value, in->timestamp_ms);
}

static const weir_processor_ops keep_ops = {"keep", NULL, keep, NULL};

static weir_topology *rows_of(const weir_config *config, weir_toggle logging,
                              const char *const *changelog, weir_error *error)
{
    const char *const in[] = {"in", NULL};
    const char *const keeper[] = {"keep", NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", (const char *const[]){"rows", NULL}, &weir_string, &weir_string, NULL);
    weir_add_processor(b, "keep", in, &keep_ops, NULL);
    weir_store_opts opts = {.key = &weir_string,
                            .value = &weir_string,
                            .backend = WEIR_BACKEND_ROCKSDB,
                            .logging = logging,
                            .changelog_config = changelog};
    weir_add_store(b, "s", &opts, keeper);
    return weir_build(b, config, error);
}

static weir_topology *rows(const weir_config *config, weir_error *error)
{
    return rows_of(config, WEIR_ON, NULL, error);
}

/* Tombstones stay for 20 minutes. */
static weir_topology *rows_soon_old(const weir_config *config, weir_error *error)
{
    static const char *const changelog[] = {"delete.retention.ms", "1200000", NULL};
    return rows_of(config, WEIR_ON, changelog, error);
}

static weir_topology *rows_unlogged(const weir_config *config, weir_error *error)
{
    return rows_of(config, WEIR_OFF, NULL, error);
}

typedef struct setup {
    weir_cluster *cluster;
    weir_input rows;
    log_capture *all;
} setup;

static setup set_up(void **state, int32_t partitions)
{
    weir_cluster_opts opts = {.max_virtual_ms = HOURS(24 * 7), .livelock_ms = HOURS(24 * 7)};
    setup one = {.cluster = fixture_cluster(state, &opts)};
    one.rows = weir_cluster_input(one.cluster, "rows", partitions, &weir_string, &weir_string);
    one.all = log_capture_new(state);
    return one;
}

static void catch_up(const setup *one)
{
    weir_run_until(one->cluster, weir_caught_up, WEIR_MINUTES(5));
}

static void close_it(weir_instance *instance)
{
    assert_int_equal(weir_instance_close(instance, WEIR_MINUTES(1)), WEIR_OK);
}

/* Two rows. */
static weir_instance *started(const setup *one, weir_topology_fn topology,
                              const char *const *config)
{
    weir_instance *a = log_capture_start(one->cluster, one->all, "a", topology, config);
    weir_input_text(one->rows, "k1", "old");
    weir_input_text(one->rows, "k2", "old");
    catch_up(one);
    return a;
}

/* k1 is deleted, k3 is new. */
static void change(const setup *one)
{
    weir_input_text(one->rows, "k1", NULL);
    weir_input_text(one->rows, "k3", "new");
    catch_up(one);
}

/* `a` is away for `away_ms`; before that another instance makes the change. */
static void close_and_change(const setup *one, weir_instance *a, const char *const *config,
                             int64_t away_ms)
{
    close_it(a);
    weir_instance *b = log_capture_start(one->cluster, one->all, "b", rows, config);
    change(one);
    close_it(b);
    weir_cluster_run_for(one->cluster, away_ms);
}

static void assert_changed(const setup *one)
{
    weir_rows *expected = weir_rows_new(one->cluster, &weir_string, &weir_string);
    weir_rows_add(expected, &(weir_slice){"k2", 2}, &(weir_slice){"old", 3});
    weir_rows_add(expected, &(weir_slice){"k3", 2}, &(weir_slice){"new", 3});
    weir_store_view store = weir_cluster_store(one->cluster, "s", &weir_string, &weir_string);
    weir_assert_same_rows(weir_store_view_all(store), expected);
}

static bool has_folder(weir_instance *instance, const char *task)
{
    char path[512];
    struct stat found;
    snprintf(path, sizeof path, "%s/app/%s", weir_instance_directory(instance), task);
    return stat(path, &found) == 0;
}

/* ---- Rows that must stay deleted ---- */

static void rows_deleted_while_an_instance_was_away_for_a_day_stay_deleted(void **state)
{
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows, NULL);
    close_and_change(&one, a, NULL, HOURS(25));
    weir_cluster_topic_compact(one.cluster, CHANGELOG);
    weir_instance_restart(a);
    catch_up(&one);
    assert_changed(&one);
}

static void rows_deleted_while_an_instance_was_frozen_stay_deleted(void **state)
{
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows_soon_old, NULL);
    weir_host_pause(weir_instance_host(a));
    weir_instance *b = log_capture_start(one.cluster, one.all, "b", rows_soon_old, NULL);
    weir_cluster_run_for(one.cluster, WEIR_MINUTES(2));
    change(&one);
    weir_cluster_run_for(one.cluster, WEIR_MINUTES(21));
    weir_cluster_topic_compact(one.cluster, CHANGELOG);
    weir_host_resume(weir_instance_host(a));
    weir_cluster_run_for(one.cluster, WEIR_MINUTES(2));
    close_it(b);
    catch_up(&one);
    assert_changed(&one);
    assert_in(weir__buf_text(&one.all->log), "deletions may be missing");
}

/* RocksDB had no reason to write them to disk for all that time. */
static void rows_deleted_long_before_a_crash_stay_deleted(void **state)
{
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows_soon_old, NULL);
    close_it(a); /* k1 is on disk */
    weir_instance_restart(a);
    change(&one);
    weir_cluster_run_for(one.cluster, WEIR_MINUTES(21));
    weir_cluster_topic_compact(one.cluster, CHANGELOG);
    weir_host_crash(weir_instance_host(a), WEIR_DISK_AS_IT_WAS);
    weir_instance_restart(a);
    catch_up(&one);
    assert_changed(&one);
    assert_in(weir__buf_text(&one.all->log), "deletions may be missing");
}

/* ---- State that is still used ---- */

static void state_of_an_hour_is_restored_from_where_it_ends(void **state)
{
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows, NULL);
    close_and_change(&one, a, NULL, HOURS(1));
    one.all->restored = 0;
    weir_instance_restart(a);
    catch_up(&one);
    assert_changed(&one);
    assert_int_equal(one.all->restored, 2); /* not the first two */
}

static void old_state_that_is_not_behind_is_used(void **state)
{
    static const char *const keep_folders[] = {"state.cleanup.dir.max.age.ms", "600000", NULL};
    setup one = set_up(state, 1);
    weir_instance *a = log_capture_start(one.cluster, one.all, "a", rows_soon_old, keep_folders);
    weir_input_text(one.rows, "k2", "old");
    weir_input_text(one.rows, "k3", "new");
    catch_up(&one);
    weir_cluster_run_for(one.cluster, HOURS(1)); /* in use all the time */
    one.all->restored = 0;
    close_it(a);
    weir_instance_restart(a);
    catch_up(&one);
    assert_changed(&one);
    assert_int_equal(one.all->restored, 0);
}

static void a_folder_that_was_in_use_before_a_crash_is_kept(void **state)
{
    static const char *const keep_folders[] = {"state.cleanup.dir.max.age.ms", "1800000", NULL};
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows, keep_folders);
    weir_cluster_run_for(one.cluster, HOURS(1));
    weir_host_crash(weir_instance_host(a), WEIR_DISK_AS_IT_WAS);
    weir_instance_restart(a);
    catch_up(&one);
    assert_null(strstr(weir__buf_text(&one.all->log), "removed the folder"));
    weir_cluster_run_for(one.cluster, WEIR_MINUTES(1));
    weir_host_crash(weir_instance_host(a), WEIR_DISK_AS_IT_WAS);
    weir_cluster_run_for(one.cluster, HOURS(1)); /* in use by none */
    weir_instance_restart(a);
    catch_up(&one);
    assert_in(weir__buf_text(&one.all->log), "removed the folder of task 0_0");
}

static void rows_without_a_changelog_outlive_a_long_stop(void **state)
{
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows_unlogged, NULL);
    change(&one);
    close_it(a);
    weir_cluster_run_for(one.cluster, HOURS(30));
    weir_instance_restart(a);
    catch_up(&one);
    assert_changed(&one);
}

/* ---- Disk ---- */

static void a_folder_is_removed_ten_minutes_after_its_task_was_revoked(void **state)
{
    setup one = set_up(state, 2);
    weir_instance *a = started(&one, rows, NULL);
    assert_true(has_folder(a, "0_0") && has_folder(a, "0_1"));
    weir_instance *b = log_capture_start(one.cluster, one.all, "b", rows, NULL);
    weir_cluster_run_for(one.cluster, WEIR_MINUTES(2));
    bool kept_first = !has_folder(b, "0_0"); /* which of the two stayed with a */
    assert_true(has_folder(b, "0_0") != has_folder(b, "0_1"));
    assert_true(has_folder(a, "0_0") && has_folder(a, "0_1"));
    weir_cluster_run_for(one.cluster, WEIR_MINUTES(20));
    assert_int_equal(has_folder(a, "0_0"), kept_first);
    assert_int_equal(has_folder(a, "0_1"), !kept_first);
    assert_true(has_folder(b, "0_0") != has_folder(b, "0_1"));
    change(&one);
    assert_changed(&one);
}

static void an_old_folder_is_removed_at_the_start(void **state)
{
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows, NULL);
    close_it(a);
    weir_cluster_run_for(one.cluster, HOURS(13));
    one.all->restored = 0;
    weir_instance_restart(a);
    catch_up(&one);
    assert_int_equal(one.all->restored, 2); /* all, though it was not behind */
    assert_null(strstr(weir__buf_text(&one.all->log), "deletions may be missing"));
}

/* The folder of the task that went to b, 20 minutes later. */
static bool is_kept(void **state, const char *delay_ms)
{
    const char *const config[] = {"state.cleanup.delay.ms", delay_ms, NULL};
    setup one = set_up(state, 2);
    weir_instance *a = log_capture_start(one.cluster, one.all, "a", rows, config);
    change(&one);
    weir_instance *b = log_capture_start(one.cluster, one.all, "b", rows, NULL);
    weir_cluster_run_for(one.cluster, WEIR_MINUTES(20));
    assert_true(has_folder(b, "0_0") != has_folder(b, "0_1"));
    return has_folder(a, has_folder(b, "0_0") ? "0_0" : "0_1");
}

static void a_folder_stays_for_the_cleanup_delay(void **state)
{
    assert_true(is_kept(state, "3600000"));
    assert_false(is_kept(state, "60000"));
}

/* Records that are restored after a stop of 13 hours. */
static int restored_later(void **state, const char *age_max_ms)
{
    const char *const config[] = {"state.cleanup.dir.max.age.ms", age_max_ms, NULL};
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows, config);
    close_it(a);
    weir_cluster_run_for(one.cluster, HOURS(13));
    one.all->restored = 0;
    weir_instance_restart(a);
    catch_up(&one);
    return one.all->restored;
}

static void state_is_used_up_to_its_greatest_age(void **state)
{
    assert_int_equal(restored_later(state, "43200000"), 2);
    assert_int_equal(restored_later(state, "86400000"), 0);
    assert_int_equal(restored_later(state, "-1"), 0);
}

static void a_shorter_retention_of_all_topics_counts_for_old_state(void **state)
{
    static const char *const config[] = {"topic.delete.retention.ms", "1200000", NULL};
    setup one = set_up(state, 1);
    weir_instance *a = started(&one, rows, config);
    close_and_change(&one, a, config, HOURS(1));
    weir_cluster_topic_compact(one.cluster, CHANGELOG);
    weir_instance_restart(a);
    catch_up(&one);
    assert_changed(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(rows_deleted_while_an_instance_was_away_for_a_day_stay_deleted),
        cluster_test(rows_deleted_while_an_instance_was_frozen_stay_deleted),
        cluster_test(rows_deleted_long_before_a_crash_stay_deleted),
        cluster_test(state_of_an_hour_is_restored_from_where_it_ends),
        cluster_test(old_state_that_is_not_behind_is_used),
        cluster_test(a_folder_that_was_in_use_before_a_crash_is_kept),
        cluster_test(rows_without_a_changelog_outlive_a_long_stop),
        cluster_test(a_folder_is_removed_ten_minutes_after_its_task_was_revoked),
        cluster_test(a_shorter_retention_of_all_topics_counts_for_old_state),
        cluster_test(an_old_folder_is_removed_at_the_start),
        cluster_test(a_folder_stays_for_the_cleanup_delay),
        cluster_test(state_is_used_up_to_its_greatest_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
