/* SPDX-License-Identifier: Apache-2.0
 *
 * Old values. A change of a table has the value before it only if a node below needs it. A table
 * with a store reads it there; one without computes it from the old values of its parents (Kafka's
 * KTableImpl.enableSendingOldValues). */
#include "topology/build.h"

static bool send_old(weir_builder *builder, int table, bool force);

static bool parents_send_old(weir_builder *builder, int node, bool force)
{
    bool all = true;
    const weir__draft *draft = builder->nodes[node];
    for (size_t i = 0; i < draft->parents.count; i++) {
        all = send_old(builder, draft->parents.at[i], force) && all;
    }
    for (size_t i = 0; i < draft->reads.count; i++) {
        all = send_old(builder, draft->reads.at[i], force) && all;
    }
    return all;
}

/* `force`: a source table without a store gets one. False: it will not send old values. */
static bool send_old(weir_builder *builder, int table, bool force)
{
    weir__node *node = &builder->nodes[table]->node;
    if ((node->facts & WEIR__GIVES_TABLE) == 0 || node->send_old) {
        return node->send_old;
    }
    if (node->table_store >= 0 && (node->facts & WEIR__JOINS_TABLES) == 0) {
        node->send_old = true;
    } else if ((node->facts & WEIR__READS_PARENTS) != 0) {
        node->send_old =
            parents_send_old(builder, table, force || (node->facts & WEIR__JOINS_TABLES) != 0);
    } else {
        node->send_old = force && weir__materialize(builder, table);
    }
    return node->send_old;
}

void weir__pass_old_values(weir_builder *builder, int node)
{
    unsigned facts = builder->nodes[node]->node.facts;
    if ((facts & WEIR__NEEDS_OLD_VALUES) != 0) {
        const weir__ints *parents = &builder->nodes[node]->parents;
        for (size_t i = 0; i < parents->count; i++) {
            send_old(builder, parents->at[i], true);
        }
    }
    if ((facts & WEIR__USES_OLD_VALUES) != 0 && parents_send_old(builder, node, false)) {
        builder->nodes[node]->node.send_old = true;
    }
}
