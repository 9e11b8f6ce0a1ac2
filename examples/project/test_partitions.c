/* SPDX-License-Identifier: Apache-2.0
 *
 * Several partitions without a cluster: each partition has a task, with stores of its own. */
#include "orders.h"

#include <stdio.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>

#define PARTITIONS 4
#define CUSTOMERS 8

static void each_customer_is_summed_in_one_partition(void **state)
{
    (void)state;
    weir_sync_opts opts = {.partitions = PARTITIONS, .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(orders_topology, &opts, NULL);
    weir_input customers = weir_sync_input(sync, "customers", &weir_string, &weir_string);
    weir_input orders = weir_sync_input(sync, "orders", &weir_string, &weir_string);
    weir_rows *expected = weir_sync_rows(sync, &weir_string, &weir_i64);
    for (int i = 0; i < CUSTOMERS; i++) {
        char id[8];
        char order[64];
        snprintf(id, sizeof id, "c%d", i);
        snprintf(order, sizeof order, "{\"customer\":\"%s\",\"amount\":%d}", id, i);
        weir_input_text(customers, id, "{\"name\":\"Ann\"}");
        weir_input_text(orders, "first", order); /* by the order's key, not the customer's */
        weir_input_text(orders, "second", order);
        weir_rows_count(expected, weir_text(id), 2 * i);
    }

    weir_output spent = weir_sync_output(sync, "spent", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_output_table(spent), expected);
    weir_store_view store = weir_sync_store(sync, "spent", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), expected);
    size_t found = 0;
    for (int p = 0; p < PARTITIONS; p++) {
        char task[8];
        snprintf(task, sizeof task, "0_%d", p);
        size_t rows = weir_rows_size(weir_store_view_all(weir_store_view_task(store, task)));
        assert_true(rows < CUSTOMERS);
        found += rows;
    }
    assert_int_equal(found, CUSTOMERS);
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_customer_is_summed_in_one_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
