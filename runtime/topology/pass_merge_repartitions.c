/* SPDX-License-Identifier: Apache-2.0
 *
 * topology.optimization: fewer repartition topics (merge.repartition.topics).
 *
 *     words --> by-word --> f1 ==> counts          words --> by-word --> f1 ==> counts
 *                      `--> even --> f2 ==> last                           `--> even --> last
 *
 * A topic (==>, with the filter in front of it) moves up to right below the operator that changes
 * the key, if the operators between only let records pass. Several topics below one operator become
 * the first of them. Below a merge of streams the topic stays below the merge: it has records of
 * both. Where Kafka Streams would move a topic above an operator that changes values (KAFKA-19668),
 * or away from some of its records, it stays where it is. */
#include "topology/optimize.h"

/* A topic, and the way up from it. */
typedef struct topic {
    weir__repartition_draft *draft;
    int target; /* the node below which it belongs; -1: it stays */
    int top;    /* the node below the target, on the way: its filter, or an operator */
    int above;  /* the node above its filter */
} topic;

static bool stops(const weir__draft *draft)
{
    bool by_hand = draft->node.kind == WEIR__PROCESSOR && draft->node.made_by == NULL;
    return by_hand || (draft->node.facts & WEIR__STOPS_TOPICS) != 0;
}

static bool changes_key(const weir__draft *draft)
{
    return (draft->node.facts & WEIR__CHANGES_KEY) != 0 && !stops(draft);
}

static bool changes_any(const weir__draft *draft)
{
    return changes_key(draft) || stops(draft);
}

/* For each node the nearest one above of that kind; -1: none. Of several parents the first that is
 * one counts, else what is above the last one (InternalStreamsBuilder.findParentNodeMatching of
 * Kafka). NULL: out of memory. */
static int *find_above(weir_builder *builder, bool (*is)(const weir__draft *draft))
{
    int *above = weir__builder_alloc(builder, (builder->node_count + 1) * sizeof *above);
    for (size_t n = 0; above != NULL && n < builder->node_count; n++) {
        const weir__ints *parents = &builder->nodes[n]->parents;
        bool found = false;
        above[n] = -1;
        for (size_t i = 0; i < parents->count && !found; i++) {
            int parent = parents->at[i];
            found = is(builder->nodes[parent]);
            /* Only a sink has a parent that was added later, and no topic is below it. */
            above[n] = found ? parent : parent < (int)n ? above[parent] : -1;
        }
    }
    return above;
}

static bool has_types_of(const weir_builder *builder, int node, const topic *of)
{
    const weir__node *sink = &builder->nodes[of->draft->sink]->node;
    const weir__node *above = &builder->nodes[node]->node;
    return above->key == sink->key && above->value == sink->value;
}

/* Goes up from the filter to the operator that changes the key, or to a merge. */
static void find_target(const weir_builder *builder, topic *of, const int *changers, const int *any)
{
    int changer = changers[of->draft->filter];
    if (changer < 0 || any[of->draft->filter] != changer) {
        return;
    }
    int node = of->draft->filter;
    while (builder->nodes[node]->parents.count == 1) {
        int parent = builder->nodes[node]->parents.at[0];
        bool merges = builder->nodes[parent]->parents.count > 1;
        if (stops(builder->nodes[parent])) {
            return;
        }
        if (parent == changer || merges) {
            of->target = has_types_of(builder, parent, of) ? parent : -1;
            of->top = node;
            return;
        }
        node = parent;
    }
}

/* ---- Edges -------------------------------------------------------------------------------- */

static void replace_in(weir__ints *ints, int value, int by)
{
    bool there = false;
    for (size_t i = 0; i < ints->count; i++) {
        there = there || ints->at[i] == by;
    }
    for (size_t i = 0; i < ints->count && !there; i++) {
        ints->at[i] = ints->at[i] == value ? by : ints->at[i];
    }
    if (there) {
        weir__ints_remove(ints, value);
    }
}

/* `child` gets its records from `to`, not from `from`. */
static void move_child(weir_builder *builder, int child, int from, int to)
{
    weir__ints_remove(&builder->nodes[from]->children, child);
    replace_in(&builder->nodes[child]->parents, from, to);
    weir__ints_add(builder, &builder->nodes[to]->children, child);
}

/* ---- Topics ------------------------------------------------------------------------------- */

static void move_children(weir_builder *builder, int from, int to)
{
    while (from != to && builder->nodes[from]->children.count > 0) {
        move_child(builder, builder->nodes[from]->children.at[0], from, to);
    }
}

/* What was below the topic is now below the operator in front of it, or below the one topic. */
static void take_out(weir_builder *builder, const topic *of, int source)
{
    bool direct = of->top == of->draft->filter;
    weir__ints_remove(&builder->nodes[of->above]->children, of->draft->filter);
    move_children(builder, of->draft->source, direct ? source : of->above);
}

static void put_below(weir_builder *builder, const topic *first)
{
    weir__ints *parents = &builder->nodes[first->draft->filter]->parents;
    parents->count = 0;
    weir__ints_add(builder, parents, first->target);
    weir__ints_add(builder, &builder->nodes[first->target]->children, first->draft->filter);
}

static void forget_topic(weir_builder *builder, const topic *of, int source)
{
    for (size_t i = 0; i < builder->copartition_count; i++) {
        replace_in(&builder->copartitions[i].sources, of->draft->source, source);
    }
    weir__draft_forget(builder, of->draft->filter);
    weir__draft_forget(builder, of->draft->sink);
    weir__draft_forget(builder, of->draft->source);
}

/* All topics below the same operator become `all[first]`. */
static void merge_topics(weir_builder *builder, const topic *all, size_t count, size_t first)
{
    int target = all[first].target;
    int source = all[first].draft->source;
    for (size_t i = first; i < count; i++) {
        if (all[i].target == target) {
            take_out(builder, &all[i], source);
        }
    }
    /* Only now: `source` had children of its own. */
    for (size_t i = first; i < count; i++) {
        bool through = all[i].target == target && all[i].top != all[i].draft->filter;
        /* Another topic may have the same way up. */
        if (through && builder->nodes[all[i].top]->parents.at[0] == target) {
            move_child(builder, all[i].top, target, source);
        }
    }
    for (size_t i = first + 1; i < count; i++) {
        if (all[i].target == target) {
            forget_topic(builder, &all[i], source);
        }
    }
    put_below(builder, &all[first]);
}

static void drop_forgotten(weir_builder *builder)
{
    size_t kept = 0;
    for (size_t i = 0; i < builder->repartition_count; i++) {
        if (!builder->nodes[builder->repartitions[i].sink]->removed) {
            builder->repartitions[kept++] = builder->repartitions[i];
        }
    }
    builder->repartition_count = kept;
}

/* ---- Order -------------------------------------------------------------------------------- */

static const topic *first_below(const topic *all, size_t count, int target)
{
    for (size_t i = 0; i < count; i++) {
        if (all[i].target == target) {
            return &all[i];
        }
    }
    return NULL;
}

static bool was_moved(const topic *all, size_t count, int node)
{
    for (size_t i = 0; i < count; i++) {
        const weir__repartition_draft *draft = all[i].draft;
        if (all[i].target >= 0 &&
            (node == draft->filter || node == draft->sink || node == draft->source)) {
            return true;
        }
    }
    return false;
}

/* As Kafka adds nodes: in order of creation, but a topic right behind the operator above it. */
static void set_order(weir_builder *builder, const topic *all, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < builder->node_count; i++) {
        if (!builder->nodes[i]->removed && !was_moved(all, count, (int)i)) {
            builder->order[used++] = (int)i;
        }
        const topic *below = first_below(all, count, (int)i);
        if (below != NULL) {
            builder->order[used++] = below->draft->filter;
            builder->order[used++] = below->draft->sink;
            builder->order[used++] = below->draft->source;
        }
    }
    builder->order_count = used;
    for (size_t i = 0; i < used; i++) {
        builder->nodes[builder->order[i]]->position = (int)i;
    }
}

static void sort_children(weir_builder *builder, int node)
{
    weir__ints *children = &builder->nodes[node]->children;
    for (size_t i = 1; i < children->count; i++) {
        int child = children->at[i];
        size_t at = i;
        while (at > 0 &&
               builder->nodes[children->at[at - 1]]->position > builder->nodes[child]->position) {
            children->at[at] = children->at[at - 1];
            at--;
        }
        children->at[at] = child;
    }
}

void weir__pass_merge_repartitions(weir_builder *builder)
{
    size_t count = builder->repartition_count;
    topic *all = weir__builder_alloc(builder, (count + 1) * sizeof *all);
    const int *changers = find_above(builder, changes_key);
    const int *any = find_above(builder, changes_any);
    if (all == NULL || changers == NULL || any == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = (topic){.draft = &builder->repartitions[i], .target = -1};
        if (all[i].draft->implied) {
            all[i].above = builder->nodes[all[i].draft->filter]->parents.at[0];
            find_target(builder, &all[i], changers, any);
        }
    }
    for (size_t i = 0; i < count && weir__builder_ok(builder); i++) {
        if (all[i].target >= 0 && first_below(all, count, all[i].target) == &all[i]) {
            merge_topics(builder, all, count, i);
        }
    }
    set_order(builder, all, count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].target >= 0) {
            sort_children(builder, all[i].target);
            sort_children(builder, all[i].above);
            sort_children(builder, all[i].draft->source);
        }
    }
    drop_forgotten(builder);
}
