/* SPDX-License-Identifier: Apache-2.0
 *
 * aggregate and count of a grouped table. */
#include "operators/table_group.h"

typedef struct aggregate_op {
    weir_initializer_fn init;
    weir_aggregator_fn adder;
    weir_aggregator_fn subtractor;
    void *user;
} aggregate_op;

static weir_err initialize(weir_ctx *ctx, const aggregate_op *op, const void **out)
{
    const weir_serde *serde = ctx->node->spec->value;
    void *first = weir__out_new(ctx, serde);
    weir_err err = first != NULL ? op->init(ctx, first, op->user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the initializer", err);
    if (err == WEIR_OK) {
        *out = weir__out_take(ctx, serde, first);
    }
    return err;
}

static weir_err step(weir_ctx *ctx, const weir_record *in, bool add, const void *aggregate,
                     const void **out)
{
    const aggregate_op *op = ctx->node->state;
    const weir_serde *serde = ctx->node->spec->value;
    weir_err err = aggregate == NULL ? initialize(ctx, op, &aggregate) : WEIR_OK;
    void *next = err == WEIR_OK ? weir__out_new(ctx, serde) : NULL;
    if (next == NULL) {
        return err != WEIR_OK ? err : WEIR_ENOMEM;
    }
    err = (add ? op->adder : op->subtractor)(ctx, in, aggregate, next, op->user);
    err = weir__guards_check(ctx, add ? "the adder" : "the subtractor", err);
    if (err == WEIR_OK) {
        *out = weir__out_take(ctx, serde, next);
    }
    return err;
}

static weir_err aggregate(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__table_aggregate(ctx, in, step);
}

static const weir__operator aggregate_operator = {
    .work = {"table_aggregate", NULL, aggregate, NULL},
    .prefix = "KTABLE-AGGREGATE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_table_aggregate(weir_grouped_table in, weir_initializer_fn init,
                                const weir_table_aggregator *fn, const char *store,
                                const weir_store_opts *opts)
{
    if (weir__grouped_table_of(in) == NULL ||
        !weir__aggregation_given(
            in.builder, init != NULL && fn != NULL && fn->adder != NULL && fn->subtractor != NULL,
            aggregate_operator.work.name, store, in.node)) {
        return (weir_table){in.builder, -1};
    }
    aggregate_op op = {init, fn->adder, fn->subtractor, fn->user};
    const weir_serde *value = weir__value_or_default(opts != NULL ? opts->value : NULL);
    return weir__table_aggregation_add(
        in, &(weir__aggregation){&aggregate_operator, &op, sizeof op, value, store, opts});
}

/* ---- count -------------------------------------------------------------------------------- */

static weir_err zero(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = 0;
    return WEIR_OK;
}

static weir_err one_more(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                         void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *(int64_t *)out = *(const int64_t *)aggregate + 1;
    return WEIR_OK;
}

static weir_err one_less(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                         void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *(int64_t *)out = *(const int64_t *)aggregate - 1;
    return WEIR_OK;
}

static const weir__operator count_operator = {
    .work = {"table_count", NULL, aggregate, NULL},
    .prefix = "KTABLE-AGGREGATE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_table_count(weir_grouped_table in, const char *store, const weir_store_opts *opts)
{
    aggregate_op op = {zero, one_more, one_less, NULL};
    return weir__table_aggregation_add(
        in, &(weir__aggregation){&count_operator, &op, sizeof op, &weir_i64, store, opts});
}
