/* SPDX-License-Identifier: Apache-2.0
 *
 * map_values of a stream: another value, the same key. */
#include "operators/operator.h"

typedef struct map_values_op {
    weir_map_values_fn fn;
    void *user;
} map_values_op;

static weir_err map_values(weir_ctx *ctx, const weir_record *in, void *state)
{
    const map_values_op *op = state;
    const weir_serde *serde = ctx->node->spec->value;
    void *out = weir__out_new(ctx, serde);
    if (out == NULL) {
        return WEIR_ENOMEM;
    }
    weir_err err = op->fn(ctx, in, out, op->user);
    err = weir__guards_check(ctx, "the map_values function", err);
    return err == WEIR_OK
               ? weir__forward_new(ctx, in->key, weir__out_take(ctx, serde, out), in->timestamp_ms)
               : err;
}

static const weir__operator map_values_operator = {
    .work = {"map_values", NULL, map_values, NULL},
    .prefix = "KSTREAM-MAPVALUES-",
    .facts = WEIR__STOPS_TOPICS,
};

weir_stream weir_map_values(weir_stream in, const weir_serde *value, weir_map_values_fn fn,
                            void *user, const weir_named *named)
{
    map_values_op op = {fn, user};
    const char *name = weir__name_of(named);
    if (!weir__has_function(in.builder, &map_values_operator, name, in.node, fn != NULL)) {
        return (weir_stream){in.builder, -1};
    }
    return weir__stream_add(
        in, &map_values_operator, &op, sizeof op,
        (weir__operator_at){.name = name, .value = weir__value_or_default(value)});
}
