/* SPDX-License-Identifier: Apache-2.0
 *
 * global_table: a topic as a table that every instance reads whole (KIP-99). */
#include "operators/operator.h"

void weir__global_nodes(weir_builder *builder, const weir__edge *table, int store)
{
    weir__node *source = &builder->nodes[table->sources.at[0]]->node;
    weir__store_spec *spec = &builder->stores[store]->spec;
    if (source->source.auto_offset_reset != NULL) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "global store '%s': topic '%s' is read whole, auto_offset_reset is not "
                           "for it",
                           spec->name, source->topics[0].name);
    }
    source->facts |= WEIR__GLOBAL;
    builder->nodes[table->node]->node.facts |= WEIR__GLOBAL;
    /* The topic itself is the log, and readers of other threads must see each change at once. */
    spec->logging = false;
    spec->caching = false;
    spec->global_topic = source->topics[0].name;
}

weir_global_table weir_global_table_source(weir_builder *builder, const char *topic,
                                           const char *store, const weir_serde *key,
                                           const weir_serde *value, const weir_store_opts *opts)
{
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic") ||
        !weir__builder_given(builder, store != NULL, __func__, "store")) {
        return (weir_global_table){builder, -1};
    }
    weir__edge edge =
        weir__table_nodes(builder, &weir__table_source_operator, topic, key, value, opts);
    edge.kind = WEIR__GLOBAL_TABLE;
    if (edge.node < 0) {
        return (weir_global_table){builder, -1};
    }
    int made = weir__table_store(builder, &edge, store, opts, false);
    if (made >= 0) {
        weir__global_nodes(builder, &edge, made);
    }
    return (weir_global_table){builder, weir__edge_add(builder, &edge)};
}
