/* SPDX-License-Identifier: Apache-2.0
 *
 * The buffer of suppress through the loss of an instance: it is restored from its changelog. */
#include <inttypes.h>
#include <string.h>

#include <weir/dsl.h>

#include "core/buf.h"
#include "support/log_capture.h"

#define PARTITIONS 2
#define KEYS 10
#define EVENTS 100 /* before the loss, and after it */
#define STEP_MS 1000
#define LIMIT_MS 25000 /* the events of a key are 10 s apart */
#define CHANGELOG "app-calm-store-changelog"

static weir_topology *calm(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream events = weir_source(b, "events", &weir_string, &weir_string, NULL);
    weir_table counts = weir_count(weir_group_by_key(events, NULL), "counts", NULL);
    weir_suppressed until =
        weir_until_time_limit(LIMIT_MS, weir_emit_early_when_full(weir_max_records(4)));
    weir_table slow = weir_suppress(counts, until, &(weir_suppress_opts){.name = "calm"});
    weir_to(weir_to_stream(slow, NULL), "calm", NULL);
    return weir_build(b, config, error);
}

static void send_events(weir_input events, int first)
{
    for (int i = first; i < first + EVENTS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        weir_header header = {"event", weir_slice_of(text)};
        const char key = (char)('a' + i % KEYS);
        weir_slice k = {&key, 1};
        weir_input_record record = {.key = &k, .value = &k, .headers = &header, .header_count = 1};
        record.at = WEIR_AT((int64_t)(i + 1) * STEP_MS);
        weir_input_send(events, &record);
    }
}

/* Everything that was forwarded, a line each: partition, key, count, timestamp, header. */
static void collect(weir_cluster *cluster, weir_buf *out)
{
    const weir_rows *rows =
        weir_output_all(weir_cluster_output(cluster, "calm", &weir_string, &weir_i64));
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        const weir_slice *key = row->key;
        weir_slice event = {"none", 4};
        (void)weir_row_header(row, "event", &event);
        weir__buf_printf(out, "%d: %.*s=%" PRId64 "@%" PRId64 " %.*s\n", row->partition,
                         (int)key->len, (const char *)key->data, *(const int64_t *)row->value,
                         row->timestamp_ms, (int)event.len, (const char *)event.data);
    }
}

typedef enum loss { NO_LOSS, LOSS_OF_DISK, LOSS_OF_PROCESS } loss;

static void run(loss what, weir_buf *out)
{
    weir_error error = {0};
    weir_cluster_opts opts = {.on_failure = weir_cmocka_failure, .seed = 1};
    opts.config = (const char *const[]){"statestore.cache.max.bytes", "0", NULL};
    weir_cluster *cluster = weir_cluster_new(&opts, &error);
    assert_non_null(cluster);
    weir_cluster_topic_create(cluster, "calm", PARTITIONS);
    weir_input events =
        weir_cluster_input(cluster, "events", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", calm, NULL);
    weir_instance *b = weir_cluster_start(cluster, "b", calm, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    send_events(events, 0);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    if (what != NO_LOSS) {
        weir_host_crash(weir_instance_host(b),
                        what == LOSS_OF_DISK ? WEIR_DISK_WIPED : WEIR_DISK_AS_IT_WAS);
    }
    send_events(events, EVENTS);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    collect(cluster, out);
    weir_cluster_free(cluster);
}

static void assert_same_as_without_loss(loss what)
{
    weir_buf expected = {0};
    weir_buf actual = {0};
    run(NO_LOSS, &expected);
    run(what, &actual);
    assert_string_equal(weir__buf_text(&actual), weir__buf_text(&expected));
    assert_non_null(strstr(weir__buf_text(&expected), "0: "));
    assert_non_null(strstr(weir__buf_text(&expected), "1: "));
    weir__buf_fini(&expected);
    weir__buf_fini(&actual);
}

static void a_buffer_survives_the_loss_of_an_instance(void **state)
{
    (void)state;
    assert_same_as_without_loss(LOSS_OF_PROCESS);
}

static void a_buffer_survives_the_loss_of_a_disk(void **state)
{
    (void)state;
    assert_same_as_without_loss(LOSS_OF_DISK);
}

/* ---- Damaged changelogs ------------------------------------------------------------------- */

/* The error of an instance that restores `value` under the key "x". */
static void fail_restore(void **state, weir_slice value, const weir_header *header,
                         const char *expected)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_cluster_topic_create(cluster, "calm", 1);
    weir_input events = weir_cluster_input(cluster, "events", 1, &weir_string, &weir_string);
    weir_instance *a = log_capture_start(cluster, capture, "a", calm, NULL);
    weir_input_text(events, "a", "1");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_instance_close(a, WEIR_MINUTES(1)), WEIR_OK);
    weir_slice key = weir_slice_of("x");
    weir_input_record record = {
        .key = &key, .value = &value, .headers = header, .header_count = header != NULL ? 1 : 0};
    weir_input_send(weir_cluster_input(cluster, CHANGELOG, 1, &weir_string, &weir_bytes), &record);
    weir_instance_restart(a);
    assert_stops(cluster, capture, a, WEIR_EDECODE, expected);
}

static void a_changelog_record_without_its_version_is_a_failure_that_names_it(void **state)
{
    fail_restore(state, weir_slice_of("old"), NULL,
                 "restore of calm-store: " CHANGELOG
                 "-0@1: the record lacks the header 'v' with the value 3");
}

static void a_damaged_changelog_record_is_a_failure_that_names_it(void **state)
{
    const weir_header version = {"v", {"\3", 1}};
    fail_restore(state, weir_slice_of("damaged"), &version,
                 CHANGELOG "-0@1: a value of 7 bytes is not a row of a buffer");
}

static void the_changelog_is_compacted(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_topic_create(cluster, "calm", 1);
    weir_cluster_input(cluster, "events", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", calm, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_string_equal(
        weir_mock_topic_config(weir_cluster_mock(cluster), CHANGELOG, "cleanup.policy"), "compact");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_survives_the_loss_of_an_instance),
        cmocka_unit_test(a_buffer_survives_the_loss_of_a_disk),
        cluster_test(a_changelog_record_without_its_version_is_a_failure_that_names_it),
        cluster_test(a_damaged_changelog_record_is_a_failure_that_names_it),
        cluster_test(the_changelog_is_compacted),
    };
    return cmocka_run_group_tests_name("suppress", tests, NULL, NULL);
}
