/* SPDX-License-Identifier: Apache-2.0 */
#include "topology/optimize.h"

void weir__ints_remove(weir__ints *ints, int value)
{
    size_t kept = 0;
    for (size_t i = 0; i < ints->count; i++) {
        if (ints->at[i] != value) {
            ints->at[kept++] = ints->at[i];
        }
    }
    ints->count = kept;
}

void weir__draft_forget(weir_builder *builder, int node)
{
    weir__draft *draft = builder->nodes[node];
    draft->removed = true;
    draft->node.kind = WEIR__PROCESSOR;
    draft->node.topic_count = 0;
    draft->parents.count = 0;
    draft->children.count = 0;
    draft->stores.count = 0;
}
