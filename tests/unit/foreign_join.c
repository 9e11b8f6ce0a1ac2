/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of tables by a foreign key, beyond the recorded cases: names, partitions, dropped records,
 * errors of callbacks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "foreign_kit.h"

static weir_topology *left(const weir_config *config, weir_error *error)
{
    return joined_with(config, &fixture_by_customer, true, error);
}

static void send(weir_sync *sync, const char *topic, const char *key, const char *value)
{
    weir_input_text(weir_sync_input(sync, topic, STRINGS), key, value);
}

/* Pairs of key and value, NULL. */
static void assert_table(weir_sync *sync, const char *const *pairs)
{
    weir_rows *expected = weir_sync_rows(sync, STRINGS);
    for (size_t i = 0; pairs[i] != NULL; i += 2) {
        weir_rows_add(expected, weir_text(pairs[i]), weir_text(pairs[i + 1]));
    }
    weir_assert_same_rows(weir_output_table(weir_sync_output(sync, "out", STRINGS)), expected);
    weir_store_view store = weir_sync_store(sync, "j", STRINGS);
    weir_assert_same_rows(weir_store_view_all(store), expected);
}

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static uint64_t dropped(const weir_sync *sync, weir_drop_reason reason)
{
    weir_dropped_records found[8];
    size_t count = weir_sync_dropped_records(sync, found, 8);
    uint64_t of_reason = 0;
    for (size_t i = 0; i < count; i++) {
        of_reason += found[i].reason == reason ? found[i].count : 0;
    }
    return of_reason;
}

/* ---- Names -------------------------------------------------------------------------------- */

/* Those of shouldAllowForeignKeyJoins... in Kafka's NamedTopologyIntegrationTest. */
static void names_are_numbered_as_in_kafka(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-0000000007 (stores: [])",
        "KTABLE-SINK-0000000008 (topic: KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000006-topic)",
        "KTABLE-SOURCE-0000000009 (topics: "
        "[KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000006-topic])",
        "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-0000000011 (stores: "
        "[KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-0000000010])",
        "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-0000000012 (stores: "
        "[customers-STATE-STORE-0000000003])",
        "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-0000000013 (stores: "
        "[KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-0000000010])",
        "KTABLE-SINK-0000000015 (topic: KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-0000000014-topic)",
        "KTABLE-SOURCE-0000000016 (topics: "
        "[KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-0000000014-topic])",
        "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-0000000017 (stores: "
        "[orders-STATE-STORE-0000000000])",
        "KTABLE-FK-JOIN-OUTPUT-0000000018 (stores: [])",
    };
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_table orders = weir_table_source(b, "orders", NULL, STRINGS, NULL);
    weir_table customers = weir_table_source(b, "customers", NULL, STRINGS, NULL);
    weir_table j = weir_table_foreign_join(orders, customers, &fixture_by_customer, NULL,
                                           &(weir_store_opts){.value = &weir_string});
    weir_to(weir_to_stream(j, NULL), "out", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    char *text = weir_topology_describe(topology);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(text, parts[i]) == NULL) {
            fail_msg("%s\nis not in\n%s", parts[i], text);
        }
    }
    free(text);
    weir_topology_free(topology);
}

/* ---- Rows --------------------------------------------------------------------------------- */

static void a_row_without_a_foreign_key_is_dropped_by_an_inner_join(void **state)
{
    (void)state;
    weir_sync *sync = made(inner, NULL);
    send(sync, "customers", "ann", "Ann");
    send(sync, "orders", "o1", "ann:1");
    send(sync, "orders", "o2", "for nobody");
    assert_table(sync, PAIRS("o1", "ann:1=Ann"));
    assert_int_equal(dropped(sync, WEIR_DROP_NULL_FOREIGN_KEY), 1);
    send(sync, "orders", "o1", "for nobody");
    assert_table(sync, (const char *const[]){NULL});
    assert_int_equal(dropped(sync, WEIR_DROP_NULL_FOREIGN_KEY), 2);
    weir_sync_free(sync);
}

static void a_row_without_a_foreign_key_is_joined_with_null_by_a_left_join(void **state)
{
    (void)state;
    weir_sync *sync = made(left, NULL);
    send(sync, "customers", "ann", "Ann");
    send(sync, "orders", "o1", "ann:1");
    send(sync, "orders", "o2", "for nobody");
    send(sync, "orders", "o3", "bob:2");
    assert_table(sync, PAIRS("o1", "ann:1=Ann", "o2", "for nobody=nobody", "o3", "bob:2=nobody"));
    send(sync, "customers", "ann", NULL);
    send(sync, "customers", "bob", "Bob");
    assert_table(sync, PAIRS("o1", "ann:1=nobody", "o2", "for nobody=nobody", "o3", "bob:2=Bob"));
    assert_int_equal(weir_sync_dropped_records(sync, NULL, 0), 0);
    weir_sync_free(sync);
}

/* ---- Record caches ------------------------------------------------------------------------ */

static void commit_all(weir_sync *sync)
{
    weir_sync_commit(sync); /* tables of topics */
    weir_sync_advance(sync, 1);
    weir_sync_commit(sync); /* the result */
}

static void a_row_whose_partner_is_deleted_while_it_changes_has_no_result(void **state)
{
    (void)state;
    weir_sync *sync = made(inner, &(weir_sync_opts){.commit_interval = true});
    send(sync, "customers", "ann", "Ann");
    send(sync, "orders", "o1", "ann:1");
    commit_all(sync);
    assert_table(sync, PAIRS("o1", "ann:1=Ann"));
    send(sync, "orders", "o1", "ann:2");
    send(sync, "customers", "ann", NULL);
    commit_all(sync);
    assert_table(sync, (const char *const[]){NULL});
    weir_sync_free(sync);
}

static weir_topology *orders_at_once(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table orders =
        weir_table_source(b, "orders", "orders", STRINGS, &(weir_store_opts){.caching = WEIR_OFF});
    weir_table customers = weir_table_source(b, "customers", "customers", STRINGS, NULL);
    weir_table j = weir_table_foreign_join(orders, customers, &fixture_by_customer, "j", &named);
    weir_to(weir_to_stream(j, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void a_partner_that_never_left_the_cache_gives_no_result(void **state)
{
    (void)state;
    weir_sync *sync = made(orders_at_once, &(weir_sync_opts){.commit_interval = true});
    send(sync, "customers", "ann", "Ann");
    send(sync, "orders", "o1", "ann:1");
    send(sync, "customers", "ann", NULL);
    commit_all(sync);
    assert_table(sync, (const char *const[]){NULL});
    weir_sync_free(sync);
}

/* ---- Answers ------------------------------------------------------------------------------ */

static weir_err twice(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    const weir_slice first = weir_slice_of("ann:first");
    weir_err err = weir_emit_value(ctx, &first);
    return err == WEIR_OK ? weir_emit_value(ctx, in->value) : err;
}

static weir_topology *updated_twice(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "orders", STRINGS, NULL);
    weir_stream updates = weir_flat_map_values(in, &weir_string, twice, NULL, NULL);
    weir_table orders = weir_to_table(updates, "orders", NULL);
    weir_table customers = weir_table_source(b, "customers", "customers", STRINGS, NULL);
    weir_table j = weir_table_foreign_join(orders, customers, &fixture_by_customer, "j", &named);
    weir_to(weir_to_stream(j, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void an_answer_to_an_earlier_value_is_dropped(void **state)
{
    (void)state;
    weir_sync *sync = made(updated_twice, NULL);
    send(sync, "customers", "ann", "Ann");
    send(sync, "orders", "o1", "ann:1");
    assert_table(sync, PAIRS("o1", "ann:1=Ann"));
    assert_int_equal(weir_output_size(weir_sync_output(sync, "out", STRINGS)), 1);
    assert_int_equal(dropped(sync, WEIR_DROP_STALE_ANSWER), 1);
    weir_sync_free(sync);
}

static void a_row_with_another_foreign_key_leaves_its_earlier_subscription(void **state)
{
    (void)state;
    weir_sync *sync = made(inner, NULL);
    send(sync, "customers", "ann", "Ann");
    send(sync, "customers", "bob", "Bob");
    send(sync, "orders", "o1", "ann:1");
    send(sync, "orders", "o1", "bob:1");
    assert_table(sync, PAIRS("o1", "bob:1=Bob"));
    weir_store_view subscriptions =
        weir_sync_store(sync, "j-subscription-store", &weir_bytes, &weir_bytes);
    assert_int_equal(weir_store_view_size(subscriptions), 1);
    send(sync, "customers", "ann", "Anna");
    assert_int_equal(dropped(sync, WEIR_DROP_STALE_ANSWER), 0);
    weir_sync_free(sync);
}

/* ---- Partitions --------------------------------------------------------------------------- */

#define ORDERS_PARTITIONS 3
#define CUSTOMERS_PARTITIONS 5
#define ORDERS 30
#define CUSTOMERS 7

static const weir_sync_topic parted[] = {{"orders", ORDERS_PARTITIONS},
                                         {"customers", CUSTOMERS_PARTITIONS}};

/* Orders of all customers, each in the partition that `partition_of` gives; then a change of every
 * customer and of some orders. */
static void send_orders(weir_sync *sync, int32_t (*order_partition)(int order),
                        int32_t (*customer_partition)(int customer))
{
    weir_input orders = weir_sync_input(sync, "orders", STRINGS);
    weir_input customers = weir_sync_input(sync, "customers", STRINGS);
    for (int round = 0; round < 2; round++) {
        for (int c = 0; c < CUSTOMERS; c++) {
            char key[16];
            char name[24];
            snprintf(key, sizeof key, "c%d", c);
            snprintf(name, sizeof name, "name%d", c + round);
            weir_input_send_to(
                customers, customer_partition(c),
                &(weir_input_record){.key = weir_text(key), .value = weir_text(name)});
        }
        for (int o = 0; o < ORDERS; o += round + 1) {
            char key[16];
            char order[32];
            snprintf(key, sizeof key, "o%d", o);
            snprintf(order, sizeof order, "c%d:%d", (o + round) % CUSTOMERS, o);
            weir_input_send_to(
                orders, order_partition(o),
                &(weir_input_record){.key = weir_text(key), .value = weir_text(order)});
        }
    }
}

static void assert_orders(weir_sync *sync)
{
    weir_rows *expected = weir_sync_rows(sync, STRINGS);
    for (int o = 0; o < ORDERS; o++) {
        char key[16];
        char value[48];
        int customer = (o + (o % 2 == 0 ? 1 : 0)) % CUSTOMERS;
        snprintf(key, sizeof key, "o%d", o);
        snprintf(value, sizeof value, "c%d:%d=name%d", customer, o, customer + 1);
        weir_rows_add(expected, weir_text(key), weir_text(value));
    }
    weir_assert_same_rows(weir_output_table(weir_sync_output(sync, "out", STRINGS)), expected);
}

/* Not murmur2's. */
static int32_t in_turn(int order)
{
    return order % ORDERS_PARTITIONS;
}

static int32_t by_murmur2(int customer)
{
    char key[16];
    snprintf(key, sizeof key, "c%d", customer);
    return weir_default_partition(weir_slice_of(key), CUSTOMERS_PARTITIONS);
}

static int number_in(const weir_row *row)
{
    char text[8];
    const weir_slice *key = row->key;
    snprintf(text, sizeof text, "%.*s", (int)key->len, (const char *)key->data);
    return (int)strtol(text + 1, NULL, 10);
}

static void answers_go_to_the_partition_of_the_left_row(void **state)
{
    (void)state;
    weir_sync *sync = made(inner, &(weir_sync_opts){.topics = parted, .topic_count = 2});
    send_orders(sync, in_turn, by_murmur2);
    assert_orders(sync);
    weir_rows *asked = weir_output_all(
        weir_sync_output(sync, "app-j-subscription-registration-topic", &weir_string, &weir_bytes));
    weir_rows *answered = weir_output_all(
        weir_sync_output(sync, "app-j-subscription-response-topic", &weir_string, &weir_bytes));
    assert_true(weir_rows_size(answered) > ORDERS);
    for (size_t i = 0; i < weir_rows_size(asked); i++) {
        const weir_row *row = weir_rows_at(asked, i);
        assert_int_equal(row->partition, by_murmur2(number_in(row)));
    }
    for (size_t i = 0; i < weir_rows_size(answered); i++) {
        const weir_row *row = weir_rows_at(answered, i);
        assert_int_equal(row->partition, in_turn(number_in(row)));
    }
    weir_sync_free(sync);
}

/* The last digit of a key, from the end. */
static weir_err by_last_digit(weir_ctx *ctx, const weir_record *record, const char *topic,
                              int32_t partitions, int32_t *partition, void *user)
{
    (void)ctx;
    const weir_slice *key = record->key;
    assert_null(record->value);
    assert_non_null(record->headers);
    assert_ptr_equal(user, &fixture_by_customer);
    assert_int_equal(partitions, strstr(topic, "registration") != NULL ? CUSTOMERS_PARTITIONS
                                                                       : ORDERS_PARTITIONS);
    *partition = partitions - 1 - (((const char *)key->data)[key->len - 1] - '0') % partitions;
    return WEIR_OK;
}

static weir_topology *placed_by_hand(const weir_config *config, weir_error *error)
{
    weir_foreign_joiner fn = fixture_by_customer;
    fn.partitioner = by_last_digit;
    fn.other_partitioner = by_last_digit;
    fn.user = (void *)(uintptr_t)&fixture_by_customer;
    return joined_with(config, &fn, false, error);
}

static int32_t order_from_the_end(int order)
{
    return ORDERS_PARTITIONS - 1 - order % 10 % ORDERS_PARTITIONS;
}

static int32_t customer_from_the_end(int customer)
{
    return CUSTOMERS_PARTITIONS - 1 - customer % CUSTOMERS_PARTITIONS;
}

static void partitioners_find_the_rows_of_tables_that_are_placed_otherwise(void **state)
{
    (void)state;
    weir_sync *sync = made(placed_by_hand, &(weir_sync_opts){.topics = parted, .topic_count = 2});
    send_orders(sync, order_from_the_end, customer_from_the_end);
    assert_orders(sync);
    weir_sync_free(sync);
}

/* ---- Errors of the program ---------------------------------------------------------------- */

static weir_err refuse(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)
{
    (void)in, (void)key_out, (void)user;
    return weir_fail(ctx, WEIR_EUSER, "an order that nobody understands");
}

static weir_topology *failing(const weir_config *config, weir_error *error)
{
    return joined_with(
        config, &(weir_foreign_joiner){.foreign_key = refuse, .joiner = fixture_order_joined},
        false, error);
}

static void an_error_of_the_foreign_key_function_names_its_node(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(failing, NULL);
    weir_err err = weir_input_try_send(
        weir_sync_input(sync, "orders", STRINGS),
        &(weir_input_record){.key = weir_text("o"), .value = weir_text("x")}, &error);
    assert_int_equal(err, WEIR_EUSER);
    assert_non_null(strstr(error.message, "node 'j-subscription-registration-processor'"));
    assert_non_null(strstr(error.message, "an order that nobody understands"));
    weir_sync_free(sync);
}

static void a_join_without_a_function_names_it(void **state)
{
    (void)state;
    weir_error error = {0};
    assert_null(
        joined_with(NULL, &(weir_foreign_joiner){.joiner = fixture_order_joined}, false, &error));
    assert_string_equal(
        error.message,
        "foreign_join 'j' of tables 'orders' and 'customers' needs a function for the "
        "foreign key");
    assert_null(joined_with(NULL, &(weir_foreign_joiner){.foreign_key = refuse}, true, &error));
    assert_string_equal(error.message,
                        "foreign_left_join 'j' of tables 'orders' and 'customers' needs a joiner");
}

static void the_type_of_the_foreign_key_is_that_of_the_right_tables_key(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_foreign_joiner fn = fixture_by_customer;
    fn.key = &weir_i64;
    assert_null(joined_with(NULL, &fn, false, &error));
    assert_int_equal(error.code, WEIR_ETYPE);
    assert_string_equal(error.message,
                        "foreign_join 'j' of tables 'orders' and 'customers': the foreign key is "
                        "i64, the key of the right table is string");
}

static void a_join_without_a_serde_of_its_result_names_what_is_missing(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_table orders = weir_table_source(b, "orders", "orders", STRINGS, NULL);
    weir_table customers = weir_table_source(b, "customers", "customers", STRINGS, NULL);
    weir_table_foreign_join(orders, customers, &fixture_by_customer, NULL, NULL);
    assert_null(weir_build(b, NULL, &error));
    assert_int_equal(error.code, WEIR_ETYPE);
    assert_string_equal(error.message,
                        "foreign_join of tables 'orders' and 'customers' has no serde for its "
                        "result (weir_store_opts.value), and default.value.serde is not set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_numbered_as_in_kafka),
        cmocka_unit_test(a_row_without_a_foreign_key_is_dropped_by_an_inner_join),
        cmocka_unit_test(a_row_without_a_foreign_key_is_joined_with_null_by_a_left_join),
        cmocka_unit_test(a_row_whose_partner_is_deleted_while_it_changes_has_no_result),
        cmocka_unit_test(a_partner_that_never_left_the_cache_gives_no_result),
        cmocka_unit_test(an_answer_to_an_earlier_value_is_dropped),
        cmocka_unit_test(a_row_with_another_foreign_key_leaves_its_earlier_subscription),
        cmocka_unit_test(answers_go_to_the_partition_of_the_left_row),
        cmocka_unit_test(partitioners_find_the_rows_of_tables_that_are_placed_otherwise),
        cmocka_unit_test(an_error_of_the_foreign_key_function_names_its_node),
        cmocka_unit_test(a_join_without_a_function_names_it),
        cmocka_unit_test(the_type_of_the_foreign_key_is_that_of_the_right_tables_key),
        cmocka_unit_test(a_join_without_a_serde_of_its_result_names_what_is_missing),
    };
    return cmocka_run_group_tests_name("foreign joins", tests, NULL, NULL);
}
