/* SPDX-License-Identifier: Apache-2.0
 *
 * Handles, the edges behind them, and the nodes of operators. */
#include <string.h>

#include "operators/operator.h"

const weir__edge *weir__edge_of(weir_builder *builder, int node, weir__edge_kind kind)
{
    if (!weir__builder_ok(builder)) {
        return NULL;
    }
    if (node < 0 || (size_t)node >= builder->edge_count || builder->edges[node]->kind != kind) {
        weir__builder_fail(builder, WEIR_EINVAL, "a handle that no operator gave");
        return NULL;
    }
    return builder->edges[node];
}

int weir__edge_add(weir_builder *builder, const weir__edge *edge)
{
    weir__edge *copy = weir__op_copy(builder, edge, sizeof *edge);
    if (copy == NULL || !weir__builder_grow(builder, &builder->edges, builder->edge_count,
                                            &builder->edge_capacity, sizeof *builder->edges)) {
        return -1;
    }
    /* The two edges must not share a list that may grow. */
    copy->sources = (weir__ints){0};
    weir__ints_add_all(builder, &copy->sources, &edge->sources);
    builder->edges[builder->edge_count] = copy;
    return (int)builder->edge_count++;
}

bool weir__edge_key_changed(const weir_builder *builder, const weir__edge *edge)
{
    return (builder->nodes[edge->node]->node.facts & WEIR__KEY_CHANGED) != 0;
}

const weir__windowing *weir__windows_later(const weir__windowing *a, const weir__windowing *b)
{
    return a == NULL || (b != NULL && b->closes_after_ms > a->closes_after_ms) ? b : a;
}

void *weir__op_copy(weir_builder *builder, const void *op, size_t size)
{
    void *copy = weir__builder_alloc(builder, size);
    return copy != NULL ? memcpy(copy, op, size) : NULL;
}

bool weir__has_function(weir_builder *builder, const weir__operator *kind, const char *name, int in,
                        bool given)
{
    if (!given) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s needs a function",
                           weir__label(builder, kind->work.name, name, in));
    }
    return weir__builder_ok(builder);
}

bool weir__history_has_store(weir_builder *builder, const char *what, const char *store,
                             const weir_store_opts *opts)
{
    if (store == NULL && opts != NULL && opts->history != NULL) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s: a history needs a store, so give it a name",
                           what);
    }
    return weir__builder_ok(builder);
}

/* The edge of a node; -1: none. */
static int edge_index(const weir_builder *builder, const weir__edge *edge)
{
    for (size_t i = 0; edge != NULL && i < builder->edge_count; i++) {
        if (builder->edges[i]->node == edge->node) {
            return (int)i;
        }
    }
    return -1;
}

int weir__node_store(weir_builder *builder, int node, const char *store,
                     const weir_store_opts *opts, bool caching)
{
    bool good = weir__builder_ok(builder);
    int index = weir__builder_store(builder, store, opts, caching);
    if (good && index < 0) {
        const weir__node *of = &builder->nodes[node]->node;
        weir__label_error(builder, of->made_by->work.name, of->name, -1);
    }
    return index;
}

static void add_parent(weir_builder *builder, int child, const weir__edge *parent)
{
    if (parent != NULL && weir__builder_ok(builder)) {
        weir__builder_parent(builder, child, parent->node);
        builder->nodes[child]->node.facts |=
            builder->nodes[parent->node]->node.facts & WEIR__KEY_CHANGED;
    }
}

int weir__operator_add(weir_builder *builder, const weir__operator *kind, const void *op,
                       size_t size, const weir__operator_at *at)
{
    bool good = weir__builder_ok(builder);
    const char *name = at->named ? at->name : weir__builder_name(builder, at->name, kind->prefix);
    int index = weir__builder_node(builder, WEIR__PROCESSOR, name);
    if (index < 0) {
        if (good) {
            weir__label_error(builder, kind->work.name, NULL, edge_index(builder, at->in));
        }
        return -1;
    }
    weir__builder_skip(builder, kind->numbers);
    builder->nodes[index]->what = at->what;
    builder->nodes[index]->result = at->result;
    weir__node *node = &builder->nodes[index]->node;
    node->made_by = kind;
    node->facts = kind->facts;
    node->ops = &kind->work;
    node->user = size > 0 ? weir__op_copy(builder, op, size) : NULL;
    node->key = at->key != NULL ? at->key : at->in->key;
    node->value = at->value != NULL ? at->value : at->in->value;
    if ((node->facts & WEIR__CHANGES_KEY) != 0) {
        node->facts |= WEIR__KEY_CHANGED;
    }
    add_parent(builder, index, at->in);
    add_parent(builder, index, at->other);
    return weir__builder_ok(builder) ? index : -1;
}

weir_stream weir__stream_add(weir_stream in, const weir__operator *kind, const void *op,
                             size_t size, weir__operator_at at)
{
    weir_builder *builder = in.builder;
    at.in = weir__edge_of(builder, in.node, WEIR__STREAM);
    int index = at.in != NULL ? weir__operator_add(builder, kind, op, size, &at) : -1;
    if (index < 0) {
        return (weir_stream){builder, -1};
    }
    weir__edge edge = *at.in;
    edge.node = index;
    edge.key = builder->nodes[index]->node.key;
    edge.value = builder->nodes[index]->node.value;
    if (at.other != NULL) {
        edge.windows = weir__windows_later(at.in->windows, at.other->windows);
        /* A copy: both lists may be of handles that go on being used. */
        edge.sources = (weir__ints){0};
        weir__ints_add_all(builder, &edge.sources, &at.in->sources);
        weir__ints_add_all(builder, &edge.sources, &at.other->sources);
    }
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}

weir_err weir__pass(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__forward(ctx, in);
}

bool weir__drop_nulls(weir_ctx *ctx, const weir_record *in, bool values)
{
    if (in->key != NULL && (in->value != NULL || !values)) {
        return false;
    }
    weir__drop(ctx, in->key == NULL ? WEIR_DROP_NULL_KEY : WEIR_DROP_NULL_VALUE, NULL);
    return true;
}
