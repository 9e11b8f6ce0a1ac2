/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of a stream with a table or a global table. */
#include "dsl/edges.h"

typedef struct join {
    weir__join op;
    const char *name;
    const weir_serde *value;
} join;

static const char *label(const join *spec)
{
    return spec->op.left ? "left_join" : "join";
}

static bool check(weir_stream left, weir_builder *other, const join *spec)
{
    weir_builder *builder = left.builder;
    if (builder != other) {
        /* One of them may be a handle that was never set. */
        weir__builder_fail(builder, WEIR_EINVAL, "%s of two builders", label(spec));
        weir__builder_fail(other, WEIR_EINVAL, "%s of two builders", label(spec));
    } else if (weir__builder_ok(builder) && spec->op.fn == NULL) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s '%s' needs a function", label(spec),
                           spec->name != NULL ? spec->name : "");
    }
    return weir__builder_ok(builder);
}

static int join_node(weir_builder *builder, const weir__edge *from, const join *spec,
                     const char *prefix)
{
    int index = weir__processor_node(
        builder, from,
        &(weir__node_spec){.name = spec->name,
                           .prefix = prefix,
                           .ops = &weir__join_ops,
                           .user = weir__op_copy(builder, &spec->op, sizeof spec->op),
                           .value = spec->value != NULL ? spec->value : &weir__default_value});
    if (index >= 0) {
        builder->nodes[index]->keeps_null_keys = spec->op.left;
    }
    return index;
}

/* ---- With a table ------------------------------------------------------------------------- */

/* A source table without a store gets one when it is joined. */
static int store_of(weir_builder *builder, int table)
{
    weir__edge *edge = builder->edges[table];
    if (edge->store < 0) {
        weir_store_opts opts = {.key = edge->key, .value = edge->value};
        edge->store = weir__builder_store(builder, edge->store_name_if_needed, &opts, true);
        if (edge->store >= 0) {
            builder->stores[edge->store]->spec.owner = edge->node;
            weir__builder_use_store(builder, edge->node, edge->store);
        }
    }
    return edge->store;
}

static weir_stream join_table(weir_stream left, weir_table right, join spec)
{
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    if (!check(left, right.builder, &spec)) {
        return failed;
    }
    const weir__edge *from = weir__edge_of(builder, left.node, WEIR__STREAM);
    const weir__edge *table = weir__edge_of(builder, right.node, WEIR__TABLE);
    if (from == NULL || table == NULL || (spec.op.store = store_of(builder, right.node)) < 0) {
        return failed;
    }
    const char *what =
        weir__builder_text(builder, "%s '%s' with table '%s'", label(&spec),
                           spec.name != NULL ? spec.name : builder->nodes[from->node]->node.name,
                           builder->stores[spec.op.store]->spec.name);
    weir__builder_check_types(
        builder, &(weir__type_check){from->key, table->key, what, "left key", "table key"});
    if (from->rekeyed) {
        if (spec.name == NULL) {
            weir__builder_fail(builder, WEIR_ETOPOLOGY,
                               "%s: the left side must be repartitioned, so the join needs a name",
                               what);
            return failed;
        }
        from = weir__repartition(builder, from, spec.name, NULL);
    }
    int index = from != NULL ? join_node(builder, from, &spec,
                                         spec.op.left ? "KSTREAM-LEFTJOIN-" : "KSTREAM-JOIN-")
                             : -1;
    if (index < 0) {
        return failed;
    }
    weir__builder_use_store(builder, index, spec.op.store);
    weir__edge edge = {.kind = WEIR__STREAM,
                       .node = index,
                       .key = from->key,
                       .value = builder->nodes[index]->node.value,
                       .store = -1,
                       .repartitioned = -1};
    weir__ints_add_all(builder, &edge.sources, &from->sources);
    weir__ints_add_all(builder, &edge.sources, &table->sources);
    weir__builder_copartition(builder, &edge.sources, what);
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}

weir_stream weir_join_table(weir_stream left, weir_table right, const weir_serde *value,
                            weir_joiner_fn fn, void *user, const weir_named *named)
{
    return join_table(left, right, (join){{.fn = fn, .user = user}, weir__name_of(named), value});
}

weir_stream weir_left_join_table(weir_stream left, weir_table right, const weir_serde *value,
                                 weir_joiner_fn fn, void *user, const weir_named *named)
{
    return join_table(left, right,
                      (join){{.fn = fn, .user = user, .left = true}, weir__name_of(named), value});
}

/* ---- With a global table ------------------------------------------------------------------ */

static weir_stream join_global(weir_stream left, weir_global_table right, join spec,
                               const weir_global_join_opts *opts)
{
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    spec.name = opts != NULL ? opts->name : NULL;
    spec.op.key_fn = opts != NULL ? opts->key_fn : NULL;
    if (!check(left, right.builder, &spec)) {
        return failed;
    }
    const weir__edge *from = weir__edge_of(builder, left.node, WEIR__STREAM);
    const weir__edge *table = weir__edge_of(builder, right.node, WEIR__GLOBAL_TABLE);
    if (from == NULL || table == NULL) {
        return failed;
    }
    spec.op.store = table->store;
    /* Kafka uses this prefix for both kinds. */
    int index = join_node(builder, from, &spec, "KSTREAM-LEFTJOIN-");
    if (index < 0) {
        return failed;
    }
    if (spec.op.key_fn == NULL) {
        const char *what = weir__builder_text(builder, "%s '%s' with global table '%s'",
                                              label(&spec), builder->nodes[index]->node.name,
                                              builder->stores[table->store]->spec.name);
        weir__builder_check_types(
            builder, &(weir__type_check){from->key, table->key, what, "left key", "table key"});
    }
    weir__edge edge = *from;
    edge.node = index;
    edge.value = builder->nodes[index]->node.value;
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}

weir_stream weir_join_global(weir_stream left, weir_global_table right, const weir_serde *value,
                             weir_joiner_fn fn, void *user, const weir_global_join_opts *opts)
{
    return join_global(left, right, (join){{.fn = fn, .user = user}, NULL, value}, opts);
}

weir_stream weir_left_join_global(weir_stream left, weir_global_table right,
                                  const weir_serde *value, weir_joiner_fn fn, void *user,
                                  const weir_global_join_opts *opts)
{
    return join_global(left, right, (join){{.fn = fn, .user = user, .left = true}, NULL, value},
                       opts);
}
