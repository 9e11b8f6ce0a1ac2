/* SPDX-License-Identifier: Apache-2.0
 *
 * Grouping and aggregation of streams. A grouping is no node. Its first aggregation adds the
 * repartition topic, and all its aggregations share that topic. */
#include "dsl/edges.h"

static weir_grouped add_group(weir_builder *builder, const weir__edge *stream, const char *name)
{
    weir__edge edge = *stream;
    edge.kind = WEIR__GROUPED;
    edge.name = name != NULL ? weir__builder_text(builder, "%s", name) : NULL;
    edge.repartitioned = -1;
    return (weir_grouped){builder, weir__edge_add(builder, &edge)};
}

weir_grouped weir_group_by_key(weir_stream in, const char *name)
{
    const weir__edge *from = weir__edge_of(in.builder, in.node, WEIR__STREAM);
    return from != NULL ? add_group(in.builder, from, name) : (weir_grouped){in.builder, -1};
}

weir_grouped weir_group_by(weir_stream in, const char *name, const weir_serde *key,
                           weir_select_key_fn fn, void *user)
{
    weir_named named = {name};
    weir_stream rekeyed = weir_select_key(in, key, fn, user, &named);
    const weir__edge *from = weir__edge_of(in.builder, rekeyed.node, WEIR__STREAM);
    return from != NULL ? add_group(in.builder, from, name) : (weir_grouped){in.builder, -1};
}

/* The input of an aggregation: the grouped stream, behind its repartition topic if it needs one. */
static const weir__edge *input_of(weir_builder *builder, weir__edge *grouped, const char *store)
{
    if (!grouped->rekeyed) {
        return grouped;
    }
    if (grouped->repartitioned >= 0) {
        builder->name_counter += 3; /* as Kafka, which creates three names and does not use them */
        return builder->edges[grouped->repartitioned];
    }
    const char *name = grouped->name != NULL ? grouped->name : store;
    if (name == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "the grouping below '%s' must be repartitioned: name it, or the store "
                           "of its aggregation",
                           builder->nodes[grouped->node]->node.name);
        return NULL;
    }
    const weir__edge *edge = weir__repartition(builder, grouped, name, NULL);
    if (edge != NULL && grouped->name != NULL) {
        grouped->repartitioned = (int)builder->edge_count - 1;
    }
    return edge;
}

typedef struct aggregation {
    const char *prefix; /* of node and store */
    const weir_processor_ops *ops;
    void *user;
    const weir_serde *value; /* of the result */
    const char *store;
    const weir_store_opts *opts;
} aggregation;

static void check_serdes(weir_builder *builder, const weir__edge *in, const aggregation *spec,
                         const char *name)
{
    const weir_store_opts *opts = spec->opts;
    const char *what = weir__builder_text(builder, "%s '%s'", spec->ops->name, name);
    if (opts != NULL && opts->key != NULL) {
        weir__builder_check_types(
            builder,
            &(weir__type_check){in->key, opts->key, what, "the stream's key", "the store's key"});
    }
    if (opts != NULL && opts->value != NULL) {
        weir__builder_check_types(builder, &(weir__type_check){spec->value, opts->value, what,
                                                               "its result", "the store's value"});
    }
}

static weir_table aggregate(weir_grouped in, const aggregation *spec)
{
    weir_builder *builder = in.builder;
    weir_table failed = {builder, -1};
    if (weir__edge_of(builder, in.node, WEIR__GROUPED) == NULL) {
        return failed;
    }
    weir__edge *grouped = builder->edges[in.node];
    const char *store = spec->store;
    if (store == NULL) {
        const char *prefix = weir__builder_text(builder, "%sSTATE-STORE-", spec->prefix);
        store = weir__builder_name(builder, NULL, prefix);
    }
    const char *given = spec->opts != NULL ? spec->opts->node : NULL;
    const char *name = weir__builder_name(builder, given, spec->prefix);
    const weir__edge *from =
        weir__builder_ok(builder) ? input_of(builder, grouped, spec->store) : NULL;
    if (from == NULL) {
        return failed;
    }
    check_serdes(builder, from, spec, name);
    int index = weir__processor_node(
        builder, from,
        &(weir__node_spec){
            .name = name, .ops = spec->ops, .user = spec->user, .value = spec->value});
    builder->name_counter--; /* the name has its number already */
    weir_store_opts opts = spec->opts != NULL ? *spec->opts : (weir_store_opts){0};
    opts.key = from->key;
    opts.value = spec->value;
    int stored = index >= 0 ? weir__builder_store(builder, store, &opts, true) : -1;
    if (stored < 0) {
        return failed;
    }
    builder->nodes[index]->table = true;
    builder->stores[stored]->spec.owner = index;
    weir__builder_use_store(builder, index, stored);
    weir__edge edge = *from;
    edge.kind = WEIR__TABLE;
    edge.node = index;
    edge.value = spec->value;
    edge.store = stored;
    edge.rekeyed = false;
    return (weir_table){builder, weir__edge_add(builder, &edge)};
}

weir_table weir_count(weir_grouped in, const char *store, const weir_store_opts *opts)
{
    if (store == NULL && weir__builder_ok(in.builder)) {
        in.builder->name_counter++; /* Kafka's count uses up one more */
    }
    return aggregate(
        in, &(aggregation){"KSTREAM-AGGREGATE-", &weir__count_ops, NULL, &weir_i64, store, opts});
}

static bool has_functions(weir_builder *builder, bool given, const char *what, const char *store)
{
    if (!given) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s '%s' lacks a function", what,
                           store != NULL ? store : "");
    }
    return weir__builder_ok(builder);
}

weir_table weir_reduce(weir_grouped in, weir_reducer_fn fn, void *user, const char *store,
                       const weir_store_opts *opts)
{
    const weir__edge *from = weir__edge_of(in.builder, in.node, WEIR__GROUPED);
    if (from == NULL || !has_functions(in.builder, fn != NULL, "reduce", store)) {
        return (weir_table){in.builder, -1};
    }
    weir__reduce op = {fn, user};
    return aggregate(in, &(aggregation){"KSTREAM-REDUCE-", &weir__reduce_ops,
                                        weir__op_copy(in.builder, &op, sizeof op), from->value,
                                        store, opts});
}

weir_table weir_aggregate(weir_grouped in, weir_initializer_fn init, weir_aggregator_fn fn,
                          void *user, const char *store, const weir_store_opts *opts)
{
    if (!weir__builder_ok(in.builder) ||
        !has_functions(in.builder, init != NULL && fn != NULL, "aggregate", store)) {
        return (weir_table){in.builder, -1};
    }
    weir__aggregate op = {init, fn, user};
    const weir_serde *value =
        opts != NULL && opts->value != NULL ? opts->value : &weir__default_value;
    return aggregate(in,
                     &(aggregation){"KSTREAM-AGGREGATE-", &weir__aggregate_ops,
                                    weir__op_copy(in.builder, &op, sizeof op), value, store, opts});
}
