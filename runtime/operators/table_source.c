/* SPDX-License-Identifier: Apache-2.0
 *
 * table_source: a topic as a table. */
#include "operators/operator.h"

static weir_err table_source(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__table_keep(ctx, in);
}

const weir__operator weir__table_source_operator = {
    .work = {"table_source", NULL, table_source, NULL},
    .prefix = "KTABLE-SOURCE-",
    .facts = WEIR__GIVES_TABLE | WEIR__HAS_TOPIC_ROWS,
};

/* NULL: numbered. */
static const char *source_name(weir_builder *builder, const weir_store_opts *opts)
{
    if (opts == NULL || (opts->source != NULL && opts->source->name != NULL)) {
        return opts != NULL ? opts->source->name : NULL;
    }
    return opts->node != NULL ? weir__builder_text(builder, "%s-source", opts->node) : NULL;
}

weir__edge weir__table_nodes(weir_builder *builder, const weir__operator *kind, const char *topic,
                             const weir_serde *key, const weir_serde *value,
                             const weir_store_opts *opts)
{
    weir__edge edge = {.kind = WEIR__TABLE, .node = -1, .repartitioned = -1};
    edge.key = weir__key_or_default(key);
    edge.value = weir__value_or_default(value);
    const char *name = weir__builder_name(builder, source_name(builder, opts), "KSTREAM-SOURCE-");
    int source =
        weir__builder_ok(builder)
            ? weir__builder_source(builder, name, (const char *const[]){topic, NULL}, false)
            : -1;
    if (source < 0) {
        return edge;
    }
    weir__edge above = edge;
    above.node = source;
    weir__builder_read_as(builder, source, edge.key, edge.value,
                          opts != NULL ? opts->source : NULL);
    weir__operator_at at = {.name = opts != NULL ? opts->node : NULL, .in = &above};
    edge.node = weir__operator_add(builder, kind, NULL, 0, &at);
    if (edge.node >= 0) {
        weir__ints_add(builder, &edge.sources, source);
    }
    return edge;
}

int weir__table_store(weir_builder *builder, const weir__edge *table, const char *store,
                      const weir_store_opts *opts, bool caching)
{
    weir_store_opts typed = opts != NULL ? *opts : (weir_store_opts){0};
    typed.key = table->key;
    typed.value = table->value;
    if ((builder->nodes[table->node]->node.facts & WEIR__HAS_TOPIC_ROWS) != 0) {
        typed.source = NULL; /* the source node has it */
    }
    int index = weir__node_store(builder, table->node, store, &typed, caching);
    if (index >= 0) {
        weir__builder_own_store(builder, table->node, index);
    }
    return index;
}

weir_table weir_table_source(weir_builder *builder, const char *topic, const char *store,
                             const weir_serde *key, const weir_serde *value,
                             const weir_store_opts *opts)
{
    const char *spare = NULL;
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic") ||
        !weir__history_has_store(builder,
                                 weir__builder_text(builder, "table_source of topic '%s'", topic),
                                 store, opts)) {
        return (weir_table){builder, -1};
    }
    if (store == NULL && weir__builder_ok(builder)) {
        const char *prefix = weir__builder_text(builder, "%s-STATE-STORE-", topic);
        spare = prefix != NULL ? weir__builder_name(builder, NULL, prefix) : NULL;
    }
    weir__edge edge =
        weir__table_nodes(builder, &weir__table_source_operator, topic, key, value, opts);
    if (edge.node < 0) {
        return (weir_table){builder, -1};
    }
    builder->nodes[edge.node]->store_if_needed = spare;
    if (store != NULL) {
        weir__table_store(builder, &edge, store, opts, true);
    }
    return (weir_table){builder, weir__edge_add(builder, &edge)};
}
