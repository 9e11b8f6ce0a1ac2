/* SPDX-License-Identifier: Apache-2.0
 *
 * filter and filter_not of a table: a row that fails is deleted. */
#include "operators/table.h"

typedef struct filter_op {
    weir_filter_fn fn;
    void *user;
    bool negate;
} filter_op;

static weir_err compute(weir_ctx *ctx, const weir__node *node, const weir_record *above,
                        const void **out)
{
    const filter_op *op = node->user;
    bool keep = false;
    *out = NULL;
    if (above->value == NULL) {
        return WEIR_OK;
    }
    weir_err err = op->fn(ctx, above, &keep, op->user);
    err = weir__guards_check(ctx, "the predicate", err);
    if (err == WEIR_OK && keep != op->negate) {
        *out = above->value;
    }
    return err;
}

static weir_err filter(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__table_derived(ctx, in, compute, true);
}

static weir_err read(weir_ctx *ctx, const weir__node *table, const void *key, weir__timed *out)
{
    return weir__table_derived_read(ctx, table, key, out, compute);
}

static const weir__operator filter_operator = {
    .work = {"table_filter", NULL, filter, NULL},
    .prefix = "KTABLE-FILTER-",
    .facts = WEIR__GIVES_TABLE | WEIR__READS_PARENTS | WEIR__USES_OLD_VALUES |
             WEIR__PASSES_VERSIONS | WEIR__PASSES_HISTORY,
    .read = read,
};

static weir_table add(weir_table in, filter_op op, const char *store, const weir_store_opts *opts)
{
    const char *name = opts != NULL ? opts->node : NULL;
    if (!weir__has_function(in.builder, &filter_operator, name, in.node, op.fn != NULL)) {
        return (weir_table){in.builder, -1};
    }
    return weir__table_derive(in, &filter_operator, &op, sizeof op, NULL, store, opts);
}

weir_table weir_table_filter(weir_table in, weir_filter_fn fn, void *user, const char *store,
                             const weir_store_opts *opts)
{
    return add(in, (filter_op){fn, user, false}, store, opts);
}

weir_table weir_table_filter_not(weir_table in, weir_filter_fn fn, void *user, const char *store,
                                 const weir_store_opts *opts)
{
    return add(in, (filter_op){fn, user, true}, store, opts);
}
