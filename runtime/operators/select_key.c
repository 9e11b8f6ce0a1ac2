/* SPDX-License-Identifier: Apache-2.0
 *
 * select_key: another key, the same value. */
#include "operators/operator.h"

typedef struct select_key_op {
    weir_select_key_fn fn;
    void *user;
} select_key_op;

static weir_err select_key(weir_ctx *ctx, const weir_record *in, void *state)
{
    const select_key_op *op = state;
    const weir_serde *serde = ctx->node->spec->key;
    void *out = weir__out_new(ctx, serde);
    if (out == NULL) {
        return WEIR_ENOMEM;
    }
    weir_err err = op->fn(ctx, in, out, op->user);
    err = weir__guards_check(ctx, "the key function", err);
    return err == WEIR_OK ? weir__forward_new(ctx, weir__out_take(ctx, serde, out), in->value,
                                              in->timestamp_ms)
                          : err;
}

static const weir__operator select_key_operator = {
    .work = {"select_key", NULL, select_key, NULL},
    .prefix = "KSTREAM-KEY-SELECT-",
    .facts = WEIR__CHANGES_KEY,
};

weir_stream weir_select_key(weir_stream in, const weir_serde *key, weir_select_key_fn fn,
                            void *user, const weir_named *named)
{
    select_key_op op = {fn, user};
    const char *name = weir__name_of(named);
    if (!weir__has_function(in.builder, &select_key_operator, name, in.node, fn != NULL)) {
        return (weir_stream){in.builder, -1};
    }
    return weir__stream_add(in, &select_key_operator, &op, sizeof op,
                            (weir__operator_at){.name = name, .key = weir__key_or_default(key)});
}
