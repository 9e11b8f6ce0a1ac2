/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables that are read by other nodes. One with a store is read there. A source table without a
 * store gets one. Other tables are computed from those above them, so the reader is connected with
 * the stores of these (Kafka's KTableValueGetterSupplier.storeNames). */
#include "topology/build.h"

bool weir__materialize(weir_builder *builder, int table)
{
    const weir__draft *draft = builder->nodes[table];
    if (draft->node.table_store >= 0 || draft->store_if_needed == NULL) {
        return draft->node.table_store >= 0;
    }
    weir_store_opts opts = {.key = draft->node.key, .value = draft->node.value};
    int store = weir__builder_store(builder, draft->store_if_needed, &opts, true);
    if (store >= 0) {
        weir__builder_own_store(builder, table, store);
    }
    return store >= 0;
}

static void connect(weir_builder *builder, int reader, int table)
{
    weir__draft *draft = builder->nodes[table];
    if (draft->connected_to == reader) {
        return; /* joins of a table with itself have as many ways up as two to their number */
    }
    draft->connected_to = reader;
    if (weir__materialize(builder, table)) {
        weir__builder_use_store(builder, reader, draft->node.table_store);
        return;
    }
    if ((draft->node.facts & WEIR__READS_PARENTS) == 0) {
        return;
    }
    bool own = (draft->node.facts & WEIR__READS_OWN_STORES) != 0;
    for (size_t i = 0; own && i < draft->stores.count; i++) {
        weir__builder_use_store(builder, reader, draft->stores.at[i]);
    }
    for (size_t i = 0; i < draft->parents.count; i++) {
        connect(builder, reader, draft->parents.at[i]);
    }
    for (size_t i = 0; i < draft->reads.count; i++) {
        connect(builder, reader, draft->reads.at[i]);
    }
}

void weir__pass_materialize(weir_builder *builder, int node)
{
    const weir__ints *reads = &builder->nodes[node]->reads;
    for (size_t i = 0; i < reads->count; i++) {
        connect(builder, node, reads->at[i]);
    }
}

void weir__pass_tables(weir_builder *builder)
{
    for (size_t i = 0; i < builder->node_count && weir__builder_ok(builder); i++) {
        weir__pass_old_values(builder, (int)i);
        weir__pass_materialize(builder, (int)i);
    }
}
