/* SPDX-License-Identifier: Apache-2.0
 *
 * map_values of a table. Not called for deleted rows. */
#include "operators/table.h"

typedef struct map_values_op {
    weir_map_values_fn fn;
    void *user;
} map_values_op;

static weir_err compute(weir_ctx *ctx, const weir__node *node, const weir_record *above,
                        const void **out)
{
    const map_values_op *op = node->user;
    if (above->value == NULL) {
        *out = NULL;
        return WEIR_OK;
    }
    void *value = weir__out_new(ctx, node->value);
    weir_err err = value != NULL ? op->fn(ctx, above, value, op->user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the map_values function", err);
    if (err == WEIR_OK) {
        *out = weir__out_take(ctx, node->value, value);
    }
    return err;
}

static weir_err map_values(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__table_derived(ctx, in, compute, false);
}

static weir_err read(weir_ctx *ctx, const weir__node *table, const void *key, weir__timed *out)
{
    return weir__table_derived_read(ctx, table, key, out, compute);
}

static const weir__operator map_values_operator = {
    .work = {"table_map_values", NULL, map_values, NULL},
    .prefix = "KTABLE-MAPVALUES-",
    .facts = WEIR__GIVES_TABLE | WEIR__READS_PARENTS | WEIR__PASSES_VERSIONS | WEIR__PASSES_HISTORY,
    .read = read,
};

weir_table weir_table_map_values(weir_table in, const weir_serde *value, weir_map_values_fn fn,
                                 void *user, const char *store, const weir_store_opts *opts)
{
    map_values_op op = {fn, user};
    const char *name = opts != NULL ? opts->node : NULL;
    if (!weir__has_function(in.builder, &map_values_operator, name, in.node, fn != NULL)) {
        return (weir_table){in.builder, -1};
    }
    return weir__table_derive(in, &map_values_operator, &op, sizeof op,
                              weir__value_or_default(value), store, opts);
}
