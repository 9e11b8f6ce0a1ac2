/* SPDX-License-Identifier: Apache-2.0
 *
 * The code of docs/guide.md: its struct and its callback in a topology, its main() without
 * settings.
 */
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/main.h>
#include <weir/typed.h>

static weir_topology *orders_topology(const weir_config *config, weir_error *error);
int main_of_the_page(int argc, char **argv);

#define main main_of_the_page
#include "guide.inc"
#undef main

static weir_topology *orders_topology(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream names = weir_source(b, "names", &weir_string, &weir_string, NULL);
    weir_to(weir_map_values(names, greet_fn_value, greet_fn, NULL, NULL), "greetings", NULL);
    weir_to(weir_source(b, "orders", &weir_string, &order_serde, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static weir_sync *new_sync(void)
{
    return weir_sync_new(orders_topology, &(weir_sync_opts){.on_failure = weir_cmocka_failure},
                         NULL);
}

static void the_callback_greets_and_keeps_null(void **state)
{
    (void)state;
    weir_sync *sync = new_sync();
    weir_input names = weir_sync_input(sync, "names", &weir_string, &weir_string);
    weir_input_text(names, "a", "Ann");
    weir_input_text(names, "b", NULL);
    weir_output greetings = weir_sync_output(sync, "greetings", &weir_string, &weir_string);
    weir_slice expected = weir_slice_of("hello, Ann");
    const weir_row *row = weir_output_next(greetings);
    assert_true(weir_slice_equal(*(const weir_slice *)row->value, expected));
    row = weir_output_next(greetings);
    assert_null(row->value);
    weir_sync_free(sync);
}

static void the_struct_passes_through_topics(void **state)
{
    (void)state;
    weir_sync *sync = new_sync();
    weir_input orders = weir_sync_input(sync, "orders", &weir_string, &order_serde);
    weir_slice key = weir_slice_of("o1");
    weir_input_pipe(orders, &key, &(order){.cents = 5, .items = 1, .currency = {'E', 'U', 'R'}});
    const weir_row *row =
        weir_output_next(weir_sync_output(sync, "copies", &weir_string, &order_serde));
    const order *copy = row->value;
    assert_int_equal(copy->cents, 5);
    assert_int_equal(copy->items, 1);
    assert_memory_equal(copy->currency, "EUR", sizeof copy->currency);
    weir_sync_free(sync);
}

static void the_program_without_settings_ends_with_status_2(void **state)
{
    (void)state;
    assert_int_equal(main_of_the_page(1, (char *[]){(char[]){"orders"}, NULL}), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_callback_greets_and_keeps_null),
        cmocka_unit_test(the_struct_passes_through_topics),
        cmocka_unit_test(the_program_without_settings_ends_with_status_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
