/* SPDX-License-Identifier: Apache-2.0
 *
 * Serdes of structs: bytes, errors, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/typed.h>

typedef struct order {
    int64_t cents;
    bool paid;
    int32_t items;
    char currency[3];
    double rate;
    int32_t not_encoded;
} order;
WEIR_STRUCT_SERDE(order_serde, order, WEIR_FIELD(order, cents), WEIR_FIELD(order, paid),
                  WEIR_FIELD(order, items), WEIR_FIELD(order, currency), WEIR_FIELD(order, rate))

static weir_err twice(weir_ctx *ctx, const weir_record *in, const order *value, order *out,
                      void *user)
{
    (void)ctx, (void)in, (void)user;
    *out = *value;
    out->cents *= 2;
    return WEIR_OK;
}
WEIR_TYPED_MAP_VALUES(twice_fn, twice, order_serde, order_serde)

static weir_topology *build(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream orders = weir_source(b, "orders", &weir_string, &order_serde, NULL);
    weir_to(weir_map_values(orders, twice_fn_value, twice_fn, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static const order sample = {-5, true, 7, {'E', 'U', 'R'}, 0.5, 0};
static const char bytes[] = "\xff\xff\xff\xff\xff\xff\xff\xfb"
                            "\x01"
                            "\0\0\0\7"
                            "EUR"
                            "\x3f\xe0\0\0\0\0\0\0";

static weir_sync *start(void)
{
    return weir_sync_new(build, &(weir_sync_opts){.on_failure = weir_cmocka_failure}, NULL);
}

static void fields_are_encoded_in_order_without_padding(void **state)
{
    (void)state;
    weir_sync *sync = start();
    weir_slice key = weir_slice_of("a");
    weir_slice encoded = {bytes, sizeof bytes - 1};
    weir_input_pipe(weir_sync_input(sync, "orders", &weir_string, &weir_bytes), &key, &encoded);
    weir_output out = weir_sync_output(sync, "out", &weir_string, &order_serde);
    const order *result = weir_output_next(out)->value;
    assert_int_equal(result->cents, 2 * sample.cents);
    assert_true(result->paid);
    assert_int_equal(result->items, sample.items);
    assert_memory_equal(result->currency, "EUR", 3);
    assert_true(result->rate > 0.4 && result->rate < 0.6);

    weir_input_pipe(weir_sync_input(sync, "orders", &weir_string, &order_serde), &key, &sample);
    weir_output raw = weir_sync_output(sync, "orders", &weir_string, &weir_bytes);
    weir_output_next(raw);
    assert_true(weir_slice_equal(*(const weir_slice *)weir_output_next(raw)->value, encoded));
    weir_sync_free(sync);
}

static void other_bytes_are_refused(void **state)
{
    (void)state;
    weir_error error;
    weir_slice shorter = {bytes, sizeof bytes - 2};
    weir_sync *sync = start();
    weir_input orders = weir_sync_input(sync, "orders", &weir_string, &weir_bytes);
    assert_int_equal(weir_input_try_send(orders, &(weir_input_record){.value = &shorter}, &error),
                     WEIR_EDECODE);
    assert_non_null(strstr(error.message, "order: 23 bytes instead of 24"));
    weir_sync_free(sync);

    char wrong[sizeof bytes];
    memcpy(wrong, bytes, sizeof wrong);
    wrong[8] = 2;
    weir_slice no_bool = {wrong, sizeof wrong - 1};
    sync = start();
    orders = weir_sync_input(sync, "orders", &weir_string, &weir_bytes);
    assert_int_equal(weir_input_try_send(orders, &(weir_input_record){.value = &no_bool}, &error),
                     WEIR_EDECODE);
    assert_non_null(strstr(error.message, "order: paid is 2, neither 0 nor 1"));
    weir_sync_free(sync);
}

static void a_struct_is_shown_by_its_fields(void **state)
{
    (void)state;
    weir_sync *sync = start();
    weir_slice key = weir_slice_of("a");
    weir_rows *rows = weir_sync_rows(sync, &weir_string, &order_serde);
    weir_rows_add(rows, &key, &sample);
    assert_non_null(strstr(weir_row_text(rows, weir_rows_at(rows, 0)),
                           "cents=-5 paid=true items=7 currency=EUR rate=0.5"));
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_encoded_in_order_without_padding),
        cmocka_unit_test(other_bytes_are_refused),
        cmocka_unit_test(a_struct_is_shown_by_its_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
