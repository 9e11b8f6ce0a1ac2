/* SPDX-License-Identifier: Apache-2.0
 *
 * The buffer of a join with grace through the loss of an instance: it is restored from its
 * changelog, and the results are those of a run without a loss. */
#include <inttypes.h>
#include <string.h>

#include <weir/dsl.h>

#include "core/buf.h"
#include "support/log_capture.h"

#define PARTITIONS 2
#define KEYS 5
#define EVENTS 67 /* before the loss, and after it */
#define STEP_MS 1000
#define GRACE_MS 9000
#define BUFFER "app-late-Buffer-changelog"

static const weir_history history = {.retention_ms = 10 * GRACE_MS};

static weir_err row_of_its_time(weir_ctx *ctx, const void *key, const void *left, const void *right,
                                void *out, void *user)
{
    (void)ctx, (void)key, (void)left, (void)user;
    *(weir_slice *)out = right != NULL ? *(const weir_slice *)right : weir_slice_of("none");
    return WEIR_OK;
}

static weir_topology *late_in(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_store_opts versioned = {.history = &history};
    weir_stream events = weir_source(b, "events", &weir_string, &weir_string, NULL);
    weir_table rows = weir_table_source(b, "rows", "rows", &weir_string, &weir_string, &versioned);
    weir_grace_join_opts opts = {.name = "late", .grace_ms = GRACE_MS};
    weir_to(
        weir_left_join_table_with_grace(events, rows, &weir_string, row_of_its_time, NULL, &opts),
        "late", NULL);
    return weir_build(b, config, error);
}

/* The events of a key come in pairs of the same time, so that their numbers count. The loss parts
 * such a pair: its first one waits in the buffer that is lost. */
static void send_some(weir_input input, int first, int64_t later_ms)
{
    for (int i = first; i < first + EVENTS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        weir_header header = {"number", weir_slice_of(text)};
        const char key = (char)('a' + i / 2 % KEYS);
        weir_slice k = {&key, 1};
        weir_slice v = weir_slice_of(text);
        weir_input_record record = {.key = &k, .value = &v, .headers = &header, .header_count = 1};
        record.at = WEIR_AT((int64_t)(i / 2) * STEP_MS + later_ms);
        weir_input_send(input, &record);
    }
}

static void collect(weir_cluster *cluster, weir_buf *out)
{
    const weir_rows *rows =
        weir_output_all(weir_cluster_output(cluster, "late", &weir_string, &weir_string));
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        weir_slice number = {"none", 4};
        (void)weir_row_header(row, "number", &number);
        weir__buf_printf(out, "%d: %s @%" PRId64 " %.*s\n", row->partition,
                         weir_row_text(rows, row), row->timestamp_ms, (int)number.len,
                         (const char *)number.data);
    }
}

typedef enum loss { NO_LOSS, LOSS_OF_DISK, LOSS_OF_PROCESS, RESTART } loss;

static void lose(weir_instance *b, loss what)
{
    if (what == RESTART) {
        assert_int_equal(weir_instance_close(b, WEIR_MINUTES(1)), WEIR_OK);
        weir_instance_restart(b);
    } else if (what != NO_LOSS) {
        weir_host_crash(weir_instance_host(b),
                        what == LOSS_OF_DISK ? WEIR_DISK_WIPED : WEIR_DISK_AS_IT_WAS);
    }
}

/* All rows come before the events that they are for, but long after their time. */
static void run(loss what, const char *backend, weir_buf *out)
{
    weir_error error = {0};
    weir_cluster_opts opts = {.on_failure = weir_cmocka_failure, .seed = 1};
    opts.config = (const char *const[]){"dsl.store", backend, NULL};
    weir_cluster *cluster = weir_cluster_new(&opts, &error);
    assert_non_null(cluster);
    weir_cluster_topic_create(cluster, "late", PARTITIONS);
    weir_input events =
        weir_cluster_input(cluster, "events", PARTITIONS, &weir_string, &weir_string);
    weir_input rows = weir_cluster_input(cluster, "rows", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", late_in, NULL);
    weir_instance *b = weir_cluster_start(cluster, "b", late_in, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    send_some(rows, 0, 1);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    send_some(events, 0, 5);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    lose(b, what);
    send_some(rows, EVENTS, 1);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    send_some(events, EVENTS, 5);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    collect(cluster, out);
    weir_cluster_free(cluster);
}

static void assert_same_as_without_loss(loss what, const char *backend)
{
    weir_buf expected = {0};
    weir_buf actual = {0};
    run(NO_LOSS, backend, &expected);
    run(what, backend, &actual);
    assert_string_equal(weir__buf_text(&actual), weir__buf_text(&expected));
    assert_non_null(strstr(weir__buf_text(&expected), "0: "));
    assert_non_null(strstr(weir__buf_text(&expected), "1: "));
    weir__buf_fini(&expected);
    weir__buf_fini(&actual);
}

static void a_buffer_in_memory_survives_the_loss_of_an_instance(void **state)
{
    (void)state;
    assert_same_as_without_loss(LOSS_OF_PROCESS, "memory");
}

static void a_buffer_on_disk_survives_the_loss_of_an_instance(void **state)
{
    (void)state;
    assert_same_as_without_loss(LOSS_OF_PROCESS, "rocksdb");
}

static void a_buffer_on_disk_survives_the_loss_of_the_disk(void **state)
{
    (void)state;
    assert_same_as_without_loss(LOSS_OF_DISK, "rocksdb");
}

static void a_buffer_on_disk_continues_after_a_restart(void **state)
{
    (void)state;
    assert_same_as_without_loss(RESTART, "rocksdb");
}

/* ---- Damaged changelogs ------------------------------------------------------------------- */

static void a_damaged_changelog_record_is_a_failure_that_names_it(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    const char *const memory[] = {"dsl.store", "memory", NULL};
    weir_cluster_topic_create(cluster, "late", 1);
    weir_cluster_input(cluster, "rows", 1, &weir_string, &weir_string);
    weir_input events = weir_cluster_input(cluster, "events", 1, &weir_string, &weir_string);
    weir_instance *a = log_capture_start(cluster, capture, "a", late_in, memory);
    weir_input_text(events, "a", "1");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_int_equal(weir_instance_close(a, WEIR_MINUTES(1)), WEIR_OK);
    weir_input_text(weir_cluster_input(cluster, BUFFER, 1, &weir_string, &weir_string), "short",
                    "value");
    weir_instance_restart(a);
    assert_stops(cluster, capture, a, WEIR_EDECODE,
                 "restore of late-Buffer: " BUFFER "-0@1: a key of 5 bytes is not one of a join "
                 "buffer");
    assert_string_equal(
        weir_mock_topic_config(weir_cluster_mock(cluster), BUFFER, "cleanup.policy"), "compact");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_in_memory_survives_the_loss_of_an_instance),
        cmocka_unit_test(a_buffer_on_disk_survives_the_loss_of_an_instance),
        cmocka_unit_test(a_buffer_on_disk_survives_the_loss_of_the_disk),
        cmocka_unit_test(a_buffer_on_disk_continues_after_a_restart),
        cluster_test(a_damaged_changelog_record_is_a_failure_that_names_it),
    };
    return cmocka_run_group_tests_name("grace joins", tests, NULL, NULL);
}
