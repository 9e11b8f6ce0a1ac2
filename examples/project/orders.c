/* SPDX-License-Identifier: Apache-2.0
 *
 * The topology. An order is {"customer":"c1","amount":12}, a customer {"name":"Ann"}. */
#include "orders.h"

#include <stddef.h>
#include <weir/typed.h>
#include <yyjson.h>

/* ---- Callbacks of the DSL ---- */

static weir_err customer_of(weir_ctx *ctx, const weir_record *in, const weir_json_value *order,
                            weir_slice *out, void *user)
{
    (void)in;
    (void)user;
    yyjson_val *customer = order != NULL ? yyjson_obj_get(order->root, "customer") : NULL;
    if (!yyjson_is_str(customer)) {
        return weir_fail(ctx, WEIR_EUSER, "the order has no customer");
    }
    *out = (weir_slice){yyjson_get_str(customer), yyjson_get_len(customer)};
    return WEIR_OK;
}
WEIR_TYPED_SELECT_KEY(customer_fn, customer_of, weir_json, weir_string)

/* The order with the customer's name. */
static weir_err add_name(weir_ctx *ctx, const weir_slice *key, const weir_json_value *order,
                         const weir_json_value *customer, weir_json_value *out, void *user)
{
    (void)key;
    (void)user;
    yyjson_mut_doc *doc = weir_json_edit(ctx, order);
    yyjson_val *name = yyjson_obj_get(customer->root, "name");
    yyjson_mut_obj_add_val(doc, yyjson_mut_doc_get_root(doc), "name",
                           yyjson_val_mut_copy(doc, name));
    return weir_json_set(ctx, doc, out);
}
WEIR_TYPED_JOINER(add_name_fn, add_name, weir_string, weir_json, weir_json, weir_json)

static weir_err nothing(weir_ctx *ctx, int64_t *out, void *user)
{
    (void)ctx;
    (void)user;
    *out = 0;
    return WEIR_OK;
}
WEIR_TYPED_INITIALIZER(nothing_fn, nothing, weir_i64)

static weir_err add_amount(weir_ctx *ctx, const weir_record *in, const weir_json_value *order,
                           const int64_t *spent, int64_t *out, void *user)
{
    (void)in;
    (void)user;
    int64_t amount = 0;
    weir_err err = weir_json_i64(ctx, yyjson_obj_get(order->root, "amount"), &amount);
    *out = *spent + amount;
    return err;
}
WEIR_TYPED_AGGREGATOR(add_amount_fn, add_amount, weir_json, weir_i64)

/* ---- A processor: each minute it forwards the last order of each customer, with a header ---- */

/* Their types: a call with others does not compile. */
WEIR_PROCESSOR_TYPES(reminder, weir_string, weir_json, weir_string, weir_json)
WEIR_TYPED_STORE(last_orders, weir_string, weir_json)

static weir_err remind(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)state;
    last_orders orders = last_orders_open(ctx, "last-orders");
    weir_kv_iter *iter = NULL;
    const weir_slice *customer;
    const weir_json_value *order;
    weir_err err = last_orders_range(orders, NULL, NULL, false, &iter);
    while (err == WEIR_OK && last_orders_next(iter, &customer, &order, NULL)) {
        weir_headers *headers = weir_headers_copy(ctx, NULL);
        err = weir_headers_add(headers, "kind", weir_slice_of("reminder"));
        err = err != WEIR_OK ? err : reminder_forward_at(ctx, customer, order, now_ms, headers);
        err = err != WEIR_OK ? err : last_orders_delete(orders, customer);
    }
    weir_err closed = weir_kv_iter_close(iter);
    return err != WEIR_OK ? err : closed;
}

static weir_err open(weir_ctx *ctx, void *user, void **state)
{
    (void)user;
    (void)state;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, ORDERS_REMINDER_MS, remind, NULL);
}

static weir_err keep(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return last_orders_put(last_orders_open(ctx, "last-orders"), reminder_key(in),
                           reminder_value(in), in->timestamp_ms);
}

const weir_processor_ops orders_reminder_ops = {"reminder", open, keep, NULL};

/* ---- The topology ---- */

weir_topology *orders_topology(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table customers =
        weir_table_source(b, "customers", "customers", &weir_string, &weir_json, NULL);
    weir_stream orders = weir_source(b, "orders", &weir_string, &weir_json, NULL);
    weir_stream by_customer = weir_select_key(orders, customer_fn_key, customer_fn, NULL, NULL);
    weir_stream enriched = weir_join_table(by_customer, customers, add_name_fn_value, add_name_fn,
                                           NULL, &(weir_named){"by-customer"});
    weir_to(enriched, "enriched", NULL);
    weir_table spent =
        weir_aggregate(weir_group_by_key(enriched, NULL), nothing_fn, add_amount_fn, NULL, "spent",
                       &(weir_store_opts){.value = add_amount_fn_value});
    weir_to(weir_to_stream(spent, NULL), "spent", NULL);

    weir_add_store(b, "last-orders", &(weir_store_opts){.key = &weir_string, .value = &weir_json},
                   NULL);
    weir_process_opts opts = {.stores = (const char *const[]){"last-orders", NULL},
                              .types = &reminder};
    weir_to(weir_process(enriched, &weir_string, &weir_json, &orders_reminder_ops, NULL, &opts),
            "reminders", NULL);
    return weir_build(b, config, error);
}
