/* SPDX-License-Identifier: Apache-2.0
 *
 * map: another key and another value. */
#include "operators/operator.h"

typedef struct map_op {
    weir_map_fn fn;
    void *user;
} map_op;

static weir_err map(weir_ctx *ctx, const weir_record *in, void *state)
{
    const map_op *op = state;
    const weir__node *node = ctx->node->spec;
    void *key = weir__out_new(ctx, node->key);
    void *value = weir__out_new(ctx, node->value);
    if (key == NULL || value == NULL) {
        return WEIR_ENOMEM;
    }
    weir_err err = op->fn(ctx, in, key, value, op->user);
    err = weir__guards_check(ctx, "the map function", err);
    if (err != WEIR_OK) {
        return err;
    }
    const void *new_key = weir__out_take(ctx, node->key, key);
    return weir__forward_new(ctx, new_key, weir__out_take(ctx, node->value, value),
                             in->timestamp_ms);
}

static const weir__operator map_operator = {
    .work = {"map", NULL, map, NULL},
    .prefix = "KSTREAM-MAP-",
    .facts = WEIR__CHANGES_KEY,
};

weir_stream weir_map(weir_stream in, const weir_serde *key, const weir_serde *value, weir_map_fn fn,
                     void *user, const weir_named *named)
{
    map_op op = {fn, user};
    const char *name = weir__name_of(named);
    if (!weir__has_function(in.builder, &map_operator, name, in.node, fn != NULL)) {
        return (weir_stream){in.builder, -1};
    }
    return weir__stream_add(in, &map_operator, &op, sizeof op,
                            (weir__operator_at){.name = name,
                                                .key = weir__key_or_default(key),
                                                .value = weir__value_or_default(value)});
}
