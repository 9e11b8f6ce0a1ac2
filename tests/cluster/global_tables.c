/* SPDX-License-Identifier: Apache-2.0
 *
 * Global tables: every instance holds the whole topic, whatever tasks it has. */
#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

#include "support/cluster.h"

#define PARTITIONS 4
#define NAMES_PARTITIONS 2
#define KEYS 40

/* "<value>/<name>", "<value>/?" without a match. */
static weir_err put_together(weir_ctx *ctx, const void *key, const void *left, const void *right,
                             void *out, void *user)
{
    (void)key;
    (void)user;
    const weir_slice *value = left;
    const weir_slice unknown = weir_slice_of("?");
    const weir_slice *name = right != NULL ? right : &unknown;
    char *text = weir_alloc(ctx, value->len + name->len + 1);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, value->data, value->len);
    text[value->len] = '/';
    memcpy(text + value->len + 1, name->data, name->len);
    *(weir_slice *)out = (weir_slice){text, value->len + name->len + 1};
    return WEIR_OK;
}

static weir_topology *name_events(const weir_config *config, weir_error *error)
{
    weir_builder *builder = weir_builder_new();
    weir_global_table names =
        weir_global_table_source(builder, "names", "names", &weir_string, &weir_string, NULL);
    weir_stream events = weir_source(builder, "events", &weir_string, &weir_string, NULL);
    weir_stream named =
        weir_left_join_global(events, names, &weir_string, put_together, NULL, NULL);
    weir_to(named, "named", NULL);
    return weir_build(builder, config, error);
}

typedef struct topics {
    weir_input names;
    weir_input events;
    weir_output named;
} topics;

static topics make_topics(weir_cluster *cluster)
{
    weir_cluster_input(cluster, "named", PARTITIONS, &weir_string, &weir_string);
    return (topics){
        .names = weir_cluster_input(cluster, "names", NAMES_PARTITIONS, &weir_string, &weir_string),
        .events = weir_cluster_input(cluster, "events", PARTITIONS, &weir_string, &weir_string),
        .named = weir_cluster_output(cluster, "named", &weir_string, &weir_string),
    };
}

static void pipe_all(weir_input input, const char *value)
{
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        weir_input_text(input, key, value);
    }
}

/* Every key was last joined to `joined`. */
static void assert_all_named(weir_cluster *cluster, weir_output named, const char *joined)
{
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_string);
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        weir_slice key_bytes = weir_slice_of(key);
        weir_slice value_bytes = weir_slice_of(joined);
        weir_rows_add(expected, &key_bytes, &value_bytes);
    }
    weir_assert_same_rows(weir_output_table(named), expected);
}

/* Partitions of the two topics do not match, so that most matches are in other partitions. */
static void every_instance_joins_with_the_whole_table(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    pipe_all(all.names, "ann");
    weir_cluster_start(cluster, "a", name_events, NULL);
    weir_cluster_start(cluster, "b", name_events, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));

    pipe_all(all.events, "e");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    assert_all_named(cluster, all.named, "e/ann");
}

static void changes_of_the_table_are_seen_by_later_records(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    weir_cluster_start(cluster, "a", name_events, NULL);
    weir_cluster_start(cluster, "b", name_events, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    pipe_all(all.events, "e");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_all_named(cluster, all.named, "e/?");

    pipe_all(all.names, "bob");
    weir_cluster_run_for(cluster, WEIR_SECONDS(5));
    pipe_all(all.events, "f");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    assert_all_named(cluster, all.named, "f/bob");
}

static void a_restarted_instance_has_the_table_before_it_processes(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    pipe_all(all.names, "ann");
    weir_instance *a = weir_cluster_start(cluster, "a", name_events, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_host_crash(weir_instance_host(a), WEIR_DISK_AS_IT_WAS);
    pipe_all(all.names, "cid");
    pipe_all(all.events, "e");

    weir_instance_restart(a);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));

    assert_all_named(cluster, all.named, "e/cid");
}

/* The instance was paused while retention deleted records that it had not read. The first change is
 * in the response to a fetch that it had sent before. */
static void records_that_were_deleted_before_they_are_read_are_skipped(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    pipe_all(all.names, "ann");
    weir_instance *a = weir_cluster_start(cluster, "a", name_events, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_host_pause(weir_instance_host(a));
    pipe_all(all.names, "bob");
    weir_cluster_run_for(cluster, WEIR_SECONDS(1));
    pipe_all(all.names, "dan");
    for (int32_t i = 0; i < NAMES_PARTITIONS; i++) {
        weir_cluster_topic_trim(cluster, "names", i, 0);
    }
    pipe_all(all.names, "cid");
    weir_cluster_run_for(cluster, WEIR_SECONDS(5));

    weir_host_resume(weir_instance_host(a));
    weir_cluster_run_for(cluster, WEIR_SECONDS(5));
    pipe_all(all.events, "e");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    assert_all_named(cluster, all.named, "e/cid");
}

/* Its records are delayed; a wait for "caught up" waits for them, too. */
static void a_table_that_is_behind_is_waited_for(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    weir_instance *a = weir_cluster_start(cluster, "a", name_events, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    pipe_all(all.names, "ann");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_host_latency(weir_instance_host(a), 500);

    for (int round = 0; round < 5; round++) {
        pipe_all(all.names, round % 2 == 0 ? "bob" : "cid");
        weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
        pipe_all(all.events, "e");
        weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
        assert_all_named(cluster, all.named, round % 2 == 0 ? "e/bob" : "e/cid");
    }
}

static void a_table_that_is_behind_is_reported(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    weir_instance *a = weir_cluster_start(cluster, "a", name_events, NULL);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_host_latency(weir_instance_host(a), 500);
    pipe_all(all.names, "ann");
    assert_false(weir_cluster_run_until(cluster, weir_caught_up, NULL, 100));
    assert_non_null(strstr(weir_cluster_explain(cluster),
                           "names: the global table of 'a' has not read all of it"));
}

/* Each instance has the whole table: each row is returned once. */
static void the_store_of_a_table_can_be_seen(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    weir_cluster_start(cluster, "a", name_events, NULL);
    weir_cluster_start(cluster, "b", name_events, NULL);
    pipe_all(all.names, "ann");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));

    weir_store_view view = weir_cluster_store(cluster, "names", &weir_string, &weir_string);
    weir_rows *rows = weir_store_view_all(view);
    weir_assert_size(rows, KEYS);
    const weir_row *row = weir_rows_find_text(rows, "k7");
    assert_non_null(row);
    assert_true(weir_slice_equal(*(const weir_slice *)row->value, weir_slice_of("ann")));
    assert_true(row->timestamp_ms > 0);
    assert_string_equal(row->task, "global");
    weir_slice key = weir_slice_of("k8");
    assert_non_null(weir_store_view_get(view, &key));
    weir_assert_size(weir_store_view_all(weir_store_view_task(view, "global")), KEYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(every_instance_joins_with_the_whole_table),
        cluster_test(changes_of_the_table_are_seen_by_later_records),
        cluster_test(a_restarted_instance_has_the_table_before_it_processes),
        cluster_test(records_that_were_deleted_before_they_are_read_are_skipped),
        cluster_test(a_table_that_is_behind_is_waited_for),
        cluster_test(a_table_that_is_behind_is_reported),
        cluster_test(the_store_of_a_table_can_be_seen),
    };
    return cmocka_run_group_tests_name("global_tables", tests, NULL, NULL);
}
