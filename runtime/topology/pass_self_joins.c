/* SPDX-License-Identifier: Apache-2.0
 *
 * topology.optimization: a stream that is joined with itself needs one store and one node
 * (single.store.self.join).
 *
 *     in --> this-windowed  --> this-join  --> merge        in --> this-windowed --> merge
 *       `--> other-windowed --> other-join --^                                                   */
#include <string.h>

#include "topology/optimize.h"

#define THIS 0
#define OTHER 1

static void forget_store(weir_builder *builder, int store)
{
    if (store >= 0) {
        builder->stores[store]->removed = true;
        builder->stores[store]->users.count = 0;
    }
}

/* A processor of the user's may be connected with a store of the join, by its name. */
static bool is_used_elsewhere(const weir_builder *builder, int store)
{
    bool used = false;
    for (size_t i = 0; store >= 0 && i < builder->connection_count && !used; i++) {
        used = strcmp(builder->connections[i].store, builder->stores[store]->spec.name) == 0;
    }
    return used;
}

static bool is_self_join(const weir_builder *builder, const weir__stream_join_draft *join)
{
    int this_parent = builder->nodes[join->windowed[THIS]]->parents.at[0];
    int other_parent = builder->nodes[join->windowed[OTHER]]->parents.at[0];
    return this_parent == other_parent && !is_used_elsewhere(builder, join->stores[OTHER]) &&
           !is_used_elsewhere(builder, join->shared);
}

static void rewrite(weir_builder *builder, const weir__stream_join_draft *join)
{
    weir__draft *windowed = builder->nodes[join->windowed[THIS]];
    weir__draft *merge = builder->nodes[join->merge];
    weir__ints_remove(&builder->nodes[windowed->parents.at[0]]->children, join->windowed[OTHER]);
    weir__draft_forget(builder, join->windowed[OTHER]);
    weir__draft_forget(builder, join->joins[THIS]);
    weir__draft_forget(builder, join->joins[OTHER]);
    forget_store(builder, join->stores[OTHER]);
    forget_store(builder, join->shared);
    windowed->children.count = 0;
    merge->parents.count = 0;
    weir__builder_parent(builder, join->merge, join->windowed[THIS]);
    builder->stores[join->stores[THIS]]->users.count = 0;
    weir__builder_use_store(builder, join->windowed[THIS], join->stores[THIS]);
    weir__builder_use_store(builder, join->merge, join->stores[THIS]);
    merge->node.made_by = join->self_join;
    merge->node.facts = join->self_join->facts;
    merge->node.ops = &join->self_join->work;
    merge->node.user = join->user;
}

void weir__pass_self_joins(weir_builder *builder)
{
    for (size_t i = 0; i < builder->stream_join_count && weir__builder_ok(builder); i++) {
        if (is_self_join(builder, &builder->stream_joins[i])) {
            rewrite(builder, &builder->stream_joins[i]);
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < builder->order_count; i++) {
        weir__draft *draft = builder->nodes[builder->order[i]];
        if (!draft->removed) {
            draft->position = (int)kept;
            builder->order[kept++] = builder->order[i];
        }
    }
    builder->order_count = kept;
}
