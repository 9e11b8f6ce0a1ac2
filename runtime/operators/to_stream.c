/* SPDX-License-Identifier: Apache-2.0
 *
 * to_stream: the changes of a table, a tombstone for a deleted row. */
#include "operators/operator.h"

static weir_err to_stream(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const weir__change *change = in->value;
    return weir__forward_new(ctx, in->key, change->new_value, in->timestamp_ms);
}

static const weir__operator to_stream_operator = {
    .work = {"to_stream", NULL, to_stream, NULL},
    .prefix = "KTABLE-TOSTREAM-",
};

weir_stream weir_to_stream(weir_table in, const weir_named *named)
{
    weir_builder *builder = in.builder;
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__TABLE);
    weir__operator_at at = {.name = weir__name_of(named), .in = from};
    int index = from != NULL ? weir__operator_add(builder, &to_stream_operator, NULL, 0, &at) : -1;
    if (index < 0) {
        return (weir_stream){builder, -1};
    }
    weir__edge edge = *from;
    edge.kind = WEIR__STREAM;
    edge.node = index;
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}
