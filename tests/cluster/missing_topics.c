/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics that do not exist are logged at once, with the nearest existing name. */
#include <weir/dsl.h>

#include "support/log_capture.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static weir_topology *copy_orders(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "orders", &weir_string, &weir_string, NULL);
    weir_to(in, "copies", &(weir_sink_opts){.name = "copying"});
    weir_to(in, "copies", &(weir_sink_opts){.name = "again"});
    return weir_build(b, config, error);
}

static weir_err take_left(weir_ctx *ctx, const void *key, const void *left, const void *right,
                          void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)right;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)left;
    return WEIR_OK;
}

static weir_topology *join_names(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_global_table names =
        weir_global_table_source(b, "names", "names", &weir_string, &weir_string, NULL);
    weir_stream in = weir_source(b, "orders", &weir_string, &weir_string, NULL);
    weir_to(weir_join_global(in, names, &weir_string, take_left, NULL, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static void topic(weir_cluster *cluster, const char *name)
{
    weir_cluster_input(cluster, name, 2, &weir_string, &weir_string);
}

static int warnings(log_capture *capture)
{
    int found = 0;
    const char *log = weir__buf_text(&capture->log);
    while ((log = strstr(log, "does not exist")) != NULL) {
        found++;
        log++;
    }
    return found;
}

static void a_missing_sink_topic_is_logged_at_the_assignment(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    topic(cluster, "orders");
    topic(cluster, "copie");
    topic(cluster, "app-copies");
    log_capture_start(cluster, capture, "a", copy_orders, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_in(weir__buf_text(&capture->log),
              "topic 'copies' of sink 'copying' does not exist (did you mean 'copie'?)");
    assert_in(weir__buf_text(&capture->log), "\n4 a: topic");
    assert_int_equal(warnings(capture), 1);
}

static void names_that_have_little_in_common_are_not_proposed(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    topic(cluster, "orders");
    log_capture_start(cluster, capture, "a", copy_orders, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_in(weir__buf_text(&capture->log), "topic 'copies' of sink 'copying' does not exist: ");
}

static void a_sink_topic_that_exists_is_not_logged(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    topic(cluster, "orders");
    topic(cluster, "copies");
    log_capture_start(cluster, capture, "a", copy_orders, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_int_equal(warnings(capture), 0);
}

static void a_sink_topic_may_still_be_created_by_the_brokers(void **state)
{
    weir_cluster *cluster =
        fixture_cluster(state, &(weir_cluster_opts){.auto_create_topics = true});
    log_capture *capture = log_capture_new(state);
    weir_input orders = weir_cluster_input(cluster, "orders", 1, &weir_string, &weir_string);
    log_capture_start(cluster, capture, "a", copy_orders, LIST("commit.interval.ms", "100"));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_int_equal(warnings(capture), 1);
    assert_int_equal(weir_mock_topic_partitions(weir_cluster_mock(cluster), "copies"), -1);
    weir_input_text(orders, "k", "v");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_output out = weir_cluster_output(cluster, "copies", &weir_string, &weir_string);
    assert_int_equal(weir_output_size(out), 2);
    assert_int_equal(capture->failures, 0);
}

static void a_missing_source_topic_is_reported_with_the_nearest_name(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    topic(cluster, "order");
    topic(cluster, "borders-of-countries");
    weir_instance *a = log_capture_start(cluster, capture, "a", copy_orders, NULL);
    assert_stops(cluster, capture, a, WEIR_EMISSING_TOPIC,
                 "One or more source topics were missing during rebalance: orders (did you mean "
                 "'order'?)");
}

static void a_missing_topic_of_a_global_table_is_reported_with_the_nearest_name(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_error error = {0};
    topic(cluster, "orders");
    topic(cluster, "copies");
    topic(cluster, "nmaes");
    assert_null(weir_cluster_try_start(cluster, "a", join_names, NULL, &error));
    assert_string_equal(weir_err_name(error.code), "WEIR_EMISSING_TOPIC");
    assert_in(error.message, "topic names when initializing global store names (did you mean "
                             "'nmaes'?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_missing_sink_topic_is_logged_at_the_assignment),
        cluster_test(names_that_have_little_in_common_are_not_proposed),
        cluster_test(a_sink_topic_that_exists_is_not_logged),
        cluster_test(a_sink_topic_may_still_be_created_by_the_brokers),
        cluster_test(a_missing_source_topic_is_reported_with_the_nearest_name),
        cluster_test(a_missing_topic_of_a_global_table_is_reported_with_the_nearest_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
