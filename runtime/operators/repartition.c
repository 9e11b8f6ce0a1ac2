/* SPDX-License-Identifier: Apache-2.0
 *
 * repartition, and the repartition topics of groupings and joins: filter, sink, topic, source. */
#include <string.h>

#include "operators/operator.h"

#define SUFFIX "-repartition"

/* Null keys pass only for a join below that keeps them (pass_null_keys.c). */
static weir_err filter(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    if (in->key == NULL && (ctx->node->spec->facts & WEIR__KEEPS_NULL_KEYS) == 0) {
        weir__drop(ctx, WEIR_DROP_NULL_KEY, NULL);
        return WEIR_OK;
    }
    return weir__forward(ctx, in);
}

static const weir__operator filter_operator = {
    .work = {"repartition_filter", NULL, filter, NULL},
    .prefix = "KSTREAM-FILTER-",
    .numbers = 2, /* sink and source have one each */
};

const char *weir__repartition_topic(weir_builder *builder, const char *name)
{
    size_t length = strlen(name);
    bool complete = length >= strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
    return weir__builder_text(builder, "%s%s", name, complete ? "" : SUFFIX);
}

static int add_sink(weir_builder *builder, const weir__edge *in, int parent,
                    const weir__repartition_names *names, const weir_repartition_opts *opts)
{
    int sink = weir__builder_node(builder, WEIR__SINK, names->sink);
    if (sink >= 0) {
        weir__node *node = &builder->nodes[sink]->node;
        node->key = in->key;
        node->value = in->value;
        if (opts != NULL) {
            node->sink.partitioner = opts->partitioner;
            node->sink.user = opts->user;
        }
        weir__builder_parent(builder, sink, parent);
        weir__builder_topic(builder, sink, names->topic, true);
    }
    return sink;
}

const weir__edge *weir__repartition_nodes(weir_builder *builder, const weir__edge *in, int parent,
                                          const weir__repartition_names *names,
                                          const weir_repartition_opts *opts)
{
    int sink = add_sink(builder, in, parent, names, opts);
    int source = sink >= 0 ? weir__builder_source(builder, names->source,
                                                  (const char *const[]){names->topic, NULL}, true)
                           : -1;
    if (source < 0 ||
        !weir__builder_grow(builder, &builder->repartitions, builder->repartition_count,
                            &builder->repartition_capacity, sizeof *builder->repartitions)) {
        return NULL;
    }
    builder->nodes[source]->node.key = in->key;
    builder->nodes[source]->node.value = in->value;
    builder->repartitions[builder->repartition_count++] =
        (weir__repartition_draft){.topic = names->topic,
                                  .partitions = opts != NULL ? opts->partitions : 0,
                                  .filter = parent,
                                  .sink = sink,
                                  .source = source};
    weir__edge edge = {.kind = WEIR__STREAM,
                       .node = source,
                       .key = in->key,
                       .value = in->value,
                       .repartitioned = -1};
    weir__ints_add(builder, &edge.sources, source);
    int index = weir__edge_add(builder, &edge);
    return index >= 0 ? builder->edges[index] : NULL;
}

const weir__edge *weir__repartition(weir_builder *builder, const weir__edge *in, const char *name,
                                    const weir_repartition_opts *opts)
{
    const char *topic = weir__repartition_topic(builder, name);
    if (topic == NULL) {
        return NULL;
    }
    int filter_node = weir__operator_add(
        builder, &filter_operator, NULL, 0,
        &(weir__operator_at){.name = weir__builder_text(builder, "%s-filter", topic), .in = in});
    weir__repartition_names names = {topic, weir__builder_text(builder, "%s-sink", topic),
                                     weir__builder_text(builder, "%s-source", topic)};
    const weir__edge *behind =
        filter_node >= 0 ? weir__repartition_nodes(builder, in, filter_node, &names, opts) : NULL;
    if (behind != NULL) {
        builder->repartitions[builder->repartition_count - 1].implied = true;
    }
    return behind;
}

static void check_type(weir_builder *builder, const char *what, const weir_serde *of_stream,
                       const weir_serde *given, bool key)
{
    if (given != NULL) {
        weir__builder_check_types(
            builder, &(weir__type_check){of_stream, given, what,
                                         key ? "the stream's key" : "the stream's value",
                                         key ? "its key" : "its value"});
    }
}

weir_stream weir_repartition(weir_stream in, const char *name, const weir_repartition_opts *opts)
{
    weir_builder *builder = in.builder;
    weir_stream failed = {builder, -1};
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__STREAM);
    if (from == NULL) {
        return failed;
    }
    const char *what = weir__label(builder, "repartition", name, in.node);
    if (what == NULL) {
        return failed;
    }
    if (name == NULL) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s needs a name, for its topic", what);
        return failed;
    }
    if (opts != NULL && opts->partitions < 0) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s: its number of partitions is %d, less than 0",
                           what, (int)opts->partitions);
        return failed;
    }
    check_type(builder, what, from->key, opts != NULL ? opts->key : NULL, true);
    check_type(builder, what, from->value, opts != NULL ? opts->value : NULL, false);
    const weir__edge *edge = weir__repartition(builder, from, name, opts);
    if (edge != NULL) {
        builder->repartitions[builder->repartition_count - 1].implied = false;
    }
    return edge != NULL ? (weir_stream){builder, weir__edge_add(builder, edge)} : failed;
}
