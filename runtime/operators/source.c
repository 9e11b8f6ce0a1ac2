/* SPDX-License-Identifier: Apache-2.0
 *
 * source: topics as a stream. */
#include <string.h>

#include "operators/operator.h"

static bool same_topics(const weir__node *source, const char *const *topics)
{
    size_t i = 0;
    while (topics[i] != NULL && i < source->topic_count &&
           strcmp(topics[i], source->topics[i].name) == 0) {
        i++;
    }
    return topics[i] == NULL && i == source->topic_count;
}

/* What a stream reads: topics, or a pattern. */
typedef struct reading {
    const char *const *topics;
    const char *pattern;
} reading;

static bool is_same(const weir__node *source, const reading *of)
{
    return of->pattern != NULL ? source->pattern != NULL &&
                                     strcmp(weir__pattern_text(source->pattern), of->pattern) == 0
                               : source->pattern == NULL && !source->topics[0].internal &&
                                     same_topics(source, of->topics);
}

/* The existing stream of exactly these topics: two streams of the same topics share one source. */
static const weir__edge *existing(weir_builder *builder, const reading *of)
{
    for (size_t i = 0; i < builder->edge_count; i++) {
        const weir__edge *edge = builder->edges[i];
        const weir__node *node = &builder->nodes[edge->node]->node;
        if (edge->kind == WEIR__STREAM && node->kind == WEIR__SOURCE && is_same(node, of)) {
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
        node->pattern != NULL
            ? weir__builder_text(builder, "pattern '%s' read by two streams",
                                 weir__pattern_text(node->pattern))
            : weir__builder_text(builder, "topic '%s' read by two streams", node->topics[0].name);
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

static weir_stream add(weir_builder *builder, const reading *of, const weir_serde *key,
                       const weir_serde *value, const weir_source_opts *opts)
{
    weir_stream failed = {builder, -1};
    const char *name =
        weir__builder_name(builder, opts != NULL ? opts->name : NULL, WEIR__SOURCE_PREFIX);
    if (name == NULL) {
        return failed;
    }
    if (of->pattern == NULL && of->topics[0] == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "source '%s' reads no topic", name);
        return failed;
    }
    key = weir__key_or_default(key);
    value = weir__value_or_default(value);
    const weir__edge *shared = existing(builder, of);
    if (shared != NULL) {
        return (weir_stream){builder, share_source(builder, shared, key, value, opts)};
    }
    int index = of->pattern != NULL ? weir__builder_pattern(builder, name, of->pattern)
                                    : weir__builder_source(builder, name, of->topics, false);
    if (index < 0) {
        return failed;
    }
    weir__builder_read_as(builder, index, key, value, opts);
    weir__edge edge = {
        .kind = WEIR__STREAM, .node = index, .key = key, .value = value, .repartitioned = -1};
    weir__ints_add(builder, &edge.sources, index);
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}

weir_stream weir_source_many(weir_builder *builder, const char *const *topics,
                             const weir_serde *key, const weir_serde *value,
                             const weir_source_opts *opts)
{
    if (!weir__builder_given(builder, topics != NULL, __func__, "topics")) {
        return (weir_stream){builder, -1};
    }
    return add(builder, &(reading){.topics = topics}, key, value, opts);
}

weir_stream weir_source_pattern(weir_builder *builder, const char *pattern, const weir_serde *key,
                                const weir_serde *value, const weir_source_opts *opts)
{
    if (!weir__builder_given(builder, pattern != NULL, __func__, "pattern")) {
        return (weir_stream){builder, -1};
    }
    return add(builder, &(reading){.pattern = pattern}, key, value, opts);
}

weir_stream weir_source(weir_builder *builder, const char *topic, const weir_serde *key,
                        const weir_serde *value, const weir_source_opts *opts)
{
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic")) {
        return (weir_stream){builder, -1};
    }
    return weir_source_many(builder, (const char *const[]){topic, NULL}, key, value, opts);
}
