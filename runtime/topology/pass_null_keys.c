/* SPDX-License-Identifier: Apache-2.0
 *
 * Left joins keep records without a key (KIP-962), also those that come through a repartition
 * topic. The filter in front of such a topic drops them otherwise. */
#include "topology/build.h"

static const weir__repartition_draft *repartition_of_sink(const weir_builder *builder, int sink)
{
    for (size_t i = 0; i < builder->repartition_count; i++) {
        if (builder->repartitions[i].sink == sink) {
            return &builder->repartitions[i];
        }
    }
    return NULL;
}

/* Children come after their parents, so one pass from the last node to the first is enough. */
void weir__pass_null_keys(weir_builder *builder)
{
    for (size_t i = builder->order_count; i-- > 0;) {
        weir__draft *draft = builder->nodes[builder->order[i]];
        unsigned below = 0;
        for (size_t c = 0; c < draft->children.count; c++) {
            below |= builder->nodes[draft->children.at[c]]->node.facts;
        }
        const weir__repartition_draft *topic =
            draft->node.kind == WEIR__SINK ? repartition_of_sink(builder, draft->node.index) : NULL;
        if (topic != NULL) {
            below |= builder->nodes[topic->source]->node.facts;
        }
        draft->node.facts |= below & WEIR__KEEPS_NULL_KEYS;
    }
}
