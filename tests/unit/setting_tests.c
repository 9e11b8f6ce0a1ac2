/* SPDX-License-Identifier: Apache-2.0
 *
 * Each setting has a test in which it makes a difference: which one, and that it exists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/settings.h"

#define TESTS WEIR_SOURCE_DIR "/tests/"
#define EACH "cluster/each_setting.c"
#define FILE_MAX_BYTES ((size_t)1 << 20)

/* The tests of each setting, in the order of the settings: more than one if a test shows only one
 * of two values. */
static const struct {
    const char *setting;
    const char *file; /* in tests/ */
    const char *test;
} shown[] = {
    {"__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", "cluster/stream_joins.c",
     "records_without_partner_are_looked_for_each_emit_interval"},
    {"__emit.interval.ms.kstreams.windowed.aggregation__", "unit/windows.c",
     "closed_windows_are_emitted_once_in_the_interval_by_the_wall_clock"},
    {"__emit.interval.ms.kstreams.windowed.aggregation__", "unit/windows.c",
     "closed_windows_are_emitted_at_once_without_an_interval"},
    {"application.id", EACH, "the_group_and_internal_topics_are_named_by_the_application_id"},
    {"auto.offset.reset", "cluster/settings.c",
     "the_first_start_reads_from_the_beginning_by_default"},
    {"auto.offset.reset", "cluster/settings.c", "latest_begins_at_the_end_at_the_first_start"},
    {"bootstrap.servers", "cluster/bad_brokers.c",
     "a_missing_listener_is_logged_and_the_application_closes"},
    {"buffered.records.per.partition", EACH, "fetching_is_paused_when_the_buffer_is_full"},
    {"client.id", EACH, "threads_are_named_by_the_client_id"},
    {"commit.interval.ms", EACH, "offsets_are_committed_each_commit_interval"},
    {"default.key.serde", "cluster/settings.c", "default_serdes_read_and_write"},
    {"default.key.serde", "cluster/settings.c", "a_key_that_is_not_of_the_default_serde_is_named"},
    {"default.timestamp.extractor", "cluster/timestamp_extractors.c",
     "log_and_skip_drops_the_record_of_a_stream"},
    {"default.timestamp.extractor", "cluster/timestamp_extractors.c",
     "partition_time_replaces_the_time_of_a_stream"},
    {"default.value.serde", "cluster/settings.c", "default_serdes_read_and_write"},
    {"default.value.serde", "cluster/settings.c",
     "a_value_that_is_not_of_the_default_serde_is_reported"},
    {"deserialization.exception.handler", "cluster/bad_input.c",
     "an_undecodable_value_stops_the_instance"},
    {"deserialization.exception.handler", "cluster/bad_input.c",
     "undecodable_records_are_dropped_and_logged_if_configured"},
    {"dsl.store", EACH, "dsl_store_says_whether_stores_outlive_a_close"},
    {"ensure.explicit.internal.resource.naming", "unit/explicit_names.c",
     "stores_without_names_are_refused_by_their_operators"},
    {"errors.dead.letter.queue.topic.name", "unit/dead_letters.c",
     "a_record_that_a_processor_fails_with_is_sent_as_it_was_read"},
    {"errors.dead.letter.queue.topic.name", "unit/dead_letters.c",
     "without_the_setting_nothing_is_sent"},
    {"log.level", EACH, "lines_below_the_log_level_are_left_out"},
    {"max.poll.records", EACH, "a_poll_takes_no_more_records_than_max_poll_records"},
    {"max.task.idle.ms", EACH, "a_task_with_an_empty_partition_idles_for_max_task_idle_ms"},
    {"num.stream.threads", EACH, "there_are_as_many_threads_as_wanted"},
    {"poll.ms", EACH, "an_idle_thread_waits_for_poll_ms"},
    {"processing.exception.handler", "cluster/app_errors.c",
     "a_failing_processor_names_the_record"},
    {"processing.exception.handler", "cluster/app_errors.c", "failing_records_may_be_dropped"},
    {"processing.exception.handler.global.enabled", "unit/global_stores.c",
     "a_failing_processor_of_a_global_store_ends_the_instance"},
    {"processing.exception.handler.global.enabled", "unit/global_stores.c",
     "records_that_fail_in_a_global_store_may_be_dropped"},
    {"processing.guarantee", "unit/sync_exactly_once.c",
     "the_outputs_of_a_record_that_fails_are_seen_at_least_once_only"},
    {"producer.max.block.ms", EACH, "a_full_queue_is_waited_for_producer_max_block_ms"},
    {"production.exception.handler", "cluster/bad_input.c",
     "a_record_too_large_is_reported_with_topic_and_size"},
    {"production.exception.handler", "cluster/bad_input.c",
     "a_record_too_large_is_dropped_if_configured"},
    {"production.exception.handler", "cluster/undelivered.c",
     "a_record_that_times_out_is_dropped_if_configured"},
    {"repartition.purge.interval.ms", EACH, "repartition_topics_are_purged_each_purge_interval"},
    {"replication.factor", EACH, "internal_topics_have_the_replication_factor"},
    {"state.cleanup.delay.ms", "cluster/old_state.c", "a_folder_stays_for_the_cleanup_delay"},
    {"state.cleanup.dir.max.age.ms", "cluster/old_state.c", "state_is_used_up_to_its_greatest_age"},
    {"state.dir", EACH, "state_goes_to_the_state_dir"},
    {"statestore.cache.max.bytes", "cluster/app_time.c",
     "the_cache_makes_fewer_updates_and_the_same_counts"},
    {"statestore.cache.max.bytes", "cluster/app_time.c", "without_cache_every_update_is_sent"},
    {"statestore.uncommitted.max.bytes", "unit/task_stores.c",
     "stores_are_full_beyond_their_part_of_the_uncommitted_bytes"},
    {"statestore.uncommitted.max.bytes", "unit/task_stores.c",
     "stores_are_never_full_without_a_limit_of_uncommitted_bytes"},
    {"task.timeout.ms", EACH, "a_temporary_failure_is_one_after_task_timeout_ms"},
    {"topology.optimization", "cluster/optimization.c",
     "a_table_is_restored_from_its_topic_after_a_crash"},
    {"windowstore.changelog.additional.retention.ms", "cluster/window_stores.c",
     "changelogs_of_windows_are_deleted_a_day_after_the_rows"},
    {"windowstore.changelog.additional.retention.ms", "cluster/window_stores.c",
     "changelogs_of_windows_are_deleted_as_long_after_the_rows_as_set"},
};

#define SHOWN_COUNT (sizeof shown / sizeof shown[0])

/* Freed by the caller. */
static char *text_of(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s", TESTS, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s: there is no such file", path);
    }
    char *text = calloc(1, FILE_MAX_BYTES);
    assert_non_null(text);
    size_t len = fread(text, 1, FILE_MAX_BYTES - 1, file);
    fclose(file);
    assert_true(len < FILE_MAX_BYTES - 1);
    return text;
}

static bool holds(const char *text, const char *before, const char *name, const char *behind)
{
    char words[256];
    snprintf(words, sizeof words, "%s%s%s", before, name, behind);
    return strstr(text, words) != NULL;
}

static void each_setting_has_a_test_that_shows_it(void **state)
{
    (void)state;
    const weir__setting *setting;
    for (size_t i = 0; (setting = weir__setting_at(i)) != NULL; i++) {
        bool found = false;
        for (size_t k = 0; k < SHOWN_COUNT && !found; k++) {
            found = strcmp(shown[k].setting, setting->name) == 0;
        }
        if (!found) {
            fail_msg("%s: no test shows that this setting makes a difference: write one, and list "
                     "it here",
                     setting->name);
        }
    }
}

static void each_test_that_is_listed_exists(void **state)
{
    (void)state;
    for (size_t k = 0; k < SHOWN_COUNT; k++) {
        const char *test = shown[k].test;
        char *text = text_of(shown[k].file);
        bool is_defined = holds(text, "static void ", test, "(void **state)\n{");
        bool is_run = holds(text, "test(", test, "),\n");
        free(text);
        if (!is_defined || !is_run) {
            fail_msg("%s: %s: %s %s", shown[k].setting, shown[k].file, test,
                     is_defined ? "is not run" : "does not exist");
        }
    }
}

static void each_file_that_is_listed_names_the_setting(void **state)
{
    (void)state;
    for (size_t k = 0; k < SHOWN_COUNT; k++) {
        char *text = text_of(shown[k].file);
        bool named = holds(text, "\"", shown[k].setting, "\"");
        free(text);
        if (!named) {
            fail_msg("%s is not in %s", shown[k].setting, shown[k].file);
        }
    }
}

static void each_setting_that_is_listed_exists(void **state)
{
    (void)state;
    for (size_t k = 0; k < SHOWN_COUNT; k++) {
        const weir__setting *setting = weir__setting_find(shown[k].setting);
        if (setting == NULL || strcmp(setting->name, shown[k].setting) != 0) {
            fail_msg("%s: no such setting", shown[k].setting);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_has_a_test_that_shows_it),
        cmocka_unit_test(each_test_that_is_listed_exists),
        cmocka_unit_test(each_file_that_is_listed_names_the_setting),
        cmocka_unit_test(each_setting_that_is_listed_exists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
