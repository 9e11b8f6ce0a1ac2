/* SPDX-License-Identifier: Apache-2.0
 *
 * Handles, the nodes behind them, and repartition topics. */
#include "dsl/edges.h"

#include <string.h>

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

void *weir__op_copy(weir_builder *builder, const void *op, size_t size)
{
    void *copy = weir__builder_alloc(builder, size);
    return copy != NULL ? memcpy(copy, op, size) : NULL;
}

int weir__processor_node(weir_builder *builder, const weir__edge *in, const weir__node_spec *spec)
{
    const char *name = weir__builder_name(builder, spec->name, spec->prefix);
    int index = weir__builder_node(builder, WEIR__PROCESSOR, name);
    if (index < 0) {
        return -1;
    }
    weir__node *node = &builder->nodes[index]->node;
    node->ops = spec->ops;
    node->user = spec->user;
    node->key = spec->key != NULL ? spec->key : in->key;
    node->value = spec->value != NULL ? spec->value : in->value;
    weir__builder_parent(builder, index, in->node);
    return weir__builder_ok(builder) ? index : -1;
}

weir_stream weir__stream_node(weir_stream in, const weir__node_spec *spec)
{
    weir_builder *builder = in.builder;
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__STREAM);
    int index = from != NULL ? weir__processor_node(builder, from, spec) : -1;
    if (index < 0) {
        return (weir_stream){builder, -1};
    }
    weir__edge edge = *from;
    edge.node = index;
    edge.key = builder->nodes[index]->node.key;
    edge.value = builder->nodes[index]->node.value;
    edge.rekeyed = from->rekeyed || spec->rekeys;
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}

/* ---- Repartitioning ----------------------------------------------------------------------- */

#define SUFFIX "-repartition"

static const char *topic_of(weir_builder *builder, const char *name)
{
    size_t length = strlen(name);
    bool complete = length >= strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
    return weir__builder_text(builder, "%s%s", name, complete ? "" : SUFFIX);
}

static int add_sink(weir_builder *builder, const weir__edge *in, const char *topic, int filter,
                    const weir_repartition_opts *opts)
{
    int sink =
        weir__builder_node(builder, WEIR__SINK, weir__builder_text(builder, "%s-sink", topic));
    if (sink >= 0) {
        weir__node *node = &builder->nodes[sink]->node;
        node->key = in->key;
        node->value = in->value;
        if (opts != NULL) {
            node->sink.partitioner = opts->partitioner;
            node->sink.user = opts->user;
        }
        weir__builder_parent(builder, sink, filter);
        weir__builder_topic(builder, sink, topic, true);
    }
    return sink;
}

const weir__edge *weir__repartition(weir_builder *builder, const weir__edge *in, const char *name,
                                    const weir_repartition_opts *opts)
{
    const char *topic = topic_of(builder, name);
    weir__repartition_filter *filter = weir__builder_alloc(builder, sizeof *filter);
    if (topic == NULL || filter == NULL) {
        return NULL;
    }
    int filter_node = weir__processor_node(
        builder, in,
        &(weir__node_spec){.name = weir__builder_text(builder, "%s-filter", topic),
                           .prefix = "KSTREAM-FILTER-",
                           .ops = &weir__repartition_filter_ops,
                           .user = filter});
    if (filter_node < 0) {
        return NULL;
    }
    builder->nodes[filter_node]->null_key_switch = &filter->keep_null_keys;
    builder->name_counter += 2; /* Kafka uses up a number for sink and source too */
    int sink = add_sink(builder, in, topic, filter_node, opts);
    const char *source_name = weir__builder_text(builder, "%s-source", topic);
    int source = sink >= 0 ? weir__builder_source(builder, source_name,
                                                  (const char *const[]){topic, NULL}, true)
                           : -1;
    if (source < 0 ||
        !weir__builder_grow(builder, &builder->repartitions, builder->repartition_count,
                            &builder->repartition_capacity, sizeof *builder->repartitions)) {
        return NULL;
    }
    builder->nodes[source]->node.key = in->key;
    builder->nodes[source]->node.value = in->value;
    builder->repartitions[builder->repartition_count++] =
        (weir__repartition_draft){topic, opts != NULL ? opts->partitions : 0, sink, source};
    weir__edge edge = {.kind = WEIR__STREAM,
                       .node = source,
                       .key = in->key,
                       .value = in->value,
                       .store = -1,
                       .repartitioned = -1};
    weir__ints_add(builder, &edge.sources, source);
    int index = weir__edge_add(builder, &edge);
    return index >= 0 ? builder->edges[index] : NULL;
}
