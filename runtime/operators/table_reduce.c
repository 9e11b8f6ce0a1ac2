/* SPDX-License-Identifier: Apache-2.0
 *
 * reduce of a grouped table. The first value of a key is stored without a call of the adder. */
#include "operators/table_group.h"

typedef struct reduce_op {
    weir_reducer_fn adder;
    weir_reducer_fn subtractor;
    void *user;
} reduce_op;

static weir_err step(weir_ctx *ctx, const weir_record *in, bool add, const void *aggregate,
                     const void **out)
{
    const reduce_op *op = ctx->node->state;
    const weir_serde *serde = ctx->node->spec->value;
    if (aggregate == NULL) {
        *out = in->value;
        return WEIR_OK;
    }
    void *next = weir__out_new(ctx, serde);
    weir_err err =
        next != NULL ? (add ? op->adder : op->subtractor)(ctx, aggregate, in->value, next, op->user)
                     : WEIR_ENOMEM;
    err = weir__guards_check(ctx, add ? "the adder" : "the subtractor", err);
    if (err == WEIR_OK) {
        *out = weir__out_take(ctx, serde, next);
    }
    return err;
}

static weir_err reduce(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__table_aggregate(ctx, in, step);
}

static const weir__operator reduce_operator = {
    .work = {"table_reduce", NULL, reduce, NULL},
    .prefix = "KTABLE-REDUCE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_table_reduce(weir_grouped_table in, weir_reducer_fn adder,
                             weir_reducer_fn subtractor, void *user, const char *store,
                             const weir_store_opts *opts)
{
    const weir__edge *from = weir__grouped_table_of(in);
    if (from == NULL || !weir__aggregation_given(in.builder, adder != NULL && subtractor != NULL,
                                                 reduce_operator.work.name, store, in.node)) {
        return (weir_table){in.builder, -1};
    }
    reduce_op op = {adder, subtractor, user};
    return weir__table_aggregation_add(
        in, &(weir__aggregation){&reduce_operator, &op, sizeof op, from->value, store, opts});
}
