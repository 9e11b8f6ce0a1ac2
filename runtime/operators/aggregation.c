/* SPDX-License-Identifier: Apache-2.0
 *
 * A grouping of a stream is no node. Its first aggregation adds the repartition topic, and all its
 * aggregations share that topic. */
#include "operators/aggregation.h"

const weir__edge *weir__aggregation_input(weir_builder *builder, weir__edge *grouped,
                                          const char *store)
{
    if (!weir__edge_key_changed(builder, grouped)) {
        return grouped;
    }
    if (grouped->repartitioned >= 0) {
        weir__builder_skip_numbers(builder, WEIR__UNNAMED_SHARED_REPARTITION);
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

void weir__aggregation_check(weir_builder *builder, const weir__edge *in,
                             const weir__aggregation *spec, const char *name)
{
    const weir_store_opts *opts = spec->opts;
    const char *what = weir__builder_text(builder, "%s '%s'", spec->kind->work.name, name);
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

bool weir__aggregation_given(weir_builder *builder, bool given, const char *what, const char *store)
{
    if (!given) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s '%s' lacks a function", what,
                           store != NULL ? store : "");
    }
    return weir__builder_ok(builder);
}

weir_table weir__aggregation_add(weir_grouped in, const weir__aggregation *spec)
{
    weir_builder *builder = in.builder;
    weir_table failed = {builder, -1};
    if (weir__edge_of(builder, in.node, WEIR__GROUPED) == NULL) {
        return failed;
    }
    weir__edge *grouped = builder->edges[in.node];
    const char *store = spec->store;
    if (store == NULL) {
        const char *prefix = weir__builder_text(builder, "%sSTATE-STORE-", spec->kind->prefix);
        store = weir__builder_name(builder, NULL, prefix);
    }
    const char *given = spec->opts != NULL ? spec->opts->node : NULL;
    const char *name = weir__builder_name(builder, given, spec->kind->prefix);
    const weir__edge *from =
        weir__builder_ok(builder) ? weir__aggregation_input(builder, grouped, spec->store) : NULL;
    if (from == NULL) {
        return failed;
    }
    weir__aggregation_check(builder, from, spec, name);
    weir__operator_at at = {.name = name, .named = true, .in = from, .value = spec->value};
    int index = weir__operator_add(builder, spec->kind, spec->op, spec->size, &at);
    weir__edge edge = *from;
    edge.kind = WEIR__TABLE;
    edge.node = index;
    edge.value = spec->value;
    if (index < 0 || weir__table_store(builder, &edge, store, spec->opts, true) < 0) {
        return failed;
    }
    return (weir_table){builder, weir__edge_add(builder, &edge)};
}
