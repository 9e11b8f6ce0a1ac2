/* SPDX-License-Identifier: Apache-2.0
 *
 * to: a stream into a topic, or into topics that a callback chooses. */
#include "operators/operator.h"

void weir_to(weir_stream in, const char *topic, const weir_sink_opts *opts)
{
    weir_builder *builder = in.builder;
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__STREAM);
    const char *name =
        weir__builder_name(builder, opts != NULL ? opts->name : NULL, "KSTREAM-SINK-");
    int index = from != NULL ? weir__builder_node(builder, WEIR__SINK, name) : -1;
    if (index < 0) {
        return;
    }
    weir__node *node = &builder->nodes[index]->node;
    node->key = from->key;
    node->value = from->value;
    weir__builder_parent(builder, index, from->node);
    weir__builder_sink_to(builder, index, topic, opts, __func__);
    node->by_inner_key = node->sink.partitioner == NULL && weir_windowed_wrapped(node->key) != NULL;
}
