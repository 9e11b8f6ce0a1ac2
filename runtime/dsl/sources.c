/* SPDX-License-Identifier: Apache-2.0
 *
 * The sources of streams and tables, and the sinks of streams. */
#include <string.h>

#include "dsl/edges.h"

static const weir_serde *or_default(const weir_serde *given, const weir_serde *standard)
{
    return given != NULL ? given : standard;
}

/* ---- Streams ------------------------------------------------------------------------------ */

static bool same_topics(const weir__node *source, const char *const *topics)
{
    size_t i = 0;
    while (topics[i] != NULL && i < source->topic_count &&
           strcmp(topics[i], source->topics[i].name) == 0) {
        i++;
    }
    return topics[i] == NULL && i == source->topic_count;
}

/* The existing stream of exactly these topics: two streams of the same topics share one source. */
static const weir__edge *existing(weir_builder *builder, const char *const *topics)
{
    for (size_t i = 0; i < builder->edge_count; i++) {
        const weir__edge *edge = builder->edges[i];
        const weir__node *node = &builder->nodes[edge->node]->node;
        if (edge->kind == WEIR__STREAM && node->kind == WEIR__SOURCE && !node->topics[0].internal &&
            same_topics(node, topics)) {
            return edge;
        }
    }
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int share_source(weir_builder *builder, const weir__edge *edge, const weir_serde *key,
                        const weir_serde *value, const weir_source_opts *opts)
{
    const weir__node *node = &builder->nodes[edge->node]->node;
    const char *what =
        weir__builder_text(builder, "topic '%s' read by two streams", node->topics[0].name);
    weir__builder_check_types(
        builder, &(weir__type_check){edge->key, key, what, "its first key", "its second key"});
    weir__builder_check_types(builder, &(weir__type_check){edge->value, value, what,
                                                           "its first value", "its second value"});
    if ((opts != NULL ? opts->timestamp : NULL) != node->source.timestamp) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "%s with different timestamp functions", what);
    }
    if (!same_text(opts != NULL ? opts->auto_offset_reset : NULL, node->source.auto_offset_reset)) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "%s with different auto_offset_reset", what);
    }
    return weir__edge_add(builder, edge);
}

weir_stream weir_source_many(weir_builder *builder, const char *const *topics,
                             const weir_serde *key, const weir_serde *value,
                             const weir_source_opts *opts)
{
    if (!weir__builder_given(builder, topics != NULL, __func__, "topics")) {
        return (weir_stream){builder, -1};
    }
    const char *name =
        weir__builder_name(builder, opts != NULL ? opts->name : NULL, "KSTREAM-SOURCE-");
    if (name == NULL) {
        return (weir_stream){builder, -1};
    }
    if (topics[0] == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "source '%s' reads no topic", name);
        return (weir_stream){builder, -1};
    }
    key = or_default(key, &weir__default_key);
    value = or_default(value, &weir__default_value);
    const weir__edge *shared = existing(builder, topics);
    if (shared != NULL) {
        return (weir_stream){builder, share_source(builder, shared, key, value, opts)};
    }
    int index = weir__builder_source(builder, name, topics, false);
    if (index < 0) {
        return (weir_stream){builder, -1};
    }
    weir__builder_read_as(builder, index, key, value, opts);
    weir__edge edge = {.kind = WEIR__STREAM,
                       .node = index,
                       .key = key,
                       .value = value,
                       .store = -1,
                       .repartitioned = -1};
    weir__ints_add(builder, &edge.sources, index);
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}

weir_stream weir_source(weir_builder *builder, const char *topic, const weir_serde *key,
                        const weir_serde *value, const weir_source_opts *opts)
{
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic")) {
        return (weir_stream){builder, -1};
    }
    return weir_source_many(builder, (const char *const[]){topic, NULL}, key, value, opts);
}

void weir_to(weir_stream in, const char *topic, const weir_sink_opts *opts)
{
    weir_builder *builder = in.builder;
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic")) {
        return;
    }
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__STREAM);
    const char *name =
        weir__builder_name(builder, opts != NULL ? opts->name : NULL, "KSTREAM-SINK-");
    int index = from != NULL ? weir__builder_node(builder, WEIR__SINK, name) : -1;
    if (index < 0) {
        return;
    }
    weir__node *node = &builder->nodes[index]->node;
    node->key = from->key;
    node->value = from->value;
    if (opts != NULL) {
        node->sink = *opts;
        node->sink.name = node->name;
    }
    weir__builder_parent(builder, index, from->node);
    weir__builder_topic(builder, index, topic, false);
}

/* ---- Tables ------------------------------------------------------------------------------- */

/* NULL: numbered. */
static const char *table_source_name(weir_builder *builder, const weir_store_opts *opts)
{
    if (opts == NULL || (opts->source != NULL && opts->source->name != NULL)) {
        return opts != NULL ? opts->source->name : NULL;
    }
    return opts->node != NULL ? weir__builder_text(builder, "%s-source", opts->node) : NULL;
}

static weir__edge table_nodes(weir_builder *builder, const char *topic, const weir_serde *key,
                              const weir_serde *value, const weir_store_opts *opts)
{
    const char *given = opts != NULL ? opts->node : NULL;
    weir__edge edge = {.node = -1, .store = -1, .repartitioned = -1};
    edge.key = or_default(key, &weir__default_key);
    edge.value = or_default(value, &weir__default_value);
    const char *source_name =
        weir__builder_name(builder, table_source_name(builder, opts), "KSTREAM-SOURCE-");
    int source =
        weir__builder_ok(builder)
            ? weir__builder_source(builder, source_name, (const char *const[]){topic, NULL}, false)
            : -1;
    if (source < 0) {
        return edge;
    }
    weir__edge above = edge;
    above.node = source;
    weir__builder_read_as(builder, source, edge.key, edge.value,
                          opts != NULL ? opts->source : NULL);
    edge.node = weir__processor_node(builder, &above,
                                     &(weir__node_spec){.name = given,
                                                        .prefix = "KTABLE-SOURCE-",
                                                        .ops = &weir__table_source_ops});
    if (edge.node >= 0) {
        builder->nodes[edge.node]->table = true;
        weir__ints_add(builder, &edge.sources, source);
    }
    return edge;
}

static weir_store_opts typed(const weir_store_opts *opts, const weir__edge *edge)
{
    weir_store_opts typed = opts != NULL ? *opts : (weir_store_opts){0};
    typed.key = edge->key;
    typed.value = edge->value;
    typed.source = NULL; /* the source node has it */
    return typed;
}

static void own_store(weir_builder *builder, weir__edge *edge)
{
    if (edge->store >= 0) {
        builder->stores[edge->store]->spec.owner = edge->node;
        weir__builder_use_store(builder, edge->node, edge->store);
    }
}

weir_table weir_table_source(weir_builder *builder, const char *topic, const char *store,
                             const weir_serde *key, const weir_serde *value,
                             const weir_store_opts *opts)
{
    const char *spare = NULL;
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic")) {
        return (weir_table){builder, -1};
    }
    if (store == NULL && weir__builder_ok(builder)) {
        const char *prefix = weir__builder_text(builder, "%s-STATE-STORE-", topic);
        spare = prefix != NULL ? weir__builder_name(builder, NULL, prefix) : NULL;
    }
    weir__edge edge = table_nodes(builder, topic, key, value, opts);
    edge.kind = WEIR__TABLE;
    edge.store_name_if_needed = spare;
    if (store != NULL && edge.node >= 0) {
        weir_store_opts with_types = typed(opts, &edge);
        edge.store = weir__builder_store(builder, store, &with_types, true);
        own_store(builder, &edge);
    }
    return (weir_table){builder, edge.node >= 0 ? weir__edge_add(builder, &edge) : -1};
}

weir_global_table weir_global_table_source(weir_builder *builder, const char *topic,
                                           const char *store, const weir_serde *key,
                                           const weir_serde *value, const weir_store_opts *opts)
{
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic") ||
        !weir__builder_given(builder, store != NULL, __func__, "store")) {
        return (weir_global_table){builder, -1};
    }
    weir__edge edge = table_nodes(builder, topic, key, value, opts);
    edge.kind = WEIR__GLOBAL_TABLE;
    if (edge.node < 0) {
        return (weir_global_table){builder, -1};
    }
    if (opts != NULL && opts->source != NULL && opts->source->auto_offset_reset != NULL) {
        weir__builder_fail(
            builder, WEIR_EINVAL,
            "global table of '%s': it is read whole, auto_offset_reset is not for it", topic);
    }
    /* The topic itself is the log, and readers of other threads must see each change at once. */
    weir_store_opts with_types = typed(opts, &edge);
    with_types.logging = WEIR_OFF;
    with_types.caching = WEIR_OFF;
    edge.store = weir__builder_store(builder, store, &with_types, false);
    own_store(builder, &edge);
    if (edge.store >= 0) {
        builder->nodes[edge.sources.at[0]]->global = true;
        builder->nodes[edge.node]->global = true;
        builder->stores[edge.store]->spec.global_topic =
            builder->nodes[edge.sources.at[0]]->node.topics[0].name;
    }
    return (weir_global_table){builder, weir__edge_add(builder, &edge)};
}

weir_stream weir_to_stream(weir_table in, const weir_named *named)
{
    weir_builder *builder = in.builder;
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__TABLE);
    int index = from != NULL ? weir__processor_node(builder, from,
                                                    &(weir__node_spec){.name = weir__name_of(named),
                                                                       .prefix = "KTABLE-TOSTREAM-",
                                                                       .ops = &weir__to_stream_ops})
                             : -1;
    if (index < 0) {
        return (weir_stream){builder, -1};
    }
    weir__edge edge = *from;
    edge.kind = WEIR__STREAM;
    edge.node = index;
    edge.store = -1;
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}
