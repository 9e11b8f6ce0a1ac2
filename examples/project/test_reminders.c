/* SPDX-License-Identifier: Apache-2.0
 *
 * A punctuator in virtual time, and headers. */
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

static void a_reminder_comes_each_minute(void **state)
{
    weir_cluster *cluster = *state;
    weir_input customers = weir_cluster_input(cluster, "customers", 4, &weir_string, &weir_string);
    weir_input orders = weir_cluster_input(cluster, "orders", 4, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", orders_topology, NULL);
    weir_input_text(customers, "c1", "{\"name\":\"Ann\"}");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_input_text(orders, "o1", "{\"customer\":\"c1\",\"amount\":12}");
    weir_cluster_run_for(cluster, ORDERS_REMINDER_MS + WEIR_SECONDS(1));

    weir_output reminders = weir_cluster_output(cluster, "reminders", &weir_string, &weir_string);
    const weir_row *reminder = weir_output_next(reminders);
    assert_non_null(reminder);
    weir_slice order = weir_slice_of("{\"customer\":\"c1\",\"amount\":12,\"name\":\"Ann\"}");
    assert_true(weir_slice_equal(*(const weir_slice *)reminder->value, order));
    assert_int_equal(reminder->header_count, 1);
    assert_string_equal(reminder->headers[0].name, "kind");
    assert_null(weir_output_next(reminders));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reminder_comes_each_minute, start_cluster, end_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
