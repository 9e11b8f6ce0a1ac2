/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of two streams on a cluster: through the loss of an instance, whose stores another one
 * restores, and how often records without partner are looked for. */
#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

#include "core/buf.h"
#include "support/cluster.h"

#define EMIT_INTERVAL "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__"
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string
#define PARTITIONS 2
#define RECORDS 24 /* of each side, before the loss and after it */
#define KEYS 6
#define WITHIN_MS 3000
#define GRACE_MS 2000

/* ---- The topology ------------------------------------------------------------------------- */

static weir_err pair(weir_ctx *ctx, const void *key, const void *left, const void *right, void *out,
                     void *user)
{
    (void)key;
    (void)user;
    const weir_slice *sides[] = {left, right};
    char *text = weir_alloc(ctx, 32);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    int len = snprintf(text, 32, "%.*s+%.*s", left != NULL ? (int)sides[0]->len : 1,
                       left != NULL ? (const char *)sides[0]->data : "-",
                       right != NULL ? (int)sides[1]->len : 1,
                       right != NULL ? (const char *)sides[1]->data : "-");
    *(weir_slice *)out = (weir_slice){text, (size_t)len};
    return WEIR_OK;
}

static weir_topology *join_on(const weir_config *config, weir_backend backend, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream l = weir_source(b, "l", STRINGS, NULL);
    weir_stream r = weir_source(b, "r", STRINGS, NULL);
    const weir_stream_join_opts opts = {.name = "j", .store = "j", .backend = backend};
    weir_join_windows windows = weir_join_within(WITHIN_MS, WITHIN_MS, GRACE_MS);
    weir_to(weir_outer_join(l, r, windows, &weir_string, pair, NULL, &opts), "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *join_in_memory(const weir_config *config, weir_error *error)
{
    return join_on(config, WEIR_BACKEND_MEMORY, error);
}

static weir_topology *join_on_disk(const weir_config *config, weir_error *error)
{
    return join_on(config, WEIR_BACKEND_ROCKSDB, error);
}

/* ---- Runs --------------------------------------------------------------------------------- */

typedef struct joined {
    weir_cluster *cluster;
    weir_input sides[2];
    weir_output out;
    weir_instance *b;
} joined;

static joined start(void **state, weir_topology_fn topology, const char *emit_interval_ms)
{
    const char *const config[] = {EMIT_INTERVAL, emit_interval_ms, NULL};
    joined run = {.cluster = fixture_cluster(state, &(weir_cluster_opts){.config = config})};
    weir_cluster_input(run.cluster, "out", PARTITIONS, STRINGS);
    run.sides[0] = weir_cluster_input(run.cluster, "l", PARTITIONS, STRINGS);
    run.sides[1] = weir_cluster_input(run.cluster, "r", PARTITIONS, STRINGS);
    run.out = weir_cluster_output(run.cluster, "out", STRINGS);
    weir_cluster_start(run.cluster, "a", topology, NULL);
    run.b = weir_cluster_start(run.cluster, "b", topology, NULL);
    weir_run_until(run.cluster, weir_all_running, WEIR_MINUTES(1));
    return run;
}

/* One after the other: else the order of both topics would depend on latencies. Each third record
 * is 2.5 s late; keys and times of the sides agree for some. */
static void send_some(const joined *run, int from)
{
    for (int i = from; i < from + RECORDS; i++) {
        for (int of = 0; of < 2; of++) {
            char value[8];
            const char key = (char)('a' + (of == 0 ? i : i * 5 + 1) % KEYS);
            snprintf(value, sizeof value, "%c%d", of == 0 ? 'l' : 'r', i);
            int64_t time_ms = 10000 + i * 1000 - (i % 3 == 0 ? 2500 : 0);
            weir_input_send(run->sides[of], &(weir_input_record){.key = &(weir_slice){&key, 1},
                                                                 .value = weir_text(value),
                                                                 .at = WEIR_AT(time_ms)});
            weir_run_until(run->cluster, weir_caught_up, WEIR_MINUTES(3));
        }
    }
}

static void put_rows(weir_buf *out, const char *what, const weir_rows *rows)
{
    weir__buf_printf(out, "%s\n", what);
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        weir__buf_printf(out, "%d @%lld %s\n", (int)row->partition, (long long)row->timestamp_ms,
                         weir_row_text(rows, row));
    }
}

/* All results in order, and the rows of all stores at the end. */
static void put_outcome(weir_buf *out, const joined *run)
{
    static const char *const stores[] = {"j-outer-this-join-store", "j-outer-other-join-store",
                                         "j-outer-shared-join-store"};
    put_rows(out, "results", weir_output_all(run->out));
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        put_rows(out, stores[i],
                 weir_store_view_all(
                     weir_cluster_store(run->cluster, stores[i], &weir_bytes, &weir_bytes)));
    }
}

/* Else the test fails with the first line that differs. */
static void assert_same_lines(const char *lost, const char *whole)
{
    while (*lost != '\0' || *whole != '\0') {
        size_t lost_len = strcspn(lost, "\n");
        size_t whole_len = strcspn(whole, "\n");
        if (lost_len != whole_len || memcmp(lost, whole, lost_len) != 0) {
            fail_msg("after the loss: %.*s, without it: %.*s", (int)lost_len, lost, (int)whole_len,
                     whole);
        }
        lost += lost_len + (lost[lost_len] == '\n');
        whole += whole_len + (whole[whole_len] == '\n');
    }
}

static void assert_same_after_a_loss(void **state, weir_topology_fn topology)
{
    weir_buf whole = {0};
    weir_buf lost = {0};
    joined run = start(state, topology, "0");
    send_some(&run, 0);
    send_some(&run, RECORDS);
    put_outcome(&whole, &run);

    run = start(state, topology, "0");
    send_some(&run, 0);
    weir_host_crash(weir_instance_host(run.b), WEIR_DISK_WIPED);
    send_some(&run, RECORDS);
    put_outcome(&lost, &run);

    assert_non_null(strstr(weir__buf_text(&whole), "+r"));
    assert_non_null(strstr(weir__buf_text(&whole), "'-+r"));
    assert_non_null(strstr(weir__buf_text(&whole), "+-'"));
    assert_same_lines(weir__buf_text(&lost), weir__buf_text(&whole));
    weir__buf_fini(&whole);
    weir__buf_fini(&lost);
}

static void a_join_in_memory_survives_the_loss_of_an_instance(void **state)
{
    assert_same_after_a_loss(state, join_in_memory);
}

static void a_join_on_disk_survives_the_loss_of_an_instance(void **state)
{
    assert_same_after_a_loss(state, join_on_disk);
}

static void changelogs_of_a_join_have_the_policies_of_kafka(void **state)
{
    static const char *const topics[][3] = {
        {"app-j-outer-this-join-store-changelog", "delete", "86408000"},
        {"app-j-outer-other-join-store-changelog", "delete", "86408000"},
        {"app-j-outer-shared-join-store-changelog", "compact", NULL},
    };
    joined run = start(state, join_in_memory, "0");
    const weir_mock *mock = weir_cluster_mock(run.cluster);
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        assert_string_equal(weir_mock_topic_config(mock, topics[i][0], "cleanup.policy"),
                            topics[i][1]);
        const char *retention = weir_mock_topic_config(mock, topics[i][0], "retention.ms");
        if (topics[i][2] != NULL) {
            assert_string_equal(retention, topics[i][2]);
        } else {
            assert_null(retention);
        }
    }
}

/* ---- How often it is looked for records without partner ----------------------------------- */

static size_t results_in_a_second(void **state, const char *emit_interval_ms)
{
    joined run = start(state, join_in_memory, emit_interval_ms);
    for (int i = 0; i < 2; i++) {
        /* Each closes the window of the one before, within the interval. */
        weir_input_send(run.sides[0], &(weir_input_record){.key = weir_text("a"),
                                                           .value = weir_text("first"),
                                                           .at = WEIR_AT(i * 100000)});
        weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(1));
    }
    return weir_output_size(run.out);
}

static void records_without_partner_are_looked_for_each_emit_interval(void **state)
{
    assert_int_equal(results_in_a_second(state, "0"), 1);
    assert_int_equal(results_in_a_second(state, "600000"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_join_in_memory_survives_the_loss_of_an_instance),
        cluster_test(a_join_on_disk_survives_the_loss_of_an_instance),
        cluster_test(changelogs_of_a_join_have_the_policies_of_kafka),
        cluster_test(records_without_partner_are_looked_for_each_emit_interval),
    };
    return cmocka_run_group_tests_name("stream_joins", tests, NULL, NULL);
}
