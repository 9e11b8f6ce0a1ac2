/* SPDX-License-Identifier: Apache-2.0
 *
 * The dead letter topic on a cluster: records that a broker refuses, and delivery before the thread
 * ends. */
#include <string.h>

#include <weir/dsl.h>

#include "support/cluster.h"

#define STRINGS &weir_string, &weir_string
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define LARGE 5000
#define TO_DEAD "errors.dead.letter.queue.topic.name", "dead"

static weir_topology *copy_texts(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "texts", STRINGS, NULL), "copies", &(weir_sink_opts){.name = "copies"});
    return weir_build(b, config, error);
}

static weir_topology *copy_numbers(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "texts", &weir_string, &weir_i64, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static void assert_header(const weir_row *row, const char *name, const char *part)
{
    char text[512];
    weir_slice value;
    assert_true(weir_row_header(row, name, &value));
    assert_true(value.len < sizeof text);
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    if (strstr(text, part) == NULL) {
        fail_msg("%s: %s", name, text);
    }
}

/* The broker refuses whole batches, so each record is sent in a batch of its own. */
static void a_record_that_the_broker_refuses_is_sent_with_its_bytes(void **state)
{
    static char large[LARGE + 1];
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_error error = {0};
    memset(large, 'x', LARGE);
    assert_int_equal(weir_mock_topic_create(weir_cluster_mock(cluster), "copies", 1, 1,
                                            LIST("max.message.bytes", "1000"), &error),
                     WEIR_OK);
    weir_cluster_topic_create(cluster, "dead", 1);
    weir_input in = weir_cluster_input(cluster, "texts", 1, STRINGS);
    weir_input_text(in, "a", "small");
    weir_input_text(in, "b", large);
    weir_input_text(in, "c", "small");
    weir_cluster_start(
        cluster, "a", copy_texts,
        &(weir_instance_opts){.config = LIST(TO_DEAD, "production.exception.handler", "continue",
                                             "producer.batch.num.messages", "1",
                                             "commit.interval.ms", "100")});
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_rows *dead = weir_output_all(weir_cluster_output(cluster, "dead", STRINGS));
    weir_assert_size(dead, 1);
    const weir_row *row = weir_rows_at(dead, 0);
    assert_true(weir_slice_equal(*(const weir_slice *)row->key, weir_slice_of("b")));
    assert_true(weir_slice_equal(*(const weir_slice *)row->value, weir_slice_of(large)));
    assert_header(row, "__streams.errors.message", "the topic's max.message.bytes");
    assert_header(row, "__streams.errors.stacktrace", "node 'copies'");
    assert_int_equal(weir_output_size(weir_cluster_output(cluster, "copies", STRINGS)), 2);
}

static bool has_stopped(weir_cluster *cluster, void *arg)
{
    (void)cluster;
    return weir_instance_state(arg) == WEIR_STATE_ERROR;
}

static void a_record_that_stops_the_thread_is_delivered_before(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_cluster_topic_create(cluster, "copies", 1);
    weir_cluster_topic_create(cluster, "dead", 1);
    weir_input in = weir_cluster_input(cluster, "texts", 1, STRINGS);
    weir_input_text(in, "a", "no number");
    weir_instance *a = weir_cluster_start(cluster, "a", copy_numbers,
                                          &(weir_instance_opts){.config = LIST(TO_DEAD)});
    assert_true(weir_cluster_run_until(cluster, has_stopped, a, WEIR_MINUTES(1)));
    weir_rows *dead = weir_output_all(weir_cluster_output(cluster, "dead", STRINGS));
    weir_assert_size(dead, 1);
    assert_header(weir_rows_at(dead, 0), "__streams.errors.message", "9 bytes instead of 8");
    assert_header(weir_rows_at(dead, 0), "__streams.errors.topic", "texts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_record_that_the_broker_refuses_is_sent_with_its_bytes),
        cluster_test(a_record_that_stops_the_thread_is_delivered_before),
    };
    return cmocka_run_group_tests_name("dead letters", tests, NULL, NULL);
}
