/* SPDX-License-Identifier: Apache-2.0
 *
 * filter and filter_not of a stream. */
#include "operators/operator.h"

typedef struct filter_op {
    weir_filter_fn fn;
    void *user;
    bool negate;
} filter_op;

static weir_err filter(weir_ctx *ctx, const weir_record *in, void *state)
{
    const filter_op *op = state;
    bool keep = false;
    weir_err err = op->fn(ctx, in, &keep, op->user);
    err = weir__guards_check(ctx, "the predicate", err);
    return err == WEIR_OK && keep != op->negate ? weir__forward(ctx, in) : err;
}

static const weir__operator filter_operator = {
    .work = {"filter", NULL, filter, NULL},
    .prefix = "KSTREAM-FILTER-",
};

static weir_stream add(weir_stream in, filter_op op, const weir_named *named)
{
    const char *name = weir__name_of(named);
    if (!weir__has_function(in.builder, &filter_operator, name, in.node, op.fn != NULL)) {
        return (weir_stream){in.builder, -1};
    }
    return weir__stream_add(in, &filter_operator, &op, sizeof op,
                            (weir__operator_at){.name = name});
}

weir_stream weir_filter(weir_stream in, weir_filter_fn fn, void *user, const weir_named *named)
{
    return add(in, (filter_op){fn, user, false}, named);
}

weir_stream weir_filter_not(weir_stream in, weir_filter_fn fn, void *user, const weir_named *named)
{
    return add(in, (filter_op){fn, user, true}, named);
}
