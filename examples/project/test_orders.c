/* SPDX-License-Identifier: Apache-2.0
 *
 * The topology on a simulated cluster. JSON is sent and read as text, by weir_string. */
#include "orders.h"

#include <weir/driver_cmocka.h>

static int start_cluster(void **state)
{
    *state = weir_cluster_new(&(weir_cluster_opts){.on_failure = weir_cmocka_failure}, NULL);
    weir_cluster_topic_create(*state, "enriched", 4);
    weir_cluster_topic_create(*state, "spent", 4);
    weir_cluster_topic_create(*state, "reminders", 4);
    return 0;
}

static int end_cluster(void **state)
{
    weir_cluster_free(*state);
    return 0;
}

static void sums_survive_the_loss_of_an_instance(void **state)
{
    weir_cluster *cluster = *state;
    weir_input customers = weir_cluster_input(cluster, "customers", 4, &weir_string, &weir_string);
    weir_input orders = weir_cluster_input(cluster, "orders", 4, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", orders_topology, NULL);
    weir_instance *b = weir_cluster_start(cluster, "b", orders_topology, NULL);
    weir_input_text(customers, "c1", "{\"name\":\"Ann\"}");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_input_text(orders, "o1", "{\"customer\":\"c1\",\"amount\":12}");
    weir_input_text(orders, "o2", "{\"customer\":\"nobody\",\"amount\":1}");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_host_crash(weir_instance_host(b), WEIR_DISK_WIPED);
    weir_input_text(orders, "o3", "{\"customer\":\"c1\",\"amount\":30}");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_slice c1 = weir_slice_of("c1");
    weir_rows_put(expected, &c1, &(int64_t){42});
    weir_output spent = weir_cluster_output(cluster, "spent", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_output_table(spent), expected);
    weir_store_view store = weir_cluster_store(cluster, "spent", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sums_survive_the_loss_of_an_instance, start_cluster,
                                        end_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
