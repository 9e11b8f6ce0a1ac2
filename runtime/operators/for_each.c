/* SPDX-License-Identifier: Apache-2.0
 *
 * for_each, which ends a stream, and peek, which passes its records on. */
#include "operators/operator.h"

typedef struct for_each_op {
    weir_for_each_fn fn;
    void *user;
} for_each_op;

static weir_err for_each(weir_ctx *ctx, const weir_record *in, void *state)
{
    const for_each_op *op = state;
    return op->fn(ctx, in, op->user);
}

static weir_err peek(weir_ctx *ctx, const weir_record *in, void *state)
{
    weir_err err = for_each(ctx, in, state);
    return err == WEIR_OK ? weir__forward(ctx, in) : err;
}

static const weir__operator for_each_operator = {
    .work = {"for_each", NULL, for_each, NULL},
    .prefix = "KSTREAM-FOREACH-",
};

static const weir__operator peek_operator = {
    .work = {"peek", NULL, peek, NULL},
    .prefix = "KSTREAM-PEEK-",
};

static weir_stream add(weir_stream in, const weir__operator *kind, for_each_op op,
                       const weir_named *named)
{
    const char *name = weir__name_of(named);
    if (!weir__has_function(in.builder, kind, name, in.node, op.fn != NULL)) {
        return (weir_stream){in.builder, -1};
    }
    return weir__stream_add(in, kind, &op, sizeof op, (weir__operator_at){.name = name});
}

weir_stream weir_peek(weir_stream in, weir_for_each_fn fn, void *user, const weir_named *named)
{
    return add(in, &peek_operator, (for_each_op){fn, user}, named);
}

void weir_for_each(weir_stream in, weir_for_each_fn fn, void *user, const weir_named *named)
{
    add(in, &for_each_operator, (for_each_op){fn, user}, named);
}
