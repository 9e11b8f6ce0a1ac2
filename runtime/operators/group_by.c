/* SPDX-License-Identifier: Apache-2.0
 *
 * group_by_key and group_by of a stream. */
#include "operators/operator.h"

static weir_grouped add(weir_builder *builder, const weir__edge *stream, const char *name)
{
    weir__edge edge = *stream;
    edge.kind = WEIR__GROUPED;
    edge.name = name != NULL ? weir__builder_text(builder, "%s", name) : NULL;
    edge.repartitioned = -1;
    return (weir_grouped){builder, weir__edge_add(builder, &edge)};
}

weir_grouped weir_group_by_key(weir_stream in, const char *name)
{
    const weir__edge *from = weir__edge_of(in.builder, in.node, WEIR__STREAM);
    return from != NULL ? add(in.builder, from, name) : (weir_grouped){in.builder, -1};
}

weir_grouped weir_group_by(weir_stream in, const char *name, const weir_serde *key,
                           weir_select_key_fn fn, void *user)
{
    weir_named named = {name};
    weir_stream rekeyed = weir_select_key(in, key, fn, user, &named);
    const weir__edge *from = weir__edge_of(in.builder, rekeyed.node, WEIR__STREAM);
    return from != NULL ? add(in.builder, from, name) : (weir_grouped){in.builder, -1};
}
