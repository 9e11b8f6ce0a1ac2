/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics of a join that are filled by different partitioners: the join misses records, and a
 * warning says why. */
#include <weir/dsl.h>

#include "client/client.h"
#include "support/log_capture.h"

#define PARTITIONS 4
#define KEYS 20

/* The default of librdkafka's producers, kcat among them ("consistent_random"): CRC32 as of zip. */
static int32_t by_crc32(weir_slice key)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < key.len; i++) {
        crc ^= ((const uint8_t *)key.data)[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
        }
    }
    return (int32_t)(~crc % PARTITIONS);
}

static int32_t by_murmur2(weir_slice key)
{
    return weir__murmur2_partition(key, PARTITIONS);
}

static void fill(weir_input input, int32_t (*partition)(weir_slice key))
{
    for (int i = 0; i < KEYS; i++) {
        char text[16];
        snprintf(text, sizeof text, "k%d", i);
        weir_slice key = weir_slice_of(text);
        weir_input_send_to(input, partition(key), &(weir_input_record){.key = &key, .value = &key});
    }
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

static weir_err value_as_key(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)key_out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static weir_topology *build(const weir_config *config, weir_error *error, bool repartition)
{
    weir_builder *b = weir_builder_new();
    weir_stream orders = weir_source(b, "orders", &weir_string, &weir_string, NULL);
    weir_table customers =
        weir_table_source(b, "customers", "customers", &weir_string, &weir_string, NULL);
    if (repartition) {
        orders = weir_select_key(orders, &weir_string, value_as_key, NULL, NULL);
    }
    weir_to(
        weir_join_table(orders, customers, &weir_string, take_left, NULL, &(weir_named){"named"}),
        "copies", NULL);
    return weir_build(b, config, error);
}

static weir_topology *plain(const weir_config *config, weir_error *error)
{
    return build(config, error, false);
}

static weir_topology *repartitioned(const weir_config *config, weir_error *error)
{
    return build(config, error, true);
}

/* The customers are sent first, so an order is not joined only if its key is in another partition.
 * Returns the number of joined orders. */
static size_t run(weir_cluster *cluster, log_capture *capture, weir_topology_fn topology,
                  int32_t (*orders_by)(weir_slice key), int32_t (*customers_by)(weir_slice key))
{
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_input orders =
        weir_cluster_input(cluster, "orders", PARTITIONS, &weir_string, &weir_string);
    weir_input customers =
        weir_cluster_input(cluster, "customers", PARTITIONS, &weir_string, &weir_string);
    log_capture_start(cluster, capture, "a", topology, NULL);
    fill(customers, customers_by);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    fill(orders, orders_by);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    return weir_output_size(weir_cluster_output(cluster, "copies", &weir_string, &weir_string));
}

static void a_stream_filled_by_crc32_beside_a_table_by_murmur2_is_reported(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    size_t joined = run(cluster, capture, plain, by_crc32, by_murmur2);
    assert_true(joined < KEYS);
    assert_in(weir__buf_text(&capture->log),
              "join 'named' of stream 'orders' and table 'customers' misses records: "
              "topic 'orders' has");
    assert_in(weir_cluster_explain(cluster), "partitioner=murmur2_random");
}

static void a_table_filled_by_crc32_beside_a_repartition_topic_is_reported(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    size_t joined = run(cluster, capture, repartitioned, by_murmur2, by_crc32);
    assert_true(joined < KEYS);
    assert_in(weir__buf_text(&capture->log), "misses records: topic 'customers' has");
    assert_in(weir__buf_text(&capture->log), "'app-named-repartition' would have them");
}

/* The table's topic has nothing new to read then: its keys are known from the store. */
static void keys_of_a_table_count_after_a_restart(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_input orders =
        weir_cluster_input(cluster, "orders", PARTITIONS, &weir_string, &weir_string);
    weir_input customers =
        weir_cluster_input(cluster, "customers", PARTITIONS, &weir_string, &weir_string);
    weir_instance *a = log_capture_start(cluster, capture, "a", plain, NULL);
    fill(customers, by_crc32);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);
    weir_instance_restart(a);
    fill(orders, by_murmur2);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_in(weir__buf_text(&capture->log), "misses records: topic 'customers' has");
    assert_in(weir__buf_text(&capture->log), "in the table's store");
}

static void topics_that_are_both_filled_by_crc32_join_without_a_warning(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    assert_int_equal(run(cluster, capture, plain, by_crc32, by_crc32), KEYS);
    assert_null(strstr(weir__buf_text(&capture->log), "misses records"));
}

static void topics_that_are_both_filled_by_murmur2_join_without_a_warning(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    assert_int_equal(run(cluster, capture, plain, by_murmur2, by_murmur2), KEYS);
    assert_null(strstr(weir__buf_text(&capture->log), "misses records"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_stream_filled_by_crc32_beside_a_table_by_murmur2_is_reported),
        cluster_test(a_table_filled_by_crc32_beside_a_repartition_topic_is_reported),
        cluster_test(keys_of_a_table_count_after_a_restart),
        cluster_test(topics_that_are_both_filled_by_crc32_join_without_a_warning),
        cluster_test(topics_that_are_both_filled_by_murmur2_join_without_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
