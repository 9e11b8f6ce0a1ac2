/* SPDX-License-Identifier: Apache-2.0
 *
 * global_table: a topic as a table that every instance reads whole (KIP-99). */
#include "operators/operator.h"

weir_global_table weir_global_table_source(weir_builder *builder, const char *topic,
                                           const char *store, const weir_serde *key,
                                           const weir_serde *value, const weir_store_opts *opts)
{
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic") ||
        !weir__builder_given(builder, store != NULL, __func__, "store")) {
        return (weir_global_table){builder, -1};
    }
    weir__edge edge = weir__table_nodes(builder, topic, key, value, opts);
    edge.kind = WEIR__GLOBAL_TABLE;
    if (edge.node < 0) {
        return (weir_global_table){builder, -1};
    }
    if (opts != NULL && opts->source != NULL && opts->source->auto_offset_reset != NULL) {
        weir__builder_fail(
            builder, WEIR_EINVAL,
            "global table of '%s': it is read whole, auto_offset_reset is not for it", topic);
    }
    /* The topic itself is the log, and readers of other threads must see each change at once. */
    weir_store_opts own = opts != NULL ? *opts : (weir_store_opts){0};
    own.logging = WEIR_OFF;
    own.caching = WEIR_OFF;
    int made = weir__table_store(builder, &edge, store, &own, false);
    if (made >= 0) {
        weir__node *source = &builder->nodes[edge.sources.at[0]]->node;
        source->facts |= WEIR__GLOBAL;
        builder->nodes[edge.node]->node.facts |= WEIR__GLOBAL;
        builder->stores[made]->spec.global_topic = source->topics[0].name;
    }
    return (weir_global_table){builder, weir__edge_add(builder, &edge)};
}
