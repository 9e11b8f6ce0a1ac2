/* SPDX-License-Identifier: Apache-2.0
 *
 * The topology without a cluster: the synchronous driver. */
#include "orders.h"

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>

static void an_order_gets_the_name_of_its_customer(void **state)
{
    (void)state;
    weir_sync *sync =
        weir_sync_new(orders_topology, &(weir_sync_opts){.on_failure = weir_cmocka_failure}, NULL);
    weir_input customers = weir_sync_input(sync, "customers", &weir_string, &weir_string);
    weir_input orders = weir_sync_input(sync, "orders", &weir_string, &weir_string);
    weir_output enriched = weir_sync_output(sync, "enriched", &weir_string, &weir_string);

    weir_input_text(customers, "c1", "{\"name\":\"Ann\"}");
    weir_input_set_time(orders, 1000, 0);
    weir_input_text(orders, "o1", "{\"customer\":\"c1\",\"amount\":12}");
    weir_input_text(orders, "o2", "{\"customer\":\"nobody\",\"amount\":1}");

    const weir_row *order = weir_output_next(enriched);
    assert_non_null(order);
    weir_slice expected = weir_slice_of("{\"customer\":\"c1\",\"amount\":12,\"name\":\"Ann\"}");
    assert_true(weir_slice_equal(*(const weir_slice *)order->value, expected));
    assert_int_equal(order->timestamp_ms, 1000);
    assert_null(weir_output_next(enriched));

    weir_output reminders = weir_sync_output(sync, "reminders", &weir_string, &weir_string);
    assert_int_equal(weir_output_size(reminders), 0);
    weir_sync_advance(sync, ORDERS_REMINDER_MS);
    assert_int_equal(weir_output_size(reminders), 1);
    weir_sync_free(sync);
}

static void an_order_without_a_customer_is_an_error(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync =
        weir_sync_new(orders_topology, &(weir_sync_opts){.on_failure = weir_cmocka_failure}, NULL);
    weir_input orders = weir_sync_input(sync, "orders", &weir_string, &weir_string);
    weir_slice order = weir_slice_of("{\"amount\":12}");
    assert_int_equal(weir_input_try_send(orders, &(weir_input_record){.value = &order}, &error),
                     WEIR_EUSER);
    assert_non_null(strstr(error.message, "the order has no customer"));
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_gets_the_name_of_its_customer),
        cmocka_unit_test(an_order_without_a_customer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
