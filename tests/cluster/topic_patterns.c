/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources with patterns, while topics that match come, grow and go. */
#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

#include "support/log_capture.h"

#define STRINGS &weir_string, &weir_string
#define PARTITIONS 3
#define TIMED_OUT 7              /* error code REQUEST_TIMED_OUT */
#define REFUSED 1000             /* so many: longer than one question waits for its answer */
#define NOTICED WEIR_SECONDS(20) /* metadata.max.age.ms, and a rebalance */

static const char *const config[] = {"metadata.max.age.ms", "10000", "commit.interval.ms", "1000",
                                     NULL};
static const weir_instance_opts opts = {.config = config};

/* Counts the records of a key, in all topics "in-...". */
static weir_topology *count_all(const weir_config *settings, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source_pattern(b, "in-.*", STRINGS, &(weir_source_opts){.name = "all"});
    weir_to(weir_to_stream(weir_count(weir_group_by_key(in, NULL), "n", NULL), NULL), "counts",
            NULL);
    return weir_build(b, settings, error);
}

/* Copies the topics "in-..." and the topic "named". */
static weir_topology *copy_all(const weir_config *settings, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source_pattern(b, "in-.*", STRINGS, NULL), "copies", NULL);
    weir_to(weir_source(b, "named", STRINGS, NULL), "copies", NULL);
    return weir_build(b, settings, error);
}

static weir_topology *two_patterns(const weir_config *settings, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source_pattern(b, "in-.*", STRINGS, &(weir_source_opts){.name = "all"}), "copies",
            NULL);
    weir_to(weir_source_pattern(b, ".*-2", STRINGS, &(weir_source_opts){.name = "two"}), "copies",
            NULL);
    return weir_build(b, settings, error);
}

static weir_err first_word(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx, (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

/* The repartition topic cannot be made before there is a topic that matches. */
static weir_topology *count_values(const weir_config *settings, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source_pattern(b, "in-.*", STRINGS, NULL);
    weir_grouped by = weir_group_by(in, "by-value", &weir_string, first_word, NULL);
    weir_to(weir_to_stream(weir_count(by, "n", NULL), NULL), "counts", NULL);
    return weir_build(b, settings, error);
}

/* A record for each of the keys "k0" ... , and one more in the counts. */
static void send(weir_input input, weir_rows *counts)
{
    for (int i = 0; i < FIXTURE_KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        weir_input_text(input, key, "v");
        weir_rows_count(counts, weir_text(key), 1);
    }
}

static weir_input add_topic(weir_cluster *cluster, const char *topic, int32_t partitions)
{
    return weir_cluster_input(cluster, topic, partitions, STRINGS);
}

static weir_output counts_of(weir_cluster *cluster)
{
    return weir_cluster_output(cluster, "counts", &weir_string, &weir_i64);
}

/* The task of a partition reads that partition of all topics; its counts go on. */
static void new_topics_are_noticed_by_all_members(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *counts = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_cluster_topic_create(cluster, "counts", PARTITIONS);
    weir_input one = add_topic(cluster, "in-1", PARTITIONS);
    weir_cluster_start(cluster, "a", count_all, &opts);
    weir_cluster_start(cluster, "b", count_all, &opts);
    send(one, counts);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_input two = add_topic(cluster, "in-2", PARTITIONS);
    weir_input other = add_topic(cluster, "out-2", PARTITIONS);
    send(two, counts);
    weir_input_text(other, "k0", "not counted");
    weir_run_until(cluster, weir_caught_up, NOTICED);
    send(one, counts);
    send(two, counts);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));

    weir_assert_same_rows(weir_output_table(counts_of(cluster)), counts);
    weir_store_view store = weir_cluster_store(cluster, "n", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), counts);
}

/* With auto.offset.reset latest the start in a new topic is asked of the brokers. */
static void a_new_topic_is_read_although_brokers_refuse_its_offsets_at_first(void **state)
{
    static const char *const latest[] = {"metadata.max.age.ms", "10000", "auto.offset.reset",
                                         "latest", NULL};
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *counts = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_cluster_topic_create(cluster, "counts", PARTITIONS);
    weir_input one = add_topic(cluster, "in-1", PARTITIONS);
    weir_cluster_start(cluster, "a", count_all, &(weir_instance_opts){.config = latest});
    weir_cluster_start(cluster, "b", count_all, &(weir_instance_opts){.config = latest});
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    send(one, counts);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));

    weir_input two = add_topic(cluster, "in-2", PARTITIONS);
    weir_cluster_fault_add(
        cluster, NULL,
        &(weir_mock_fault){.api = "ListOffsets", .error_code = TIMED_OUT, .times = REFUSED});
    weir_cluster_run_for(cluster, WEIR_MINUTES(4));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    send(one, counts);
    send(two, counts);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));

    weir_assert_same_rows(weir_output_table(counts_of(cluster)), counts);
}

static void the_set_of_topics_is_known_to_the_next_leader(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *counts = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_cluster_topic_create(cluster, "counts", PARTITIONS);
    send(add_topic(cluster, "in-1", PARTITIONS), counts);
    weir_instance *all[] = {weir_cluster_start(cluster, "a", count_all, &opts),
                            weir_cluster_start(cluster, "b", count_all, &opts)};
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    /* Whichever of them leads: it crashes before it looks. */
    weir_input two = add_topic(cluster, "in-2", PARTITIONS);
    send(two, counts);
    for (size_t i = 0; i < 2; i++) {
        weir_host_crash(weir_instance_host(all[i]), WEIR_DISK_WIPED);
        weir_cluster_run_for(cluster, WEIR_SECONDS(5));
        weir_instance_restart(all[i]);
        weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    }
    send(two, counts);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_assert_same_rows(weir_output_table(counts_of(cluster)), counts);
}

static void there_may_be_no_topic_at_first(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *counts = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_cluster_topic_create(cluster, "counts", PARTITIONS);
    weir_cluster_start(cluster, "a", count_all, &opts);
    weir_cluster_start(cluster, "b", count_all, &opts);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));

    send(add_topic(cluster, "in-1", PARTITIONS), counts);
    weir_run_until(cluster, weir_caught_up, NOTICED);

    weir_assert_same_rows(weir_output_table(counts_of(cluster)), counts);
}

static void internal_topics_are_made_when_a_topic_is_there(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_topic_create(cluster, "counts", PARTITIONS);
    weir_cluster_start(cluster, "a", count_values, &opts);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_mock *mock = weir_cluster_mock(cluster);
    assert_int_equal(weir_mock_topic_partitions(mock, "app-by-value-repartition"), -1);

    weir_input in = add_topic(cluster, "in-1", PARTITIONS);
    weir_input_text(in, "a", "x");
    weir_input_text(in, "b", "x");
    weir_run_until(cluster, weir_caught_up, NOTICED);

    assert_int_equal(weir_mock_topic_partitions(mock, "app-by-value-repartition"), PARTITIONS);
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_rows_count(expected, weir_text("x"), 2);
    weir_assert_same_rows(weir_output_table(counts_of(cluster)), expected);
}

static void partitions_that_are_added_are_read(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *expected = weir_rows_new(cluster, STRINGS);
    weir_cluster_topic_create(cluster, "copies", PARTITIONS);
    weir_input named = add_topic(cluster, "named", 5);
    weir_input one = add_topic(cluster, "in-1", 2);
    weir_cluster_start(cluster, "a", copy_all, &opts);
    weir_cluster_start(cluster, "b", copy_all, &opts);
    fixture_send_keys(one, expected, 0);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_cluster_topic_grow(cluster, "in-1", 4);
    fixture_send_keys(one, expected, FIXTURE_KEYS);
    fixture_send_keys(named, expected, 2 * FIXTURE_KEYS);
    weir_run_until(cluster, weir_caught_up, NOTICED);

    weir_output copies = weir_cluster_output(cluster, "copies", STRINGS);
    weir_assert_size(weir_output_all(copies), 3 * FIXTURE_KEYS);
    weir_assert_same_rows(weir_output_all(copies), expected);
}

static void a_topic_that_is_deleted_is_left_out(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *expected = weir_rows_new(cluster, STRINGS);
    weir_cluster_topic_create(cluster, "copies", PARTITIONS);
    add_topic(cluster, "named", PARTITIONS);
    weir_input one = add_topic(cluster, "in-1", PARTITIONS);
    weir_input two = add_topic(cluster, "in-2", PARTITIONS);
    weir_cluster_start(cluster, "a", copy_all, &opts);
    weir_cluster_start(cluster, "b", copy_all, &opts);
    fixture_send_keys(one, expected, 0);
    fixture_send_keys(two, expected, FIXTURE_KEYS);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_cluster_topic_delete(cluster, "in-1");
    weir_cluster_run_for(cluster, WEIR_MINUTES(1));
    fixture_send_keys(two, expected, 2 * FIXTURE_KEYS);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));

    weir_output copies = weir_cluster_output(cluster, "copies", STRINGS);
    weir_assert_same_rows(weir_output_all(copies), expected);
}

static bool both_have_ended(weir_cluster *cluster, void *arg)
{
    (void)cluster;
    log_capture *const *both = arg;
    return both[0]->failures > 0 && both[1]->failures > 0;
}

static void a_topic_of_two_patterns_ends_all_members(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *both[] = {log_capture_new(state), log_capture_new(state)};
    weir_cluster_topic_create(cluster, "copies", PARTITIONS);
    add_topic(cluster, "in-1", PARTITIONS);
    log_capture_start(cluster, both[0], "a", two_patterns, config);
    log_capture_start(cluster, both[1], "b", two_patterns, config);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    add_topic(cluster, "in-2", PARTITIONS);
    weir_run_until_with(cluster, both_have_ended, both, WEIR_MINUTES(1));

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(both[i]->failure.code, WEIR_ETOPOLOGY);
        assert_in(both[i]->failure.message,
                  "topic 'in-2' matches the pattern 'in-.*' of source 'all' and the pattern "
                  "'.*-2' of source 'two'");
    }
}

/* ".*" matches its own internal topics, too; they are left out. */
static weir_topology *count_everything(const weir_config *settings, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source_pattern(b, ".*", STRINGS, NULL);
    weir_count(weir_group_by(in, "by-value", &weir_string, first_word, NULL), "n", NULL);
    return weir_build(b, settings, error);
}

static void internal_topics_do_not_match(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = add_topic(cluster, "in-1", PARTITIONS);
    weir_cluster_start(cluster, "a", count_everything, &opts);
    weir_input_text(in, "a", "x");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_cluster_run_for(cluster, WEIR_MINUTES(1));
    weir_input_text(in, "b", "x");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));

    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_rows_count(expected, weir_text("x"), 2);
    weir_store_view store = weir_cluster_store(cluster, "n", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(new_topics_are_noticed_by_all_members),
        cluster_test(a_new_topic_is_read_although_brokers_refuse_its_offsets_at_first),
        cluster_test(the_set_of_topics_is_known_to_the_next_leader),
        cluster_test(there_may_be_no_topic_at_first),
        cluster_test(internal_topics_are_made_when_a_topic_is_there),
        cluster_test(partitions_that_are_added_are_read),
        cluster_test(a_topic_that_is_deleted_is_left_out),
        cluster_test(a_topic_of_two_patterns_ends_all_members),
        cluster_test(internal_topics_do_not_match),
    };
    return cmocka_run_group_tests_name("topic_patterns", tests, NULL, NULL);
}
