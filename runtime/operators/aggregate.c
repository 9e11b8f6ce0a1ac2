/* SPDX-License-Identifier: Apache-2.0
 *
 * aggregate of a stream. The initializer gives the aggregate of a key without a row. */
#include "operators/aggregation.h"
#include "process/typed_store.h"

static weir_err initialize(weir_ctx *ctx, const weir__aggregate_op *op, const weir_serde *serde,
                           const void **aggregate)
{
    void *out = weir__out_new(ctx, serde);
    weir_err err = out != NULL ? op->init(ctx, out, op->init_user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the initializer", err);
    if (err == WEIR_OK) {
        *aggregate = weir__out_take(ctx, serde, out);
    }
    return err;
}

weir_err weir__aggregate(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__aggregate_op *op = state;
    if (weir__drop_nulls(ctx, in, true)) {
        return WEIR_OK;
    }
    weir_kv *kv = weir__store_at(ctx, 0);
    weir__change change = {0};
    int64_t timestamp_ms = in->timestamp_ms;
    int64_t row_timestamp_ms = -1;
    weir_err err = weir__typed_load(kv, in->key, &change.old_value, &row_timestamp_ms);
    if (err == WEIR_OK && change.old_value != NULL) {
        timestamp_ms = weir__later(timestamp_ms, row_timestamp_ms);
    } else if (err == WEIR_OK) {
        err = initialize(ctx, op, kv->spec->value, &change.old_value);
    }
    void *out = err == WEIR_OK ? weir__out_new(ctx, kv->spec->value) : NULL;
    if (out == NULL) {
        return err != WEIR_OK ? err : WEIR_ENOMEM;
    }
    err = op->fn(ctx, in, change.old_value, out, op->user);
    err = weir__guards_check(ctx, "the aggregator", err);
    if (err != WEIR_OK) {
        return err;
    }
    change.new_value = weir__out_take(ctx, kv->spec->value, out);
    return weir__table_put(ctx, in->key, change, timestamp_ms);
}

static const weir__operator aggregate_operator = {
    .work = {"aggregate", NULL, weir__aggregate, NULL},
    .prefix = "KSTREAM-AGGREGATE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_aggregate(weir_grouped in, weir_initializer_fn init, weir_aggregator_fn fn,
                          void *user, const char *store, const weir_store_opts *opts)
{
    if (!weir__builder_ok(in.builder) ||
        !weir__aggregation_given(in.builder, init != NULL && fn != NULL, "aggregate", store,
                                 in.node)) {
        return (weir_table){in.builder, -1};
    }
    weir__aggregate_op op = {init, user, fn, user};
    const weir_serde *value = weir__value_or_default(opts != NULL ? opts->value : NULL);
    return weir__aggregation_add(
        in, &(weir__aggregation){&aggregate_operator, &op, sizeof op, value, store, opts});
}
