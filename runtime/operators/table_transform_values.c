/* SPDX-License-Identifier: Apache-2.0
 *
 * transform_values of a table: map_values with stores (KIP-149). Called for deleted rows, too. */
#include "operators/table.h"

typedef struct transform_values_op {
    weir_map_values_fn fn;
    void *user;
} transform_values_op;

static weir_err compute(weir_ctx *ctx, const weir__node *node, const weir_record *above,
                        const void **out)
{
    const transform_values_op *op = node->user;
    void *value = weir__out_new(ctx, node->value);
    weir_err err = value != NULL ? op->fn(ctx, above, value, op->user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the transform_values function", err);
    if (err == WEIR_OK) {
        *out = weir__out_take(ctx, node->value, value);
    }
    return err;
}

static weir_err transform_values(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__table_derived(ctx, in, compute, false);
}

static weir_err read(weir_ctx *ctx, const weir__node *table, const void *key, weir__timed *out)
{
    return weir__table_derived_read(ctx, table, key, out, compute);
}

static const weir__operator transform_values_operator = {
    .work = {"table_transform_values", NULL, transform_values, NULL},
    .prefix = "KTABLE-TRANSFORMVALUES-",
    .facts = WEIR__GIVES_TABLE | WEIR__READS_PARENTS | WEIR__PASSES_HISTORY,
    .read = read,
};

weir_table weir_table_transform_values(weir_table in, const weir_serde *value,
                                       weir_map_values_fn fn, void *user, const char *store,
                                       const weir_store_opts *opts)
{
    transform_values_op op = {fn, user};
    const char *name = opts != NULL ? opts->node : NULL;
    if (!weir__has_function(in.builder, &transform_values_operator, name, in.node, fn != NULL)) {
        return (weir_table){in.builder, -1};
    }
    return weir__table_derive(in, &transform_values_operator, &op, sizeof op,
                              weir__value_or_default(value), store, opts);
}
