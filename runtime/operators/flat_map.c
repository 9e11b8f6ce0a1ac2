/* SPDX-License-Identifier: Apache-2.0
 *
 * flat_map and flat_map_values: the callback emits any number of records (weir_emit). */
#include "operators/operator.h"

typedef struct flat_map_op {
    weir_flat_map_fn fn;
    void *user;
} flat_map_op;

static weir_err flat_map(weir_ctx *ctx, const weir_record *in, void *state)
{
    const flat_map_op *op = state;
    return op->fn(ctx, in, op->user);
}

static const weir__operator flat_map_operator = {
    .work = {"flat_map", NULL, flat_map, NULL},
    .prefix = "KSTREAM-FLATMAP-",
    .facts = WEIR__CHANGES_KEY,
};

static const weir__operator flat_map_values_operator = {
    .work = {"flat_map", NULL, flat_map, NULL},
    .prefix = "KSTREAM-FLATMAPVALUES-",
    .facts = WEIR__STOPS_TOPICS,
};

static weir_stream add(weir_stream in, const weir__operator *kind, flat_map_op op,
                       weir__operator_at at)
{
    if (!weir__has_function(in.builder, kind, at.name, in.node, op.fn != NULL)) {
        return (weir_stream){in.builder, -1};
    }
    return weir__stream_add(in, kind, &op, sizeof op, at);
}

weir_stream weir_flat_map(weir_stream in, const weir_serde *key, const weir_serde *value,
                          weir_flat_map_fn fn, void *user, const weir_named *named)
{
    return add(in, &flat_map_operator, (flat_map_op){fn, user},
               (weir__operator_at){.name = weir__name_of(named),
                                   .key = weir__key_or_default(key),
                                   .value = weir__value_or_default(value)});
}

weir_stream weir_flat_map_values(weir_stream in, const weir_serde *value, weir_flat_map_fn fn,
                                 void *user, const weir_named *named)
{
    return add(
        in, &flat_map_values_operator, (flat_map_op){fn, user},
        (weir__operator_at){.name = weir__name_of(named), .value = weir__value_or_default(value)});
}
