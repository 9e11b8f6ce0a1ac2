/* SPDX-License-Identifier: Apache-2.0
 *
 * One processor alone: its clock, its store, and what it forwards. */
#include "orders.h"

#include <weir/driver_cmocka.h>
#include <weir/driver_isolated.h>
#include <yyjson.h>

static void add_stores(weir_builder *builder, void *user)
{
    (void)user;
    weir_add_store(builder, "last-orders",
                   &(weir_store_opts){.key = &weir_string, .value = &weir_json}, NULL);
}

static void the_last_order_is_forwarded_after_a_minute(void **state)
{
    (void)state;
    const weir_isolated_opts opts = {.key = &weir_string,
                                     .value = &weir_json,
                                     .stores = (const char *const[]){"last-orders", NULL},
                                     .add_stores = add_stores,
                                     .start = WEIR_AT(1000),
                                     .on_failure = weir_cmocka_failure};
    weir_isolated *alone = weir_isolated_new(&orders_reminder_ops, NULL, &opts, NULL);
    static const char text[] = "{\"amount\":12}";
    yyjson_doc *doc = yyjson_read(text, sizeof text - 1, YYJSON_READ_NUMBER_AS_RAW);
    weir_json_value order = {yyjson_doc_get_root(doc)};

    weir_isolated_process(alone, &(weir_input_record){.key = weir_text("c1"), .value = &order});
    weir_assert_size(weir_isolated_forwards(alone, NULL), 0);
    weir_store_view store = weir_isolated_store(alone, "last-orders", &weir_string, &weir_json);
    weir_assert_size(weir_store_view_all(store), 1);

    weir_isolated_advance_to(alone, WEIR_WALL_CLOCK_TIME, 1000 + ORDERS_REMINDER_MS);
    weir_rows *expected = weir_isolated_rows(alone, &weir_string, &weir_json);
    weir_header kind = {"kind", weir_slice_of("reminder")};
    weir_rows_add_record(expected, &(weir_input_record){.key = weir_text("c1"),
                                                        .value = &order,
                                                        .at = WEIR_AT(1000 + ORDERS_REMINDER_MS),
                                                        .headers = &kind,
                                                        .header_count = 1});
    weir_assert_same_records(weir_isolated_forwards(alone, NULL), expected);
    weir_assert_size(weir_store_view_all(store), 0);
    yyjson_doc_free(doc);
    weir_isolated_free(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_order_is_forwarded_after_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
